/* What a work-group computes: a query tile of a unit, all its keys or a chunk of them.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#ifndef ATTN_ITEM_GLSL
#define ATTN_ITEM_GLSL

#include "sequence.glsl"

struct Item {
    Sequence sequence;
    int64_t unit, head_k, slot, first_query;
    int first_head;           /* of the unit */
    int rows;                 /* of this query tile; 0 or less: there is nothing to do */
    int begin_tile, end_tile; /* of keys */
    int tile;                 /* counts over all units; of a chunk of LAUNCH_SPLIT or LAUNCH_JOINED */
    bool listed;              /* its tiles are those of a list */
    uint64_t list, masks;     /* addresses */
    int entries;              /* of the list */
};

/* Found by one invocation: registers are for what all compute with. */
shared Item item;

/* Row i of the query tile; head fastest. */
Row row_at(int i)
{
    int pack = int(run.block.plan.pack), at = item.first_head + i;
    return Row(item.first_query + at / pack, item.unit * pack + at % pack);
}

int64_t position_at(int i)
{
    return row_at(i).query + item.sequence.shift;
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
void find_list(int tile)
{
    list_table lists = ListTable(run.block.lists + 40 * item.sequence.number).at;
    int64_t table = int_at(run.block.table_of, lists.heads + item.unit * run.block.plan.pack);
    uint64_t first = run.block.first + 8 * (lists.first + table * lists.tiles + tile);
    int64_t begin = Wide(first).value;
    uint64_t list = run.block.entries + 8 * (lists.entries + begin);
    int entries = int(Wide(first + 8).value - begin);
    if (run.kind == LAUNCH_WHOLE && entries > run.block.plan.long_entries)
        item.rows = 0;
    int skipped = item.begin_tile > 0 ? entries_before(list, entries, item.begin_tile) : 0;
    item.list = list + 8 * skipped;
    item.entries = entries - skipped;
    item.masks = run.block.masks + 8 * lists.masks;
}

/* The rows of a query tile; `unit` counts over the sequences. Rows, units and work-groups have numbers of 31 bits
 * (kernels.c), and divisions of 64 bits would take longer than all the rest. */
void take_query_tile(int unit, int tile)
{
    int pack = int(run.block.plan.pack), first = tile * int(run.block.plan.tile_rows), units = int(run.block.plan.units);
    int own = unit % units;
    item.sequence = sequence_of(unit / units);
    item.unit = own;
    item.head_k = own * pack / int(run.block.plan.group);
    item.first_query = first / pack;
    item.first_head = first % pack;
    item.rows = int(clamp(item.sequence.rows * pack - first, int64_t(0), run.block.plan.tile_rows));
    item.slot = 0;
    item.begin_tile = 0;
    item.end_tile = tiles_until(item.sequence.keys);
    item.listed = run.block.plan.listed != 0;
}

void take_chunk(int64_t slot, int chunk)
{
    int tiles = tiles_within(run.block.plan.split_keys);
    item.slot = slot;
    item.begin_tile = chunk * tiles;
    item.end_tile = min(item.end_tile, item.begin_tile + tiles);
}

void find_item()
{
    int tile = run.first_tile + int(gl_WorkGroupID.x), unit = run.first_unit + int(gl_WorkGroupID.y), chunk = 0;
    int64_t slot = tile;
    if (run.kind == LAUNCH_WHOLE) {
        tile = int(run.block.plan.tiles) - 1 - tile; /* with a causal mask the last are the longest */
    } else if (run.kind == LAUNCH_LONG) {
        long_chunk c = LongChunk(run.block.chunks + 24 * tile).at;
        unit = int(c.unit);
        tile = int(c.tile);
        chunk = int(c.chunk);
    } else {
        int chunks = int(run.block.plan.chunks);
        slot += unit * run.block.plan.tiles * chunks;
        chunk = tile % chunks;
        tile /= chunks;
        item.tile = unit * int(run.block.plan.tiles) + tile;
    }
    take_query_tile(unit, tile);
    if (run.kind != LAUNCH_WHOLE)
        take_chunk(slot, chunk);
    if (item.listed && item.rows > 0)
        find_list(tile);
}

#endif
