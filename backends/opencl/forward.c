/* The backend's kernel of forward.cl: takes any problem; enqueues it.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#include "config.h"

#include "forward.h"

#include "prepare.h"

/* One run. */
typedef struct run {
    const attn_plan *plan;
    const attn_args *args;
    attn_queue *queue;
    attn_opencl_prepared *made;
    struct offsets offsets;
} run;

static attn_status enqueue(const run *r, const attn_gpu_launch *to)
{
    attn_memory memories[ATTN_GPU_MOST_ARGUMENTS];
    cl_mem plan = attn_opencl_buffer(r->made->problem.memory[ATTN_GPU_PLAN]), buffers[ATTN_GPU_MOST_ARGUMENTS];
    const attn_opencl_arg by_value = ATTN_OPENCL_ARG(r->made->problem.plan);
    cl_int kind = to->kind;
    attn_opencl_arg args[3 + ATTN_GPU_MOST_ARGUMENTS] = { ATTN_OPENCL_ARG(plan), ATTN_OPENCL_ARG(r->offsets),
                                                          ATTN_OPENCL_ARG(kind) };
    const int count = attn_gpu_arguments(to, r->args, &r->made->problem, memories);
    const attn_opencl_variant *variant = r->plan->kernel->variant;
    const size_t group = (size_t)(to->merges ? MERGE_GROUP : variant->group);
    const attn_opencl_grid grid = { 3,
                                    { (size_t)to->groups[0] * group, (size_t)to->groups[1], (size_t)to->groups[2] },
                                    { group, 1, 1 } };
    if (r->made->problem.plan_by_value)
        args[0] = by_value;
    for (int i = 0; i < count; i++) {
        buffers[i] = attn_opencl_buffer(memories[i]); /* NULL: the problem lacks it */
        args[3 + i] = (attn_opencl_arg)ATTN_OPENCL_ARG(buffers[i]);
    }
    return attn_opencl_enqueue(attn_opencl_of(r->plan->device), r->queue,
                               to->merges ? r->made->merge : r->made->forward, args, 3 + count, &grid);
}

attn_status attn_opencl_forward(const attn_plan *plan, const attn_args *args, attn_queue *queue)
{
    const run r = { plan, args, queue, plan->prepared, attn_gpu_offsets(args) };
    attn_gpu_launch launches[ATTN_GPU_MOST_LAUNCHES];
    int count = attn_gpu_launches(plan, launches);
    attn_status status = ATTN_OK;
    for (int i = 0; i < count && !status; i++)
        status = enqueue(&r, &launches[i]);
    return status;
}
