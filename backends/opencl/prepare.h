/* What a plan keeps on an OpenCL device: the compiled kernels and the problem's arrays.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#ifndef ATTN_OPENCL_PREPARE_H
#define ATTN_OPENCL_PREPARE_H

#include "gpu/problem.h"
#include "program.h"

/* What sets a row of the kernel table apart: attn_kernel.variant. */
typedef struct attn_opencl_variant {
    int group;                  /* work-items of a work-group */
    int local_memory;           /* bytes that it takes, at most */
    int fewest_rows, most_rows; /* of a KV head that it is made for: queries x packed heads */
    int cpus;                   /* also for devices that run work-items one after the other */
    int tensor_cores;           /* of NVIDIA, through inline PTX: the most channels of a row; 0: not used */
    int warps, bands, step;     /* its tile, see forward_mma.cl; */
    int sides;                  /* or forward_few.cl; 0: not that one */
    int resident;               /* work-groups that a compute unit has at once; 0: not known */
} attn_opencl_variant;

typedef struct attn_opencl_prepared {
    attn_gpu_problem problem;
    attn_opencl_kernel *forward, *merge;
} attn_opencl_prepared;

/* kernel->prepare. */
attn_status attn_opencl_prepare(attn_plan *plan);

#endif
