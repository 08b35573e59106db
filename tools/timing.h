/*
 * A clock and a median.
 *
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE.
 */
#ifndef ATTN_TOOLS_TIMING_H
#define ATTN_TOOLS_TIMING_H

/* Seconds of a clock that never goes back. */
double monotonic_seconds(void);

/* Upper median; sorts the array. 0 for count 0. */
double median(double *values, int count);

#endif
