/* The tile functions in f32 over the vectors of the vec_*.h included before. See tile.h for what each must do.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#include "tile_common.h"

INLINE float *scores_at(float *scores, int row, int64_t key)
{
    return scores + (int64_t)row * ATTN_TILE_K + key;
}

/* An exponent of 1 is as exact as one of -1. */
static const float LAG = 1;

/* Half a panel: rows see what they see, and to score more keys takes time. */
enum { GRAIN = PANEL / 2 };

#include "tile_softmax.h"
#include "tile_product.h"
#include "tile_pairs.h"
#include "tile_few.h"

#define ATTN_CPU_TILE(name)                                                                                            \
    {                                                                                                                  \
        ATTN_CPU_TILE_COMMON, .isa = name, .depth = 1, .side = 1, .band = BAND_ROWS, .load_query = load_query,         \
                              .pack_keys = pack_keys, .pack_values = pack_values, .score = score,                      \
                              .add_values = add_values, .few_query = few_query, .few_keys = few_keys,                  \
                              .few_values = few_values, .softmax = softmax,                                            \
    }
