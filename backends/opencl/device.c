/* Devices "opencl:0", "opencl:1", ...: the backend's table, opening and closing.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#include "config.h"

#include "device.h"

#include <stdlib.h>
#include <string.h>

#include "program.h"

static int count(void)
{
    const attn_opencl_traits *list;
    return attn_opencl_list(&list);
}

static attn_status find(int index, const attn_opencl_traits **traits)
{
    const attn_opencl_traits *list;
    int devices = attn_opencl_list(&list);
    if (index < 0 || index >= devices)
        return attn_fail(ATTN_NO_DEVICE, "opencl has no device %d, but %d here", index, devices);
    *traits = &list[index];
    return ATTN_OK;
}

static attn_status describe(int index, attn_device_info *info)
{
    const attn_opencl_traits *traits;
    ATTN_TRY(find(index, &traits));
    attn_opencl_describe(traits, index, info);
    return ATTN_OK;
}

static attn_status take_context(attn_opencl_device *d, cl_context context)
{
    const cl_context_properties properties[] = { CL_CONTEXT_PLATFORM, (cl_context_properties)d->traits.platform, 0 };
    const char *call = context ? "clRetainContext" : "clCreateContext";
    cl_int code = CL_SUCCESS;
    if (context)
        code = d->cl->clRetainContext(context);
    else
        context = d->cl->clCreateContext(properties, 1, &d->traits.id, NULL, NULL, &code);
    if (code)
        return attn_opencl_fail(code, "%s", call);
    d->context = context;
    return ATTN_OK;
}

static attn_status take_queue(attn_opencl_device *d, cl_command_queue queue)
{
    const char *call = queue ? "clRetainCommandQueue" : "clCreateCommandQueue";
    cl_int code = CL_SUCCESS;
    if (queue)
        code = d->cl->clRetainCommandQueue(queue);
    else
        queue = d->cl->clCreateCommandQueue(d->context, d->traits.id, 0, &code);
    if (code)
        return attn_opencl_fail(code, "%s", call);
    d->queue = (attn_opencl_queue){ { &d->base }, queue };
    return ATTN_OK;
}

/* Also of one that is open in part. */
static void close_device(attn_device *device)
{
    attn_opencl_device *d = attn_opencl_of(device);
    attn_opencl_programs_release(d);
    if (d->queue.queue)
        d->cl->clReleaseCommandQueue(d->queue.queue);
    if (d->context)
        d->cl->clReleaseContext(d->context);
    attn_opencl_lock_destroy(&d->lock);
    free(d);
}

attn_status attn_opencl_open(const attn_opencl_api *cl, const attn_opencl_traits *traits, cl_context context,
                             cl_command_queue queue, attn_opencl_device **device)
{
    attn_opencl_device *opened = calloc(1, sizeof *opened);
    if (!opened || !attn_opencl_lock_create(&opened->lock)) {
        free(opened);
        return attn_fail(ATTN_NO_MEMORY, "no memory for a device of %zu bytes", sizeof *opened);
    }
    const char *caches = attn_opencl_environment("ATTN_OPENCL_CACHE");
    opened->cl = cl;
    opened->traits = *traits;
    opened->caches = !caches || strcmp(caches, "0");
    attn_status status = take_context(opened, context);
    if (!status)
        status = take_queue(opened, queue);
    if (status)
        close_device(&opened->base);
    else
        *device = opened;
    return status;
}

static attn_status open_device(int index, attn_device **device)
{
    const attn_opencl_traits *traits;
    attn_opencl_device *opened;
    ATTN_TRY(find(index, &traits));
    ATTN_TRY(attn_opencl_open(attn_opencl_load(), traits, NULL, NULL, &opened));
    *device = &opened->base;
    return ATTN_OK;
}

static attn_status merge(attn_device *device, const attn_merge_args *args, attn_queue *queue)
{
    (void)args, (void)queue;
    return attn_fail(ATTN_UNSUPPORTED, "device %s has no merge yet", device->info.name);
}

static const attn_kernel kernels[1]; /* none yet */

const attn_backend attn_backend_opencl = {
    .name = "opencl",
    .count = count,
    .describe = describe,
    .open = open_device,
    .close = close_device,
    .alloc = attn_opencl_alloc,
    .free = attn_opencl_free,
    .upload = attn_opencl_upload,
    .download = attn_opencl_download,
    .queue_create = attn_opencl_queue_create,
    .queue_wait = attn_opencl_queue_wait,
    .queue_destroy = attn_opencl_queue_destroy,
    .merge = merge,
    .kernels = kernels,
    .kernel_count = 0,
};
