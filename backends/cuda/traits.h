/* What a device is, asked once.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#ifndef ATTN_CUDA_TRAITS_H
#define ATTN_CUDA_TRAITS_H

#include "backend.h"
#include "loader.h"

enum { ATTN_CUDA_LARGEST_DIM = 576 }; /* of D and Dv; attn_device_info.max_dim */

typedef struct attn_cuda_traits {
    CUdevice id;
    char name[64];       /* cut where longer */
    size_t memory;       /* bytes */
    int driver;          /* CUDA version that the driver supports: 13000 is 13.0 */
    int major, minor;    /* compute capability */
    int multiprocessors; /* SMs */
    int l2;              /* bytes of its cache */
    int shared_memory;   /* most bytes of a block that asks for more than 48 KiB */
    int pools;           /* 1: has memory pools (cuMemAllocAsync) */
    int overlaps;        /* 1: a launch may start before the last one has ended, also within a graph */
} attn_cuda_traits;

/* The driver's devices, in its order, less those that it cannot describe. None without a driver, or with one too old for this
 * library's kernels; ATTN_VERBOSE says why. Asked once. Thread-safe. */
int attn_cuda_list(const attn_cuda_traits **list);

/* "cuda:1" in an attn_device_info, for device `index` of the list. */
void attn_cuda_describe(const attn_cuda_traits *traits, int index, attn_device_info *info);

#endif
