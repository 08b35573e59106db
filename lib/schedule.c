/* Walks the key tiles of a query tile.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#include "config.h"

#include "schedule.h"

/* Keys that any row of the tile may see by one term: both ends never decrease with p. */
static attn_range term_hull(const attn_tile_rows *rows, const attn_term *term)
{
    attn_range first = attn_term_keys(term, rows->first_p, rows->keys);
    attn_range last = attn_term_keys(term, rows->last_p, rows->keys);
    return (attn_range){ first.begin, last.end };
}

/* The first entry of the list at tile `from` or behind. */
static const attn_tile_entry *entry_from(const attn_tile_rows *rows, int64_t from)
{
    int64_t low = 0, high = rows->entries;
    while (low < high) {
        int64_t middle = low + (high - low) / 2;
        if (rows->entry[middle].tile < from)
            low = middle + 1;
        else
            high = middle;
    }
    return low < rows->entries ? &rows->entry[low] : NULL;
}

int32_t attn_tile_mask(const attn_tile_rows *rows, int64_t tile)
{
    return entry_from(rows, tile)->mask;
}

int64_t attn_next_tile(const attn_tile_rows *rows, int64_t from)
{
    int64_t next = -1;
    if (rows->entry) {
        const attn_tile_entry *entry = entry_from(rows, from);
        return entry ? entry->tile : -1;
    }
    for (int t = 0; t < rows->visible->count; t++) {
        attn_range keys = term_hull(rows, &rows->visible->term[t]);
        if (keys.begin >= keys.end || from * rows->tile_k >= keys.end)
            continue;
        int64_t tile = keys.begin / rows->tile_k;
        if (tile < from)
            tile = from;
        if (next < 0 || tile < next)
            next = tile;
    }
    return next;
}

int attn_tile_is_full(const attn_tile_rows *rows, int64_t tile)
{
    if (rows->entry)
        return attn_tile_mask(rows, tile) < 0;
    int64_t begin = tile * rows->tile_k;
    int64_t end = begin + rows->tile_k < rows->keys ? begin + rows->tile_k : rows->keys;
    for (int t = 0; t < rows->visible->count; t++) {
        attn_range first = attn_term_keys(&rows->visible->term[t], rows->first_p, rows->keys);
        attn_range last = attn_term_keys(&rows->visible->term[t], rows->last_p, rows->keys);
        if (last.begin <= begin && first.end >= end)
            return 1;
    }
    return 0;
}

attn_tile_count attn_count_tiles(const attn_tile_rows *rows)
{
    attn_tile_count count = { 0, 0 };
    for (int64_t tile = attn_next_tile(rows, 0); tile >= 0; tile = attn_next_tile(rows, tile + 1)) {
        if (attn_tile_is_full(rows, tile))
            count.full++;
        else
            count.partial++;
    }
    return count;
}
