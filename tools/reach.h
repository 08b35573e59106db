/*
 * The receptive field of the last position: which keys have an effect on it through several layers of one pattern.
 *
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE.
 */
#ifndef ATTN_TOOLS_REACH_H
#define ATTN_TOOLS_REACH_H

#include "attn_pattern.h"

struct reach {
    int64_t n;        /* query rows, and as many keys */
    int64_t layers;   /* so far */
    int64_t earliest; /* first key that is reached; n: none */
    int64_t keys;     /* that are reached, the own position included: layers have residual connections */
    int64_t words;
    uint64_t *reached, *fresh, *next; /* sets of positions; fresh: those that the last layer added */
};

/* Before the first layer. Returns 0, or 1 without memory; free in both cases. */
int reach_begin(struct reach *reach, int64_t n);

/* One layer more. A position is reached when any head sees it. The result is exact: rows, not tiles, are followed. */
void reach_add_layer(struct reach *reach, const attn_schedule *schedule);
void reach_free(struct reach *reach);

#endif
