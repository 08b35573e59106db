/* What a plan keeps for a CUDA device: the loaded kernels and the problem's arrays.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#ifndef ATTN_CUDA_PREPARE_H
#define ATTN_CUDA_PREPARE_H

#include "gpu/problem.h"
#include "module.h"

typedef struct attn_cuda_prepared {
    CUfunction forward, merge;
    int channels; /* of V that a block has */
    int shared;   /* bytes of dynamic shared memory of a block */
    attn_gpu_problem problem;
} attn_cuda_prepared;

/* kernel->prepare, release, workspace. */
attn_status attn_cuda_prepare(attn_plan *plan);
void attn_cuda_release(attn_plan *plan);
size_t attn_cuda_workspace(const attn_plan *plan);

#endif
