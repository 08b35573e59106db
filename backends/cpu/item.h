/* What an item's rows are, for those who load, walk and store them.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#ifndef ATTN_CPU_ITEM_H
#define ATTN_CPU_ITEM_H

#include <math.h>
#include <string.h>

#include "cpu.h"

static const float LOG2_E = 1.44269504088896340736f;

/* Member of the class, query row of the sequence, query head. */
static inline int64_t member_of(const attn_cpu_item *item, int row)
{
    return (item->first_row + row) / item->pack;
}

static inline int64_t query_of(const attn_cpu_item *item, int row)
{
    return item->class.first_row + member_of(item, row) * item->step;
}

static inline int64_t head_of(const attn_cpu_item *item, int row)
{
    return item->head + (item->first_row + row) % item->pack;
}

/* Position within the class: a distance there is that of the sequence divided by `step`. */
static inline int64_t position_of(const attn_cpu_item *item, int row)
{
    return member_of(item, row) + item->class.shift;
}

/* softcap takes s / cap, and multiplies by cap and log2(e) itself. */
static inline float scale_of(const attn_cpu_item *item)
{
    float softcap = item->plan->problem.softcap;
    return item->plan->shape.scale * (softcap > 0 ? 1 / softcap : LOG2_E);
}

/* No key was seen yet. */
static inline void begin_empty(const attn_cpu_item *item, const attn_softmax *total)
{
    for (int r = 0; r < item->rows; r++) {
        total->max[r] = -INFINITY;
        total->sum[r] = 0;
    }
}

#endif
