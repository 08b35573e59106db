/* What a plan keeps for a CUDA device.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#include "config.h"

#include "prepare.h"

#include "kernels.h"

/* Code for sm_90 waits for what was launched before; older code, which PTX may serve later devices with, does not. */
enum { WAITING_LEVEL = 90 };

static int overlaps(const attn_cuda_device *d, const attn_cuda_image *image)
{
    return d->traits.overlaps && attn_cuda_image_level(image, d->traits.major, d->traits.minor) >= WAITING_LEVEL;
}

static attn_status load(const attn_plan *plan, attn_cuda_prepared *made)
{
    attn_cuda_device *d = attn_cuda_of(plan->device);
    const attn_cuda_variant *variant = plan->kernel->variant;
    const attn_cuda_instance *instance = attn_cuda_instance_for(variant, &plan->shape);
    const attn_cuda_image *forward = attn_cuda_instance_image(instance, &plan->problem, &plan->shape),
                          *merge = attn_cuda_image_find("merge_parts", ATTN_NONE, ATTN_NONE);
    made->problem.channels = instance->channels;
    made->problem.resident = variant->resident;
    made->shared = forward->shared;
    made->forward_overlaps = variant->overlaps && overlaps(d, forward);
    made->merge_overlaps = overlaps(d, merge);
    ATTN_TRY(attn_cuda_enter(d));
    attn_status status = attn_cuda_function(d, forward, variant->function, forward->shared, &made->forward);
    if (!status)
        status = attn_cuda_function(d, merge, "merge_parts", 0, &made->merge);
    attn_cuda_leave(d);
    return status;
}

static attn_status map(const attn_plan *plan, attn_cuda_prepared *made)
{
    attn_cuda_device *d = attn_cuda_of(plan->device);
    _Alignas(ATTN_CUDA_BULK_ALIGNMENT) attn_cuda_bulk bulk = { 0 };
    ATTN_TRY(attn_cuda_enter(d));
    attn_cuda_map(d, plan, made->problem.plan.pack, &bulk);
    attn_cuda_leave(d);
    made->bulk = bulk;
    return ATTN_OK;
}

attn_status attn_cuda_prepare(attn_plan *plan)
{
    ATTN_TRY(attn_gpu_prepare(plan, sizeof(attn_cuda_prepared)));
    attn_cuda_prepared *made = plan->prepared;
    ATTN_TRY(load(plan, made));
    made->problem.plan_by_value = 1;
    ATTN_TRY(attn_gpu_problem_create(plan, &made->problem));
    return ((const attn_cuda_variant *)plan->kernel->variant)->stays ? map(plan, made) : ATTN_OK;
}
