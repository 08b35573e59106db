/* Tile functions for AVX-512.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#include "config.h"

#include "vec_avx512.h"

#include "tile_body.h"

const attn_cpu_tile attn_cpu_tile_avx512 = ATTN_CPU_TILE("avx512");
