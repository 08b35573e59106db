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

/* The rows of a head of K or V: the address of key 0, or of that of page 0; bytes from one to the next. Worked out once, since
 * every member of the plan is a load. */
struct Rows {
    uint64_t first;
    int64_t step, page;
    int64_t page_size; /* 0: there are no pages */
};

Rows rows_of(Sequence s, uint64_t tensor, int type, int64_t stride[4], int64_t head)
{
    int64_t at = head * stride[1], bytes = bytes_of(type);
    if (run.block.plan.paged != 0)
        return Rows(tensor + bytes * at, bytes * stride[2], bytes * stride[0], run.block.plan.page_size);
    at += (run.block.plan.ragged_k != 0 ? 0 : s.number * stride[0]) + s.row_k * stride[2];
    return Rows(tensor + bytes * at, bytes * stride[2], 0, 0);
}

uint64_t address_of_key(Rows rows, int64_t sequence, int64_t j)
{
    if (rows.page_size == 0)
        return rows.first + j * rows.step;
    int64_t number = j / rows.page_size;
    int64_t page = int_at(run.pages, sequence * run.block.plan.pages_stride[0] + number * run.block.plan.pages_stride[1]);
    return rows.first + page * rows.page + (j - number * rows.page_size) * rows.step;
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
