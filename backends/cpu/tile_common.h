/* What the levels have in common whatever they multiply: over the vectors of the vec_*.h included before.
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
#define UNROLL_TWICE
#elif defined(__clang__)
#define UNROLL PRAGMA(clang loop unroll(full))
#define UNROLL_TWICE PRAGMA(clang loop unroll_count(2))
#else
#define UNROLL PRAGMA(GCC unroll 16)
#define UNROLL_TWICE PRAGMA(GCC unroll 2)
#endif

/* A loop whose arrays must become registers. */
#define UNROLLED(i, count) UNROLL for (int i = 0; i < (count); i++)

enum { PANEL = LANES * PANEL_VECTORS };

static const float LOG2_E = 1.44269504088896340736f;

#include "tile_rows.h"

/* These members of a level's table. */
#define ATTN_CPU_TILE_COMMON                                                                                           \
    .panel = PANEL, .grain = GRAIN, .address_rows = address_rows, .scale = scale, .softcap = softcap, .alibi = alibi,  \
    .bias = bias, .mask = mask, .reduce_sums = reduce_sums, .merge = merge, .store_output = store_output
