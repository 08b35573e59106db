/* The backend's table of kernels.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#ifndef ATTN_CUDA_KERNELS_H
#define ATTN_CUDA_KERNELS_H

#include "backend.h"

/* What sets a row of the table apart: attn_kernel.variant. */
typedef struct attn_cuda_variant {
    const char *image, *wide_image; /* of kernels.list, for Dv up to 64 and above: 64 and 128 channels of V a block */
    int threads;                    /* of a block */
    int shared;                     /* bytes of dynamic shared memory of a block; 0: none */
    int most_rows;                  /* of a KV head that it is made for: queries x packed heads; 0: any */
} attn_cuda_variant;

enum { ATTN_CUDA_KERNELS = 2 };
extern const attn_kernel attn_cuda_kernels[ATTN_CUDA_KERNELS];

#endif
