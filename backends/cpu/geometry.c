/* Cuts a plan into work items and lays out the workspace.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#include "config.h"

#include "cpu.h"
#include "integer.h"

/* With fewer query tiles a thread than this, chunks become work items of their own, so that no thread idles. Tiles of a few
 * rows are as long as all keys but their results small: 8 whole tiles on 2 threads lost 7% to the thread that ended last. */
enum { ITEMS_A_THREAD = 4, FEW_ITEMS_A_THREAD = 16 };

/* Results of chunks may take this much memory; beyond it a query tile stays whole. */
static const double MOST_PART_BYTES = 256.0 * 1024 * 1024;

/* So may the queries and totals of query tiles that share what a thread packs. */
static const size_t MOST_SHARED_BYTES = (size_t)8 << 20;

/* So may the totals between two parts of a form. */
static const size_t MOST_TOTAL_BYTES = (size_t)64 << 20;

static int64_t round_up(int64_t n, int64_t step)
{
    return (n + step - 1) / step * step;
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

/* Rows whose scores are kept at once: those of a band, of two where they overlap, or few rows of two key tiles. */
static int64_t score_rows(const attn_plan *plan)
{
    const attn_cpu_tile *tile = tile_of(plan);
    return attn_most(tile->overlaps ? 2 * tile->band : tile->band, 2 * ATTN_FEW_ROWS);
}

/* Rows whose masks are kept at once. */
static int64_t mask_rows(const attn_plan *plan, const attn_cpu_geometry *g)
{
    return attn_most(g->most_rows, score_rows(plan));
}

/* Sequences of few rows may have a level of their own. */
static int64_t widest_panel(const attn_plan *plan)
{
    const attn_cpu_tile *tile = tile_of(plan);
    return tile->few ? attn_most(tile->panel, tile->few->panel) : tile->panel;
}

static size_t scratch_bytes(const attn_plan *plan, const attn_cpu_geometry *g)
{
    int64_t rows = g->most_rows;
    return floats(g->slots * ATTN_TILE_K * g->dim) + floats(g->slots * ATTN_TILE_K * g->dim_v) + floats(g->slots * 4) +
           floats(score_rows(plan) * ATTN_TILE_K) + floats(rows * widest_panel(plan)) + floats(rows) +
           floats(mask_rows(plan, g) * ATTN_MASK_WORDS * 2) +
           2 * (size_t)(ATTN_TILE_K + ATTN_ROWS_AHEAD) * sizeof(void *) + g->part +
           (size_t)g->sharing * (floats(rows * g->dim) + g->part);
}

/* Chunks that are work items of their own: all of them when query tiles are few, those of long lists else. */
static void split(const attn_plan *plan, attn_cpu_geometry *g)
{
    int64_t enough = g->rows <= ATTN_FEW_ROWS ? FEW_ITEMS_A_THREAD : ITEMS_A_THREAD;
    g->split = !plan->forms && plan->threads > 1 && g->chunks > 1 && g->most_items < enough * plan->threads &&
               (double)g->most_items * (double)g->chunks * (double)g->part <= MOST_PART_BYTES;
    g->parts = plan->forms ? plan->forms->chunks : g->split ? g->most_items * g->chunks : 0;
}

/* Bytes of a chunk's keys and values when they are packed. */
static int64_t packed_chunk(const attn_plan *plan, const attn_cpu_geometry *g)
{
    int64_t bytes = tile_of(plan)->halves && plan->problem.k.dtype == ATTN_BF16 ? sizeof(uint16_t) : sizeof(float);
    return ATTN_CPU_SPLIT * (g->dim + g->dim_v) * bytes;
}

/* What query tiles share is packed in the L2 cache beside the queries, the part and the total of one of them, and a quarter that is
 * left to all else. But L2 caches of 512 KiB have an L3 cache so near that as much is worth it. */
static int64_t most_packed(const attn_plan *plan, const attn_cpu_geometry *g)
{
    static const int64_t least = (int64_t)512 << 10;
    int64_t l2 = ((const attn_cpu_device *)plan->device)->l2;
    return attn_most(least, l2 - l2 / 4 - (int64_t)(floats(g->most_rows * g->dim) + 2 * g->part));
}

/* So few that every thread has several turns. */
static void share(const attn_plan *plan, attn_cpu_geometry *g)
{
    int64_t turns = g->split || packed_chunk(plan, g) > most_packed(plan, g)
                        ? 1
                        : g->most_items / ((int64_t)ITEMS_A_THREAD * plan->threads);
    int64_t room = (int64_t)(MOST_SHARED_BYTES / (floats(g->most_rows * g->dim) + g->part));
    int64_t tiles = attn_ceil_divide(plan->shape.max_q * plan->shape.group, g->rows);
    int64_t most = plan->forms && plan->forms->lists ? ATTN_CPU_MOST_SHARING : ATTN_CPU_SHARING;
    g->sharing = attn_most(1, attn_least(attn_least(turns, room), attn_least(tiles, most)));
    g->slots = g->sharing > 1 || tile_of(plan)->overlaps ? ATTN_CPU_SPLIT_TILES : 1;
}

/* Totals of a unit: a row of acc, max and sum for each query row of each head. */
static void keep_totals(const attn_plan *plan, attn_cpu_geometry *g)
{
    const attn_forms *f = plan->forms;
    int two = 0;
    for (int i = 0; f && i < f->forms; i++)
        two |= f->form[i].parts > 1;
    if (!two)
        return;
    g->totals = floats(plan->shape.max_q * f->pack * (g->dim_v + 2));
    g->wave = attn_most(1, (int64_t)(MOST_TOTAL_BYTES / (g->totals + 1)));
    g->wave = g->wave < plan->shape.batch * f->units ? g->wave : plan->shape.batch * f->units;
}

attn_cpu_geometry attn_cpu_geometry_of(const attn_plan *plan)
{
    const attn_shape *s = &plan->shape;
    const attn_cpu_tile *tile = tile_of(plan);
    attn_cpu_geometry g = { .dim = round_up(s->dim, tile->depth), .dim_v = round_up(s->dim_v, tile->panel) };
    const attn_forms *f = plan->forms;
    int64_t all_rows = s->max_q * (f ? f->pack : s->group);
    g.rows = all_rows < plan->kernel->tile_q ? attn_most(all_rows, 1) : plan->kernel->tile_q;
    g.most_rows = round_up(f && f->lists ? attn_most(g.rows, (int64_t)f->tile_q * f->pack) : g.rows, tile->side);
    g.most_items = most_items(plan, g.rows);
    g.chunks = (s->max_k + ATTN_CPU_SPLIT - 1) / ATTN_CPU_SPLIT;
    g.part = floats(g.most_rows * g.dim_v) + 2 * floats(g.most_rows);
    split(plan, &g);
    share(plan, &g);
    keep_totals(plan, &g);
    g.scratch = scratch_bytes(plan, &g);
    g.first_items = (size_t)round_up((s->batch * (f ? f->units : 1) + 1) * (int64_t)sizeof(int64_t), 64);
    g.workspace =
        g.first_items + (size_t)plan->threads * g.scratch + (size_t)g.parts * g.part + (size_t)g.wave * g.totals;
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
    part.acc = take(&memory, floats(g->most_rows * g->dim_v));
    part.max = take(&memory, floats(g->most_rows));
    part.sum = take(&memory, floats(g->most_rows));
    return part;
}

attn_cpu_scratch attn_cpu_scratch_at(const attn_plan *plan, const attn_cpu_geometry *g, char *memory)
{
    int64_t rows = g->most_rows;
    attn_cpu_scratch s;
    s.keys = take(&memory, floats(g->slots * ATTN_TILE_K * g->dim));
    s.values = take(&memory, floats(g->slots * ATTN_TILE_K * g->dim_v));
    s.key_tiles = take(&memory, floats(g->slots * 4));
    s.value_tiles = s.key_tiles + g->slots;
    s.scores = take(&memory, floats(score_rows(plan) * ATTN_TILE_K));
    s.lane_sums = take(&memory, floats(rows * widest_panel(plan)));
    s.rescale = take(&memory, floats(rows));
    s.masks = take(&memory, floats(mask_rows(plan, g) * ATTN_MASK_WORDS * 2));
    s.key_rows = take(&memory, (size_t)(ATTN_TILE_K + ATTN_ROWS_AHEAD) * sizeof(void *));
    s.value_rows = take(&memory, (size_t)(ATTN_TILE_K + ATTN_ROWS_AHEAD) * sizeof(void *));
    s.part = attn_cpu_part_at(g, take(&memory, g->part));
    s.query = take(&memory, floats(rows * g->dim));
    s.total = attn_cpu_part_at(g, take(&memory, g->part));
    return s;
}

attn_cpu_scratch attn_cpu_scratch_of(const attn_cpu_geometry *g, const attn_cpu_scratch *scratch, int64_t sharer)
{
    attn_cpu_scratch s = *scratch;
    size_t query = floats(g->most_rows * g->dim);
    char *memory = (char *)s.query + (size_t)sharer * (query + g->part);
    s.query = take(&memory, query);
    s.total = attn_cpu_part_at(g, memory);
    return s;
}

void attn_cpu_forget_tiles(const attn_cpu_geometry *g, const attn_cpu_scratch *scratch)
{
    for (int64_t i = 0; i < 2 * g->slots; i++)
        scratch->key_tiles[i] = -1;
}
