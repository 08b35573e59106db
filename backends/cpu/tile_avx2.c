/* Tile functions for AVX2, FMA and F16C.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#include "config.h"

#include "vec_avx2.h"

#include "tile_body.h"

const attn_cpu_tile attn_cpu_tile_avx2 = ATTN_CPU_TILE("avx2");
