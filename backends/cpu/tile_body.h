/* The tile functions over the vectors of the vec_*.h included before. See tile.h for what each must do.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#include <math.h>
#include <string.h>

#include "half.h"
#include "tile.h"
#include "visible.h"

#define INLINE static inline __attribute__((always_inline))
#define PRAGMA(text) _Pragma(#text)
#ifdef ATTN_NO_UNROLL
#define UNROLL
#elif defined(__clang__)
#define UNROLL PRAGMA(clang loop unroll(full))
#else
#define UNROLL PRAGMA(GCC unroll 16)
#endif

/* A loop whose arrays must become registers. */
#define UNROLLED(i, count) UNROLL for (int i = 0; i < (count); i++)

enum { PANEL = LANES * PANEL_VECTORS };

static const float LOG2_E = 1.44269504088896340736f;

#include "tile_rows.h"
#include "tile_product.h"
#include "tile_few.h"
#include "tile_softmax.h"

#define ATTN_CPU_TILE(name)                                                                                            \
    {                                                                                                                  \
        .isa = name, .panel = PANEL, .load_query = load_query, .pack_keys = pack_keys, .pack_values = pack_values,     \
        .product = product, .few_keys = few_keys, .few_values = few_values, .softcap = softcap, .alibi = alibi,        \
        .bias = bias, .mask = mask, .softmax = softmax, .reduce_sums = reduce_sums, .merge = merge,                    \
        .store_output = store_output,                                                                                  \
    }
