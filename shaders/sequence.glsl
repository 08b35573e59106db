/* The rows and keys of a sequence, and where they lie.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#ifndef ATTN_SEQUENCE_GLSL
#define ATTN_SEQUENCE_GLSL

#include "plan.glsl"

struct Sequence {
    int64_t number, rows, keys, row_q, row_k, shift;
};

Sequence sequence_of(int64_t number)
{
    Sequence s;
    s.number = number;
    s.row_q = 0;
    s.rows = run.block.plan.max_q;
    if (run.block.plan.ragged_q != 0) {
        s.row_q = int_at(run.cu_q, number * run.block.plan.cu_q_stride);
        s.rows = int_at(run.cu_q, (number + 1) * run.block.plan.cu_q_stride) - s.row_q;
    }
    s.row_k = 0;
    s.keys = run.block.plan.max_k;
    if (run.block.plan.ragged_k != 0) {
        s.row_k = int_at(run.cu_k, number * run.block.plan.cu_k_stride);
        s.keys = int_at(run.cu_k, (number + 1) * run.block.plan.cu_k_stride) - s.row_k;
    }
    if (run.block.plan.has_used != 0)
        s.keys = int_at(run.used, number * run.block.plan.used_stride);
    s.shift = run.block.plan.align_end != 0 ? s.keys - s.rows : 0;
    return s;
}

/* Element 0 of key j of K or V. */
int64_t key_row(Sequence s, int64_t j, int64_t head, int64_t stride[4])
{
    if (run.block.plan.paged != 0) {
        int64_t page = int_at(run.pages, s.number * run.block.plan.pages_stride[0] +
                                             j / run.block.plan.page_size * run.block.plan.pages_stride[1]);
        return page * stride[0] + head * stride[1] + j % run.block.plan.page_size * stride[2];
    }
    return (run.block.plan.ragged_k != 0 ? 0 : s.number * stride[0]) + head * stride[1] + (s.row_k + j) * stride[2];
}

/* A row of a unit. */
struct Row {
    int64_t query, head;
};

/* Element 0 of a row of Q, O or LSE. */
int64_t query_row(Sequence s, Row row, int64_t stride[4])
{
    return (run.block.plan.ragged_q != 0 ? 0 : s.number * stride[0]) + row.head * stride[1] + (s.row_q + row.query) * stride[2];
}

#endif
