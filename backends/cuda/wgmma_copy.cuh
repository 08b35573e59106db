/* Hopper's kernels: the group of warps that copies. It walks the key tiles of each query tile, brings Q, K and V to shared memory, in
 * bulk where a tile is whole and by lanes where it is not, and tells the groups that compute (forward_wgmma.cu) for each turn what
 * to mask, and which turn is a query tile's last. Behind copies.cl, rows.cl, wgmma.cuh and wgmma_block.cuh.
 *
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */

#define COPIER ((int)get_local_id(0) % COPIERS)

/* K or V on their way to shared memory. */
struct stream {
    struct source source;
    const struct tensor_map *map; /* NULL: row by row */
    int keys;                     /* 1: and it says what is seen of them */
    int dim;                      /* elements of a row there */
    uint to, bytes;               /* the slots, and of one */
    struct barriers *slots;
};

/* One key tile or two; tile -1: none. */
enum { WHOLE = -2 };
struct turn {
    int tile, next_tile, mask, next_mask; /* masks: WHOLE, or of struct step */
    int masked, last;
};

/* The tiles from `step` on. Where no list says which, they are neighbours that begin at a multiple of TILES: the order in which
 * a row's weights are added depends on nothing else. */
DEVICE struct turn find_turn(PLAN, const struct item *item, struct step *step)
{
    struct turn turn = { -1, -1, 0, 0, 0, 0 };
    _Pragma("unroll 1")
    for (int i = 0;; i++) {
        const int more = item->rows > 0 && find_tile(plan, item, step);
        turn.last = !more;
        if (i == TILES)
            return turn;
        const int here = more && (plan->listed || step->tile % TILES == i);
        const int whole = here && step->full && keys_of(item, step->tile) == TILE_KEYS;
        const int tile = here ? step->tile : -1, mask = whole ? WHOLE : step->mask;
        turn.masked |= !whole << i;
        turn.tile = i == 0 ? tile : turn.tile;
        turn.mask = i == 0 ? mask : turn.mask;
        turn.next_tile = i == 1 ? tile : turn.next_tile;
        turn.next_mask = i == 1 ? mask : turn.next_mask;
        if (here)
            go_on(step);
    }
}

/* So many turns from `step` on are of whole tiles, follow each other, and are not the last. */
DEVICE int whole_turns(PLAN, const struct item *item, const struct step *step)
{
    const int end = min(min(step->run.full_end, item->end_tile), (int)(item->s.keys / TILE_KEYS));
    if (plan->listed || step->tile % TILES != 0 || step->tile < step->run.full_begin)
        return 0;
    return (end - step->tile) / TILES - 1;
}

/* Rows of the tile for which a copier says what they see, and their queries, from the tile's first on. */
struct copier_rows {
    int query[TILE_ROWS / COPIERS];
};

DEVICE struct copier_rows rows_of_copier(PLAN, const struct item *item)
{
    struct copier_rows rows;
    const uint first = (uint)(item->first_row - item->first_query * plan->pack);
    UNROLL
    for (int i = 0; i < TILE_ROWS / COPIERS; i++)
        rows.query[i] = (int)query_of(plan, first + max(0, min(COPIER + COPIERS * i, item->rows - 1)));
    return rows;
}

/* What rows see of tile i of a turn. */
DEVICE void put_words(PLAN, const struct item *item, const struct copier_rows *rows, const struct turn *turn, int i,
                      __global const ulong *masks, ulong *words)
{
    struct step step;
    step.tile = i == 0 ? turn->tile : turn->next_tile;
    step.mask = i == 0 ? turn->mask : turn->next_mask;
    step.full = step.mask == WHOLE || (plan->listed && step.mask < 0);
    UNROLL
    for (int row = 0; row < TILE_ROWS / COPIERS; row++)
        words[COPIER + COPIERS * row] =
            step.tile >= 0 ? word_of(plan, item, &step, item->first_query + rows->query[row], masks) : 0;
}

/* A tile that is not there: weights of 0 may meet no NaN. */
DEVICE void clear_tile(const struct stream *from, uint to)
{
    const struct share share = from->source.share;
    for (int row = share.row; row < TILE_KEYS; row += share.apart)
        for (int c = 0; c < from->dim / 64; c++)
            put_four(to + swizzled(row, share.chunk, STEP) + c * PANEL, 0, 0, 0, 0);
}

/* For one thread: a whole tile. */
DEVICE void copy_in_bulk(PLAN, const struct item *item, const struct stream *from, int tile, uint to, uint barrier)
{
    int row = tile * TILE_KEYS, batch = plan->ragged_k ? 0 : (int)item->s.number;
    if (plan->paged) {
        const uint size = (uint)plan->page_size;
        batch = from->source.pages[item->s.number * plan->pages_stride[0] + (uint)row / size * plan->pages_stride[1]];
        row = (uint)row % size;
    } else {
        row += (int)item->s.row_k;
    }
    for (int c = 0; c < from->dim; c += 64)
        copy_box(to + c / 64 * PANEL, from->map, c, row, (int)item->head_k, batch, barrier);
}

