/* What one work-group computes: a query tile of one sequence, all of its keys or a chunk of them, and the key tiles that it
 * visits. Behind visible.cl and sequence.cl.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */

/* Every forward kernel takes these, in the order of attn_gpu_argument. */
#define FORWARD_PARAMETERS                                                                                             \
    PLAN_PARAMETER, struct offsets offset, int launch, __global const uchar *q, __global const uchar *k,               \
        __global const uchar *v, __global uchar *o, __global uchar *lse, __global const uchar *alibi,                  \
        __global const uchar *bias, __global const uchar *sink, __global const uchar *cu_q,                            \
        __global const uchar *cu_k, __global const uchar *used, __global const uchar *page_table,                      \
        __global const struct list_table *lists, __global const int *table_of, __global const long *first_of,          \
        __global const int2 *entries, __global const ulong *masks, __global const struct long_chunk *chunks,           \
        __global uchar *workspace

struct item {
    struct sequence s;
    long unit, head_k;                     /* packed heads; their KV head */
    long first_row, first_query;           /* of the unit's rows; its query */
    int rows;                              /* of the tile; 0: nothing to do */
    long first_p, last_p;                  /* positions */
    int begin_tile, end_tile;              /* of keys */
    long slot;                             /* of the workspace, for a chunk */
    __global const int2 *entry;            /* the list of the tile */
    int entry_count;
    long masks;
};

/* Which query tile, and which chunk of its keys; -1: all. */
struct place_of_work {
    long unit, tile, chunk, slot;
};

/* A work-group's number in a launch, and how many those are; the units whose tiles are done before those of others. */
struct group_at {
    long x, y, tiles, units, together;
};

DEVICE struct group_at this_group(void)
{
    struct group_at at = { get_group_id(0), get_group_id(1), get_num_groups(0), get_num_groups(1), get_num_groups(1) };
    return at;
}

DEVICE struct place_of_work place_of_group(PLAN, struct offsets offset, int launch, struct group_at group,
                                          __global const struct long_chunk *chunks)
{
    struct place_of_work at = { offset.first_unit + group.y, group.x, -1, 0 };
    if (launch == LAUNCH_WHOLE) {
        /* The last tiles of the units first: under a causal mask they are the longest. */
        long number = group.y * group.tiles + group.x, first = 0, units = group.units;
        if (group.together < units) {
            first = number / (group.tiles * group.together) * group.together;
            number -= first * group.tiles;
            units = min(group.together, units - first);
        }
        const long before = number / units;
        at.tile = group.tiles - 1 - before;
        at.unit = offset.first_unit + first + number - before * units;
    } else if (launch == LAUNCH_LONG) {
        __global const struct long_chunk *c = &chunks[at.tile];
        at.slot = at.tile;
        at.unit = c->unit;
        at.tile = c->tile;
        at.chunk = c->chunk;
    } else if (launch == LAUNCH_SPLIT) {
        at.slot = at.unit * group.tiles + at.tile;
        at.tile = quotient(group.x, plan->chunks);
        at.chunk = group.x - at.tile * plan->chunks;
    }
    return at;
}

DEVICE void find_list(PLAN, struct item *item, long tile, int launch, __global const struct list_table *lists,
                      __global const int *table_of, __global const long *first_of, __global const int2 *entries)
{
    __global const struct list_table *t = &lists[item->s.number];
    long list = t->first + table_of[t->heads + item->unit * plan->pack] * t->tiles + tile;
    item->entry = entries + t->entries + first_of[list];
    item->entry_count = (int)(first_of[list + 1] - first_of[list]);
    item->masks = t->masks;
    if (launch == LAUNCH_WHOLE && item->entry_count > plan->long_entries)
        item->rows = 0; /* LAUNCH_LONG does it */
}

DEVICE struct item find_item(PLAN, struct offsets offset, int launch, struct group_at group,
                             __global const uchar *cu_q, __global const uchar *cu_k, __global const uchar *used,
                             __global const struct list_table *lists, __global const int *table_of,
                             __global const long *first_of, __global const int2 *entries,
                             __global const struct long_chunk *chunks)
{
    struct item item;
    struct place_of_work at = place_of_group(plan, offset, launch, group, chunks);
    const long sequence = quotient(at.unit, plan->units);
    WAIT_FOR_PREVIOUS;
    item.s = sequence_of(plan, sequence, (__global const int *)(cu_q + offset.cu_q),
                         (__global const int *)(cu_k + offset.cu_k), (__global const int *)(used + offset.used));
    item.unit = at.unit - sequence * plan->units;
    item.head_k = plan->pack == plan->group ? item.unit : item.unit * plan->pack / plan->group;
    item.first_row = at.tile * plan->tile_rows;
    item.first_query = query_of(plan, item.first_row);
    item.rows = (int)max(min(item.s.rows * plan->pack - item.first_row, (long)plan->tile_rows), (long)0);
    item.first_p = item.first_query + item.s.shift;
    item.last_p = query_of(plan, item.first_row + item.rows - 1) + item.s.shift;
    item.slot = at.slot;
    item.entry = entries;
    item.entry_count = 0;
    item.masks = 0;
    if (plan->listed && item.rows > 0)
        find_list(plan, &item, at.tile, launch, lists, table_of, first_of, entries);
    const long chunk_tiles = plan->split_keys / TILE_KEYS;
    item.begin_tile = at.chunk < 0 ? 0 : (int)(at.chunk * chunk_tiles);
    item.end_tile = (int)((item.s.keys + TILE_KEYS - 1) / TILE_KEYS);
    if (at.chunk >= 0)
        item.end_tile = min(item.end_tile, item.begin_tile + (int)chunk_tiles);
    return item;
}

