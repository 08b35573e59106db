/* What a plan keeps on an OpenCL device.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#include "config.h"

#include "prepare.h"

#include <stdio.h>
#include <stdlib.h>

#include "integer.h"
#include "texts.h"

#define COMMON_TEXTS                                                                                                   \
    attn_opencl_text_dialect, attn_opencl_text_shared, attn_opencl_text_storage, attn_opencl_text_visible,             \
        attn_opencl_text_sequence, attn_opencl_text_item

static const attn_opencl_source forward_source = { "forward.cl", { COMMON_TEXTS, attn_opencl_text_forward } },
                                mma_source = { "forward_mma.cl",
                                               { COMMON_TEXTS, attn_opencl_text_ptx, attn_opencl_text_forward_mma } },
                                merge_source = { "merge_parts.cl", { COMMON_TEXTS, attn_opencl_text_merge_parts } };

static attn_status get_portable(const attn_plan *plan, attn_opencl_prepared *made)
{
    char options[128];
    made->channels = plan->shape.dim_v <= 64 ? 64 : 128;
    snprintf(options, sizeof options, "-DK_TYPE=%d -DV_TYPE=%d -DTILE_ROWS=%d -DGROUP_SIZE=%d -DCHANNELS=%d",
             (int)plan->problem.k.dtype, (int)plan->problem.v.dtype, plan->kernel->tile_q,
             ((const attn_opencl_variant *)plan->kernel->variant)->group, made->channels);
    return attn_opencl_kernel_get(attn_opencl_of(plan->device), &forward_source, options, "forward", &made->forward);
}

static int in_sixteens(int64_t dim)
{
    return 16 * (int)attn_ceil_divide(dim, 16);
}

/* Buffers of 16 KiB at most, three of which fit local memory. */
static attn_status get_tensor_cores(const attn_plan *plan, attn_opencl_prepared *made)
{
    char options[128];
    const attn_problem *p = &plan->problem;
    int dim = in_sixteens(plan->shape.dim), dim_v = in_sixteens(plan->shape.dim_v);
    int changes = p->softcap > 0 || attn_present(&p->alibi) || attn_present(&p->bias);
    made->channels = dim_v;
    snprintf(options, sizeof options, "-DMMA_TYPE=%d -DDIM=%d -DDIM_V=%d -DCHANGES=%d -DWARPS=%d -DSTEP=%d -DSLOTS=3",
             (int)p->k.dtype, dim, dim_v, changes, plan->kernel->tile_q / 16, dim > 128 || dim_v > 128 ? 32 : 64);
    return attn_opencl_kernel_get(attn_opencl_of(plan->device), &mma_source, options, "forward_mma", &made->forward);
}

static attn_status build(const attn_plan *plan, attn_opencl_prepared *made)
{
    const attn_opencl_variant *variant = plan->kernel->variant;
    ATTN_TRY(variant->tensor_cores ? get_tensor_cores(plan, made) : get_portable(plan, made));
    return attn_opencl_kernel_get(attn_opencl_of(plan->device), &merge_source, "", "merge_parts", &made->merge);
}

attn_status attn_opencl_prepare(attn_plan *plan)
{
    attn_opencl_prepared *made = plan->prepared = calloc(1, sizeof *made);
    if (!made)
        return attn_fail(ATTN_NO_MEMORY, "no memory for a plan of %zu bytes", sizeof *made);
    ATTN_TRY(build(plan, made));
    return attn_gpu_problem_create(plan, &made->problem);
}

void attn_opencl_release(attn_plan *plan)
{
    attn_opencl_prepared *made = plan->prepared;
    if (made)
        attn_gpu_problem_release(plan, &made->problem);
    free(made);
}

size_t attn_opencl_workspace(const attn_plan *plan)
{
    const attn_opencl_prepared *made = plan->prepared;
    return attn_gpu_workspace(plan, &made->problem);
}
