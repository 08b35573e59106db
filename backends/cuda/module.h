/* Images loaded on a device, once each, and functions of them.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#ifndef ATTN_CUDA_MODULE_H
#define ATTN_CUDA_MODULE_H

#include "device.h"
#include "image.h"

/* The function `name` of an image, which may be launched with `shared` bytes of dynamic shared memory. The first call for an
 * image loads it; PTX is compiled by the driver then, which keeps the result in a cache of its own. For plans. Lives until
 * the device is closed. The caller has entered the device. Thread-safe. */
attn_status attn_cuda_function(attn_cuda_device *device, const attn_cuda_image *image, const char *name, int shared,
                               CUfunction *function);

/* Unloads what the device has loaded; when it is closed. */
void attn_cuda_modules_release(attn_cuda_device *device);

/* Blocks of a launch in x, y and z, threads of a block. */
typedef struct attn_cuda_grid {
    int64_t x, y, z;
    int threads, shared; /* shared: bytes of dynamic shared memory */
    int overlaps;        /* it may start while what was launched before still runs, which it waits for itself */
} attn_cuda_grid;

/* Enqueues; the driver has copied the arguments when it returns. The caller has entered the device. `name` is for messages. */
attn_status attn_cuda_launch(attn_cuda_device *device, CUstream stream, CUfunction function, const char *name,
                             const attn_cuda_grid *grid, void *arguments[]);

#endif
