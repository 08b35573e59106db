/* What a plan keeps for a CUDA device.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#include "config.h"

#include "prepare.h"

#include <stdlib.h>

#include "kernels.h"

static attn_status load(const attn_plan *plan, attn_cuda_prepared *made)
{
    attn_cuda_device *d = attn_cuda_of(plan->device);
    const attn_cuda_variant *variant = plan->kernel->variant;
    const attn_cuda_instance *instance = attn_cuda_instance_for(variant, &plan->shape);
    const attn_cuda_image *merge = attn_cuda_image_find("merge_parts", ATTN_NONE, ATTN_NONE);
    made->channels = instance->channels;
    made->shared = instance->shared;
    ATTN_TRY(attn_cuda_enter(d));
    attn_status status = attn_cuda_function(d, attn_cuda_instance_image(instance, &plan->problem, &plan->shape),
                                            variant->function, instance->shared, &made->forward);
    if (!status)
        status = attn_cuda_function(d, merge, "merge_parts", 0, &made->merge);
    attn_cuda_leave(d);
    return status;
}

attn_status attn_cuda_prepare(attn_plan *plan)
{
    attn_cuda_prepared *made = plan->prepared = calloc(1, sizeof *made);
    if (!made)
        return attn_fail(ATTN_NO_MEMORY, "no memory for a plan of %zu bytes", sizeof *made);
    ATTN_TRY(load(plan, made));
    made->problem.plan_by_value = 1;
    return attn_gpu_problem_create(plan, &made->problem);
}

void attn_cuda_release(attn_plan *plan)
{
    attn_cuda_prepared *made = plan->prepared;
    if (made)
        attn_gpu_problem_release(plan, &made->problem);
    free(made);
}

size_t attn_cuda_workspace(const attn_plan *plan)
{
    const attn_cuda_prepared *made = plan->prepared;
    return attn_gpu_workspace(plan, &made->problem);
}
