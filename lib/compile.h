/* A compiled pattern: per (table, query tile) an ascending list of key tiles.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#ifndef ATTN_LIB_COMPILE_H
#define ATTN_LIB_COMPILE_H

#include "masks.h"

struct attn_schedule {
    int tile_q, tile_k;
    int64_t heads, tables, tiles; /* tiles: query tiles of a table */
    attn_lengths lengths;
    int32_t *table_of_head;
    int64_t *first;         /* [tables * tiles + 1]: entries of list table * tiles + tile */
    attn_tile_entry *entry; /* never NULL once compiled */
    int64_t entry_capacity;
    attn_masks masks;
};

/* attn_schedule_create, with a mask beside the pattern (NULL: none); of heads with use[head] != 0 only (NULL: all). The
 * others have no lists: their table is -1. */
attn_status attn_compile(const attn_pattern *pattern, const attn_visible *mask, const attn_lengths *lengths,
                         const unsigned char *use, int tile_q, int tile_k, attn_schedule **schedule);

/* Adds a head's tiles and pairs to info's. */
void attn_schedule_count(const attn_schedule *schedule, int64_t head, attn_schedule_info *info);

size_t attn_schedule_bytes(const attn_schedule *schedule);

/* Entries of a head's query tile. */
static inline const attn_tile_entry *attn_schedule_entries(const attn_schedule *s, int64_t head, int64_t tile,
                                                           int64_t *count)
{
    int64_t list = s->table_of_head[head] * s->tiles + tile;
    *count = s->first[list + 1] - s->first[list];
    return s->entry + s->first[list];
}

#endif
