/* What a work-group computes: a query tile of a unit, all its keys or a chunk of them; and the tiles that it visits.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#ifndef ATTN_ITEM_GLSL
#define ATTN_ITEM_GLSL

#include "sequence.glsl"
#include "visible.glsl"

struct Item {
    Sequence sequence;
    int64_t unit, head_k, slot, first_query;
    int first_head;           /* of the unit */
    int rows;                 /* of this query tile; 0 or less: there is nothing to do */
    int begin_tile, end_tile; /* of keys */
    uint64_t list, masks;     /* addresses */
    int entries;              /* of the list */
};

/* Row i of the query tile; head fastest. */
Row row_at(Item item, int i)
{
    int pack = int(run.block.plan.pack), at = item.first_head + i;
    return Row(item.first_query + at / pack, item.unit * pack + at % pack);
}

int64_t position_at(Item item, int i)
{
    return row_at(item, i).query + item.sequence.shift;
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
void find_list(inout Item item, int64_t tile)
{
    list_table lists = ListTable(run.block.lists + 40 * item.sequence.number).at;
    int64_t table = int_at(run.block.table_of, lists.heads + item.unit * run.block.plan.pack);
    uint64_t first = run.block.first + 8 * (lists.first + table * lists.tiles + tile);
    int64_t begin = Wide(first).value;
    item.list = run.block.entries + 8 * (lists.entries + begin);
    item.entries = int(Wide(first + 8).value - begin);
    item.masks = run.block.masks + 8 * lists.masks;
    if (run.kind == LAUNCH_WHOLE && item.entries > run.block.plan.long_entries)
        item.rows = 0;
    int skipped = item.begin_tile > 0 ? entries_before(item.list, item.entries, item.begin_tile) : 0;
    item.list += 8 * skipped;
    item.entries -= skipped;
}

/* The rows of a query tile; `unit` counts over the sequences. */
Item query_tile(int64_t unit, int64_t tile)
{
    Item item;
    item.sequence = sequence_of(unit / run.block.plan.units);
    item.unit = unit % run.block.plan.units;
    item.head_k = item.unit * run.block.plan.pack / run.block.plan.group;
    item.first_query = tile * run.block.plan.tile_rows / run.block.plan.pack;
    item.first_head = int(tile * run.block.plan.tile_rows % run.block.plan.pack);
    int64_t rows = item.sequence.rows * run.block.plan.pack - tile * run.block.plan.tile_rows;
    item.rows = int(clamp(rows, int64_t(0), run.block.plan.tile_rows));
    item.slot = 0;
    item.begin_tile = 0;
    item.end_tile = int((item.sequence.keys + TILE_KEYS - 1) / TILE_KEYS);
    item.list = item.masks = uint64_t(0);
    item.entries = 0;
    return item;
}

void take_chunk(inout Item item, int64_t slot, int64_t chunk)
{
    int tiles = int(run.block.plan.split_keys / TILE_KEYS);
    item.slot = slot;
    item.begin_tile = int(chunk) * tiles;
    item.end_tile = min(item.end_tile, item.begin_tile + tiles);
}

Item item_of_group()
{
    int64_t tile = run.first_tile + int(gl_WorkGroupID.x), unit = run.first_unit + int(gl_WorkGroupID.y), slot = tile,
            chunk = 0;
    if (run.kind == LAUNCH_WHOLE) {
        tile = run.block.plan.tiles - 1 - tile; /* with a causal mask the last are the longest */
    } else if (run.kind == LAUNCH_LONG) {
        long_chunk c = LongChunk(run.block.chunks + 24 * tile).at;
        unit = c.unit;
        tile = c.tile;
        chunk = c.chunk;
    } else {
        slot += unit * run.block.plan.tiles * run.block.plan.chunks;
        chunk = tile % run.block.plan.chunks;
        tile /= run.block.plan.chunks;
    }
    Item item = query_tile(unit, tile);
    if (run.kind != LAUNCH_WHOLE)
        take_chunk(item, slot, chunk);
    if (run.block.plan.listed != 0 && item.rows > 0)
        find_list(item, tile);
    return item;
}

/* ---- its tiles --------------------------------------------------------------------------------------------------- */

struct Step {
    Ranges ranges;  /* without a list */
    int next;       /* entry, or tile, to look at */
    int tile, mask; /* present */
    bool full;
    ivec2 ahead;    /* entry `next`, read one tile early as it takes a while */
};

ivec2 entry_at(Item item, int i)
{
    Entry entry = Entry(item.list + 8 * i);
    return ivec2(entry.tile, entry.mask);
}

Step first_step(Item item)
{
    Step step;
    step.next = run.block.plan.listed != 0 ? 0 : item.begin_tile;
    step.tile = step.mask = 0;
    step.full = false;
    step.ahead = item.entries > 0 ? entry_at(item, 0) : ivec2(0);
    if (run.block.plan.listed == 0)
        step.ranges = ranges_of(position_at(item, 0), position_at(item, item.rows - 1), item.sequence.keys);
    return step;
}

/* Goes to the next tile; false: there is none. */
bool find_tile(inout Step step, Item item)
{
    if (run.block.plan.listed != 0) {
        if (step.next >= item.entries)
            return false;
        step.tile = step.ahead.x;
        step.mask = step.ahead.y;
        step.full = step.mask < 0;
        if (++step.next < item.entries)
            step.ahead = entry_at(item, step.next);
    } else {
        step.tile = next_tile(step.ranges, step.next);
        step.next = step.tile + 1;
        step.full = tile_is_full(step.ranges, step.tile);
    }
    return step.tile < item.end_tile;
}

/* Keys of the present tile. */
int keys_of_tile(Step step, Item item)
{
    return int(min(item.sequence.keys - int64_t(step.tile) * TILE_KEYS, int64_t(TILE_KEYS)));
}

/* Bit j: row i sees key j of the present tile. */
uint64_t bits_of_row(Step step, Item item, int i)
{
    int64_t first_key = int64_t(step.tile) * TILE_KEYS;
    uint64_t bits = bits_between(0, item.sequence.keys, first_key);
    if (step.full)
        return bits;
    i = min(i, item.rows - 1);
    if (run.block.plan.listed == 0)
        return visible_bits(position_at(item, i), first_key, item.sequence.keys);
    int64_t word = step.mask * run.block.plan.mask_rows + row_at(item, i).query - item.first_query;
    return bits & uint64_t(Wide(item.masks + 8 * word).value);
}

/* ---- rows of K and V --------------------------------------------------------------------------------------------- */

/* Addresses of the rows of key j of the present tile; behind the last key the last one's, whose weight is 0. */
uint64_t address_of_k(Step step, Item item, int j, int type)
{
    int64_t key = min(int64_t(step.tile) * TILE_KEYS + j, item.sequence.keys - 1);
    return run.k + bytes_of(type) * key_row(item.sequence, key, item.head_k, run.block.plan.k_stride);
}

uint64_t address_of_v(Step step, Item item, int j, int type)
{
    int64_t key = min(int64_t(step.tile) * TILE_KEYS + j, item.sequence.keys - 1);
    return run.v + bytes_of(type) * key_row(item.sequence, key, item.head_k, run.block.plan.v_stride);
}

#endif
