/* The table of kernels.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#include "config.h"

#include "kernels.h"

#include "device.h"
#include "forward.h"
#include "prepare.h"

int attn_vulkan_lacks_base(const attn_vulkan_traits *t, attn_why *why)
{
    if (!(t->features & ATTN_VULKAN_ADDRESS))
        return attn_decline(why, "needs bufferDeviceAddress, this device does not have it enabled");
    if (!(t->features & ATTN_VULKAN_INT64))
        return attn_decline(why, "needs shaderInt64, this device does not have it enabled");
    return 0;
}

/* Work-groups are numbered with 31 bits in each dimension. */
static int too_many(const attn_kernel *kernel, const attn_shape *s, attn_why *why)
{
    const double most = INT32_MAX - 0xffff, rows = (double)s->max_q * (double)s->heads_q;
    double units = (double)s->batch * (double)s->heads_q;
    double chunks = 1 + (double)s->max_k / (double)kernel->split_keys;
    if (rows > most)
        return attn_decline(why, "a sequence has %.0f query rows of all heads, at most %.0f", rows, most);
    if (units > most || chunks * (1 + rows / kernel->tile_q) > most)
        return attn_decline(why, "needs more than %.0f work-groups", most);
    return 0;
}

static int lacks_feature(const attn_vulkan_traits *t, const attn_vulkan_variant *v, attn_why *why)
{
    unsigned missing = v->features & ~t->features;
    if (missing)
        return attn_decline(why, "needs %s, this device does not have it enabled", attn_vulkan_feature_name(missing));
    if (!attn_vulkan_module_of(t, v->shader))
        return attn_decline(why, "the glslc that compiled this library's shaders could not compile this one");
    return 0;
}

static int exceeds(const attn_vulkan_traits *t, const attn_vulkan_geometry *g, attn_why *why)
{
    const VkPhysicalDeviceLimits *limits = &t->properties.limits;
    if (limits->maxComputeWorkGroupInvocations < g->group || limits->maxComputeWorkGroupSize[0] < g->group)
        return attn_decline(why, "needs work-groups of %u, this device has %u", g->group,
                            limits->maxComputeWorkGroupInvocations);
    if (limits->maxComputeSharedMemorySize < g->shared_memory)
        return attn_decline(why, "needs %u bytes of shared memory, this device has %u", g->shared_memory,
                            limits->maxComputeSharedMemorySize);
    return 0;
}

static int why_not(const attn_kernel *kernel, const attn_device *device, const attn_problem *problem,
                   const attn_shape *shape, attn_why *why)
{
    const attn_vulkan_traits *t = &((const attn_vulkan_device *)device)->traits;
    const attn_vulkan_variant *v = kernel->variant;
    attn_vulkan_geometry g;
    return attn_vulkan_lacks_base(t, why) || lacks_feature(t, v, why) ||
           attn_decline_dims(why, shape, ATTN_VULKAN_LARGEST_DIM) || v->geometry(kernel, t, problem, shape, &g, why) ||
           exceeds(t, &g, why) || too_many(kernel, shape, why);
}

/* Long rows are cut at multiples of `split` keys. */
#define KERNEL(kernel_name, kind, rows, split)                                                                         \
    {                                                                                                                  \
        .name = "flash-vulkan-" kernel_name, .tile_q = rows, .tile_k = TILE_KEYS, .list_rows = rows,                   \
        .split_keys = split, .variant = &attn_vulkan_variant_##kind, .why_not = why_not,                               \
        .prepare = attn_vulkan_prepare, .release = attn_gpu_release, .workspace = attn_gpu_workspace,                  \
        .run = attn_vulkan_forward,                                                                                    \
    }

const attn_kernel attn_vulkan_kernels[ATTN_VULKAN_KERNELS] = {
    KERNEL("few-4", few, 4, 256),
    KERNEL("few-8", few, 8, 256),
    KERNEL("few-16", few, 16, 256),
    KERNEL("matrix2-128", matrix_2, 128, 512),
    KERNEL("matrix-128", matrix, 128, 512),
    KERNEL("64", tiled, 64, 512),
};
