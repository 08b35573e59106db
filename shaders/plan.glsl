/* What a dispatch is told: the structs of backends/gpu/shared.h in device memory, and where the tensors are. Names are those of
 * shared.h. All memory is reached through device addresses, so offsets have 64 bits.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#ifndef ATTN_PLAN_GLSL
#define ATTN_PLAN_GLSL

#include "storage.glsl"

const int TILE_KEYS = 64;

const int LAUNCH_WHOLE = 0, LAUNCH_SPLIT = 1, LAUNCH_LONG = 2;

struct Term {
    int64_t left, right, begin, end, chunk, back, ahead;
};

layout(buffer_reference, scalar, buffer_reference_align = 8) readonly buffer Lists {
    int64_t first, entries, masks, heads, tiles;
};

layout(buffer_reference, scalar, buffer_reference_align = 8) readonly buffer Chunk {
    int64_t unit, tile, chunk;
};

layout(buffer_reference, scalar, buffer_reference_align = 8) readonly buffer LongList {
    int64_t unit, tile, first_part, parts;
};

layout(buffer_reference, scalar, buffer_reference_align = 8) readonly buffer Entry {
    int tile, mask;
};

layout(buffer_reference, scalar, buffer_reference_align = 8) readonly buffer Wide {
    int64_t value;
};

/* Addresses of the arrays of a plan, then struct plan. */
layout(buffer_reference, scalar, buffer_reference_align = 8) readonly buffer Plan {
    uint64_t lists, table_of, first, entries, masks, chunks, long_lists, reserved;
    int64_t batch, units, pack, group, tile_rows, tiles, chunk_count, split_keys;
    int64_t max_q, max_k, dim, dim_v;
    int64_t q_type, k_type, v_type, o_type, bias_type;
    int64_t q_stride[4], k_stride[4], v_stride[4], o_stride[4], lse_stride[4], bias_stride[4], alibi_stride[4],
        pages_stride[4];
    int64_t sink_stride, cu_q_stride, cu_k_stride, used_stride, page_size;
    int64_t ragged_q, ragged_k, has_used, paged, align_end;
    int64_t has_lse, has_softcap, has_alibi, has_bias, has_sink;
    int64_t changes_scores, wide, o_wide;
    int64_t listed, long_entries, mask_rows;
    int64_t terms;
    Term term[4];
    float scale, softcap;
};

/* Addresses of the tensors, and of the work-groups' first tile and unit: a grid larger than the device allows is several
 * dispatches. */
layout(push_constant, scalar) uniform Run {
    uint64_t q, k, v, o, lse, alibi, bias, sink, cu_q, cu_k, used, pages, workspace;
    Plan plan;
    int kind, first_tile, first_unit;
} run;

#endif
