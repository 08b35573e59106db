/* Devices "cuda:0", "cuda:1", ...: the backend's table, opening and closing.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#include "config.h"

#include "device.h"

#include <stdlib.h>

#include "kernels.h"
#include "merge.h"
#include "module.h"

static int count(void)
{
    const attn_cuda_traits *list;
    return attn_cuda_list(&list);
}

static attn_status describe(int index, attn_device_info *info)
{
    const attn_cuda_traits *list;
    attn_cuda_list(&list);
    attn_cuda_describe(&list[index], index, info);
    return ATTN_OK;
}

attn_status attn_cuda_enter(attn_cuda_device *d)
{
    CUresult code = d->cu->cuCtxPushCurrent(d->context);
    return code ? attn_cuda_fail(d->cu, code, "%s", "cuCtxPushCurrent") : ATTN_OK;
}

int attn_cuda_enter_to_release(attn_cuda_device *d)
{
    return d->cu->cuCtxPushCurrent(d->context) == CUDA_SUCCESS;
}

void attn_cuda_leave(attn_cuda_device *d)
{
    CUcontext popped;
    d->cu->cuCtxPopCurrent(&popped);
}

static attn_status take_primary(attn_cuda_device *d)
{
    CUresult code = d->cu->cuDevicePrimaryCtxRetain(&d->context, d->traits.id);
    if (code)
        return attn_cuda_fail(d->cu, code, "%s", "cuDevicePrimaryCtxRetain");
    d->primary = 1;
    ATTN_TRY(attn_cuda_enter(d));
    code = d->cu->cuStreamCreate(&d->queue.stream, CU_STREAM_NON_BLOCKING);
    attn_cuda_leave(d);
    if (code)
        return attn_cuda_fail(d->cu, code, "%s", "cuStreamCreate");
    d->queue.own = 1;
    return ATTN_OK;
}

/* Merges on the default queue may still run the modules. */
static void release_context(attn_cuda_device *d)
{
    int entered = attn_cuda_enter_to_release(d);
    if (d->queue.own)
        d->cu->cuStreamSynchronize(d->queue.stream);
    attn_cuda_modules_release(d);
    if (d->queue.own)
        d->cu->cuStreamDestroy(d->queue.stream);
    if (entered)
        attn_cuda_leave(d);
}

/* Also of one that is open in part. Releases are tried whatever the driver says before: the last reference to a context may be
 * another's. */
static void close_device(attn_device *device)
{
    attn_cuda_device *d = attn_cuda_of(device);
    if (d->context)
        release_context(d);
    if (d->primary)
        d->cu->cuDevicePrimaryCtxRelease(d->traits.id);
    attn_lock_destroy(&d->lock);
    free(d);
}

attn_status attn_cuda_open(const attn_cuda_api *cu, const attn_cuda_traits *traits, CUcontext context, CUstream stream,
                           attn_cuda_device **device)
{
    attn_cuda_device *opened = calloc(1, sizeof *opened);
    if (!opened || !attn_lock_create(&opened->lock)) {
        free(opened);
        return attn_fail(ATTN_NO_MEMORY, "no memory for a device of %zu bytes", sizeof *opened);
    }
    opened->cu = cu;
    opened->traits = *traits;
    opened->context = context;
    opened->queue = (attn_cuda_queue){ { &opened->base }, stream, 0 };
    attn_status status = context ? ATTN_OK : take_primary(opened);
    if (status)
        close_device(&opened->base);
    else
        *device = opened;
    return status;
}

static attn_status open_device(int index, attn_device **device)
{
    const attn_cuda_traits *list;
    attn_cuda_device *opened;
    attn_cuda_list(&list);
    ATTN_TRY(attn_cuda_open(attn_cuda_load(), &list[index], NULL, NULL, &opened));
    *device = &opened->base;
    return ATTN_OK;
}

const attn_backend attn_backend_cuda = {
    .name = "cuda",
    .count = count,
    .describe = describe,
    .open = open_device,
    .close = close_device,
    .alloc = attn_cuda_alloc,
    .free = attn_cuda_free,
    .upload = attn_cuda_upload,
    .download = attn_cuda_download,
    .queue_create = attn_cuda_queue_create,
    .queue_wait = attn_cuda_queue_wait,
    .queue_destroy = attn_cuda_queue_destroy,
    .merge = attn_cuda_merge,
    .kernels = attn_cuda_kernels,
    .kernel_count = ATTN_CUDA_KERNELS,
};
