/*
 * bench_select.c: which cases are timed: the list of perf_cases.c, one text, or a file; then the filter.
 *
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE.
 */
#include "bench.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Appends a case; nonzero when memory ran out or the name is too long. */
static int append(struct bench *bench, const char *text, size_t name_length, const perf_case *listed)
{
    if (strlen(text) >= CASE_NAME) {
        fprintf(stderr, "attn bench: case longer than %d characters: %s\n", CASE_NAME - 1, text);
        return 1;
    }
    if (bench->case_count == bench->case_room) {
        int room = bench->case_room ? 2 * bench->case_room : 32;
        struct bench_case *cases = realloc(bench->cases, (size_t)room * sizeof *cases);
        if (!cases) {
            fprintf(stderr, "attn bench: out of memory\n");
            return 1;
        }
        bench->cases = cases;
        bench->case_room = room;
    }
    struct bench_case *c = &bench->cases[bench->case_count++];
    memset(c, 0, sizeof *c);
    memcpy(c->name, text, name_length);
    strcpy(c->text, text);
    c->listed = listed;
    return 0;
}

/* A case of the user's keeps its whole text as its name: labels need not differ. */
static int append_text(const char *text, void *context)
{
    return append(context, text, strlen(text), NULL);
}

static int select_listed(struct bench *bench)
{
    for (int i = 0; i < perf_case_count; i++) {
        const perf_case *listed = &perf_cases[i];
        if ((listed->group == PERF_LONG && !bench->settings.with_long) ||
            (listed->group == PERF_STANDARD && !bench->settings.with_standard))
            continue;
        if (append(bench, listed->text, strcspn(listed->text, "/"), listed))
            return 1;
    }
    return 0;
}

/* One line: blanks around it are dropped, as is everything behind a '#'. */
static int select_line(struct bench *bench, char *line)
{
    line[strcspn(line, "#\r\n")] = '\0';
    line += strspn(line, " \t");
    size_t length = strlen(line);
    while (length > 0 && strchr(" \t", line[length - 1]))
        line[--length] = '\0';
    return length > 0 && case_expand(line, append_text, bench);
}

static int select_file(struct bench *bench)
{
    char line[1024];
    FILE *file = fopen(bench->settings.file, "r");
    if (!file) {
        fprintf(stderr, "attn bench: --cases '%s': %s\n", bench->settings.file, strerror(errno));
        return 1;
    }
    int status = 0;
    while (!status && fgets(line, sizeof line, file))
        status = select_line(bench, line);
    fclose(file);
    return status;
}

/* Keeps the case whose name is the filter, or else those whose name contains it. */
static void apply_filter(struct bench *bench, const char *filter)
{
    int exact = 0, kept = 0;
    for (int i = 0; i < bench->case_count; i++)
        exact |= !strcmp(bench->cases[i].name, filter);
    for (int i = 0; i < bench->case_count; i++) {
        const char *name = bench->cases[i].name;
        if (exact ? !strcmp(name, filter) : strstr(name, filter) != NULL)
            bench->cases[kept++] = bench->cases[i];
    }
    bench->case_count = kept;
}

int bench_select(struct bench *bench)
{
    const struct bench_settings *settings = &bench->settings;
    int status = settings->text   ? case_expand(settings->text, append_text, bench)
                 : settings->file ? select_file(bench)
                                  : select_listed(bench);
    if (status)
        return 1;
    if (settings->filter)
        apply_filter(bench, settings->filter);
    if (bench->case_count == 0) {
        fprintf(stderr, "attn bench: no case%s%s\n", settings->filter ? " has a name with " : "",
                settings->filter ? settings->filter : "");
        return 1;
    }
    return 0;
}
