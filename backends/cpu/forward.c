/* Runs a plan: query tiles, or chunks of them, as work items of OpenMP threads.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#include "config.h"

#ifdef _OPENMP
#include <omp.h>
#endif

#include "cpu.h"

/* One attn_run. Query tiles are numbered sequence by sequence, KV head by KV head, last rows first: under a causal
 * mask those are the longest. */
typedef struct forward {
    const attn_plan *plan;
    const attn_args *args;
    attn_cpu_geometry geometry;
    int64_t *first_item; /* [batch + 1]: number of the first query tile of a sequence */
    char *scratch, *parts;
} forward;

static int thread_number(void)
{
#ifdef _OPENMP
    return omp_get_thread_num();
#else
    return 0;
#endif
}

static int64_t tiles_of(const forward *f, const attn_sequence *sequence)
{
    return (sequence->len_q * f->plan->shape.group + f->geometry.rows - 1) / f->geometry.rows;
}

static forward begin_forward(const attn_plan *plan, const attn_args *args)
{
    forward f = { .plan = plan, .args = args, .geometry = attn_cpu_geometry_of(plan) };
    char *memory = attn_host_pointer(args->workspace);
    f.first_item = (int64_t *)(void *)memory;
    f.scratch = memory + f.geometry.first_items;
    f.parts = f.scratch + (size_t)plan->threads * f.geometry.scratch;
    f.first_item[0] = 0;
    for (int64_t b = 0; b < plan->shape.batch; b++) {
        attn_sequence sequence = attn_host_sequence(plan, args, b);
        f.first_item[b + 1] = f.first_item[b] + plan->shape.heads_k * tiles_of(&f, &sequence);
    }
    return f;
}

/* The sequence whose items hold number `item`. */
static int64_t sequence_of(const forward *f, int64_t item)
{
    int64_t low = 0, high = f->plan->shape.batch;
    while (high - low > 1) {
        int64_t middle = low + (high - low) / 2;
        if (f->first_item[middle] <= item)
            low = middle;
        else
            high = middle;
    }
    return low;
}

static attn_cpu_item item_at(const forward *f, int64_t number)
{
    const attn_plan *plan = f->plan;
    const attn_problem *p = &plan->problem;
    attn_cpu_item item = { .plan = plan, .args = f->args, .tile = plan->kernel->variant, .geometry = &f->geometry };
    int64_t batch = sequence_of(f, number), inside = number - f->first_item[batch];
    item.sequence = attn_host_sequence(plan, f->args, batch);
    int64_t tiles = tiles_of(f, &item.sequence), all_rows = item.sequence.len_q * plan->shape.group;
    item.head = inside / tiles;
    item.first_row = (tiles - 1 - inside % tiles) * f->geometry.rows;
    item.rows = (int)(all_rows - item.first_row < f->geometry.rows ? all_rows - item.first_row : f->geometry.rows);
    item.few = all_rows <= ATTN_FEW_ROWS && !p->batch_invariant;
    item.keys = attn_host_rows(plan, f->args, &p->k, f->args->k, &item.sequence, item.head);
    item.values = attn_host_rows(plan, f->args, &p->v, f->args->v, &item.sequence, item.head);
    item.schedule = (attn_tile_rows){
        .visible = &plan->shape.visible,
        .first_p = item.first_row / plan->shape.group + item.sequence.shift,
        .last_p = (item.first_row + item.rows - 1) / plan->shape.group + item.sequence.shift,
        .keys = item.sequence.len_k,
        .tile_k = ATTN_TILE_K,
    };
    return item;
}

static attn_cpu_scratch scratch_of_thread(const forward *f)
{
    return attn_cpu_scratch_at(f->plan, &f->geometry, f->scratch + (size_t)thread_number() * f->geometry.scratch);
}

static attn_softmax part_at(const forward *f, int64_t number, int64_t chunk)
{
    return attn_cpu_part_at(&f->geometry, f->parts + (size_t)(number * f->geometry.chunks + chunk) * f->geometry.part);
}

/* All chunks of a query tile, merged as they are done. */
static void run_item(const forward *f, int64_t number)
{
    attn_cpu_item item = item_at(f, number);
    attn_cpu_scratch scratch = scratch_of_thread(f);
    attn_cpu_load_query(&item, &scratch);
    attn_cpu_begin_total(&item, &scratch.total);
    for (int64_t tile = attn_next_tile(&item.schedule, 0); tile >= 0;) {
        int64_t chunk = tile / ATTN_CPU_SPLIT_TILES;
        attn_cpu_run_chunk(&item, &scratch, chunk, &scratch.part);
        item.tile->merge(item.rows, &scratch.total, &scratch.part);
        tile = attn_next_tile(&item.schedule, (chunk + 1) * ATTN_CPU_SPLIT_TILES);
    }
    attn_cpu_store_output(&item, &scratch.total);
}

static void run_item_chunk(const forward *f, int64_t number, int64_t chunk)
{
    attn_cpu_item item = item_at(f, number);
    attn_cpu_scratch scratch = scratch_of_thread(f);
    attn_softmax part = part_at(f, number, chunk);
    attn_cpu_load_query(&item, &scratch);
    attn_cpu_run_chunk(&item, &scratch, chunk, &part);
}

static void merge_item(const forward *f, int64_t number)
{
    attn_cpu_item item = item_at(f, number);
    attn_cpu_scratch scratch = scratch_of_thread(f);
    attn_cpu_begin_total(&item, &scratch.total);
    for (int64_t chunk = 0; chunk < f->geometry.chunks; chunk++) {
        attn_softmax part = part_at(f, number, chunk);
        item.tile->merge(item.rows, &scratch.total, &part);
    }
    attn_cpu_store_output(&item, &scratch.total);
}

static int threads_for(const forward *f, int64_t units)
{
    return units < f->plan->threads ? (int)units : f->plan->threads;
}

static void run_whole(const forward *f, int64_t items)
{
    int threads = threads_for(f, items);
    (void)threads;
#pragma omp parallel for num_threads(threads) schedule(dynamic, 1) if (threads > 1)
    for (int64_t number = 0; number < items; number++)
        run_item(f, number);
}

static void run_split(const forward *f, int64_t items)
{
    int64_t chunks = f->geometry.chunks, units = items * chunks;
    int threads = threads_for(f, units);
    (void)threads;
#pragma omp parallel num_threads(threads) if (threads > 1)
    {
#pragma omp for schedule(dynamic, 1)
        for (int64_t unit = 0; unit < units; unit++)
            run_item_chunk(f, unit / chunks, unit % chunks);
#pragma omp for schedule(dynamic, 1)
        for (int64_t number = 0; number < items; number++)
            merge_item(f, number);
    }
}

attn_status attn_cpu_run(const attn_plan *plan, const attn_args *args, attn_queue *queue)
{
    (void)queue;
    ATTN_TRY(attn_host_check_lengths(plan, args));
    forward f = begin_forward(plan, args);
    int64_t items = f.first_item[plan->shape.batch];
    if (f.geometry.split)
        run_split(&f, items);
    else
        run_whole(&f, items);
    return ATTN_OK;
}
