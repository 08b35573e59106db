/* Cuts long lists into chunks.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#include "config.h"

#include "forms_cut.h"

#include <stdlib.h>

#include "backend.h"
#include "integer.h"

/* No work item should take more than this share of a thread's work. */
enum { ITEMS_A_THREAD = 4 };

/* Below so many tiles a list is never cut. */
enum { LEAST_LONG = 16 };

/* The results of chunks may take this much memory. */
static const double MOST_PART_BYTES = 256.0 * 1024 * 1024;

typedef struct walker {
    const attn_forms *forms;
    int64_t batch, tiles_a_chunk;
} walker;

/* Calls `each` for every list of every sequence and unit. */
static void each_list(const walker *w,
                      void (*each)(const walker *w, int64_t sequence, int64_t unit, int64_t tile,
                                   const attn_tile_entry *entry, int64_t count, void *context),
                      void *context)
{
    const attn_forms *f = w->forms;
    for (int64_t b = 0; b < w->batch; b++) {
        const attn_schedule *s = f->schedule[f->schedule_of[b]];
        for (int64_t u = 0; u < f->units; u++)
            for (int64_t tile = 0; f->form[f->unit[u].form].parts == 0 && tile < s->tiles; tile++) {
                int64_t count;
                const attn_tile_entry *entry = attn_schedule_entries(s, f->unit[u].head_q, tile, &count);
                each(w, b, u, tile, entry, count, context);
            }
    }
}

static int64_t chunks_of(const walker *w, const attn_tile_entry *entry, int64_t count)
{
    int64_t chunks = 0;
    for (int64_t i = 0; i < count; i++)
        chunks += i == 0 || entry[i].tile / w->tiles_a_chunk != entry[i - 1].tile / w->tiles_a_chunk;
    return chunks;
}

static void add_tiles(const walker *w, int64_t sequence, int64_t unit, int64_t tile, const attn_tile_entry *entry,
                      int64_t count, void *total)
{
    (void)w, (void)sequence, (void)unit, (void)tile, (void)entry;
    *(int64_t *)total += count;
}

/* Lists to be cut, and their chunks. */
static void count_long(const walker *w, int64_t sequence, int64_t unit, int64_t tile, const attn_tile_entry *entry,
                       int64_t count, void *context)
{
    attn_forms *f = context;
    (void)sequence, (void)unit, (void)tile;
    if (count <= f->long_tiles)
        return;
    f->long_lists++;
    f->chunks += chunks_of(w, entry, count);
}

static void add_long(const walker *w, int64_t sequence, int64_t unit, int64_t tile, const attn_tile_entry *entry,
                     int64_t count, void *context)
{
    attn_forms *f = context;
    if (count <= f->long_tiles)
        return;
    f->long_list[f->long_lists] = (attn_long_list){ sequence, unit, tile, f->chunks, chunks_of(w, entry, count) };
    for (int64_t i = 0; i < count; i++)
        if (i == 0 || entry[i].tile / w->tiles_a_chunk != entry[i - 1].tile / w->tiles_a_chunk)
            f->chunk[f->chunks++] = (attn_chunk){ f->long_lists, entry[i].tile / w->tiles_a_chunk };
    f->long_lists++;
}

attn_status attn_forms_cut(attn_forms *f, const attn_shape *shape, const attn_kernel *kernel, int threads)
{
    const walker w = { f, shape->batch, kernel->split_keys / kernel->tile_k };
    int64_t total = 0;
    f->long_tiles = INT64_MAX;
    if (threads <= 1)
        return ATTN_OK;
    each_list(&w, add_tiles, &total);
    f->long_tiles = attn_most(total / (threads * ITEMS_A_THREAD), LEAST_LONG);
    each_list(&w, count_long, f);
    double part = (double)kernel->list_rows * ((double)shape->dim_v + 32) * sizeof(float);
    if ((double)f->chunks * part > MOST_PART_BYTES) {
        f->long_tiles = INT64_MAX;
        f->long_lists = f->chunks = 0;
        return ATTN_OK;
    }
    f->long_list = malloc((size_t)(f->long_lists + 1) * sizeof *f->long_list);
    f->chunk = malloc((size_t)(f->chunks + 1) * sizeof *f->chunk);
    if (!f->long_list || !f->chunk)
        return attn_fail(ATTN_NO_MEMORY, "no memory for %lld work items", (long long)f->chunks);
    f->long_lists = f->chunks = 0;
    each_list(&w, add_long, f);
    return ATTN_OK;
}
