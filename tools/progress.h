/*
 * One line on stderr that says how far a long piece of work is: only on a terminal, only when the work has taken
 * longer than two seconds, gone when the work ends.
 *
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE.
 */
#ifndef ATTN_TOOLS_PROGRESS_H
#define ATTN_TOOLS_PROGRESS_H

#include <stdint.h>

#include "timing.h"

struct progress {
    int64_t total; /* steps in all; 0: unknown */
    double start;  /* seconds, monotonic_seconds() */
    double shown;  /* when the line was last drawn; 0: never */
    int terminal;
};

/* 1: progress lines are drawn, because stderr is a terminal. */
int progress_visible(void);

void progress_begin(struct progress *progress, int64_t total);

/* `done` steps are finished, `what` is under way. Draws at most ten times a second; cheap otherwise. */
void progress_step(struct progress *progress, int64_t done, const char *what);

/* Removes the line, if there is one; call it before anything else is printed too. A later step draws it again. */
void progress_clear(struct progress *progress);

#endif
