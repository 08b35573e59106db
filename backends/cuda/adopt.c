/* Devices and queues on the caller's context and streams.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#include "config.h"

#include "attn_cuda.h"

#include <stdlib.h>

#include "device.h"

static attn_status current_context(const attn_cuda_api *cu, CUcontext *context)
{
    CUresult code = cu->cuCtxGetCurrent(context);
    if (code)
        return attn_cuda_fail(cu, code, "%s", "cuCtxGetCurrent");
    return *context ? ATTN_OK : attn_fail(ATTN_INVALID, "context is NULL, and no context is current to this thread");
}

/* The context's device, and that the stream is the context's; under the context, since a default stream is that of the
 * current one. */
static attn_status check_current(const attn_cuda_api *cu, CUcontext context, CUstream stream, CUdevice *id)
{
    CUcontext of = context;
    CUresult code = cu->cuCtxGetDevice(id);
    if (code)
        return attn_cuda_fail(cu, code, "%s", "cuCtxGetDevice");
    if (stream)
        code = cu->cuStreamGetCtx(stream, &of);
    if (code)
        return attn_cuda_fail(cu, code, "%s", "cuStreamGetCtx");
    return of == context ? ATTN_OK : attn_fail(ATTN_INVALID, "stream belongs to another context");
}

static attn_status check_context(const attn_cuda_api *cu, CUcontext context, CUstream stream, CUdevice *id)
{
    CUcontext popped;
    CUresult code = cu->cuCtxPushCurrent(context);
    if (code)
        return attn_cuda_fail(cu, code, "%s", "cuCtxPushCurrent");
    attn_status status = check_current(cu, context, stream, id);
    cu->cuCtxPopCurrent(&popped);
    return status;
}

static attn_status adopt(const attn_cuda_api *cu, const attn_cuda_traits *list, int devices, CUcontext context,
                         CUstream stream, attn_device **adopted)
{
    CUdevice id;
    int index = 0;
    attn_cuda_device *opened;
    if (!context)
        ATTN_TRY(current_context(cu, &context));
    ATTN_TRY(check_context(cu, context, stream, &id));
    while (index < devices && list[index].id != id)
        index++;
    if (index == devices)
        return attn_fail(ATTN_NO_DEVICE, "the context's device %d is not listed; ATTN_VERBOSE=1 says why", id);
    ATTN_TRY(attn_cuda_open(cu, &list[index], context, stream, &opened));
    attn_device_info info = ATTN_DEVICE_INFO_INIT;
    attn_cuda_describe(&list[index], index, &info);
    attn_device_begin(&opened->base, &attn_backend_cuda, &info);
    *adopted = &opened->base;
    return ATTN_OK;
}

attn_status attn_device_adopt_cuda(void *context, void *stream, attn_device **adopted)
{
    const attn_cuda_traits *list;
    if (!adopted)
        return attn_fail(ATTN_INVALID, "adopted is NULL");
    *adopted = NULL;
    int devices = attn_cuda_list(&list);
    if (!devices)
        return attn_fail(ATTN_NO_DEVICE, "there is no CUDA device; ATTN_VERBOSE=1 says why");
    return adopt(attn_cuda_load(), list, devices, context, stream, adopted);
}

attn_status attn_queue_adopt_cuda(attn_device *device, void *stream, attn_queue **adopted)
{
    CUdevice id;
    if (!device || !adopted)
        return attn_fail(ATTN_INVALID, "%s is NULL", device ? "adopted" : "device");
    *adopted = NULL;
    if (device->backend != &attn_backend_cuda)
        return attn_fail(ATTN_INVALID, "device is %s, expected one of CUDA", device->info.name);
    attn_cuda_device *d = attn_cuda_of(device);
    ATTN_TRY(check_context(d->cu, d->context, stream, &id));
    attn_cuda_queue *own = calloc(1, sizeof *own);
    if (!own)
        return attn_fail(ATTN_NO_MEMORY, "no memory for a queue of %zu bytes", sizeof *own);
    *own = (attn_cuda_queue){ { device }, stream, 0 };
    *adopted = &own->base;
    return ATTN_OK;
}
