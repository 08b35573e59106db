/* What a plan keeps for a CUDA device: the loaded kernels and the problem's arrays.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#ifndef ATTN_CUDA_PREPARE_H
#define ATTN_CUDA_PREPARE_H

#include "bulk.h"
#include "gpu/problem.h"
#include "module.h"

typedef struct attn_cuda_prepared {
    attn_gpu_problem problem;
    CUfunction forward, merge;
    int shared;                           /* bytes of dynamic shared memory of a block */
    int forward_overlaps, merge_overlaps; /* attn_cuda_grid.overlaps */
    attn_cuda_bulk bulk;                  /* of kernels that copy in bulk; without addresses */
} attn_cuda_prepared;

/* kernel->prepare. */
attn_status attn_cuda_prepare(attn_plan *plan);

#endif
