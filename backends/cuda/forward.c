/* Runs the kernels of backends/gpu: launches, nothing else, so that a run may be captured into a graph.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#include "config.h"

#include "forward.h"

#include "bulk.h"
#include "integer.h"
#include "kernels.h"
#include "prepare.h"

/* Kernels load 16 bytes at once where offsets and strides allow it, so that handles count as multiples of it. */
enum { ALIGNMENT = 16 };

/* Units of a launch: the most that a grid has in y. */
enum { MOST_UNITS = 65535 };

/* One run. */
typedef struct run {
    attn_cuda_device *device;
    CUstream stream;
    const attn_plan *plan;
    const attn_args *args;
    const attn_cuda_prepared *made;
    _Alignas(ATTN_CUDA_BULK_ALIGNMENT) attn_cuda_bulk bulk;
} run;

/* What of a handle is not aligned becomes a part of the offset. */
static void align(attn_memory *memory)
{
    uint64_t rest = memory->handle % ALIGNMENT;
    memory->handle -= rest;
    memory->offset += rest;
}

static attn_args aligned(const attn_args *args)
{
    attn_args a = *args;
    attn_memory *const memories[] = { &a.q,
                                      &a.k,
                                      &a.v,
                                      &a.o,
                                      &a.lse,
                                      &a.alibi,
                                      &a.bias,
                                      &a.sink_logit,
                                      &a.cu_seqlens_q,
                                      &a.cu_seqlens_k,
                                      &a.seqused_k,
                                      &a.page_table,
                                      &a.workspace };
    for (size_t i = 0; i < sizeof memories / sizeof memories[0]; i++)
        align(memories[i]);
    return a;
}

static attn_cuda_grid grid_of(const run *r, const attn_gpu_launch *to)
{
    const attn_cuda_variant *v = r->plan->kernel->variant;
    attn_cuda_grid grid = { .x = to->groups[0], .y = to->groups[1], .z = to->groups[2] };
    if (to->merges) {
        grid.threads = MERGE_GROUP;
        grid.overlaps = r->made->merge_overlaps;
        return grid;
    }
    if (v->stays && grid.x <= INT32_MAX / grid.y) {
        grid.x = attn_least(grid.x * grid.y, r->device->traits.multiprocessors);
        grid.y = grid.z = 1;
    }
    grid.threads = v->threads;
    grid.shared = r->made->shared;
    grid.overlaps = r->made->forward_overlaps;
    return grid;
}

static int64_t common_divisor(int64_t a, int64_t b)
{
    while (b > 0) {
        const int64_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

/* The fewest units whose tiles fill all blocks an even number of times, so that each block gets as much (tile_number of
 * forward_wgmma.cu), if the L2 cache has room for their keys and values: then their tiles find those there. Else all. */
static int64_t units_together(const run *r, const attn_gpu_launch *to)
{
    const struct plan *p = &r->made->problem.plan;
    const int64_t tiles = to->groups[0], units = to->groups[1], twice = 2 * (int64_t)r->device->traits.multiprocessors;
    const int64_t some = twice / common_divisor(twice, tiles), room = r->device->traits.l2 / 2 / (p->dim + p->dim_v);
    return some < units && p->max_k <= room / some ? some : units;
}

/* For blocks that stay: the work that they take in turn. */
static void share_work(run *r, const attn_gpu_launch *to)
{
    r->bulk.tiles = (int)to->groups[0];
    r->bulk.units = (int)to->groups[1];
    r->bulk.together = (int)units_together(r, to);
}

static attn_status launch(run *r, const attn_gpu_launch *to, const struct offsets *offsets)
{
    attn_memory memories[ATTN_GPU_MOST_ARGUMENTS];
    struct plan plan = r->made->problem.plan;
    struct offsets own = *offsets;
    int kind = to->kind;
    void *arguments[4 + ATTN_GPU_MOST_ARGUMENTS] = { &plan, &own, &kind };
    const int count = attn_gpu_arguments(to, r->args, &r->made->problem, memories);
    const attn_cuda_grid grid = grid_of(r, to);
    for (int i = 0; i < count; i++)
        arguments[3 + i] = &memories[i].handle;
    arguments[3 + count] = &r->bulk; /* which other kernels do not take */
    if (((const attn_cuda_variant *)r->plan->kernel->variant)->stays && !to->merges)
        share_work(r, to);
    return attn_cuda_launch(r->device, r->stream, to->merges ? r->made->merge : r->made->forward,
                            to->merges ? "merge_parts" : r->plan->kernel->name, &grid, arguments);
}

/* All units, as many at a time as a grid has room for, and so that blocks which stay can count their tiles in 32 bits. */
static attn_status launch_units(run *r, const attn_gpu_launch *to)
{
    struct offsets offsets = attn_gpu_offsets(r->args);
    attn_gpu_launch some = *to;
    attn_status status = ATTN_OK;
    const int64_t units = to->groups[1], most = attn_most(1, attn_least(MOST_UNITS, INT32_MAX / to->groups[0]));
    for (int64_t unit = 0; unit < units && !status; unit += most) {
        offsets.first_unit = unit;
        some.groups[1] = attn_least(units - unit, most);
        status = launch(r, &some, &offsets);
    }
    return status;
}

attn_status attn_cuda_forward(const attn_plan *plan, const attn_args *args, attn_queue *queue)
{
    attn_cuda_device *d = attn_cuda_of(plan->device);
    const attn_args own = aligned(args);
    run r = {
        .device = d, .stream = attn_cuda_stream_of(d, queue), .plan = plan, .args = &own, .made = plan->prepared
    };
    r.bulk = r.made->bulk;
    attn_gpu_launch launches[ATTN_GPU_MOST_LAUNCHES];
    int count = attn_gpu_launches(plan, launches);
    ATTN_TRY(attn_cuda_enter(d));
    attn_cuda_map_run(d, &own, &r.bulk);
    attn_status status = ATTN_OK;
    for (int i = 0; i < count && !status; i++)
        status = launch_units(&r, &launches[i]);
    attn_cuda_leave(d);
    return status;
}
