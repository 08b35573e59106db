/* Buffers and command queues. A memory's handle is a cl_mem.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#include "config.h"

#include <inttypes.h>
#include <stdlib.h>

#include "device.h"

/* Here, unlike at a kernel, these codes mean that memory is short. */
static attn_status alloc_failed(const attn_opencl_device *d, size_t bytes, cl_int code)
{
    if (code == CL_OUT_OF_RESOURCES || code == CL_INVALID_BUFFER_SIZE)
        return attn_fail(ATTN_NO_MEMORY, "clCreateBuffer of %zu bytes: %s (%d); the device has %" PRIu64 " in all",
                         bytes, attn_opencl_code_name(code), (int)code, d->traits.memory);
    return attn_opencl_fail(code, "clCreateBuffer of %zu bytes", bytes);
}

attn_status attn_opencl_alloc(attn_device *device, size_t bytes, attn_memory *memory)
{
    attn_opencl_device *d = attn_opencl_of(device);
    cl_int code = CL_SUCCESS;
    if (bytes > d->traits.largest_buffer)
        return attn_fail(ATTN_NO_MEMORY, "bytes is %zu, but the largest buffer of this device has %" PRIu64, bytes,
                         d->traits.largest_buffer);
    /* OpenCL has no empty buffers. */
    cl_mem buffer = d->cl->clCreateBuffer(d->context, CL_MEM_READ_WRITE, bytes ? bytes : 1, NULL, &code);
    if (code)
        return alloc_failed(d, bytes, code);
    *memory = (attn_memory){ (uint64_t)(uintptr_t)buffer, 0 };
    return ATTN_OK;
}

void attn_opencl_free(attn_device *device, attn_memory memory)
{
    attn_opencl_of(device)->cl->clReleaseMemObject(attn_opencl_buffer(memory));
}

attn_status attn_opencl_check_range(attn_opencl_device *device, const char *name, attn_memory memory, uint64_t bytes)
{
    size_t size = 0;
    cl_int code = device->cl->clGetMemObjectInfo(attn_opencl_buffer(memory), CL_MEM_SIZE, sizeof size, &size, NULL);
    if (code == CL_INVALID_MEM_OBJECT)
        return attn_fail(ATTN_INVALID, "%s.handle is %#" PRIx64 ", expected a cl_mem", name, memory.handle);
    if (code)
        return attn_opencl_fail(code, "clGetMemObjectInfo of %s", name);
    if (memory.offset > size || bytes > size - memory.offset)
        return attn_fail(ATTN_INVALID,
                         "%s.offset is %" PRIu64 " with %" PRIu64 " bytes behind it, but the buffer has %zu", name,
                         memory.offset, bytes, size);
    return ATTN_OK;
}

attn_status attn_opencl_upload(attn_device *device, attn_memory to, const void *from, size_t bytes)
{
    attn_opencl_device *d = attn_opencl_of(device);
    ATTN_TRY(attn_opencl_check_range(d, "to", to, bytes));
    cl_int code = d->cl->clEnqueueWriteBuffer(d->queue.queue, attn_opencl_buffer(to), CL_TRUE, (size_t)to.offset, bytes,
                                              from, 0, NULL, NULL);
    return code ? attn_opencl_fail(code, "clEnqueueWriteBuffer of %zu bytes", bytes) : ATTN_OK;
}

attn_status attn_opencl_download(attn_device *device, void *to, attn_memory from, size_t bytes)
{
    attn_opencl_device *d = attn_opencl_of(device);
    ATTN_TRY(attn_opencl_check_range(d, "from", from, bytes));
    cl_int code = d->cl->clEnqueueReadBuffer(d->queue.queue, attn_opencl_buffer(from), CL_TRUE, (size_t)from.offset,
                                             bytes, to, 0, NULL, NULL);
    return code ? attn_opencl_fail(code, "clEnqueueReadBuffer of %zu bytes", bytes) : ATTN_OK;
}

attn_status attn_opencl_queue_create(attn_device *device, attn_queue **queue)
{
    attn_opencl_device *d = attn_opencl_of(device);
    attn_opencl_queue *created = calloc(1, sizeof *created);
    cl_int code = CL_SUCCESS;
    if (!created)
        return attn_fail(ATTN_NO_MEMORY, "no memory for a queue of %zu bytes", sizeof *created);
    created->queue = d->cl->clCreateCommandQueue(d->context, d->traits.id, 0, &code);
    if (code) {
        free(created);
        return attn_opencl_fail(code, "%s", "clCreateCommandQueue");
    }
    *queue = &created->base;
    return ATTN_OK;
}

attn_status attn_opencl_queue_wait(attn_queue *queue)
{
    attn_opencl_queue *own = (attn_opencl_queue *)queue;
    cl_int code = attn_opencl_of(queue->device)->cl->clFinish(own->queue);
    return code ? attn_opencl_fail(code, "%s", "clFinish") : ATTN_OK;
}

void attn_opencl_queue_destroy(attn_queue *queue)
{
    attn_opencl_queue *own = (attn_opencl_queue *)queue;
    attn_opencl_of(queue->device)->cl->clReleaseCommandQueue(own->queue);
    free(own);
}