/* A turn of whole tiles. */
DEVICE void copy_whole(PLAN, const struct item *item, const struct stream *from, int tile, int next_tile, uint to, uint barrier)
{
    if (COPIER != 0) {
        arrive(barrier);
        return;
    }
    arrive_expecting(barrier, from->bytes);
    copy_in_bulk(plan, item, from, tile, to, barrier);
    if (TILES == 2)
        copy_in_bulk(plan, item, from, next_tile, to + TILE_KEYS * 128, barrier);
}

/* A turn of any tiles. */
DEVICE void copy_rest(PLAN, const struct item *item, const struct stream *from, const struct copier_rows *rows,
                      const struct turn *turn, uint to, uint barrier, __global const ulong *masks, struct memory *memory,
                      int slot)
{
    uint in_bulk = 0;
    _Pragma("unroll 1")
    for (int i = 0; i < TILES; i++, to += TILE_KEYS * 128) {
        const int tile = i == 0 ? turn->tile : turn->next_tile;
        if (tile < 0) {
            clear_tile(from, to);
        } else if (!from->map || keys_of(item, tile) < TILE_KEYS) {
            copy_rows(plan, item, &from->source, tile, 0, TILE_KEYS, STEP, to, from->dim);
        } else if (COPIER == 0) {
            copy_in_bulk(plan, item, from, tile, to, barrier);
            in_bulk += from->bytes / TILES;
        }
        if (from->keys && turn->masked >> i & 1) /* while the copies are under way */
            put_words(plan, item, rows, turn, i, masks, memory->words[slot][i]);
    }
    commit_copies();
    WAIT_COPIES(0);
    publish_writes();
    arrive_expecting(barrier, in_bulk);
}

/* Waits for the slot of a turn; returns where it is. For keys, says what the turn is. */
DEVICE struct place take_slot(const struct stream *from, struct memory *memory, uint number, int flags)
{
    const struct place at = place_of(number);
    wait_for(LOCAL_ADDRESS(&from->slots[at.slot].used), !at.parity);
    if (from->keys && COPIER == 0)
        memory->flags[at.slot] = flags;
    return at;
}

/* All turns of a query tile, from number `number` of the block on; returns that of the next. */
DEVICE uint copy_turns(PLAN, const struct item *item, const struct stream *from, __global const ulong *masks,
                       struct memory *memory, uint number)
{
    const struct copier_rows rows = rows_of_copier(plan, item);
    struct step step = first_step(item);
    for (int more = 1; more; number++) {
        const struct turn turn = find_turn(plan, item, &step);
        const struct place at = take_slot(from, memory, number, turn.masked | (turn.last ? LAST : 0));
        const uint to = from->to + at.slot * from->bytes, barrier = LOCAL_ADDRESS(&from->slots[at.slot].copied);
        more = !turn.last;
        if (turn.masked || !from->map) {
            copy_rest(plan, item, from, &rows, &turn, to, barrier, masks, memory, at.slot);
            continue;
        }
        copy_whole(plan, item, from, turn.tile, turn.next_tile, to, barrier);
        for (int whole = whole_turns(plan, item, &step); whole > 0; whole--, step.tile += TILES) {
            const struct place next = take_slot(from, memory, ++number, 0);
            copy_whole(plan, item, from, step.tile, step.tile + 1, from->to + next.slot * from->bytes,
                       LOCAL_ADDRESS(&from->slots[next.slot].copied));
        }
    }
    return number;
}

/* Q and what the groups that compute need to know of its tile, number `number` of the block. Behind it lie those whose queries
 * were used, but whose output may still be stored. */
DEVICE void copy_query_tile(PLAN, const struct item *item, __global const uchar *q, int wide, const struct bulk *bulk,
                            struct memory *memory, uint number)
{
    const struct place at = place_of<QUERY_SLOTS>(number);
    const uint to = LOCAL_ADDRESS(memory->queries[at.slot]), barrier = LOCAL_ADDRESS(&memory->query_slot[at.slot].copied);
    const int in_bulk = item->rows > 0 && bulk->maps_q;
    wait_for(LOCAL_ADDRESS(&memory->query_slot[at.slot].used), !at.parity);
    if (COPIER == 0)
        memory->item[number % (QUERY_SLOTS + 2)] = *item;
    if (item->rows > 0 && !in_bulk)
        copy_queries(plan, item, q, wide, share_of_copier(COPIER, COPIERS), TILE_ROWS, to, DIM);
    commit_copies();
    WAIT_COPIES(0);
    publish_writes();
    if (COPIER != 0) {
        arrive(barrier);
        return;
    }
    arrive_expecting(barrier, in_bulk ? 2 * DIM * TILE_ROWS : 0);
    for (int c = 0; c < DIM && in_bulk; c += 64)
        copy_query_box(to + c / 64 * PANEL_Q, &bulk->q, c, (int)(item->s.row_q + item->first_query), (int)item->unit,
                       plan->ragged_q ? 0 : (int)item->s.number, barrier);
}
