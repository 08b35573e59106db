/*
 * Long options by table: parsing, errors and the help text.
 *
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE.
 */
#include "config.h"

#include "options.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "commands.h"

enum {
    HELP_COLUMN = 26, /* where the help of an option starts */
    HELP_WIDTH = 100
};

int options_usage_error(const char *command, const char *format, ...)
{
    va_list list;
    fprintf(stderr, "attn %s: ", command);
    va_start(list, format);
    vfprintf(stderr, format, list);
    va_end(list);
    fprintf(stderr, "\nTry 'attn %s --help'.\n", command);
    return EXIT_USAGE;
}

/* ---- values ---------------------------------------------------------------------------------------------------- */

static void int_range(const struct option_row *row, int64_t *min, int64_t *max)
{
    int any = row->min == 0 && row->max == 0;
    *min = any ? INT64_MIN : row->min;
    *max = any ? INT64_MAX : row->max;
}

/* Reads one integer up to `end`; 0 unless it is one and in range. */
static int read_int(const struct option_row *row, const char *text, char **end, int64_t *value)
{
    int64_t min, max;
    int_range(row, &min, &max);
    errno = 0;
    long long number = strtoll(text, end, 10);
    if (*end == text || errno || number < min || number > max)
        return 0;
    *value = number;
    return 1;
}

/* A parser stores the value at `to` and returns 0, or 1 when the text is no value of the row. */
static int parse_int(const struct option_row *row, const char *text, void *to)
{
    char *end;
    int64_t value;
    if (!read_int(row, text, &end, &value) || *end)
        return 1;
    *(int64_t *)to = value;
    return 0;
}

static int parse_pair(const struct option_row *row, const char *text, void *to)
{
    char *end;
    int64_t pair[2];
    if (!read_int(row, text, &end, &pair[0]) || *end != ',' || !read_int(row, end + 1, &end, &pair[1]) || *end)
        return 1;
    memcpy(to, pair, sizeof pair);
    return 0;
}

static int parse_block(const struct option_row *row, const char *text, void *to)
{
    char *end;
    int64_t pair[2];
    if (!read_int(row, text, &end, &pair[0]))
        return 1;
    pair[1] = pair[0];
    if ((*end == 'x' && !read_int(row, end + 1, &end, &pair[1])) || *end)
        return 1;
    memcpy(to, pair, sizeof pair);
    return 0;
}

static int parse_double(const struct option_row *row, const char *text, void *to)
{
    char *end;
    double value = strtod(text, &end);
    int any = row->low == 0.0 && row->high == 0.0;
    if (end == text || *end || !isfinite(value) || (!any && (value < row->low || value > row->high)))
        return 1;
    *(double *)to = value;
    return 0;
}

static int parse_string(const struct option_row *row, const char *text, void *to)
{
    (void)row;
    if (!*text)
        return 1;
    *(const char **)to = text;
    return 0;
}

static int parse_list(const struct option_row *row, const char *text, void *to)
{
    struct option_list *list = to;
    return list->count == OPTION_LIST_MOST || parse_string(row, text, &list->text[list->count++]);
}

static int parse_choice(const struct option_row *row, const char *text, void *to)
{
    for (int i = 0; row->choices[i]; i++) {
        if (!strcmp(text, row->choices[i])) {
            *(int *)to = i;
            return 0;
        }
    }
    return 1;
}

static int (*const parsers[])(const struct option_row *row, const char *text, void *to) = {
    [OPTION_INT] = parse_int,       [OPTION_DOUBLE] = parse_double, [OPTION_STRING] = parse_string,
    [OPTION_PAIR] = parse_pair,     [OPTION_BLOCK] = parse_block,   [OPTION_LIST] = parse_list,
    [OPTION_CHOICE] = parse_choice,
};

/* Writes what the row allows, for the error line: "an integer in 1 .. 64". */
static void print_allowed(FILE *out, const struct option_row *row)
{
    int64_t min, max;
    int_range(row, &min, &max);
    if (row->kind == OPTION_CHOICE) {
        fputs("one of", out);
        for (int i = 0; row->choices[i]; i++)
            fprintf(out, " %s", row->choices[i]);
        return;
    }
    static const char *const what[] = {
        [OPTION_INT] = "an integer",
        [OPTION_DOUBLE] = "a finite number",
        [OPTION_STRING] = "a text that is not empty",
        [OPTION_PAIR] = "two integers L,R",
        [OPTION_BLOCK] = "an integer, or two as NxM,",
        [OPTION_LIST] = "a text that is not empty, at most 16 times",
    };
    int is_integer = row->kind == OPTION_INT || row->kind == OPTION_PAIR || row->kind == OPTION_BLOCK;
    fputs(what[row->kind], out);
    if (row->kind == OPTION_DOUBLE && (row->low != 0.0 || row->high != 0.0))
        fprintf(out, " in %g .. %g", row->low, row->high);
    if (is_integer && max != INT64_MAX)
        fprintf(out, " in %" PRId64 " .. %" PRId64, min, max);
    else if (is_integer && min != INT64_MIN)
        fprintf(out, ", at least %" PRId64, min);
}

