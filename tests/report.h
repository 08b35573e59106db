/*
 * Results of checks as text for people, TAP or JSON lines.
 *
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE.
 */
#ifndef ATTN_TESTS_REPORT_H
#define ATTN_TESTS_REPORT_H

#include <stdio.h>

#include "conform.h"

enum report_form { REPORT_PLAIN, REPORT_TAP, REPORT_JSON };

enum { REPORT_MOST_TARGETS = 64 };

/* What came of one target's checks, by enum outcome. */
struct report_share {
    char target[64];
    int64_t count[3];
};

struct report {
    enum report_form form;
    FILE *out;
    int64_t count[3];                                /* by enum outcome */
    struct report_share shares[REPORT_MOST_TARGETS]; /* those behind the last are in `count` alone */
    int share_count;
    int skips_shown;
    void (*before)(void *context); /* called before anything is printed; NULL: nothing to do */
    void *context;
};

/* `before` may be NULL. */
void report_begin(struct report *report, enum report_form form, FILE *out, void (*before)(void *context),
                  void *context);

/* One check: where, what, how it went, and why when it did not pass. Plain text shows failures and the first few
 * skips. */
void report_check(struct report *report, const char *target, const char *name, enum outcome outcome,
                  const char *message);

/* A line that is no check. */
void report_note(struct report *report, const char *text);

/* TAP's plan, and the counts; plain text has those of each target first. The last line is `N passed, N failed, N skipped`.
 * Returns 1 when something failed or nothing was checked. */
int report_end(struct report *report);

#endif
