/* An open device, its queues, and what its kernels are built from and run by.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#ifndef ATTN_OPENCL_DEVICE_H
#define ATTN_OPENCL_DEVICE_H

#include <stdatomic.h>

#include "backend.h"
#include "error.h"
#include "loader.h"
#include "lock.h"
#include "traits.h"

struct attn_opencl_program;

typedef struct attn_opencl_queue {
    attn_queue base;
    cl_command_queue queue; /* in order */
} attn_opencl_queue;

typedef struct attn_opencl_device {
    attn_device base;
    const attn_opencl_api *cl;
    attn_opencl_traits traits;
    cl_context context;
    _Atomic(cl_ulong) local_memory;       /* of kernels made for NVIDIA, see local_memory.c; 0: not asked yet */
    attn_opencl_queue queue;              /* the default */
    int caches;                           /* built programs are kept in files */
    attn_lock lock;                       /* of programs */
    struct attn_opencl_program *programs; /* built so far */
} attn_opencl_device;

extern const attn_backend attn_backend_opencl;

/* A device on `context` and `queue`, each held; NULL: one of its own. lib fills in the head, or the adopter does. */
attn_status attn_opencl_open(const attn_opencl_api *cl, const attn_opencl_traits *traits, cl_context context,
                             cl_command_queue queue, attn_opencl_device **device);

static inline attn_opencl_device *attn_opencl_of(attn_device *device)
{
    return (attn_opencl_device *)device;
}

/* NULL: the default queue of the device. */
static inline cl_command_queue attn_opencl_queue_of(attn_opencl_device *device, attn_queue *queue)
{
    return queue ? ((attn_opencl_queue *)queue)->queue : device->queue.queue;
}

static inline cl_mem attn_opencl_buffer(attn_memory memory)
{
    return (cl_mem)(uintptr_t)memory.handle;
}

/* Members of attn_backend: memory.c. */
attn_status attn_opencl_alloc(attn_device *device, size_t bytes, attn_memory *memory);
void attn_opencl_free(attn_device *device, attn_memory memory);
attn_status attn_opencl_upload(attn_device *device, attn_memory to, const void *from, size_t bytes);
attn_status attn_opencl_download(attn_device *device, void *to, attn_memory from, size_t bytes);
attn_status attn_opencl_queue_create(attn_device *device, attn_queue **queue);
attn_status attn_opencl_queue_wait(attn_queue *queue);
void attn_opencl_queue_destroy(attn_queue *queue);

/* INVALID unless `bytes` from memory.offset on lie within the buffer; `name` is the argument's. */
attn_status attn_opencl_check_range(attn_opencl_device *device, const char *name, attn_memory memory, uint64_t bytes);

#endif
