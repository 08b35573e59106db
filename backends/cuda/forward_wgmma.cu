/* Flash attention with Hopper's warp group products: one group of four warps copies, two others compute, and each computes the
 * next scores and the last output while the other does its softmax (FlashAttention-3: Shah et al. 2024, arXiv:2407.08608).
 *
 * Behind copies.cl, rows.cl and wgmma.cuh. Built for the type of Q, K and V (MMA_TYPE: attn_dtype), their channels (DIM, DIM_V:
 * multiples of 64), STEP keys a turn (one key tile or two) and registers of a thread that copies and of one that computes. A group
 * that computes has 64 query rows; their scores, weights and output stay in registers. Q, and two turns of K and of V, lie in shared
 * memory.
 *
 * A block stays on its multiprocessor and takes query tiles in turn. Copies run ahead of products, also into the next query tile, and
 * where shared memory has room for its queries beside those of the last (JOINED), so do products.
 * Only the group that copies walks the key tiles; it tells the others for each turn what to mask, and which turn is a query tile's last.
 *
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */

enum {
    GROUP = 128,         /* threads that issue a product together */
    COPIERS = GROUP / 2, /* two warps copy keys, two Q and values: what one waits for does not delay the other */
    COMPUTING = 2,
    COMPUTERS = COMPUTING * GROUP,
    TILE_ROWS = 64 * COMPUTING,
    SLOTS = 2,
    QUERY_SLOTS = DIM <= 128 ? 2 : 1,
    TILES = STEP / TILE_KEYS, /* of a turn */
    PANEL = 128 * STEP,       /* bytes of 64 channels of a turn's keys */
    PANEL_Q = 128 * TILE_ROWS,
    LAST = 1 << TILES,        /* behind the bits of tiles to be masked: there are no more turns of this query tile */
    JOINED = QUERY_SLOTS > 1, /* a query tile's first scores and the last output of the one before are asked for together */
};

/* Phases of what lies in shared memory: copied, and used. */
struct barriers {
    ulong copied, used;
};

struct memory {
    uchar queries[QUERY_SLOTS][2 * DIM * TILE_ROWS], keys[SLOTS][2 * DIM * STEP], values[SLOTS][2 * DIM_V * STEP];
    ulong words[SLOTS][TILES][TILE_ROWS]; /* what the rows see of a partial tile */
    struct item item[QUERY_SLOTS + 2];    /* the query tiles, and two whose output may still be stored */
    struct barriers query_slot[QUERY_SLOTS], key_slot[SLOTS], value_slot[SLOTS];
    int flags[SLOTS]; /* of a turn */
};

/* Where the number-th of what passes through slots is, and the parity of its phase. */
struct place {
    int slot, parity;
};

template <int slots = SLOTS> DEVICE struct place place_of(uint number)
{
    struct place at = { (int)(number % slots), (int)(number / slots % 2) };
    return at;
}

/* ---- query tiles of a block ---------------------------------------------------------------------------------------------- */

/* The i-th tile of a block, counted over all, the longest first. Every other row of blocks goes backwards, so that each gets as
 * much. */
DEVICE uint tile_number(uint i)
{
    const uint blocks = get_num_groups(0), block = get_group_id(0);
    return i * blocks + (i % 2 ? blocks - 1 - block : block);
}

DEVICE int has_tile(const struct bulk *bulk, uint i)
{
    return tile_number(i) < (uint)bulk->tiles * (uint)bulk->units;
}

DEVICE struct group_at tile_at(const struct bulk *bulk, uint i)
{
    const uint number = tile_number(i), tiles = (uint)bulk->tiles;
    const struct group_at at = { number % tiles, number / tiles, tiles, bulk->units, bulk->together };
    return at;
}

/* ---- the group that copies --------------------------------------------------------------------------------------------- */

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

/* ---- the groups that compute ------------------------------------------------------------------------------------------- */

/* Which of them, and the first row of its tile that a warp has. */
#define COMPUTER ((int)get_local_id(0) / GROUP - 1)
#define FIRST_ROW (((int)get_local_id(0) - GROUP) / 32 * 16)

/* A thread has no more use for it. Every one tells, which costs no more than one for its warp: none need wait for the others. */
DEVICE void tell_used(struct barriers *barriers)
{
    arrive(LOCAL_ADDRESS(&barriers->used));
}

DEVICE void multiply_keys(float (&score)[BLOCKS][4], struct memory *memory, int query_slot, uint number)
{
    const uint queries = LOCAL_ADDRESS(memory->queries[query_slot]) + 64 * 128 * COMPUTER,
               keys = LOCAL_ADDRESS(memory->keys[place_of(number).slot]);
    UNROLL
    for (int c = 0; c < DIM / 16; c++)
        product_of_shared(score, matrix_at(queries + c / 4 * PANEL_Q + c % 4 * 32, PANEL_Q),
                          matrix_at(keys + c / 4 * PANEL + c % 4 * 32, PANEL), c > 0);
    commit_products();
}

