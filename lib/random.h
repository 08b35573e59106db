/* The draw of random(block, count, seed): which key blocks a query block has.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#ifndef ATTN_LIB_RANDOM_H
#define ATTN_LIB_RANDOM_H

#include <stdint.h>

/* Writes the least of `count` and `block_count` distinct key blocks, ascending. */
void attn_random_blocks(int64_t block_count, int64_t count, int64_t seed, int64_t query_block, int64_t *selected);

/* Whether `key_block` is one of them, without memory, in the time of one draw. */
int attn_random_selects(int64_t block_count, int64_t count, int64_t seed, int64_t query_block, int64_t key_block);

#endif
