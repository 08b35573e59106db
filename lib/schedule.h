/* Walks the key tiles of a query tile, in ascending order, and tells which of them need an element test. Implicit patterns store
 * nothing: the answers come from a few integers, so a decode step plans nothing. Compiled ones have a list.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#ifndef ATTN_LIB_SCHEDULE_H
#define ATTN_LIB_SCHEDULE_H

#include "attn_pattern.h"
#include "visible.h"

/* The rows of one query tile, and what it looks at. */
typedef struct attn_tile_rows {
    const attn_visible *visible;
    const attn_tile_entry *entry; /* the list; NULL: `visible` holds */
    int64_t entries;
    int64_t first_p, last_p; /* positions of its first and last row */
    int64_t keys;            /* keys of the sequence */
    int64_t tile_k;          /* keys a tile */
} attn_tile_rows;

/* Key tiles are numbered from key 0. The first tile >= `from` that some row may see; -1: none. */
int64_t attn_next_tile(const attn_tile_rows *rows, int64_t from);

/* Every row sees every key of the tile (cut at the end of the sequence): no element test. */
int attn_tile_is_full(const attn_tile_rows *rows, int64_t tile);

/* Number of the mask of a listed tile; -1: full. */
int32_t attn_tile_mask(const attn_tile_rows *rows, int64_t tile);

/* Tiles over a whole query tile. */
typedef struct attn_tile_count {
    uint64_t full, partial;
} attn_tile_count;
attn_tile_count attn_count_tiles(const attn_tile_rows *rows);

#endif
