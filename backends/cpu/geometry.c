/* Cuts a plan into work items and lays out the workspace.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#include "config.h"

#include "cpu.h"

/* With fewer query tiles a thread than this, chunks become work items of their own, so that no thread idles. */
enum { ITEMS_A_THREAD = 4 };

/* Results of chunks may take this much memory; beyond it a query tile stays whole. */
static const double MOST_PART_BYTES = 256.0 * 1024 * 1024;

static int64_t round_up(int64_t n, int64_t step)
{
    return (n + step - 1) / step * step;
}

static int64_t most(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static size_t floats(int64_t count)
{
    return (size_t)round_up(count * (int64_t)sizeof(float), 64);
}

static const attn_cpu_tile *tile_of(const attn_plan *plan)
{
    return plan->kernel->variant;
}

/* Query tiles that the sequences can have at most: each wastes less than one. */
static int64_t most_items(const attn_plan *plan, int64_t tile_rows)
{
    const attn_shape *s = &plan->shape;
    int64_t each = s->batch * ((s->max_q * s->group + tile_rows - 1) / tile_rows);
    int64_t packed = s->rows_q * s->group / tile_rows + s->batch;
    return s->heads_k * (s->ragged_q && packed < each ? packed : each);
}

static size_t scratch_bytes(const attn_plan *plan, const attn_cpu_geometry *g)
{
    int64_t panel = tile_of(plan)->panel, dim = plan->shape.dim;
    return floats(g->rows * dim) + floats(most(panel * dim, ATTN_TILE_K * g->dim_v)) + floats(g->rows * ATTN_TILE_K) +
           floats(g->rows * panel) + floats(g->rows) + floats(g->rows * ATTN_MASK_WORDS * 2) +
           2 * (size_t)(ATTN_TILE_K + ATTN_ROWS_AHEAD) * sizeof(void *) + 2 * g->part;
}

attn_cpu_geometry attn_cpu_geometry_of(const attn_plan *plan)
{
    const attn_shape *s = &plan->shape;
    const attn_cpu_tile *tile = tile_of(plan);
    attn_cpu_geometry g = { .dim_v = round_up(s->dim_v, tile->panel) };
    int64_t most_rows = s->max_q * s->group;
    g.rows = most_rows < plan->kernel->tile_q ? (most_rows ? most_rows : 1) : plan->kernel->tile_q;
    g.most_items = most_items(plan, g.rows);
    g.chunks = (s->max_k + ATTN_CPU_SPLIT - 1) / ATTN_CPU_SPLIT;
    g.part = floats(g.rows * g.dim_v) + 2 * floats(g.rows);
    g.split = plan->threads > 1 && g.chunks > 1 && g.most_items < (int64_t)ITEMS_A_THREAD * plan->threads &&
              (double)g.most_items * (double)g.chunks * (double)g.part <= MOST_PART_BYTES;
    g.scratch = scratch_bytes(plan, &g);
    g.first_items = (size_t)round_up((s->batch + 1) * (int64_t)sizeof(int64_t), 64);
    g.workspace = g.first_items + (size_t)plan->threads * g.scratch +
                  (g.split ? (size_t)g.most_items * (size_t)g.chunks * g.part : 0);
    return g;
}

static void *take(char **memory, size_t bytes)
{
    char *taken = *memory;
    *memory += bytes;
    return taken;
}

attn_softmax attn_cpu_part_at(const attn_cpu_geometry *g, char *memory)
{
    attn_softmax part = { .stride = g->dim_v };
    part.acc = take(&memory, floats(g->rows * g->dim_v));
    part.max = take(&memory, floats(g->rows));
    part.sum = take(&memory, floats(g->rows));
    return part;
}

attn_cpu_scratch attn_cpu_scratch_at(const attn_plan *plan, const attn_cpu_geometry *g, char *memory)
{
    int64_t panel = tile_of(plan)->panel, dim = plan->shape.dim;
    attn_cpu_scratch s;
    s.query = take(&memory, floats(g->rows * dim));
    s.panel = take(&memory, floats(most(panel * dim, ATTN_TILE_K * g->dim_v)));
    s.scores = take(&memory, floats(g->rows * ATTN_TILE_K));
    s.lane_sums = take(&memory, floats(g->rows * panel));
    s.rescale = take(&memory, floats(g->rows));
    s.masks = take(&memory, floats(g->rows * ATTN_MASK_WORDS * 2));
    s.key_rows = take(&memory, (size_t)(ATTN_TILE_K + ATTN_ROWS_AHEAD) * sizeof(void *));
    s.value_rows = take(&memory, (size_t)(ATTN_TILE_K + ATTN_ROWS_AHEAD) * sizeof(void *));
    s.part = attn_cpu_part_at(g, take(&memory, g->part));
    s.total = attn_cpu_part_at(g, take(&memory, g->part));
    return s;
}
