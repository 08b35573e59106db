/* What a plan keeps on an OpenCL device: the compiled kernels and the problem's arrays.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#ifndef ATTN_OPENCL_PREPARE_H
#define ATTN_OPENCL_PREPARE_H

#include "gpu/problem.h"
#include "program.h"

/* Work-items that merge a row. */
enum { ATTN_CL_MERGE_GROUP = 64 };

typedef struct attn_opencl_prepared {
    attn_opencl_kernel *forward, *merge;
    attn_gpu_problem problem;
} attn_opencl_prepared;

/* kernel->prepare, release, workspace. */
attn_status attn_opencl_prepare(attn_plan *plan);
void attn_opencl_release(attn_plan *plan);
size_t attn_opencl_workspace(const attn_plan *plan);

#endif
