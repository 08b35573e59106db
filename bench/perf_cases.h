/*
 * perf_cases.h: the named cases that `attn bench` times, in the case language of tests/cases.h.
 *
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE.
 */
#ifndef ATTN_BENCH_PERF_CASES_H
#define ATTN_BENCH_PERF_CASES_H

#include "ceilings.h"

/* Which runs a case is part of. */
typedef enum perf_group {
    PERF_DEFAULT,
    PERF_LONG,    /* seconds a round: --long */
    PERF_STANDARD /* standard attention beside ours, small sizes: --standard */
} perf_group;

/* The part of the text before its first '/' is the name in tables; the whole text is the description. */
typedef struct perf_case {
    const char *text;
    perf_group group;
    double bar[CEILING_KINDS]; /* fractions of ceilings that it must reach on the device "cpu"; 0: none */
    double avx2_bar;           /* fraction of level avx2's f32 FMA rate, where it runs at that; 0: none */
    const char *than;          /* name of the case that `than_bar` compares with; NULL: none */
    double than_bar
        [CEILING_KINDS]; /* that case's time over this one's must reach this, by the kind that computes the products */
    const char *device;  /* runs there instead of on the chosen device; NULL: chosen device */
} perf_case;

extern const perf_case perf_cases[];
extern const int perf_case_count;

#endif
