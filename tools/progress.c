/*
 * The progress line on stderr.
 *
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE.
 */
#include "config.h"

#include "progress.h"

#include <inttypes.h>
#include <stdio.h>

#ifdef _WIN32
#include <io.h>
#define isatty _isatty
#define fileno _fileno
#else
#include <unistd.h>
#endif

#define PROGRESS_AFTER 2.0 /* seconds before the first line */
#define PROGRESS_EVERY 0.1 /* seconds between two lines */

int progress_visible(void)
{
    return isatty(fileno(stderr)) != 0;
}

void progress_begin(struct progress *progress, int64_t total)
{
    progress->total = total;
    progress->start = monotonic_seconds();
    progress->shown = 0.0;
    progress->terminal = progress_visible();
}

void progress_step(struct progress *progress, int64_t done, const char *what)
{
    if (!progress->terminal)
        return;
    double now = monotonic_seconds();
    if (now - progress->start < PROGRESS_AFTER || (progress->shown > 0.0 && now - progress->shown < PROGRESS_EVERY))
        return;
    progress->shown = now;
    /* A line that wraps could not be removed, so `what` is cut. */
    if (progress->total > 0)
        fprintf(stderr, "\r\033[K%3d%% (%" PRId64 "/%" PRId64 ") %.50s",
                (int)(100.0 * (double)done / (double)progress->total), done, progress->total, what);
    else
        fprintf(stderr, "\r\033[K%" PRId64 " %.60s", done, what);
    fflush(stderr);
}

void progress_clear(struct progress *progress)
{
    if (progress->shown > 0.0)
        fputs("\r\033[K", stderr);
    fflush(stderr);
    progress->shown = 0.0;
}
