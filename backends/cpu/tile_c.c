/* Tile functions for portable C.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#include "config.h"

#include "vec_c.h"

#include "tile_body.h"

const attn_cpu_tile attn_cpu_tile_c = ATTN_CPU_TILE("c");