static int bad_value(const char *command, const struct option_row *row, const char *text)
{
    fprintf(stderr, "attn %s: --%s '%s': must be ", command, row->name, text);
    print_allowed(stderr, row);
    fprintf(stderr, "\nTry 'attn %s --help'.\n", command);
    return EXIT_USAGE;
}

/* ---- help ------------------------------------------------------------------------------------------------------ */

/* Prints `text` broken at blanks, from `column` on, later lines indented to HELP_COLUMN. */
static void print_wrapped(const char *text, int column)
{
    while (*text) {
        int word = (int)strcspn(text, " ");
        if (column > HELP_COLUMN && column + 1 + word > HELP_WIDTH) {
            printf("\n%*s", HELP_COLUMN, "");
            column = HELP_COLUMN;
        } else if (column > HELP_COLUMN) {
            column += printf(" ");
        }
        column += printf("%.*s", word, text);
        text += word;
        text += strspn(text, " ");
    }
    printf("\n");
}

static void print_row(const struct option_row *row)
{
    int column = printf("  --%s", row->name);
    if (row->kind == OPTION_CHOICE)
        for (int i = 0; row->choices[i]; i++)
            column += printf("%c%s", i ? '|' : ' ', row->choices[i]);
    else if (row->argument)
        column += printf(" %s", row->argument);
    if (column > HELP_COLUMN - 2) {
        printf("\n");
        column = 0;
    }
    printf("%*s", HELP_COLUMN - column, "");
    print_wrapped(row->help, HELP_COLUMN);
}

static void print_help(const struct option_command *command)
{
    printf("Usage: attn %s%s%s\n\n%s\n", command->name, *command->synopsis ? " " : "", command->synopsis,
           command->description);
    for (const struct option_set *set = command->sets; set->rows; set++) {
        printf("\n%s:\n", set->title);
        for (const struct option_row *row = set->rows; row->name; row++)
            print_row(row);
    }
    printf("\n  --help%*sprint this text\n", HELP_COLUMN - 8, "");
}

/* ---- parsing --------------------------------------------------------------------------------------------------- */

/* Finds the row of the name in text[0 .. length-1]; sets the struct that it writes to. */
static const struct option_row *find_row(const struct option_command *command, const char *text, size_t length,
                                         void **base)
{
    for (const struct option_set *set = command->sets; set->rows; set++) {
        for (const struct option_row *row = set->rows; row->name; row++) {
            if (strlen(row->name) == length && !strncmp(row->name, text, length)) {
                *base = set->base;
                return row;
            }
        }
    }
    return NULL;
}

static int take_operand(const struct option_command *command, const char *text)
{
    if (!command->operand || *command->operand)
        return options_usage_error(command->name, "unexpected argument '%s'", text);
    *command->operand = text;
    return OPTIONS_GO;
}

/* Handles argv[*i], and argv[*i + 1] when that is its value. Returns OPTIONS_GO or EXIT_USAGE. */
static int parse_one(const struct option_command *command, int argc, char **argv, int *i)
{
    const char *text = argv[*i];
    if (strncmp(text, "--", 2) || !text[2])
        return take_operand(command, text);
    size_t length = strcspn(text + 2, "=");
    void *base;
    const struct option_row *row = find_row(command, text + 2, length, &base);
    if (!row)
        return options_usage_error(command->name, "unknown option '--%.*s'", (int)length, text + 2);
    void *to = (char *)base + row->offset;
    const char *value = text[2 + length] ? text + 3 + length : NULL;
    if (row->kind == OPTION_FLAG) {
        if (value)
            return options_usage_error(command->name, "--%s takes no value, got '%s'", row->name, value);
        *(int *)to = 1;
        return OPTIONS_GO;
    }
    if (!value && *i + 1 >= argc)
        return options_usage_error(command->name, "--%s needs a value", row->name);
    if (!value)
        value = argv[++*i];
    return parsers[row->kind](row, value, to) ? bad_value(command->name, row, value) : OPTIONS_GO;
}

int options_parse(const struct option_command *command, int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        if (!strcmp(argv[i], "--help")) {
            print_help(command);
            return EXIT_OK;
        }
        int status = parse_one(command, argc, argv, &i);
        if (status != OPTIONS_GO)
            return status;
    }
    return OPTIONS_GO;
}
