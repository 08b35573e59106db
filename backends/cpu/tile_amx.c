/* Tile functions for AMX: f16 and bf16 as products of bf16 tiles with f32 sums, the rest by AVX-512.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#include "config.h"

#define PANEL_VECTORS 2 /* as wide as two tiles */
#include "vec_avx512.h"

#include "amx.h"
#include "tile_common.h"

#include "amx_operands.h"
#include "amx_product.h"

const attn_cpu_tile attn_cpu_tile_amx = {
    ATTN_CPU_TILE_COMMON,
    .isa = "amx",
    .depth = BLOCK_DEPTH,
    .side = TILE_SIDE,
    .band = ROW_BLOCK,
    .overlaps = 1,
    .halves = 1,
    .few = &attn_cpu_tile_avx512,
    .enter = enter,
    .leave = leave,
    .load_query = load_query,
    .pack_keys = pack_keys,
    .pack_values = pack_values,
    .score = score,
    .add_values = add_values,
    .softmax = softmax,
};
