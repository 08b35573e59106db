/* Builds the arrays of a listed leaf.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#ifndef ATTN_LIB_LISTS_H
#define ATTN_LIB_LISTS_H

#include "leaf.h"

typedef struct attn_lists_builder {
    attn_lists lists;
    int64_t run_capacity, list_capacity, range_capacity, ranges;
    int failed; /* out of memory */
} attn_lists_builder;

/* Ranges added from here on belong to a new list; gives its number. */
int64_t attn_lists_begin(attn_lists_builder *builder);
/* Ranges of a list come in ascending order; neighbours join. */
void attn_lists_add_range(attn_lists_builder *builder, int64_t begin, int64_t end);
/* Runs come in ascending order; list -1 adds nothing. */
void attn_lists_add_run(attn_lists_builder *builder, int64_t begin, int64_t end, int64_t list);

void attn_lists_free(attn_lists *lists);
int attn_lists_equal(const attn_lists *a, const attn_lists *b);

#endif