/* Where a work-group is among its key tiles. */
struct step {
    int tile;
    int full;       /* every row sees every key of the sequence in it */
    int at, mask;   /* of a list: entry, number of its mask */
    struct run run; /* of the problem's mask */
};

/* The first entry of the list at tile `begin` or behind it. Tiles ascend, so it is one of the first `begin` + 1. */
DEVICE int first_entry(const struct item *item, int begin)
{
    int low = 0, high = min(begin, item->entry_count);
    if (high > 0 && item->entry[high - 1].x < begin)
        return high;
    while (low < high) {
        const int middle = (low + high) / 2;
        if (item->entry[middle].x < begin)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

DEVICE struct step first_step(const struct item *item)
{
    struct step step;
    step.tile = item->begin_tile;
    step.full = 0;
    step.at = first_entry(item, item->begin_tile);
    step.mask = -1;
    step.run.begin = step.run.end = step.run.full_begin = step.run.full_end = 0;
    return step;
}

DEVICE int find_entry(const struct item *item, struct step *step)
{
    if (step->at >= item->entry_count || item->entry[step->at].x >= item->end_tile)
        return 0;
    step->tile = item->entry[step->at].x;
    step->mask = item->entry[step->at].y;
    step->full = step->mask < 0;
    return 1;
}

/* Finds the key tile at `step` or behind it. 0: there is none. */
DEVICE int find_tile(PLAN, const struct item *item, struct step *step)
{
    if (plan->listed)
        return find_entry(item, step);
    if (step->tile >= step->run.end) {
        step->run = next_run(plan, item->first_p, item->last_p, item->s.keys, step->tile);
        step->tile = step->run.begin;
    }
    step->full = step->tile >= step->run.full_begin && step->tile < step->run.full_end;
    return step->tile < min(step->run.end, item->end_tile);
}

/* So many tiles behind `step`'s are whole and follow it; not for lists. */
DEVICE int whole_behind(const struct item *item, const struct step *step)
{
    const int end = min(min(step->run.full_end, item->end_tile), (int)(item->s.keys / TILE_KEYS));
    return step->tile + 1 < step->run.full_begin ? 0 : max(end - step->tile - 1, 0);
}

DEVICE void go_on(struct step *step)
{
    step->at++;
    step->tile++;
}

/* As find_tile, where `warps` of them, a power of two, share the tiles by their numbers. */
DEVICE int find_tile_of(PLAN, const struct item *item, int warp, int warps, struct step *step)
{
    while (find_tile(plan, item, step)) {
        const int apart = warp - step->tile & warps - 1;
        if (apart == 0)
            return 1;
        step->at++;
        step->tile += apart;
    }
    return 0;
}

/* Keys of the tile that the sequence has. */
DEVICE int keys_of(const struct item *item, int tile)
{
    return (int)min(item->s.keys - (long)tile * TILE_KEYS, (long)TILE_KEYS);
}

/* Keys of the tile that a query sees, a bit each; none beyond the sequence. */
DEVICE ulong word_of(PLAN, const struct item *item, const struct step *step, long query,
                     __global const ulong *masks)
{
    ulong word = ~(ulong)0 >> (TILE_KEYS - keys_of(item, step->tile));
    if (step->full)
        return word;
    if (plan->listed)
        return word & masks[item->masks + (long)step->mask * plan->mask_rows + query - item->first_query];
    return word & seen_word(plan, query + item->s.shift, item->s.keys, step->tile);
}

/* Scores are multiples of plan->scale; when plan->changes_scores, this comes to them. In base 2. */
DEVICE float changed_score(PLAN, float score, long sequence, long head, long query, long p, long key,
                           __global const float *alibi, __global const uchar *bias, int seen)
{
    if (plan->has_softcap)
        score = plan->softcap * tanh(score);
    if (plan->has_alibi)
        score -= alibi[sequence * plan->alibi_stride[0] + head * plan->alibi_stride[1]] *
                 (LOG2_E * (float)(p > key ? p - key : key - p));
    if (plan->has_bias && seen)
        score += LOG2_E * load(bias, plan->bias_type,
                               bias_at(plan, sequence, head, query) + key * plan->bias_stride[3]);
    return score;
}

/* Rows of q, k and v may be loaded 16 bytes at once. */
DEVICE int rows_are_wide(PLAN, struct offsets offset)
{
    return plan->wide && ((offset.q | offset.k | offset.v) & 15) == 0;
}

/* Where a chunk leaves a row's part: unscaled sums of its channels, then what end_part puts behind them. */
DEVICE __global float *part_of_row(PLAN, const struct item *item, int row, __global float *workspace)
{
    const int width = (int)plan->dim_v + 2;
    return workspace + item->slot * plan->tile_rows * width + row * width;
}

/* The maximum of the scores and the sum of weights. */
DEVICE void end_part(PLAN, __global float *part, float most, float total)
{
    part[plan->dim_v] = most;
    part[plan->dim_v + 1] = total;
}
