/* What a plan keeps on an OpenCL device: the compiled kernels, the struct of shared.h, and the schedules of its pattern.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#ifndef ATTN_OPENCL_PREPARE_H
#define ATTN_OPENCL_PREPARE_H

#include "program.h"
#include "shared.h"

/* Work-items that merge a row. */
enum { ATTN_CL_MERGE_GROUP = 64 };

/* Buffers of a plan, in the order in which forward.cl takes them after the tensors. */
enum {
    ATTN_CL_PLAN,
    ATTN_CL_LISTS,
    ATTN_CL_TABLE_OF,
    ATTN_CL_FIRST,
    ATTN_CL_ENTRIES,
    ATTN_CL_MASKS,
    ATTN_CL_CHUNKS,
    ATTN_CL_LONG_LISTS,
    ATTN_CL_BUFFERS
};

typedef struct attn_opencl_prepared {
    attn_opencl_kernel *forward, *merge;
    struct plan plan;
    cl_mem buffer[ATTN_CL_BUFFERS];
    int split; /* every query tile's chunks are work-groups of their own */
} attn_opencl_prepared;

/* kernel->prepare, release, workspace. */
attn_status attn_opencl_prepare(attn_plan *plan);
void attn_opencl_release(attn_plan *plan);
size_t attn_opencl_workspace(const attn_plan *plan);

/* Strides of a tensor whose sizes of 1 broadcast. */
void attn_opencl_strides(WIDE stride[4], const attn_tensor *tensor);

/* Floats of the part that a chunk of a query tile leaves. */
int64_t attn_opencl_part_floats(const struct plan *plan);

#endif
