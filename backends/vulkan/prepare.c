/* What a plan keeps on a Vulkan device.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#include "config.h"

#include "prepare.h"

#include <stddef.h>
#include <stdlib.h>

#include "probe.h"

static attn_status set_probed(attn_vulkan_device *d, attn_vulkan_geometry *g)
{
    int found;
    ATTN_TRY(attn_vulkan_probe(d, &found));
    g->special.constants[g->probed] = (found & ATTN_VULKAN_RESULTS_LIE_AS_LEFT) != 0;
    g->special.constants[g->probed + 1] = found & ATTN_VULKAN_ROW_BIT;
    return ATTN_OK;
}

/* The kernel was chosen because it has a geometry for the problem. */
static attn_status build(const attn_plan *plan, attn_vulkan_prepared *made)
{
    attn_vulkan_device *d = attn_vulkan_of(plan->device);
    const attn_vulkan_variant *variant = plan->kernel->variant;
    attn_vulkan_geometry g;
    attn_why why;
    if (variant->geometry(plan->kernel, &d->traits, &plan->problem, &plan->shape, &g, &why))
        return attn_fail(ATTN_UNSUPPORTED, "%s declined: %s", plan->kernel->name, why.text);
    made->problem.channels = g.channels;
    if (g.probed)
        ATTN_TRY(set_probed(d, &g));
    ATTN_TRY(
        attn_vulkan_pipeline_get(d, attn_vulkan_module_of(&d->traits, variant->shader), &g.special, &made->forward));
    return attn_vulkan_pipeline_get(d, attn_vulkan_module_of(&d->traits, ATTN_VULKAN_MERGE_PARTS), NULL, &made->merge);
}

/* With more query tiles than half of the compute units, a dispatch that merges has enough to do, and merges sooner. */
static int joins(const attn_plan *plan, const attn_gpu_problem *problem)
{
    const attn_vulkan_variant *variant = plan->kernel->variant;
    const struct plan *p = &problem->plan;
    return variant->joins && problem->split && 2 * p->batch * p->units * p->tiles <= plan->device->info.threads;
}

static attn_status upload_plan(const attn_plan *plan, attn_vulkan_prepared *made)
{
    attn_gpu_problem *problem = &made->problem;
    const struct plan *p = &problem->plan;
    const size_t counters = made->joins ? (size_t)(p->batch * p->units * p->tiles) : 0;
    const size_t bytes = sizeof(attn_vulkan_block_of_plan) + counters * sizeof(uint32_t);
    attn_vulkan_block_of_plan *block = calloc(1, bytes);
    if (!block)
        return attn_fail(ATTN_NO_MEMORY, "no memory for a plan of %zu bytes", bytes);
    for (int i = ATTN_GPU_LISTS; i < ATTN_GPU_ARRAYS; i++)
        block->arrays[i - ATTN_GPU_LISTS] = attn_vulkan_address(attn_vulkan_of(plan->device), problem->memory[i]);
    block->counters = offsetof(attn_vulkan_block_of_plan, counter);
    block->plan = *p;
    attn_status status = attn_gpu_upload(plan, problem, ATTN_GPU_PLAN, block, bytes);
    free(block);
    return status;
}

attn_status attn_vulkan_prepare(attn_plan *plan)
{
    ATTN_TRY(attn_gpu_prepare(plan, sizeof(attn_vulkan_prepared)));
    attn_vulkan_prepared *made = plan->prepared;
    ATTN_TRY(build(plan, made));
    made->problem.plan_by_value = 1;
    ATTN_TRY(attn_gpu_problem_create(plan, &made->problem));
    made->joins = joins(plan, &made->problem);
    return upload_plan(plan, made);
}
