/* The tiles of keys that a work-group visits, a span at a time, and where their rows lie.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#ifndef ATTN_WALK_GLSL
#define ATTN_WALK_GLSL

#include "item.glsl"
#include "visible.glsl"

/* Tiles first .. end - 1, all 64 keys of which every row sees; or one other tile, with the number of its mask when it is of a
 * list. */
struct Span {
    int first, end, mask;
    bool whole;
};

/* Found by one invocation, as the item is. */
shared Span span;
shared Ranges ranges; /* without a list */
shared int next_step; /* entry, or tile, to look at */
shared Rows k_rows, v_rows;

int entry_tile(int i)
{
    return Entry(item.list + 8 * i).tile;
}

int entry_mask(int i)
{
    return Entry(item.list + 8 * i).mask;
}

/* Neighbours without a mask are one span. */
void find_listed_span(int whole_tiles)
{
    int i = next_step, end = item.end_tile;
    if (i < item.entries) {
        span.first = end = entry_tile(i);
        span.mask = entry_mask(i++);
        end++;
        span.whole = span.mask < 0 && end <= whole_tiles;
        while (span.whole && end < min(whole_tiles, item.end_tile) && i < item.entries && entry_tile(i) == end &&
               entry_mask(i) < 0) {
            i++;
            end++;
        }
    } else {
        span.first = end;
    }
    span.end = min(end, item.end_tile);
    next_step = i;
}

void find_seen_span(int whole_tiles)
{
    span.first = next_tile(ranges, next_step);
    int end = min(full_end(ranges, span.first), whole_tiles);
    span.whole = end > span.first;
    span.mask = 0;
    span.end = min(span.whole ? end : span.first + 1, item.end_tile);
    next_step = span.end;
}

/* Goes to the next span; false: there is none. */
bool find_span()
{
    barrier();
    if (gl_LocalInvocationIndex == 0) {
        int whole_tiles = tiles_within(item.sequence.keys);
        if (item.listed)
            find_listed_span(whole_tiles);
        else
            find_seen_span(whole_tiles);
    }
    barrier();
    return span.first < span.end;
}

/* Finds the work-group's item; false: there is nothing to do. */
bool begin_walk(int k_type, int v_type)
{
    if (gl_LocalInvocationIndex == 0) {
        find_item();
        if (item.rows > 0) {
            next_step = item.listed ? 0 : item.begin_tile;
            if (!item.listed)
                ranges = run.block.plan.sees_all != 0
                             ? ranges_of_all(item.sequence.keys)
                             : ranges_of(position_at(0), position_at(item.rows - 1), item.sequence.keys);
            k_rows = rows_of(item.sequence, run.k, k_type, run.block.plan.k_stride, item.head_k);
            v_rows = rows_of(item.sequence, run.v, v_type, run.block.plan.v_stride, item.head_k);
        }
    }
    barrier();
    return item.rows > 0;
}

int keys_of_tile(int tile)
{
    return int(min(item.sequence.keys - int64_t(tile) * TILE_KEYS, int64_t(TILE_KEYS)));
}

/* Bit j: row i sees key j of a tile of the span. */
uint64_t bits_of_row(int i, int tile)
{
    if (span.whole)
        return ~uint64_t(0);
    int64_t first_key = int64_t(tile) * TILE_KEYS;
    uint64_t bits = bits_between(0, item.sequence.keys, first_key);
    i = min(i, item.rows - 1);
    if (!item.listed)
        return visible_bits(position_at(i), first_key, item.sequence.keys);
    if (span.mask < 0)
        return bits;
    int64_t word = span.mask * run.block.plan.mask_rows + row_at(i).query - item.first_query;
    return bits & uint64_t(Wide(item.masks + 8 * word).value);
}

/* Keys are a stride apart, and those of a tile so near each other that 32 bits hold their distances. */
bool are_regular()
{
    const int64_t most = 1 << 20;
    return k_rows.page_size == 0 && abs(k_rows.step) < most && abs(v_rows.step) < most;
}

/* The row of key j of a tile; behind the last key the last one's, whose weight is 0. */
uint64_t address_of(Rows rows, int tile, int j)
{
    return address_of_key(rows, item.sequence.number, min(int64_t(tile) * TILE_KEYS + j, item.sequence.keys - 1));
}

#endif
