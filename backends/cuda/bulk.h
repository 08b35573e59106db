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
    int together;     /* units whose tiles are taken before those of others */
} attn_cuda_bulk;

/* Of a plan and of a run; these take `bulk` at a multiple of ATTN_CUDA_BULK_ALIGNMENT bytes. */
enum { ATTN_CUDA_BULK_ALIGNMENT = 64 };

/* Describes the tensors of a plan, but for their addresses. `pack`: heads of a query tile; `bulk` is all zeros before. */
void attn_cuda_map(const attn_cuda_device *device, const attn_plan *plan, int64_t pack, attn_cuda_bulk *bulk);

/* Puts in the addresses of a run. */
void attn_cuda_map_run(const attn_cuda_device *device, const attn_args *args, attn_cuda_bulk *bulk);

#endif
