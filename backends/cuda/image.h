/* Kernels as compiled by nvcc when the library was built: images.sh makes images.c of kernels.list.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#ifndef ATTN_CUDA_IMAGE_H
#define ATTN_CUDA_IMAGE_H

#include "backend.h"

/* A fat binary. Lives as long as the library; known by its address. */
typedef struct attn_cuda_image {
    const char *name;
    attn_dtype type;   /* of K and V both; ATTN_NONE: serves all */
    const char *codes; /* what it holds: "sm_80 sm_90a compute_80" */
    int shared;        /* bytes of dynamic shared memory that a block of it takes */
    const void *bytes;
} attn_cuda_image;

extern const attn_cuda_image attn_cuda_images[];
extern const int attn_cuda_image_count;

/* The first image of that name that serves K and V of these types; NULL: there is none. */
const attn_cuda_image *attn_cuda_image_find(const char *name, attn_dtype k_type, attn_dtype v_type);

/* The compute capability that its code for a device of this one was made for, 90 for 9.0; 0: it holds none. */
int attn_cuda_image_level(const attn_cuda_image *image, int major, int minor);

#endif
