/* Tile functions for AArch64's Advanced SIMD.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#include "config.h"

#include "vec_neon.h"

#include "tile_body.h"

const attn_cpu_tile attn_cpu_tile_neon = ATTN_CPU_TILE("neon");
