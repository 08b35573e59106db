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
    return l->made->buffer[which] ? l->made->buffer[which] : l->any;
}

static launch begin_launch(const attn_plan *plan, const attn_args *a, attn_queue *queue)
{
    launch l = { .plan = plan, .args = a, .queue = queue, .made = plan->prepared };
    l.any = l.made->buffer[ATTN_CL_PLAN];
    l.offsets = (struct offsets){
        (WIDE)a->q.offset,
        (WIDE)a->k.offset,
        (WIDE)a->v.offset,
        (WIDE)a->o.offset,
        (WIDE)a->lse.offset,
        (WIDE)a->alibi.offset,
        (WIDE)a->bias.offset,
        (WIDE)a->sink_logit.offset,
        (WIDE)a->cu_seqlens_q.offset,
        (WIDE)a->cu_seqlens_k.offset,
        (WIDE)a->seqused_k.offset,
        (WIDE)a->page_table.offset,
        (WIDE)a->workspace.offset,
    };
    return l;
}

static attn_status enqueue_forward(const launch *l, cl_int kind, int64_t tiles, int64_t units)
{
    const attn_args *a = l->args;
    size_t group = 2 * (size_t)l->plan->kernel->tile_q;
    size_t parts = (size_t)((l->plan->shape.dim_v + CHANNELS - 1) / CHANNELS);
    cl_mem plan = own_buffer(l, ATTN_CL_PLAN), q = buffer_of(l, a->q), k = buffer_of(l, a->k), v = buffer_of(l, a->v),
           o = buffer_of(l, a->o), lse = buffer_of(l, a->lse), alibi = buffer_of(l, a->alibi),
           bias = buffer_of(l, a->bias), sink = buffer_of(l, a->sink_logit), cu_q = buffer_of(l, a->cu_seqlens_q),
           cu_k = buffer_of(l, a->cu_seqlens_k), used = buffer_of(l, a->seqused_k), pages = buffer_of(l, a->page_table),
           lists = own_buffer(l, ATTN_CL_LISTS), tables = own_buffer(l, ATTN_CL_TABLE_OF),
           first = own_buffer(l, ATTN_CL_FIRST), entries = own_buffer(l, ATTN_CL_ENTRIES),
           masks = own_buffer(l, ATTN_CL_MASKS), chunks = own_buffer(l, ATTN_CL_CHUNKS),
           workspace = buffer_of(l, a->workspace);
    const attn_opencl_arg args[] = {
        ATTN_OPENCL_ARG(plan),   ATTN_OPENCL_ARG(l->offsets), ATTN_OPENCL_ARG(kind),    ATTN_OPENCL_ARG(q),
        ATTN_OPENCL_ARG(k),      ATTN_OPENCL_ARG(v),          ATTN_OPENCL_ARG(o),       ATTN_OPENCL_ARG(lse),
        ATTN_OPENCL_ARG(alibi),  ATTN_OPENCL_ARG(bias),       ATTN_OPENCL_ARG(sink),    ATTN_OPENCL_ARG(cu_q),
        ATTN_OPENCL_ARG(cu_k),   ATTN_OPENCL_ARG(used),       ATTN_OPENCL_ARG(pages),   ATTN_OPENCL_ARG(lists),
        ATTN_OPENCL_ARG(tables), ATTN_OPENCL_ARG(first),      ATTN_OPENCL_ARG(entries), ATTN_OPENCL_ARG(masks),
        ATTN_OPENCL_ARG(chunks), ATTN_OPENCL_ARG(workspace),
    };
    const attn_opencl_grid grid = { 3, { (size_t)tiles * group, (size_t)units, parts }, { group, 1, 1 } };
    if (tiles == 0 || units == 0)
        return ATTN_OK;
    return attn_opencl_enqueue(attn_opencl_of(l->plan->device), l->queue, l->made->forward, args,
                               sizeof args / sizeof args[0], &grid);
}

static attn_status enqueue_merge(const launch *l, cl_int kind, int64_t tiles, int64_t units)
{
    const attn_args *a = l->args;
    cl_mem plan = own_buffer(l, ATTN_CL_PLAN), o = buffer_of(l, a->o), lse = buffer_of(l, a->lse),
           sink = buffer_of(l, a->sink_logit), cu_q = buffer_of(l, a->cu_seqlens_q),
           cu_k = buffer_of(l, a->cu_seqlens_k), used = buffer_of(l, a->seqused_k),
           lists = own_buffer(l, ATTN_CL_LONG_LISTS), workspace = buffer_of(l, a->workspace);
    const attn_opencl_arg args[] = {
        ATTN_OPENCL_ARG(plan), ATTN_OPENCL_ARG(l->offsets), ATTN_OPENCL_ARG(kind),      ATTN_OPENCL_ARG(o),
        ATTN_OPENCL_ARG(lse),  ATTN_OPENCL_ARG(sink),       ATTN_OPENCL_ARG(cu_q),      ATTN_OPENCL_ARG(cu_k),
        ATTN_OPENCL_ARG(used), ATTN_OPENCL_ARG(lists),      ATTN_OPENCL_ARG(workspace),
    };
    size_t rows = (size_t)(tiles * l->made->plan.tile_rows);
    const attn_opencl_grid grid = { 2, { rows * ATTN_CL_MERGE_GROUP, (size_t)units }, { ATTN_CL_MERGE_GROUP, 1 } };
    if (rows == 0 || units == 0)
        return ATTN_OK;
    return attn_opencl_enqueue(attn_opencl_of(l->plan->device), l->queue, l->made->merge, args,
                               sizeof args / sizeof args[0], &grid);
}

attn_status attn_opencl_forward(const attn_plan *plan, const attn_args *args, attn_queue *queue)
{
    launch l = begin_launch(plan, args, queue);
    const struct plan *p = &l.made->plan;
    if (l.made->split) {
        ATTN_TRY(enqueue_forward(&l, LAUNCH_SPLIT, p->tiles * p->chunks, p->batch * p->units));
        return enqueue_merge(&l, LAUNCH_SPLIT, p->tiles, p->batch * p->units);
    }
    if (plan->forms) {
        ATTN_TRY(enqueue_forward(&l, LAUNCH_LONG, plan->forms->chunks, 1));
        ATTN_TRY(enqueue_merge(&l, LAUNCH_LONG, plan->forms->long_lists, 1));
    }
    return enqueue_forward(&l, LAUNCH_WHOLE, p->tiles, p->batch * p->units);
}
