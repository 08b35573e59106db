/* The backend's table of kernels: when each takes a problem.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#include "config.h"

#include "kernels.h"

#include "device.h"
#include "forward.h"
#include "prepare.h"

/* Keys of a chunk, when the chunks of a query tile are blocks of their own. */
enum { SPLIT_KEYS = 512 };

static int why_not(const attn_kernel *kernel, const attn_device *device, const attn_problem *problem,
                   const attn_shape *shape, attn_why *why)
{
    const attn_cuda_traits *t = &((const attn_cuda_device *)device)->traits;
    const attn_cuda_variant *v = kernel->variant;
    const attn_cuda_image *image = attn_cuda_kernel_image(kernel, problem, shape);
    const long long rows = shape->max_q * shape->group;
    if (attn_decline_dims(why, shape, ATTN_CUDA_LARGEST_DIM))
        return 1;
    if (!image)
        return attn_decline(why, "not built for k %s and v %s", attn_dtype_name(problem->k.dtype),
                            attn_dtype_name(problem->v.dtype));
    if (!attn_cuda_image_runs(image, t->major, t->minor))
        return attn_decline(why, "built for %s, this device has compute capability %d.%d", image->codes, t->major,
                            t->minor);
    if (t->shared_memory < v->shared)
        return attn_decline(why, "needs %d bytes of shared memory, this device has %d", v->shared, t->shared_memory);
    if (v->most_rows && rows > v->most_rows)
        return attn_decline(why, "made for at most %d rows of a KV head, here are %lld", v->most_rows, rows);
    return 0;
}

#define KERNEL(rows, ...)                                                                                              \
    {                                                                                                                  \
        .name = "flash-cuda-" #rows, .tile_q = rows, .tile_k = TILE_KEYS, .list_rows = rows, .split_keys = SPLIT_KEYS, \
        .why_not = why_not, .prepare = attn_cuda_prepare, .release = attn_cuda_release,                                \
        .workspace = attn_cuda_workspace, .run = attn_cuda_forward,                                                    \
        .variant = &(const attn_cuda_variant){ __VA_ARGS__ },                                                          \
    }

const attn_kernel attn_cuda_kernels[ATTN_CUDA_KERNELS] = {
    KERNEL(8, "forward_8_64", "forward_8_128", .threads = 64, .most_rows = 8),
    KERNEL(64, "forward_64_64", "forward_64_128", .threads = 128),
};
