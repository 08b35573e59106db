/* A validated problem: sizes by name, mask normalised, defaults filled in.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#ifndef ATTN_LIB_SHAPE_H
#define ATTN_LIB_SHAPE_H

#include "attn.h"
#include "visible.h"

typedef struct attn_shape {
    int64_t batch;            /* sequences */
    int64_t heads_q, heads_k; /* heads_q = group * heads_k */
    int64_t group;            /* query heads that share one KV head */
    int64_t rows_q, rows_k;   /* q.size[2], k.size[2]: of one sequence, of all when ragged, of a page when paged */
    int64_t max_q, max_k;     /* bounds of one sequence's query rows and keys */
    int64_t dim, dim_v;
    int64_t pages, max_pages; /* pages in memory, entries of a page table row; 0: not paged */
    int ragged_q, ragged_k, paged;
    float scale;
    attn_visible visible;
} attn_shape;

/* Checks everything that `problem` alone can tell. The struct must have been read by attn_read_struct. */
attn_status attn_shape_from_problem(const attn_problem *problem, attn_shape *shape);

#endif
