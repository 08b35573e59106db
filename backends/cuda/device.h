/* An open device, its queues and the modules loaded on it.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#ifndef ATTN_CUDA_DEVICE_H
#define ATTN_CUDA_DEVICE_H

#include "backend.h"
#include "error.h"
#include "lock.h"
#include "traits.h"

struct attn_cuda_module;

typedef struct attn_cuda_queue {
    attn_queue base;
    CUstream stream; /* NULL: the context's default stream, which callers may hand over */
    int own;         /* destroyed with the queue */
} attn_cuda_queue;

typedef struct attn_cuda_device {
    attn_device base;
    const attn_cuda_api *cu;
    attn_cuda_traits traits;
    CUcontext context;
    int primary;                      /* the context is the device's primary one, retained here; 0: the caller's */
    attn_cuda_queue queue;            /* the default */
    attn_lock lock;                   /* of modules */
    struct attn_cuda_module *modules; /* loaded so far */
} attn_cuda_device;

extern const attn_backend attn_backend_cuda;

static inline attn_cuda_device *attn_cuda_of(attn_device *device)
{
    return (attn_cuda_device *)device;
}

/* NULL: the default queue of the device. */
static inline CUstream attn_cuda_stream_of(attn_cuda_device *device, attn_queue *queue)
{
    return queue ? ((attn_cuda_queue *)queue)->stream : device->queue.stream;
}

static inline CUdeviceptr attn_cuda_pointer(attn_memory memory)
{
    return memory.handle + memory.offset;
}

/* A device on the caller's context and stream; context NULL: on the primary context, with a stream of its own. */
attn_status attn_cuda_open(const attn_cuda_api *cu, const attn_cuda_traits *traits, CUcontext context, CUstream stream,
                           attn_cuda_device **device);

/* Makes the device's context current for this thread, and what was current before again. A caller's own choice of a context is
 * left alone, and threads need none. */
attn_status attn_cuda_enter(attn_cuda_device *device);

/* The same around what only releases: it is tried whatever the driver says here, and leaves the thread's reason alone.
 * Returns whether to leave. */
int attn_cuda_enter_to_release(attn_cuda_device *device);
void attn_cuda_leave(attn_cuda_device *device);

/* Members of attn_backend: memory.c. */
attn_status attn_cuda_alloc(attn_device *device, size_t bytes, attn_memory *memory);
void attn_cuda_free(attn_device *device, attn_memory memory);
attn_status attn_cuda_upload(attn_device *device, attn_memory to, const void *from, size_t bytes);
attn_status attn_cuda_download(attn_device *device, void *to, attn_memory from, size_t bytes);
attn_status attn_cuda_queue_create(attn_device *device, attn_queue **queue);
attn_status attn_cuda_queue_wait(attn_queue *queue);
void attn_cuda_queue_destroy(attn_queue *queue);

#endif
