/* Schedules from outside: attn_schedule_create and what a schedule tells.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#include "config.h"

#include "abi.h"
#include "compile.h"

enum { LARGEST_TILE = 1024 };

attn_status attn_schedule_create(const attn_pattern *pattern, const attn_lengths *given, int tile_q, int tile_k,
                                 attn_schedule **schedule)
{
    attn_lengths lengths;
    if (!pattern || !schedule)
        return attn_fail(ATTN_INVALID, "%s is NULL", pattern ? "schedule" : "pattern");
    *schedule = NULL;
    ATTN_TRY(attn_read_lengths(&lengths, given));
    ATTN_TRY(attn_check_value("tile_q", tile_q, 1, LARGEST_TILE));
    ATTN_TRY(attn_check_value("tile_k", tile_k, 64, LARGEST_TILE));
    if (tile_k % 64)
        return attn_fail(ATTN_INVALID, "tile_k is %d, expected a multiple of 64", tile_k);
    return attn_compile(pattern, NULL, &lengths, NULL, tile_q, tile_k, schedule);
}

attn_status attn_schedule_list(const attn_schedule *s, int64_t head, int64_t tile, const attn_tile_entry **entries,
                               int64_t *count)
{
    if (!s || !entries || !count)
        return attn_fail(ATTN_INVALID, "%s is NULL", !s ? "schedule" : !entries ? "entries" : "count");
    ATTN_TRY(attn_check_value("head", head, 0, s->heads - 1));
    ATTN_TRY(attn_check_value("tile", tile, 0, s->tiles - 1));
    *entries = attn_schedule_entries(s, head, tile, count);
    return ATTN_OK;
}

const uint64_t *attn_schedule_mask(const attn_schedule *s, int32_t mask)
{
    return s && mask >= 0 && mask < s->masks.count ? s->masks.word + mask * s->masks.words : NULL;
}

/* Visible pairs of one entry of query tile `tile`. */
static uint64_t pairs_of(const attn_schedule *s, int64_t tile, const attn_tile_entry *entry)
{
    if (entry->mask >= 0)
        return s->masks.pairs[entry->mask];
    int64_t rows = s->lengths.len_q - tile * s->tile_q, keys = s->lengths.len_k - (int64_t)entry->tile * s->tile_k;
    return (uint64_t)(rows < s->tile_q ? rows : s->tile_q) * (uint64_t)(keys < s->tile_k ? keys : s->tile_k);
}

void attn_schedule_count(const attn_schedule *s, int64_t head, attn_schedule_info *info)
{
    for (int64_t tile = 0; tile < s->tiles; tile++) {
        int64_t count;
        const attn_tile_entry *entry = attn_schedule_entries(s, head, tile, &count);
        for (int64_t i = 0; i < count; i++) {
            info->full += entry[i].mask < 0;
            info->partial += entry[i].mask >= 0;
            info->pairs += pairs_of(s, tile, &entry[i]);
        }
    }
}

size_t attn_schedule_bytes(const attn_schedule *s)
{
    return sizeof *s + (size_t)s->heads * sizeof *s->table_of_head +
           (size_t)(s->tables * s->tiles + 1) * sizeof *s->first + (size_t)s->entry_capacity * sizeof *s->entry +
           (size_t)s->masks.capacity * ((size_t)s->masks.words + 1) * sizeof *s->masks.word;
}

attn_status attn_schedule_get_info(const attn_schedule *s, attn_schedule_info *info)
{
    if (!s)
        return attn_fail(ATTN_INVALID, "schedule is NULL");
    attn_schedule_info own = ATTN_SCHEDULE_INFO_INIT;
    own.tile_q = s->tile_q;
    own.tile_k = s->tile_k;
    own.heads = s->heads;
    own.tables = s->tables;
    own.tiles = s->tiles;
    own.masks = s->masks.count;
    own.bytes = attn_schedule_bytes(s);
    for (int64_t head = 0; head < s->heads; head++)
        attn_schedule_count(s, head, &own);
    return attn_write_struct("info", info, &own, sizeof own);
}
