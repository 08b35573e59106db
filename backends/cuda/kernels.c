/* The backend's table of kernels: when each takes a problem.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#include "config.h"

#include "kernels.h"

#include <limits.h>

#include "device.h"
#include "forward.h"
#include "gpu/decline.h"
#include "prepare.h"

/* Keys of a chunk, when the chunks of a query tile are work of their own. Kernels whose blocks stay need longer ones. */
enum { SPLIT_KEYS = 256, LONG_SPLIT_KEYS = 1024 };

const attn_cuda_instance *attn_cuda_instance_for(const attn_cuda_variant *variant, const attn_shape *shape)
{
    for (int i = 0; i < ATTN_CUDA_INSTANCES && variant->instance[i].plain; i++)
        if (shape->dim <= variant->instance[i].dim && shape->dim_v <= variant->instance[i].dim_v)
            return &variant->instance[i];
    return NULL;
}

const attn_cuda_image *attn_cuda_instance_image(const attn_cuda_instance *instance, const attn_problem *p,
                                                const attn_shape *shape)
{
    const char *name = attn_gpu_changes_scores(p, shape) ? instance->changing : instance->plain;
    return name ? attn_cuda_image_find(name, p->k.dtype, p->v.dtype) : NULL;
}

/* The problem's sizes are served by an instance: the largest is the last. */
static int decline_sizes(attn_why *why, const attn_cuda_variant *v, const attn_shape *shape)
{
    int last = 0;
    while (last + 1 < ATTN_CUDA_INSTANCES && v->instance[last + 1].plain)
        last++;
    return attn_decline_dims(why, shape, v->instance[last].dim);
}

static int decline_image(attn_why *why, const attn_cuda_traits *t, const attn_cuda_instance *instance,
                         const attn_problem *problem, const attn_shape *shape)
{
    const attn_cuda_image *image = attn_cuda_instance_image(instance, problem, shape);
    if (attn_gpu_changes_scores(problem, shape) && !instance->changing)
        return attn_decline(why, "made without softcap, ALiBi, bias and scales that are not positive");
    if (!image)
        return attn_decline(why, "this library was built for devices that cannot run it");
    if (!attn_cuda_image_level(image, t->major, t->minor))
        return attn_decline(why, "built for %s, this device has compute capability %d.%d", image->codes, t->major,
                            t->minor);
    return 0;
}

static int why_not(const attn_kernel *kernel, const attn_device *device, const attn_problem *problem,
                   const attn_shape *shape, attn_why *why)
{
    const attn_cuda_traits *t = &((const attn_cuda_device *)device)->traits;
    const attn_cuda_variant *v = kernel->variant;
    if (decline_sizes(why, v, shape) || (v->tensor_cores && attn_gpu_decline_types(why, problem)) ||
        decline_image(why, t, attn_cuda_instance_for(v, shape), problem, shape))
        return 1;
    const int shared = attn_cuda_instance_image(attn_cuda_instance_for(v, shape), problem, shape)->shared;
    if (t->shared_memory < shared)
        return attn_decline(why, "needs %d bytes of shared memory, this device has %d", shared, t->shared_memory);
    if (v->pairs_listed && problem->pattern && problem->batch_invariant)
        return attn_decline(why, "takes the tiles of a pattern in pairs, which batch_invariant forbids");
    return attn_gpu_decline_invariant(why, problem, v->most_rows);
}

static int suits(const attn_kernel *kernel, const attn_device *device, const attn_problem *problem,
                 const attn_shape *shape, attn_why *why)
{
    const attn_cuda_variant *v = kernel->variant;
    (void)device;
    return attn_gpu_suits_rows(why, problem, shape, v->fewest_rows, v->most_rows);
}

#define KERNEL(kind, rows, keys, ...)                                                                                  \
    {                                                                                                                  \
        .name = kind "-cuda-" #rows, .tile_q = rows, .tile_k = TILE_KEYS, .list_rows = rows, .split_keys = keys,       \
        .why_not = why_not, .suits = suits, .prepare = attn_cuda_prepare, .release = attn_gpu_release,                 \
        .workspace = attn_gpu_workspace, .run = attn_cuda_forward,                                                     \
        .variant = &(const attn_cuda_variant){ __VA_ARGS__ },                                                          \
    }

/* Any channels of Q and K; those of V in passes of `channels`. */
#define ANY(channels, most_v, name)                                                                                    \
    {                                                                                                                  \
        ATTN_CUDA_LARGEST_DIM, most_v, channels, name, name                                                            \
    }

const attn_kernel attn_cuda_kernels[ATTN_CUDA_KERNELS] = {
    KERNEL("wgmma", 128, LONG_SPLIT_KEYS, .function = "forward_wgmma", .threads = 384, .fewest_rows = 65,
           .most_rows = INT_MAX, .tensor_cores = 1, .stays = 1, .pairs_listed = 1,
           .instance = { { 64, 64, 64, "wgmma_128_64_64", NULL },
                         { 128, 128, 128, "wgmma_128_128_128", NULL },
                         { 192, 128, 128, "wgmma_128_192_128", NULL },
                         { 256, 256, 256, "wgmma_128_256_256", NULL } }),
    KERNEL("mma", 128, SPLIT_KEYS, .function = "forward_mma", .threads = 128, .fewest_rows = 33, .most_rows = INT_MAX,
           .tensor_cores = 1,
           .instance = { { 64, 64, 64, "mma_128_64", "mma_128_64_changes" },
                         { 128, 128, 128, "mma_128_128", "mma_128_128_changes" } }),
    KERNEL("mma", 8, SPLIT_KEYS, .function = "forward_few", .threads = 128, .resident = 2, .overlaps = 1,
           .most_rows = 8, .tensor_cores = 1,
           .instance = { { 64, 64, 64, "mma_8_64", "mma_8_64_changes" },
                         { 128, 128, 128, "mma_8_128", "mma_8_128_changes" } }),
    KERNEL("mma", 16, SPLIT_KEYS, .function = "forward_few", .threads = 128, .resident = 2, .overlaps = 1,
           .most_rows = 32, .tensor_cores = 1,
           .instance = { { 64, 64, 64, "mma_16_64", "mma_16_64_changes" },
                         { 128, 128, 128, "mma_16_128", "mma_16_128_changes" } }),
    KERNEL("mma", 64, SPLIT_KEYS, .function = "forward_mma", .threads = 128, .most_rows = INT_MAX, .tensor_cores = 1,
           .instance = { { 256, 256, 256, "mma_64_256", "mma_64_256_changes" } }),
    KERNEL("flash", 8, SPLIT_KEYS, .function = "forward", .threads = 64, .most_rows = 8,
           .instance = { ANY(64, 64, "forward_8_64"), ANY(128, ATTN_CUDA_LARGEST_DIM, "forward_8_128") }),
    KERNEL("flash", 64, SPLIT_KEYS, .function = "forward", .threads = 128, .most_rows = INT_MAX,
           .instance = { ANY(64, 64, "forward_64_64"), ANY(128, ATTN_CUDA_LARGEST_DIM, "forward_64_128") }),
};
