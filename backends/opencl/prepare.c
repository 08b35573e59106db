/* What a plan keeps on an OpenCL device.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#include "config.h"

#include "prepare.h"

#include <stdio.h>

#include "integer.h"
#include "texts.h"

#define COMMON_TEXTS                                                                                                   \
    attn_opencl_text_dialect, attn_opencl_text_shared, attn_opencl_text_storage, attn_opencl_text_visible,             \
        attn_opencl_text_sequence, attn_opencl_text_item

/* Arguments of a kernel that takes the plan itself. */
enum { PLAN_BY_VALUE_BYTES = 2048 };

static const attn_opencl_source forward_source = { "forward.cl", { COMMON_TEXTS, attn_opencl_text_forward } },
                                mma_source = { "forward_mma.cl",
                                               { COMMON_TEXTS, attn_opencl_text_ptx, attn_opencl_text_copies,
                                                 attn_opencl_text_rows, attn_opencl_text_forward_mma } },
                                few_source = { "forward_few.cl",
                                               { COMMON_TEXTS, attn_opencl_text_ptx, attn_opencl_text_copies,
                                                 attn_opencl_text_rows, attn_opencl_text_forward_few } },
                                merge_source = { "merge_parts.cl", { COMMON_TEXTS, attn_opencl_text_merge_parts } };

/* A program for each type, and one for K and V of two types. */
static attn_status get_portable(const attn_plan *plan, attn_opencl_prepared *made)
{
    char types[32] = "", options[128];
    const attn_dtype k = plan->problem.k.dtype, v = plan->problem.v.dtype;
    made->problem.channels = plan->shape.dim_v <= 64 ? 64 : 128;
    if (k == v)
        snprintf(types, sizeof types, "-DK_TYPE=%d -DV_TYPE=%d ", (int)k, (int)v);
    snprintf(options, sizeof options, "%s-DTILE_ROWS=%d -DGROUP_SIZE=%d -DCHANNELS=%d%s", types, plan->kernel->tile_q,
             ((const attn_opencl_variant *)plan->kernel->variant)->group, made->problem.channels,
             made->problem.plan_by_value ? " -DPLAN_BY_VALUE" : "");
    return attn_opencl_kernel_get(attn_opencl_of(plan->device), &forward_source, options, "forward", &made->forward);
}

static int in_sixteens(int64_t dim)
{
    return 16 * (int)attn_ceil_divide(dim, 16);
}

static attn_status get_tensor_cores(const attn_plan *plan, attn_opencl_prepared *made)
{
    char options[192];
    const attn_problem *p = &plan->problem;
    const attn_opencl_variant *v = plan->kernel->variant;
    int dim = in_sixteens(plan->shape.dim), dim_v = in_sixteens(plan->shape.dim_v);
    made->problem.channels = dim_v;
    int step =
        v->sides && dim <= 64 && dim_v <= 64 ? 2 * v->step : v->step; /* as many bytes under way as of longer rows */
    made->problem.resident = v->resident;
    snprintf(options, sizeof options, "-DMMA_TYPE=%d -DDIM=%d -DDIM_V=%d -DCHANGES=%d -DWARPS=%d -DSTEP=%d -D%s=%d%s",
             (int)p->k.dtype, dim, dim_v, attn_gpu_changes_scores(p, &plan->shape), v->warps, step,
             v->sides ? "SIDES" : "BANDS", v->sides ? v->sides : v->bands,
             made->problem.plan_by_value ? " -DPLAN_BY_VALUE" : "");
    return attn_opencl_kernel_get(attn_opencl_of(plan->device), v->sides ? &few_source : &mma_source, options,
                                  v->sides ? "forward_few" : "forward_mma", &made->forward);
}

static attn_status build(const attn_plan *plan, attn_opencl_prepared *made)
{
    const attn_opencl_variant *variant = plan->kernel->variant;
    ATTN_TRY(variant->tensor_cores ? get_tensor_cores(plan, made) : get_portable(plan, made));
    return attn_opencl_kernel_get(attn_opencl_of(plan->device), &merge_source,
                                  made->problem.plan_by_value ? "-DPLAN_BY_VALUE" : "", "merge_parts", &made->merge);
}

attn_status attn_opencl_prepare(attn_plan *plan)
{
    ATTN_TRY(attn_gpu_prepare(plan, sizeof(attn_opencl_prepared)));
    attn_opencl_prepared *made = plan->prepared;
    made->problem.plan_by_value = attn_opencl_of(plan->device)->traits.parameters >= PLAN_BY_VALUE_BYTES;
    ATTN_TRY(build(plan, made));
    return attn_gpu_problem_create(plan, &made->problem);
}
