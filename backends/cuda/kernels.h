/* The backend's table of kernels.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#ifndef ATTN_CUDA_KERNELS_H
#define ATTN_CUDA_KERNELS_H

#include "image.h"

/* A kernel as compiled for some sizes. */
typedef struct attn_cuda_instance {
    int dim, dim_v;       /* it serves up to these */
    int channels;         /* of V that a block has */
    const char *plain;    /* its image; */
    const char *changing; /* with softcap, ALiBi or bias; NULL: it does not do them */
} attn_cuda_instance;

enum { ATTN_CUDA_INSTANCES = 5 };

/* What sets a row of the table apart: attn_kernel.variant. */
typedef struct attn_cuda_variant {
    const char *function;
    int threads;                /* of a block */
    int resident;               /* blocks that a multiprocessor has at once; 0: not known */
    int fewest_rows, most_rows; /* of a KV head that it is made for: queries x packed heads */
    int tensor_cores;           /* 1: q, k and v are of one 16-bit type */
    int overlaps;               /* 1: it may start early, and waits for what was launched before */
    int stays;                  /* 1: its blocks stay and take query tiles in turn; it takes attn_cuda_bulk */
    int pairs_listed;           /* 1: takes listed tiles by twos, so that sums depend on the list */
    attn_cuda_instance instance[ATTN_CUDA_INSTANCES]; /* smallest first, up to one without an image */
} attn_cuda_variant;

/* The first instance that serves the problem; NULL: none does. */
const attn_cuda_instance *attn_cuda_instance_for(const attn_cuda_variant *variant, const attn_shape *shape);

/* Its image for the problem; NULL: there is none in this library. */
const attn_cuda_image *attn_cuda_instance_image(const attn_cuda_instance *instance, const attn_problem *problem,
                                                const attn_shape *shape);

enum { ATTN_CUDA_KERNELS = 7 };
extern const attn_kernel attn_cuda_kernels[ATTN_CUDA_KERNELS];

#endif
