/* Spans for kernels whose tiles overlap: of a list, all invocations look at as many entries at once, and whole tiles are one
 * span wherever they lie. Without a list, neighbours that are not whole are one span too if JOINS_PARTIAL. Needs that, GROUP, the
 * invocations, and `me`, this one's number.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#ifndef ATTN_RUNS_GLSL
#define ATTN_RUNS_GLSL

#include "walk.glsl"

const int MOST_ENTRIES = 128;

shared int run_tile[MOST_ENTRIES];
shared int run_length; /* tiles of the span */

/* The i-th tile of the span; behind the last the last one's number. */
int tile_of_run(int i)
{
    i = min(i, run_length - 1);
    return item.listed ? run_tile[i] : span.first + i;
}

/* Numbers of the next entries; how many of them, from the first on, are whole. */
void look_at_entries(int count, int whole_tiles)
{
    if (me == 0)
        run_length = count;
    barrier();
    for (int i = me; i < count; i += int(GROUP)) {
        run_tile[i] = entry_tile(next_step + i);
        if (entry_mask(next_step + i) >= 0 || run_tile[i] >= whole_tiles)
            atomicMin(run_length, i);
    }
    barrier();
}

void take_entries(int count)
{
    span.first = count > 0 ? run_tile[0] : item.end_tile;
    span.whole = run_length > 0;
    span.mask = span.whole || count == 0 ? -1 : entry_mask(next_step);
    run_length = max(run_length, 1);
    span.end = min(span.first + run_length, item.end_tile);
    next_step += run_length;
}

void join_partial_tiles(int whole_tiles)
{
    int end = span.end;
    while (end < item.end_tile && next_tile(ranges, end) == end && min(full_end(ranges, end), whole_tiles) <= end)
        end++;
    span.end = next_step = end;
}

/* Goes to the next span; false: there is none. */
bool find_run()
{
    int whole_tiles = tiles_within(item.sequence.keys);
    barrier();
    if (item.listed) {
        int count = min(item.entries - next_step, MOST_ENTRIES);
        look_at_entries(count, min(whole_tiles, item.end_tile));
        if (me == 0)
            take_entries(count);
    } else if (me == 0) {
        find_seen_span(whole_tiles);
        if (JOINS_PARTIAL && !span.whole)
            join_partial_tiles(whole_tiles);
        run_length = span.end - span.first;
    }
    barrier();
    return span.first < span.end;
}

#endif
