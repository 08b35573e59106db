/* The lists of primitives that have some, for given lengths.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#ifndef ATTN_LIB_LOWER_LISTS_H
#define ATTN_LIB_LOWER_LISTS_H

#include "lists.h"
#include "pattern.h"

/* keys(...) and the keys of global(...): one list, of every row. */
attn_status attn_lower_keys(const attn_pattern *pattern, const attn_lengths *lengths, attn_lists_builder *builder);

/* queries(...), the queries of global(...), random, blocks, segments, bits. */
attn_status attn_lower_lists(const attn_pattern *pattern, const attn_lengths *lengths, int64_t head,
                             attn_lists_builder *builder);

/* Position of row 0. */
int64_t attn_lengths_shift(const attn_lengths *lengths);

#endif