/* With the values of turn `number`, when they are there; those of the `first` turn of a query tile begin the sums. */
DEVICE void add_weighted(float (&sum)[BLOCKS_V][4], const uint (&weight)[BLOCKS / 2][4], struct memory *memory, uint number,
                         int first)
{
    const struct place at = place_of(number);
    const uint values = LOCAL_ADDRESS(memory->values[at.slot]);
    wait_for(LOCAL_ADDRESS(&memory->value_slot[at.slot].copied), at.parity);
    UNROLL
    for (int j = 0; j < STEP / 16; j++)
        product_of_registers(sum, weight[j], matrix_at(values + 16 * 128 * j, PANEL), j > 0 || !first);
    commit_products();
}

/* What a lane knows of its two rows. */
struct rows {
    float most[2], total[2];
};

DEVICE struct rows no_rows(void)
{
    const struct rows rows = { { -INFINITY, -INFINITY }, { 0, 0 } };
    return rows;
}

/* Scores that came of a turn's keys become weights, not packed yet; the slot of the keys is given back. */
DEVICE void finish_scores(float (&score)[BLOCKS][4], float scale, struct memory *memory, uint number, int flags, struct rows *rows,
                          float (&rescale)[2])
{
    const int slot = place_of(number).slot;
    settle(score);
    UNROLL
    for (int i = 0; i < TILES; i++)
        if (flags >> i & 1)
            mask_scores(memory->words[slot][i] + FIRST_ROW, 0, score + i * (TILE_KEYS / 8));
    tell_used(&memory->key_slot[slot]);
    weigh(score, scale, rows->most, rows->total, rescale);
    settle(score);
}

/* Where a group that computes is. */
struct progress {
    uint number, tile; /* the turn whose scores it has, of all of the block; its query tile */
    int flags;         /* of the turn */
};

/* Waits for a turn, and for its queries if it is the `first` of its query tile; returns its flags. */
DEVICE int begin_turn(struct memory *memory, uint number, uint tile, int first)
{
    const struct place at = place_of(number), queries = place_of<QUERY_SLOTS>(tile);
    if (first)
        wait_for(LOCAL_ADDRESS(&memory->query_slot[queries.slot].copied), queries.parity);
    wait_for(LOCAL_ADDRESS(&memory->key_slot[at.slot].copied), at.parity);
    return of_first_lane(memory->flags[at.slot]);
}

/* Waits for the turn behind `at`. 0: there is none that is joined to it. */
DEVICE int find_next(const struct bulk *bulk, struct memory *memory, const struct progress *at, struct progress *next)
{
    const int ends = (at->flags & LAST) != 0;
    if (ends && !(JOINED && has_tile(bulk, at->tile + 1)))
        return 0;
    next->number = at->number + 1;
    next->tile = at->tile + ends;
    next->flags = begin_turn(memory, next->number, next->tile, ends);
    return 1;
}

DEVICE void leave_queries(struct memory *memory, uint tile)
{
    tell_used(&memory->query_slot[place_of<QUERY_SLOTS>(tile).slot]);
}

/* The output of `at`'s query tile, which is whole. */
DEVICE void store_tile(PLAN, struct offsets offset, int launch, const struct memory *memory, uint tile, const struct rows *rows,
                       float (&sum)[BLOCKS_V][4], __global const uchar *sink, __global uchar *o, __global uchar *lse,
                       __global uchar *workspace)
{
    store_rows(plan, &memory->item[tile % (QUERY_SLOTS + 2)], offset, launch, FIRST_ROW, rows->most, rows->total, sum, sink, o,
               lse, workspace);
}

/* The scores of the first turn, when they are there, and nothing else. */
DEVICE void ask_first(float (&score)[BLOCKS][4], struct memory *memory, const struct progress *at)
{
    begin_products();
    multiply_keys(score, memory, place_of<QUERY_SLOTS>(at->tile).slot, at->number);
    WAIT_PRODUCTS(0);
}

/* The scores of turn `at` and the output of the one before, number `last`: group by group, so that one has its softmax while the
 * tensor cores work for the other. */
DEVICE void ask_both(float (&score)[BLOCKS][4], float (&sum)[BLOCKS_V][4], const uint (&weight)[BLOCKS / 2][4],
                     struct memory *memory, const struct progress *at, uint last, int first)
{
    wait_turn(1 + COMPUTER, COMPUTERS);
    begin_products();
    multiply_keys(score, memory, place_of<QUERY_SLOTS>(at->tile).slot, at->number);
    add_weighted(sum, weight, memory, last, first);
    give_turn(2 - COMPUTER, COMPUTERS);
}

/* The output of the last turn, when it is there. */
DEVICE void ask_last(float (&sum)[BLOCKS_V][4], const uint (&weight)[BLOCKS / 2][4], struct memory *memory,
                     const struct progress *at, int first)
{
    if (COMPUTER == 0)
        wait_turn(1, COMPUTERS);
    begin_products();
    add_weighted(sum, weight, memory, at->number, first);
    WAIT_PRODUCTS(0);
    settle(sum);
    tell_used(&memory->value_slot[place_of(at->number).slot]);
}

