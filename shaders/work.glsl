/* What a work-group does: a query tile of a unit, all its keys or a chunk of them; and its walk over their tiles.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#ifndef ATTN_WORK_GLSL
#define ATTN_WORK_GLSL

#include "sequence.glsl"
#include "visible.glsl"

struct Work {
    Sequence sequence;
    int64_t unit, head_k, slot, first_query;
    int first_head;           /* of the unit */
    int rows;                 /* of this query tile; 0 or less: there is nothing to do */
    int begin_tile, end_tile; /* of keys */
    uint64_t list, masks;     /* addresses */
    int entries;              /* of the list */
};

/* Row i of the query tile; head fastest. */
Row row_at(Work w, int i)
{
    int pack = int(run.plan.pack), at = w.first_head + i;
    return Row(w.first_query + at / pack, w.unit * pack + at % pack);
}

int64_t position_at(Work w, int i)
{
    return row_at(w, i).query + w.sequence.shift;
}

/* The last entry before `tile`, plus 1. */
int entries_before(uint64_t list, int entries, int tile)
{
    int low = 0, high = entries;
    while (low < high) {
        int middle = (low + high) / 2;
        if (Entry(list + 8 * middle).tile < tile)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* The list of the query tile, less what is before begin_tile. A long one is left to its chunks. */
void find_list(inout Work w, int64_t tile)
{
    Lists lists = Lists(run.plan.lists + 40 * w.sequence.number);
    int64_t table = int_at(run.plan.table_of, lists.heads + w.unit * run.plan.pack);
    uint64_t first = run.plan.first + 8 * (lists.first + table * lists.tiles + tile);
    int64_t begin = Wide(first).value;
    w.list = run.plan.entries + 8 * (lists.entries + begin);
    w.entries = int(Wide(first + 8).value - begin);
    w.masks = run.plan.masks + 8 * lists.masks;
    if (run.kind == LAUNCH_WHOLE && w.entries > run.plan.long_entries)
        w.rows = 0;
    int skipped = w.begin_tile > 0 ? entries_before(w.list, w.entries, w.begin_tile) : 0;
    w.list += 8 * skipped;
    w.entries -= skipped;
}

/* The rows of a query tile; `unit` counts over the sequences. */
Work query_tile(int64_t unit, int64_t tile)
{
    Work w;
    w.sequence = sequence_of(unit / run.plan.units);
    w.unit = unit % run.plan.units;
    w.head_k = w.unit * run.plan.pack / run.plan.group;
    w.first_query = tile * run.plan.tile_rows / run.plan.pack;
    w.first_head = int(tile * run.plan.tile_rows % run.plan.pack);
    int64_t rows = w.sequence.rows * run.plan.pack - tile * run.plan.tile_rows;
    w.rows = int(clamp(rows, int64_t(0), run.plan.tile_rows));
    w.slot = 0;
    w.begin_tile = 0;
    w.end_tile = int((w.sequence.keys + TILE_KEYS - 1) / TILE_KEYS);
    w.list = w.masks = uint64_t(0);
    w.entries = 0;
    return w;
}

void take_chunk(inout Work w, int64_t slot, int64_t chunk)
{
    int tiles = int(run.plan.split_keys / TILE_KEYS);
    w.slot = slot;
    w.begin_tile = int(chunk) * tiles;
    w.end_tile = min(w.end_tile, w.begin_tile + tiles);
}

Work work_of_group()
{
    int64_t tile = run.first_tile + int(gl_WorkGroupID.x), unit = run.first_unit + int(gl_WorkGroupID.y), slot = tile,
            chunk = 0;
    if (run.kind == LAUNCH_WHOLE) {
        tile = run.plan.tiles - 1 - tile; /* with a causal mask the last are the longest */
    } else if (run.kind == LAUNCH_LONG) {
        Chunk c = Chunk(run.plan.chunks + 24 * tile);
        unit = c.unit;
        tile = c.tile;
        chunk = c.chunk;
    } else {
        slot += unit * run.plan.tiles * run.plan.chunk_count;
        chunk = tile % run.plan.chunk_count;
        tile /= run.plan.chunk_count;
    }
    Work w = query_tile(unit, tile);
    if (run.kind != LAUNCH_WHOLE)
        take_chunk(w, slot, chunk);
    if (run.plan.listed != 0 && w.rows > 0)
        find_list(w, tile);
    return w;
}

/* ---- the walk ------------------------------------------------------------------------------------------------------- */

struct Walk {
    Ranges ranges;  /* without a list */
    int next;       /* entry, or tile, to look at */
    int tile, mask; /* present */
    bool full;
};

Walk walk_of(Work w)
{
    Walk walk;
    walk.next = run.plan.listed != 0 ? 0 : w.begin_tile;
    walk.tile = walk.mask = 0;
    walk.full = false;
    if (run.plan.listed == 0)
        walk.ranges = ranges_of(position_at(w, 0), position_at(w, w.rows - 1), w.sequence.keys);
    return walk;
}

/* Goes to the next tile; false: there is none. */
bool walk_on(inout Walk walk, Work w)
{
    if (run.plan.listed != 0) {
        if (walk.next >= w.entries)
            return false;
        Entry entry = Entry(w.list + 8 * walk.next++);
        walk.tile = entry.tile;
        walk.mask = entry.mask;
        walk.full = walk.mask < 0;
    } else {
        walk.tile = next_tile(walk.ranges, walk.next);
        walk.next = walk.tile + 1;
        walk.full = tile_is_full(walk.ranges, walk.tile);
    }
    return walk.tile < w.end_tile;
}

/* Keys of the present tile. */
int keys_of_tile(Walk walk, Work w)
{
    return int(min(w.sequence.keys - int64_t(walk.tile) * TILE_KEYS, int64_t(TILE_KEYS)));
}

/* Bit j: row i sees key j of the present tile. */
uint64_t bits_of_row(Walk walk, Work w, int i)
{
    int64_t first_key = int64_t(walk.tile) * TILE_KEYS;
    uint64_t bits = bits_between(0, w.sequence.keys, first_key);
    if (walk.full)
        return bits;
    i = min(i, w.rows - 1);
    if (run.plan.listed == 0)
        return visible_bits(position_at(w, i), first_key, w.sequence.keys);
    int64_t word = walk.mask * run.plan.mask_rows + row_at(w, i).query - w.first_query;
    return bits & uint64_t(Wide(w.masks + 8 * word).value);
}

/* ---- rows of K and V --------------------------------------------------------------------------------------------------- */

/* Addresses of the rows of key j of the present tile; behind the last key the last one's, whose weight is 0. */
uint64_t address_of_k(Walk walk, Work w, int j, int type)
{
    int64_t key = min(int64_t(walk.tile) * TILE_KEYS + j, w.sequence.keys - 1);
    return run.k + bytes_of(type) * key_row(w.sequence, key, w.head_k, run.plan.k_stride);
}

uint64_t address_of_v(Walk walk, Work w, int j, int type)
{
    int64_t key = min(int64_t(walk.tile) * TILE_KEYS + j, w.sequence.keys - 1);
    return run.v + bytes_of(type) * key_row(w.sequence, key, w.head_k, run.plan.v_stride);
}

#endif
