/* What a dispatch is told: the structs of backends/gpu/shared.h in device memory, and where the tensors are. All memory is
 * reached through device addresses, so offsets have 64 bits.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#ifndef ATTN_PLAN_GLSL
#define ATTN_PLAN_GLSL

#include "storage.glsl"
#include "gpu/shared.h"

layout(buffer_reference, scalar, buffer_reference_align = 8) readonly buffer ListTable {
    list_table at;
};

layout(buffer_reference, scalar, buffer_reference_align = 8) readonly buffer LongChunk {
    long_chunk at;
};

layout(buffer_reference, scalar, buffer_reference_align = 8) readonly buffer LongList {
    long_list at;
};

layout(buffer_reference, scalar, buffer_reference_align = 8) readonly buffer Entry {
    int tile, mask;
};

layout(buffer_reference, scalar, buffer_reference_align = 8) readonly buffer Wide {
    int64_t value;
};

/* attn_vulkan_block_of_plan: addresses of the arrays of a plan, where its counters begin in the block, then the plan. */
layout(buffer_reference, scalar, buffer_reference_align = 8) readonly buffer Block {
    uint64_t lists, table_of, first, entries, masks, chunks, long_lists, counters;
    plan plan;
};

/* Addresses of the tensors, and of the work-groups' first tile and unit: a grid larger than the device allows is several
 * dispatches. */
layout(push_constant, scalar) uniform Run {
    uint64_t q, k, v, o, lse, alibi, bias, sink, cu_q, cu_k, used, pages, workspace;
    Block block;
    int kind, first_tile, first_unit;
} run;

/* Tiles that end before a key, and tiles that begin before it. Drivers divide 64 bits, also by 64, in some 100 instructions that wait for
 * each other: so these are shifts. */
int tiles_within(int64_t key)
{
    return int(key >> TILE_BITS);
}

int tiles_until(int64_t key)
{
    return int(key + TILE_KEYS - 1 >> TILE_BITS);
}

#endif
