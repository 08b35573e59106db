/* What kernels that copy in bulk take: Q, K and V as Hopper's copy engine sees them, and the work of all blocks.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#ifndef ATTN_CUDA_BULK_H
#define ATTN_CUDA_BULK_H

#include "device.h"

/* An argument of kernels: `struct bulk` of wgmma.cuh. */
typedef struct attn_cuda_bulk {
    CUtensorMap q, k, v;
    int maps_q, maps; /* q describes the tensor; k and v do. 0: kernels copy row by row */
    int tiles, units; /* of a launch, which blocks take in turn */
} attn_cuda_bulk;

/* Describes the tensors of one run: addresses are a part of it. `pack`: heads of a query tile; `bulk` is all zeros before. */
void attn_cuda_map(const attn_cuda_device *device, const attn_plan *plan, int64_t pack, const attn_args *args,
                   attn_cuda_bulk *bulk);

#endif
