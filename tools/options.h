/*
 * Long options by table: one row is one option, with its type, range, destination and help line. The same table
 * parses the command line and prints --help, so they cannot disagree. Tables can be shared between commands: a row
 * holds an offset, and each command names the struct that it is an offset into.
 *
 *     static const struct option_row rows[] = {
 *         OPTION_ROW_STRING("device", struct settings, device, "NAME", "device to run on"),
 *         OPTION_ROW_INT("threads", struct settings, threads, "N", 0, 1024, "host threads; 0: all"),
 *         OPTION_ROW_CHOICE("align", struct settings, align, alignments, "position of the first query"),
 *         OPTION_ROW_END
 *     };
 *     const struct option_set sets[] = { { "Options", rows, &settings }, OPTION_SET_END };
 *     const struct option_command command = { "check", "[--device NAME]", "Tests a device.", sets, NULL };
 *     int status = options_parse(&command, argc, argv);
 *     if (status != OPTIONS_GO)
 *         return status;
 *
 * Values are given as --name value or --name=value. What the command line does not give keeps the value that the
 * struct had before.
 *
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE.
 */
#ifndef ATTN_TOOLS_OPTIONS_H
#define ATTN_TOOLS_OPTIONS_H

#include <stddef.h>
#include <stdint.h>

enum option_kind {
    OPTION_FLAG,   /* int: becomes 1; takes no value */
    OPTION_INT,    /* int64_t in (int64_t)min .. max */
    OPTION_DOUBLE, /* double in low .. high; nan and inf are refused */
    OPTION_STRING, /* const char *: points into argv; "" is refused */
    OPTION_PAIR,   /* int64_t[2] "L,R", each in min .. max */
    OPTION_BLOCK,  /* int64_t[2] "NxM" or "N" for both, each in min .. max */
    OPTION_LIST,   /* struct option_list: as OPTION_STRING, may be given several times */
    OPTION_CHOICE  /* int: index into `choices` */
};

enum { OPTION_LIST_MOST = 16 };

struct option_list {
    int count;
    const char *text[OPTION_LIST_MOST];
};

struct option_row {
    const char *name; /* without the dashes */
    enum option_kind kind;
    size_t offset;        /* of the destination in the set's struct */
    const char *argument; /* placeholder in --help; NULL for flags and choices */
    const char *help;
    int64_t min, max;           /* of OPTION_INT, OPTION_PAIR and OPTION_BLOCK; both 0: any */
    double low, high;           /* of OPTION_DOUBLE; both 0: any finite number */
    const char *const *choices; /* of OPTION_CHOICE, ends with NULL */
};

/* `type` and `field` name the destination, which must have the type that the kind says. */
/* clang-format off */
#define OPTION_ROW_FLAG(name, type, field, help) \
    { name, OPTION_FLAG, offsetof(type, field), NULL, help, 0, 0, 0.0, 0.0, NULL }
#define OPTION_ROW_INT(name, type, field, argument, min, max, help) \
    { name, OPTION_INT, offsetof(type, field), argument, help, min, max, 0.0, 0.0, NULL }
#define OPTION_ROW_PAIR(name, type, field, argument, min, max, help) \
    { name, OPTION_PAIR, offsetof(type, field), argument, help, min, max, 0.0, 0.0, NULL }
#define OPTION_ROW_BLOCK(name, type, field, argument, min, max, help) \
    { name, OPTION_BLOCK, offsetof(type, field), argument, help, min, max, 0.0, 0.0, NULL }
#define OPTION_ROW_LIST(name, type, field, argument, help) \
    { name, OPTION_LIST, offsetof(type, field), argument, help, 0, 0, 0.0, 0.0, NULL }
#define OPTION_ROW_DOUBLE(name, type, field, argument, low, high, help) \
    { name, OPTION_DOUBLE, offsetof(type, field), argument, help, 0, 0, low, high, NULL }
#define OPTION_ROW_STRING(name, type, field, argument, help) \
    { name, OPTION_STRING, offsetof(type, field), argument, help, 0, 0, 0.0, 0.0, NULL }
#define OPTION_ROW_CHOICE(name, type, field, choices, help) \
    { name, OPTION_CHOICE, offsetof(type, field), NULL, help, 0, 0, 0.0, 0.0, choices }
#define OPTION_ROW_END { NULL, OPTION_FLAG, 0, NULL, NULL, 0, 0, 0.0, 0.0, NULL }
/* clang-format on */

/* A titled table of rows and the struct that their offsets refer to. */
struct option_set {
    const char *title;
    const struct option_row *rows;
    void *base;
};
#define OPTION_SET_END                                                                                                 \
    {                                                                                                                  \
        NULL, NULL, NULL                                                                                               \
    }

struct option_command {
    const char *name;
    const char *synopsis;    /* what follows "attn NAME" in the usage line */
    const char *description; /* a paragraph for --help; may contain newlines */
    const struct option_set *sets;
    const char **operand; /* what the first argument that is no option sets; NULL: there is none */
};

/* options_parse: the command line was right and the command goes on. */
#define OPTIONS_GO (-1)

/* Parses argv[1] ..; argv[0] is the command's name. --help prints the help on stdout and returns EXIT_OK. A wrong
 * option gives one line on stderr that names the option, its value and what is allowed, and EXIT_USAGE. */
int options_parse(const struct option_command *command, int argc, char **argv);

/* Prints "attn COMMAND: message" and where to find help on stderr, for mistakes that no single option shows.
 * Returns EXIT_USAGE. */
int options_usage_error(const char *command, const char *format, ...)
#if defined(__GNUC__)
    __attribute__((format(printf, 2, 3)))
#endif
    ;

#endif
