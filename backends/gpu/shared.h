/* What host and kernels tell each other: read by the C compiler, by glslc and, in front of the kernels, by the device's
 * compiler. Members are 8 bytes wide, or in pairs of 4, so that all lay the structs out alike.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#ifndef ATTN_GPU_SHARED_H
#define ATTN_GPU_SHARED_H

/* GLSL, which glslc defines VULKAN in, has no enums, and names structs without the word. */
#if defined __OPENCL_VERSION__ || defined __CUDACC__
#define WIDE long
#define TERM struct term
#elif defined VULKAN
#define WIDE int64_t
#define TERM term
#else
#include <stdint.h>
#define WIDE int64_t
#define TERM struct term
#endif

#define TILE_KEYS 64   /* keys of a tile */
#define TILE_BITS 6    /* TILE_KEYS is 2^TILE_BITS */
#define MERGE_GROUP 64 /* work-items that merge a row */

/* What a work-group does: all keys of a query tile; one chunk of them, of every query tile; one chunk of a long list. */
#define LAUNCH_WHOLE 0
#define LAUNCH_SPLIT 1
#define LAUNCH_LONG 2
#define LAUNCH_JOINED 3 /* as LAUNCH_SPLIT; the work-group that comes last of a query tile merges its parts */

/* attn_term of visible.h. */
struct term {
    WIDE left, right, begin, end, chunk, back, ahead;
};

struct plan {
    WIDE batch, units, pack, group, tile_rows, tiles, chunks, split_keys;
    WIDE max_q, max_k, dim, dim_v;
    WIDE q_type, k_type, v_type, o_type, bias_type;
    WIDE q_stride[4], k_stride[4], v_stride[4], o_stride[4], lse_stride[4], bias_stride[4], alibi_stride[4],
        pages_stride[4];
    WIDE sink_stride, cu_q_stride, cu_k_stride, used_stride, page_size;
    WIDE ragged_q, ragged_k, has_used, paged, align_end;
    WIDE has_lse, has_softcap, has_alibi, has_bias, has_sink;
    WIDE changes_scores; /* by softcap, ALiBi, bias or a scale that is not positive */
    WIDE wide;           /* rows of q, k and v begin at multiples of 16 bytes, so far as strides tell */
    WIDE o_wide;         /* so do those of o, and they end there */
    WIDE listed, long_entries, mask_rows;
    WIDE sees_all; /* every row sees all keys of its sequence */
    WIDE terms;
    TERM term[4];
    float scale, softcap; /* both with log2(e) */
};

/* Bytes from the beginning of each buffer; the unit that the launch begins with, where a grid has not room for all. */
struct offsets {
    WIDE q, k, v, o, lse, alibi, bias, sink, cu_q, cu_k, used, page_table, workspace;
    WIDE first_unit;
};

/* One attn_merge; offsets are bytes. */
struct merge {
    WIDE first; /* nothing was added yet */
    WIDE heads, positions, channels;
    WIDE part_o_type, o_type, has_lse, has_sink;
    WIDE part_o_stride[4], part_lse_stride[4], o_stride[4], lse_stride[4], sink_stride;
    WIDE part_o_offset, part_lse_offset, o_offset, lse_offset, sink_offset;
};

/* The schedule of a sequence: where its lists, entries, masks and heads begin in the arrays of all schedules. */
struct list_table {
    WIDE first, entries, masks, heads, tiles;
};

/* A chunk of a long list, and a long list with its parts. `unit` counts over the sequences: sequence * units + unit. */
struct long_chunk {
    WIDE unit, tile, chunk;
};

struct long_list {
    WIDE unit, tile, first_part, parts;
};

#endif