/* Query tile `at->tile` from turn `at->number` on, and those that are joined to it; then `at` is the last turn. The output of a turn
 * is awaited only behind the softmax of the next. */
DEVICE void compute(PLAN, struct offsets offset, int launch, const struct bulk *bulk, struct memory *memory, struct progress *at,
                    __global const uchar *sink, __global uchar *o, __global uchar *lse, __global uchar *workspace)
{
    float score[BLOCKS][4], sum[BLOCKS_V][4], rescale[2];
    uint weight[BLOCKS / 2][4];
    struct rows rows = no_rows();
    struct progress next;
    int first = 1;
    at->flags = begin_turn(memory, at->number, at->tile, 1);
    ask_first(score, memory, at);
    if (JOINED && at->flags & LAST)
        leave_queries(memory, at->tile);
    finish_scores(score, plan->scale, memory, at->number, at->flags, &rows, rescale);
    pack_weights(score, weight);
    if (COMPUTER == 1)
        give_turn(1, COMPUTERS);
    int more = find_next(bulk, memory, at, &next);
    while (more) {
        const struct rows before = rows;
        const struct progress last = *at;
        const int ends = JOINED && last.flags & LAST;
        *at = next;
        ask_both(score, sum, weight, memory, at, last.number, first);
        WAIT_PRODUCTS(1);
        if (JOINED && at->flags & LAST)
            leave_queries(memory, at->tile);
        if (ends)
            rows = no_rows();
        finish_scores(score, plan->scale, memory, at->number, at->flags, &rows, rescale);
        more = find_next(bulk, memory, at, &next); /* here, since its loops keep the next wait behind the softmax */
        WAIT_PRODUCTS(0);
        settle(sum);
        tell_used(&memory->value_slot[place_of(last.number).slot]);
        pack_weights(score, weight);
        if (ends)
            store_tile(plan, offset, launch, memory, last.tile, &before, sum, sink, o, lse, workspace);
        else
            rescale_sums(sum, rescale);
        first = ends;
    }
    if (!JOINED) /* not as above: in a loop over query tiles, a branch there has ptxas wait for each product */
        leave_queries(memory, at->tile);
    ask_last(sum, weight, memory, at, first);
    store_tile(plan, offset, launch, memory, at->tile, &rows, sum, sink, o, lse, workspace);
}

/* ---- one block ------------------------------------------------------------------------------------------------------------ */

DEVICE void begin_barriers(struct barriers *barriers)
{
    barrier_begin(LOCAL_ADDRESS(&barriers->copied), COPIERS);
    barrier_begin(LOCAL_ADDRESS(&barriers->used), COMPUTERS);
}

extern "C" __global__ void __launch_bounds__(GROUP + COMPUTERS, 1)
    forward_wgmma(FORWARD_PARAMETERS, const __grid_constant__ struct bulk bulk)
{
    LOCAL_MEMORY(struct memory, memory);
    PLAN_BEGIN
    if (get_local_id(0) == 0) {
        for (int i = 0; i < QUERY_SLOTS; i++)
            begin_barriers(&memory->query_slot[i]);
        for (int i = 0; i < SLOTS; i++) {
            begin_barriers(&memory->key_slot[i]);
            begin_barriers(&memory->value_slot[i]);
        }
    }
    __syncthreads();
    uint number = 0;
    if (get_local_id(0) < GROUP) {
        FEWER_REGISTERS(COPYING_REGISTERS);
        const int keys = get_local_id(0) < COPIERS, wide = rows_are_wide(plan, offset);
        for (uint i = 0; has_tile(&bulk, i); i++) {
            const struct item item = find_item(plan, offset, launch, tile_at(&bulk, i), cu_q, cu_k, used, lists, table_of,
                                               first_of, entries, chunks);
            const struct stream from = {
                source_of(plan, &item, keys ? k + offset.k : v + offset.v, keys ? plan->k_stride : plan->v_stride,
                          (__global const int *)(page_table + offset.page_table), (int)(keys ? plan->dim : plan->dim_v),
                          keys ? DIM : DIM_V, wide, share_of_copier(COPIER, COPIERS)),
                !bulk.maps ? 0 : keys ? &bulk.k : &bulk.v,
                keys,
                keys ? DIM : DIM_V,
                LOCAL_ADDRESS(keys ? memory->keys[0] : memory->values[0]),
                (uint)(keys ? sizeof memory->keys[0] : sizeof memory->values[0]),
                keys ? memory->key_slot : memory->value_slot,
            };
            if (!keys)
                copy_query_tile(plan, &item, q + offset.q, wide, &bulk, memory, i);
            number = copy_turns(plan, &item, &from, masks, memory, number);
        }
    } else {
        MORE_REGISTERS(COMPUTING_REGISTERS);
        struct progress at = { 0, 0, 0 };
        for (uint i = 0; has_tile(&bulk, i); i++, at.number++) {
            at.tile = i;
            compute(plan, offset, launch, &bulk, memory, &at, sink, o, lse, workspace);
            if (JOINED)
                break;
        }
    }
}
