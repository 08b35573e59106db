/* Flash attention with Hopper's warp group products: one group of four warps copies, two others compute, and each computes the
 * next scores and the last output while the other does its softmax (FlashAttention-3: Shah et al. 2024, arXiv:2407.08608).
 *
 * Behind wgmma_block.cuh and wgmma_copy.cuh. Built for the type of Q, K and V (MMA_TYPE: attn_dtype), their channels (DIM, DIM_V:
 * multiples of 64), STEP keys a turn (one key tile or two) and registers of a thread that copies and of one that computes. A group
 * that computes has 64 query rows; their scores, weights and output stay in registers. Q, and two turns of K and of V, lie in shared
 * memory.
 *
 * A block stays on its multiprocessor and takes query tiles in turn. Copies run ahead of products, also into the next query tile, and
 * where shared memory has room for its queries beside those of the last (JOINED), so do products.
 * Only the group that copies walks the key tiles; it tells the others for each turn what to mask, and which turn is a query tile's last.
 *
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */

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
