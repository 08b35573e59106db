/* Memory and streams. A memory's handle is a CUdeviceptr.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#include "config.h"

#include <inttypes.h>
#include <stdlib.h>

#include "device.h"

attn_status attn_cuda_alloc(attn_device *device, size_t bytes, attn_memory *memory)
{
    attn_cuda_device *d = attn_cuda_of(device);
    CUdeviceptr pointer = 0;
    ATTN_TRY(attn_cuda_enter(d));
    /* CUDA has no empty blocks. */
    CUresult code = d->cu->cuMemAlloc(&pointer, bytes ? bytes : 1);
    attn_cuda_leave(d);
    if (code)
        return attn_cuda_fail(d->cu, code, "cuMemAlloc of %zu bytes, of %zu that the device has in all", bytes,
                              d->traits.memory);
    *memory = (attn_memory){ pointer, 0 };
    return ATTN_OK;
}

void attn_cuda_free(attn_device *device, attn_memory memory)
{
    attn_cuda_device *d = attn_cuda_of(device);
    int entered = attn_cuda_enter_to_release(d);
    d->cu->cuMemFree(memory.handle);
    if (entered)
        attn_cuda_leave(d);
}

/* The driver checks that the range lies within its memory. */
static attn_status end_copy(const attn_cuda_device *d, CUresult code, const char *call, const char *name,
                            attn_memory memory, size_t bytes)
{
    if (code == CUDA_ERROR_INVALID_VALUE)
        return attn_fail(ATTN_INVALID,
                         "%s.handle is %#" PRIx64 " and %s.offset %" PRIu64
                         " with %zu bytes behind it, expected memory "
                         "of device %s",
                         name, memory.handle, name, memory.offset, bytes, d->base.info.name);
    if (code)
        return attn_cuda_fail(d->cu, code, "%s of %zu bytes", call, bytes);
    code = d->cu->cuStreamSynchronize(d->queue.stream);
    return code ? attn_cuda_fail(d->cu, code, "cuStreamSynchronize behind %s", call) : ATTN_OK;
}

attn_status attn_cuda_upload(attn_device *device, attn_memory to, const void *from, size_t bytes)
{
    attn_cuda_device *d = attn_cuda_of(device);
    ATTN_TRY(attn_cuda_enter(d));
    CUresult code = d->cu->cuMemcpyHtoDAsync(attn_cuda_pointer(to), from, bytes, d->queue.stream);
    attn_status status = end_copy(d, code, "cuMemcpyHtoDAsync", "to", to, bytes);
    attn_cuda_leave(d);
    return status;
}

attn_status attn_cuda_download(attn_device *device, void *to, attn_memory from, size_t bytes)
{
    attn_cuda_device *d = attn_cuda_of(device);
    ATTN_TRY(attn_cuda_enter(d));
    CUresult code = d->cu->cuMemcpyDtoHAsync(to, attn_cuda_pointer(from), bytes, d->queue.stream);
    attn_status status = end_copy(d, code, "cuMemcpyDtoHAsync", "from", from, bytes);
    attn_cuda_leave(d);
    return status;
}

attn_status attn_cuda_queue_create(attn_device *device, attn_queue **queue)
{
    attn_cuda_device *d = attn_cuda_of(device);
    attn_cuda_queue *created = calloc(1, sizeof *created);
    if (!created)
        return attn_fail(ATTN_NO_MEMORY, "no memory for a queue of %zu bytes", sizeof *created);
    attn_status status = attn_cuda_enter(d);
    if (!status) {
        CUresult code = d->cu->cuStreamCreate(&created->stream, CU_STREAM_NON_BLOCKING);
        attn_cuda_leave(d);
        status = code ? attn_cuda_fail(d->cu, code, "%s", "cuStreamCreate") : ATTN_OK;
    }
    if (status) {
        free(created);
        return status;
    }
    created->own = 1;
    *queue = &created->base;
    return ATTN_OK;
}

attn_status attn_cuda_queue_wait(attn_queue *queue)
{
    attn_cuda_device *d = attn_cuda_of(queue->device);
    ATTN_TRY(attn_cuda_enter(d));
    CUresult code = d->cu->cuStreamSynchronize(((attn_cuda_queue *)queue)->stream);
    attn_cuda_leave(d);
    return code ? attn_cuda_fail(d->cu, code, "%s", "cuStreamSynchronize") : ATTN_OK;
}

void attn_cuda_queue_destroy(attn_queue *queue)
{
    attn_cuda_device *d = attn_cuda_of(queue->device);
    attn_cuda_queue *own = (attn_cuda_queue *)queue;
    if (own->own) {
        int entered = attn_cuda_enter_to_release(d);
        d->cu->cuStreamDestroy(own->stream);
        if (entered)
            attn_cuda_leave(d);
    }
    free(own);
}
