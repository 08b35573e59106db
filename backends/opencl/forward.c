/* The backend's kernel of forward.cl: takes any problem; enqueues it.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#include "config.h"

#include "forward.h"

#include "prepare.h"

typedef struct launch {
    const attn_plan *plan;
    const attn_args *args;
    attn_queue *queue;
    attn_opencl_prepared *made;
    struct offsets offsets;
    cl_mem any; /* stands for buffers that the problem lacks */
} launch;

static cl_mem buffer_of(const launch *l, attn_memory memory)
{
    return memory.handle ? attn_opencl_buffer(memory) : l->any;
}

static cl_mem own_buffer(const launch *l, int which)
{
    return buffer_of(l, l->made->problem.memory[which]);
}

static launch begin_launch(const attn_plan *plan, const attn_args *a, attn_queue *queue)
{
    launch l = { .plan = plan, .args = a, .queue = queue, .made = plan->prepared };
    l.any = attn_opencl_buffer(l.made->problem.memory[ATTN_GPU_PLAN]);
    l.offsets = attn_gpu_offsets(a);
    return l;
}

static attn_status enqueue_forward(const launch *l, const attn_gpu_launch *to)
{
    const attn_args *a = l->args;
    cl_int kind = to->kind;
    size_t group = (size_t)((const attn_opencl_variant *)l->plan->kernel->variant)->group;
    size_t parts = (size_t)((l->plan->shape.dim_v + l->made->channels - 1) / l->made->channels);
    cl_mem plan = own_buffer(l, ATTN_GPU_PLAN), q = buffer_of(l, a->q), k = buffer_of(l, a->k), v = buffer_of(l, a->v),
           o = buffer_of(l, a->o), lse = buffer_of(l, a->lse), alibi = buffer_of(l, a->alibi),
           bias = buffer_of(l, a->bias), sink = buffer_of(l, a->sink_logit), cu_q = buffer_of(l, a->cu_seqlens_q),
           cu_k = buffer_of(l, a->cu_seqlens_k), used = buffer_of(l, a->seqused_k), pages = buffer_of(l, a->page_table),
           lists = own_buffer(l, ATTN_GPU_LISTS), tables = own_buffer(l, ATTN_GPU_TABLE_OF),
           first = own_buffer(l, ATTN_GPU_FIRST), entries = own_buffer(l, ATTN_GPU_ENTRIES),
           masks = own_buffer(l, ATTN_GPU_MASKS), chunks = own_buffer(l, ATTN_GPU_CHUNKS),
           workspace = buffer_of(l, a->workspace);
    const attn_opencl_arg args[] = {
        ATTN_OPENCL_ARG(plan),   ATTN_OPENCL_ARG(l->offsets), ATTN_OPENCL_ARG(kind),    ATTN_OPENCL_ARG(q),
        ATTN_OPENCL_ARG(k),      ATTN_OPENCL_ARG(v),          ATTN_OPENCL_ARG(o),       ATTN_OPENCL_ARG(lse),
        ATTN_OPENCL_ARG(alibi),  ATTN_OPENCL_ARG(bias),       ATTN_OPENCL_ARG(sink),    ATTN_OPENCL_ARG(cu_q),
        ATTN_OPENCL_ARG(cu_k),   ATTN_OPENCL_ARG(used),       ATTN_OPENCL_ARG(pages),   ATTN_OPENCL_ARG(lists),
        ATTN_OPENCL_ARG(tables), ATTN_OPENCL_ARG(first),      ATTN_OPENCL_ARG(entries), ATTN_OPENCL_ARG(masks),
        ATTN_OPENCL_ARG(chunks), ATTN_OPENCL_ARG(workspace),
    };
    const attn_opencl_grid grid = { 3, { (size_t)to->tiles * group, (size_t)to->units, parts }, { group, 1, 1 } };
    return attn_opencl_enqueue(attn_opencl_of(l->plan->device), l->queue, l->made->forward, args,
                               sizeof args / sizeof args[0], &grid);
}

static attn_status enqueue_merge(const launch *l, const attn_gpu_launch *to)
{
    const attn_args *a = l->args;
    cl_int kind = to->kind;
    cl_mem plan = own_buffer(l, ATTN_GPU_PLAN), o = buffer_of(l, a->o), lse = buffer_of(l, a->lse),
           sink = buffer_of(l, a->sink_logit), cu_q = buffer_of(l, a->cu_seqlens_q),
           cu_k = buffer_of(l, a->cu_seqlens_k), used = buffer_of(l, a->seqused_k),
           lists = own_buffer(l, ATTN_GPU_LONG_LISTS), workspace = buffer_of(l, a->workspace);
    const attn_opencl_arg args[] = {
        ATTN_OPENCL_ARG(plan), ATTN_OPENCL_ARG(l->offsets), ATTN_OPENCL_ARG(kind),      ATTN_OPENCL_ARG(o),
        ATTN_OPENCL_ARG(lse),  ATTN_OPENCL_ARG(sink),       ATTN_OPENCL_ARG(cu_q),      ATTN_OPENCL_ARG(cu_k),
        ATTN_OPENCL_ARG(used), ATTN_OPENCL_ARG(lists),      ATTN_OPENCL_ARG(workspace),
    };
    size_t rows = (size_t)(to->tiles * l->made->problem.plan.tile_rows);
    const attn_opencl_grid grid = { 2, { rows * MERGE_GROUP, (size_t)to->units }, { MERGE_GROUP, 1 } };
    return attn_opencl_enqueue(attn_opencl_of(l->plan->device), l->queue, l->made->merge, args,
                               sizeof args / sizeof args[0], &grid);
}

attn_status attn_opencl_forward(const attn_plan *plan, const attn_args *args, attn_queue *queue)
{
    launch l = begin_launch(plan, args, queue);
    attn_gpu_launch launches[ATTN_GPU_MOST_LAUNCHES];
    int count = attn_gpu_launches(plan, &l.made->problem, launches);
    attn_status status = ATTN_OK;
    for (int i = 0; i < count && !status; i++)
        status = launches[i].merges ? enqueue_merge(&l, &launches[i]) : enqueue_forward(&l, &launches[i]);
    return status;
}
