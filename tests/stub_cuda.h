/* What the stub of the CUDA driver says of itself and its devices, for tests to change, and what it was asked to do.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#ifndef ATTN_TESTS_STUB_CUDA_H
#define ATTN_TESTS_STUB_CUDA_H

#include "cuda/cuda_min.h"
#include "stub.h"

enum { STUB_CUDA_DEVICES = 2, STUB_CUDA_CALLS = 64 };

struct stub_cuda_device {
    const char *name;
    int major, minor, multiprocessors, shared_memory, pools;
};

/* One cuLaunchKernel or cuLaunchKernelEx. */
struct stub_cuda_launch {
    char function[32];
    unsigned grid[3], threads, shared;
    CUstream stream;
    CUdeviceptr argument; /* the fourth one's value: the first buffer of a forward kernel */
    int64_t offset;       /* the first member of the second one */
    int64_t first_unit;   /* its last member */
    int overlaps;         /* by cuLaunchKernelEx, it may start early */
};

struct stub_cuda {
    int version;   /* 12040: CUDA 12.4 */
    CUresult init; /* of cuInit */
    int devices;   /* 0 .. STUB_CUDA_DEVICES, the first ones of `device` */
    struct stub_cuda_device device[STUB_CUDA_DEVICES];
    int capturing;  /* a graph is being captured: only launches are allowed */
    int shared_set; /* the last CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES */
    long modules;   /* loaded so far */
    long launches;  /* so far; the last ones are kept */
    struct stub_cuda_launch launch[STUB_CUDA_CALLS];
};

extern ATTN_API struct stub_cuda stub_cuda;

#endif
