/* Devices "opencl:0", "opencl:1", ...: the backend's table, opening and closing.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#include "config.h"

#include "device.h"

#include <limits.h>
#include <stdlib.h>

#include "environment.h"
#include "forward.h"
#include "gpu/decline.h"
#include "merge.h"
#include "prepare.h"

static int count(void)
{
    const attn_opencl_traits *list;
    return attn_opencl_list(&list);
}

static attn_status describe(int index, attn_device_info *info)
{
    const attn_opencl_traits *list;
    attn_opencl_list(&list);
    attn_opencl_describe(&list[index], index, info);
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
    attn_lock_destroy(&d->lock);
    free(d);
}

attn_status attn_opencl_open(const attn_opencl_api *cl, const attn_opencl_traits *traits, cl_context context,
                             cl_command_queue queue, attn_opencl_device **device)
{
    attn_opencl_device *opened = calloc(1, sizeof *opened);
    if (!opened || !attn_lock_create(&opened->lock)) {
        free(opened);
        return attn_fail(ATTN_NO_MEMORY, "no memory for a device of %zu bytes", sizeof *opened);
    }
    opened->cl = cl;
    opened->traits = *traits;
    atomic_init(&opened->local_memory, 0);
    opened->caches = !attn_environment_off("ATTN_OPENCL_CACHE");
    attn_status status = take_context(opened, context);
    if (!status)
        status = take_queue(opened, queue);
    if (status) {
        close_device(&opened->base);
        return status;
    }
    *device = opened;
    return ATTN_OK;
}

static attn_status open_device(int index, attn_device **device)
{
    const attn_opencl_traits *list;
    attn_opencl_device *opened;
    attn_opencl_list(&list);
    ATTN_TRY(attn_opencl_open(attn_opencl_load(), &list[index], NULL, NULL, &opened));
    *device = &opened->base;
    return ATTN_OK;
}

/* Keys of a chunk, when the chunks of a query tile are work-groups of their own. */
enum { SPLIT_KEYS = 256 };

static int lacks_tensor_cores(const attn_opencl_traits *t, const attn_problem *problem, const attn_shape *shape,
                              int most, attn_why *why)
{
    if (!(t->offers & ATTN_OPENCL_NVIDIA) || t->nvidia_sm < 80)
        return attn_decline(why, "needs an NVIDIA GPU of sm_80 or later");
    return attn_gpu_decline_types(why, problem) || attn_decline_dims(why, shape, most);
}

static int lacks_room(attn_opencl_device *d, const attn_opencl_variant *v, attn_why *why)
{
    const attn_opencl_traits *t = &d->traits;
    cl_ulong local_memory = t->local_memory;
    if (v->tensor_cores && local_memory < (cl_ulong)v->local_memory)
        local_memory = attn_opencl_local_memory(d);
    if (t->work_group < (size_t)v->group || t->work_items[0] < (size_t)v->group)
        return attn_decline(why, "needs work-groups of %d, this device has %zu", v->group, t->work_group);
    if (local_memory < (cl_ulong)v->local_memory)
        return attn_decline(why, "needs %d bytes of local memory, this device has %llu", v->local_memory,
                            (unsigned long long)local_memory);
    return 0;
}

static int why_not(const attn_kernel *kernel, const attn_device *device, const attn_problem *problem,
                   const attn_shape *shape, attn_why *why)
{
    attn_opencl_device *d = (attn_opencl_device *)device; /* it keeps what was asked */
    const attn_opencl_variant *v = kernel->variant;
    if (attn_decline_dims(why, shape, ATTN_OPENCL_LARGEST_DIM))
        return 1;
    if (v->tensor_cores && lacks_tensor_cores(&d->traits, problem, shape, v->tensor_cores, why))
        return 1;
    return lacks_room(d, v, why) || attn_gpu_decline_invariant(why, problem, v->most_rows);
}

static int suits(const attn_kernel *kernel, const attn_device *device, const attn_problem *problem,
                 const attn_shape *shape, attn_why *why)
{
    const attn_opencl_traits *t = &((const attn_opencl_device *)device)->traits;
    const attn_opencl_variant *v = kernel->variant;
    if (!v->cpus && t->type & CL_DEVICE_TYPE_CPU)
        return !attn_decline(why, "made for GPUs, this device is a CPU");
    return attn_gpu_suits_rows(why, problem, shape, v->fewest_rows, v->most_rows);
}

#define KERNEL(kind, rows, ...)                                                                                        \
    {                                                                                                                  \
        .name = kind "-opencl-" #rows, .tile_q = rows, .tile_k = TILE_KEYS, .list_rows = rows,                         \
        .split_keys = SPLIT_KEYS, .why_not = why_not, .suits = suits, .prepare = attn_opencl_prepare,                  \
        .release = attn_gpu_release, .workspace = attn_gpu_workspace, .run = attn_opencl_forward,                      \
        .variant = &(const attn_opencl_variant){ __VA_ARGS__ },                                                        \
    }

static const attn_kernel kernels[] = {
    KERNEL("mma", 128, .group = 128, .local_memory = 84000, .fewest_rows = 33, .most_rows = INT_MAX,
           .tensor_cores = 128, .warps = 4, .bands = 2, .step = 64),
    KERNEL("mma", 8, .group = 128, .local_memory = 99328, .most_rows = 8, .tensor_cores = 128, .warps = 4, .step = 32,
           .sides = 1, .resident = 2),
    KERNEL("mma", 16, .group = 128, .local_memory = 99328, .most_rows = 32, .tensor_cores = 128, .warps = 4, .step = 32,
           .sides = 2, .resident = 2),
    KERNEL("mma", 64, .group = 64, .local_memory = 42000, .most_rows = INT_MAX, .tensor_cores = 128, .warps = 2,
           .bands = 2, .step = 32),
    KERNEL("mma", 32, .group = 64, .local_memory = 42000, .most_rows = INT_MAX, .tensor_cores = 256, .warps = 2,
           .bands = 1, .step = 16),
    KERNEL("flash", 8, .group = 64, .local_memory = 24576, .most_rows = 8),
    KERNEL("flash", 64, .group = 128, .local_memory = 40960, .fewest_rows = 33, .most_rows = INT_MAX),
    KERNEL("flash", 32, .group = 64, .local_memory = 30720, .most_rows = INT_MAX, .cpus = 1),
};

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
    .merge = attn_opencl_merge,
    .kernels = kernels,
    .kernel_count = sizeof kernels / sizeof kernels[0],
};
