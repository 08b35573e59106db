/* Flash attention with Hopper's warp group products: one group of four warps copies, two others compute, and each computes the next scores and
 * the last output while the other does its softmax (FlashAttention-3: Shah et al. 2024, arXiv:2407.08608).
 *
 * Behind copies.cl, rows.cl and wgmma.cuh. Built for the type of Q, K and V (MMA_TYPE: attn_dtype), their channels (DIM, DIM_V:
 * multiples of 64) and STEP keys a turn: one key tile or two. A group that computes has 64 query rows; their scores, weights and
 * output stay in registers. Q, and two turns of K and of V, lie in shared memory.
 *
 * Only the copying group walks the key tiles. It tells the others for each turn what to mask, and when there is none.
 *
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */

enum {
    GROUP = 128, /* threads that issue a product together */
    COMPUTING = 2,
    THREADS = GROUP * (1 + COMPUTING),
    TILE_ROWS = 64 * COMPUTING,
    SLOTS = 2,
    TILES = STEP / TILE_KEYS, /* of a turn */
    PANEL = 128 * STEP,       /* bytes of 64 channels of a turn's keys */
    PANEL_Q = 128 * TILE_ROWS,
    KEY_BYTES = 2 * DIM * STEP,
    VALUE_BYTES = 2 * DIM_V * STEP,
    END = 1 << TILES, /* behind the bits of tiles to be masked */
};

/* Phases of a slot: copied, and used. */
struct slot_barriers {
    ulong copied, used;
};

struct memory {
    uchar queries[2 * DIM * TILE_ROWS], keys[SLOTS][KEY_BYTES], values[SLOTS][VALUE_BYTES];
    ulong words[SLOTS][TILES][TILE_ROWS]; /* what the rows see of a partial tile */
    int masked[SLOTS];                    /* a bit for each partial tile; END: there is no turn */
    ulong queries_copied;
    struct slot_barriers key_slot[SLOTS], value_slot[SLOTS];
};

static_assert(sizeof(struct memory) == SHARED_BYTES, "kernels.c");

/* Where turn number `turn` is in the slots. */
struct turn {
    int slot, parity;
};

DEVICE struct turn turn_of(int turn)
{
    struct turn at = { turn % SLOTS, turn / SLOTS % 2 };
    return at;
}

/* ---- the group that copies --------------------------------------------------------------------------------------------- */

/* The key tiles of a turn; -1: none. Where no list says which, they are neighbours that begin at a multiple of TILES: the order in which a row's
 * weights are added depends on nothing else. */
struct turn_tiles {
    int tile[TILES];
};

DEVICE void put_words(PLAN, const struct item *item, const struct step *step, __global const ulong *masks, ulong *words)
{
    for (int row = get_local_id(0); row < TILE_ROWS; row += GROUP) {
        const long query = row_of(plan, &item->s, item->unit, item->first_row + min(row, item->rows - 1)).query;
        words[row] = step ? word_of(plan, item, step, query, masks) : 0;
    }
}

/* Finds the tiles of a turn, and writes what is seen of the partial ones. Returns whether there are more. */
DEVICE int find_turn(PLAN, const struct item *item, struct step *step, int more, __global const ulong *masks,
                     struct memory *memory, int slot, struct turn_tiles *found)
{
    int masked = 0;
    UNROLL
    for (int i = 0; i < TILES; i++) {
        const int here = more && (plan->listed || step->tile % TILES == i);
        found->tile[i] = here ? step->tile : -1;
        if (!here || !step->full || keys_of(item, step->tile) < TILE_KEYS) {
            masked |= 1 << i;
            put_words(plan, item, here ? step : 0, masks, memory->words[slot][i]);
        }
        if (here) {
            go_on(step);
            more = find_tile(plan, item, step);
        }
    }
    if (get_local_id(0) == 0)
        memory->masked[slot] = masked;
    return more;
}

/* Weights of 0 may meet no NaN. */
DEVICE void clear_values(uint to)
{
    const struct share share = share_of_copier(get_local_id(0), GROUP, PITCH_OF(DIM_V));
    for (int row = share.row; row < TILE_KEYS && 8 * share.chunk < DIM_V; row += share.apart)
        put_four(to + swizzled(row, share.chunk, STEP), 0, 0, 0, 0);
}

DEVICE void copy_keys(PLAN, const struct item *item, const struct source *keys, const struct turn_tiles *tiles, uint to)
{
    UNROLL
    for (int i = 0; i < TILES; i++)
        if (tiles->tile[i] >= 0)
            copy_rows(plan, item, keys, tiles->tile[i], 0, TILE_KEYS, STEP, to + i * TILE_KEYS * 128, DIM);
    commit_copies();
}

DEVICE void copy_values(PLAN, const struct item *item, const struct source *values, const struct turn_tiles *tiles, uint to)
{
    UNROLL
    for (int i = 0; i < TILES; i++)
        if (tiles->tile[i] >= 0)
            copy_rows(plan, item, values, tiles->tile[i], 0, TILE_KEYS, STEP, to + i * TILE_KEYS * 128, DIM_V);
        else
            clear_values(to + i * TILE_KEYS * 128);
    commit_copies();
}

/* All commits but the last `pending` have arrived; tells the groups that compute. */
#define TELL_COPIED(pending, barrier)                                                                                  \
    do {                                                                                                               \
        WAIT_COPIES(pending);                                                                                          \
        publish_writes();                                                                                              \
        arrive(LOCAL_ADDRESS(&(barrier)));                                                                             \
    } while (0)

DEVICE void copy_tiles(PLAN, const struct item *item, const struct source *keys, const struct source *values,
                       __global const ulong *masks, struct memory *memory)
{
    struct step step = first_step(item);
    struct turn_tiles tiles;
    int number = 0;
    for (int more = item->rows > 0 && find_tile(plan, item, &step); more; number++) {
        const struct turn now = turn_of(number), last = turn_of(number + SLOTS - 1);
        wait_for(LOCAL_ADDRESS(&memory->key_slot[now.slot].used), !now.parity);
        more = find_turn(plan, item, &step, more, masks, memory, now.slot, &tiles);
        copy_keys(plan, item, keys, &tiles, LOCAL_ADDRESS(memory->keys[now.slot]));
        if (number == 0)
            TELL_COPIED(1, memory->queries_copied);
        else
            TELL_COPIED(1, memory->value_slot[last.slot].copied);
        wait_for(LOCAL_ADDRESS(&memory->value_slot[now.slot].used), !now.parity);
        copy_values(plan, item, values, &tiles, LOCAL_ADDRESS(memory->values[now.slot]));
        TELL_COPIED(1, memory->key_slot[now.slot].copied);
    }
    const struct turn end = turn_of(number), last = turn_of(number + SLOTS - 1);
    if (number > 0)
        TELL_COPIED(0, memory->value_slot[last.slot].copied);
    wait_for(LOCAL_ADDRESS(&memory->key_slot[end.slot].used), !end.parity);
    if (get_local_id(0) == 0)
        memory->masked[end.slot] = END;
    arrive(LOCAL_ADDRESS(&memory->key_slot[end.slot].copied));
}

/* ---- the groups that compute ------------------------------------------------------------------------------------------- */

/* One of them: its number and its first row of the tile for this warp. */
#define COMPUTER ((int)get_local_id(0) / GROUP - 1)
#define FIRST_ROW (((int)get_local_id(0) - GROUP) / 32 * 16)

/* A warp has no more use for a slot. */
DEVICE void tell_used(ulong *barrier)
{
    if (LANE == 0)
        arrive(LOCAL_ADDRESS(barrier));
}

DEVICE void multiply_keys(float (&score)[BLOCKS][4], struct memory *memory, int slot)
{
    const uint queries = LOCAL_ADDRESS(memory->queries) + 64 * 128 * COMPUTER, keys = LOCAL_ADDRESS(memory->keys[slot]);
    UNROLL
    for (int c = 0; c < DIM / 16; c++)
        product_of_shared(score, matrix_at(queries + c / 4 * PANEL_Q + c % 4 * 32, PANEL_Q),
                          matrix_at(keys + c / 4 * PANEL + c % 4 * 32, PANEL), c > 0);
    commit_products();
}

DEVICE void add_weighted(float (&sum)[BLOCKS_V][4], const uint (&weight)[BLOCKS / 2][4], struct memory *memory, int slot)
{
    const uint values = LOCAL_ADDRESS(memory->values[slot]);
    UNROLL
    for (int j = 0; j < STEP / 16; j++)
        product_of_registers(sum, weight[j], matrix_at(values + 16 * 128 * j, PANEL));
    commit_products();
}

/* Scores that came of a turn's keys become weights, not packed yet; the slot of the keys is given back. */
DEVICE void finish_scores(float (&score)[BLOCKS][4], float scale, struct memory *memory, int slot, int masked, float (&most)[2],
                          float (&total)[2], float (&rescale)[2])
{
    UNROLL
    for (int i = 0; i < TILES; i++)
        if (masked >> i & 1)
            mask_scores(memory->words[slot][i] + FIRST_ROW, 0, score + i * (TILE_KEYS / 8));
    tell_used(&memory->key_slot[slot].used);
    weigh(score, scale, most, total, rescale);
}

DEVICE void compute(float scale, struct memory *memory, float (&sum)[BLOCKS_V][4], float (&most)[2], float (&total)[2])
{
    float score[BLOCKS][4], rescale[2];
    uint weight[BLOCKS / 2][4];
    wait_for(LOCAL_ADDRESS(&memory->key_slot[0].copied), 0);
    int masked = memory->masked[0];
    if (masked & END)
        return;
    wait_for(LOCAL_ADDRESS(&memory->queries_copied), 0);
    begin_products();
    multiply_keys(score, memory, 0);
    WAIT_PRODUCTS(0);
    settle(score);
    finish_scores(score, scale, memory, 0, masked, most, total, rescale);
    pack_weights(score, weight);
    if (COMPUTER == 1)
        give_turn(1, COMPUTING * GROUP);
    int number = 1;
    for (;; number++) {
        const struct turn now = turn_of(number), last = turn_of(number + SLOTS - 1);
        const int last_parity = turn_of(number - 1).parity;
        wait_for(LOCAL_ADDRESS(&memory->key_slot[now.slot].copied), now.parity);
        masked = memory->masked[now.slot];
        if (masked & END)
            break;
        wait_turn(1 + COMPUTER, COMPUTING * GROUP);
        begin_products();
        multiply_keys(score, memory, now.slot);
        wait_for(LOCAL_ADDRESS(&memory->value_slot[last.slot].copied), last_parity);
        add_weighted(sum, weight, memory, last.slot);
        give_turn(2 - COMPUTER, COMPUTING * GROUP);
        WAIT_PRODUCTS(1);
        settle(score);
        finish_scores(score, scale, memory, now.slot, masked, most, total, rescale);
        WAIT_PRODUCTS(0);
        settle(sum);
        tell_used(&memory->value_slot[last.slot].used);
        rescale_sums(sum, rescale);
        pack_weights(score, weight);
    }
    if (COMPUTER == 0)
        wait_turn(1, COMPUTING * GROUP);
    const struct turn last = turn_of(number - 1);
    wait_for(LOCAL_ADDRESS(&memory->value_slot[last.slot].copied), last.parity);
    begin_products();
    add_weighted(sum, weight, memory, last.slot);
    WAIT_PRODUCTS(0);
    settle(sum);
}

/* ---- one block ------------------------------------------------------------------------------------------------------------ */

DEVICE void begin_barriers(struct memory *memory)
{
    if (get_local_id(0) != 0)
        return;
    barrier_begin(LOCAL_ADDRESS(&memory->queries_copied), GROUP);
    for (int i = 0; i < SLOTS; i++) {
        barrier_begin(LOCAL_ADDRESS(&memory->key_slot[i].copied), GROUP);
        barrier_begin(LOCAL_ADDRESS(&memory->key_slot[i].used), COMPUTING * GROUP / 32);
        barrier_begin(LOCAL_ADDRESS(&memory->value_slot[i].copied), GROUP);
        barrier_begin(LOCAL_ADDRESS(&memory->value_slot[i].used), COMPUTING * GROUP / 32);
    }
}

extern "C" __global__ void __launch_bounds__(THREADS, 1) forward_wgmma(FORWARD_PARAMETERS)
{
    LOCAL_MEMORY(struct memory, memory);
    PLAN_BEGIN
    begin_barriers(memory);
    __syncthreads();
    if (get_local_id(0) < GROUP) {
        FEWER_REGISTERS(COPYING_REGISTERS);
        const struct item item = find_item(plan, offset, launch, cu_q, cu_k, used, lists, table_of, first_of, entries, chunks);
        const int wide = plan->wide && ((offset.q | offset.k | offset.v) & 15) == 0;
        const struct share share = share_of_copier(get_local_id(0), GROUP, PITCH_OF(DIM)),
                           share_v = share_of_copier(get_local_id(0), GROUP, PITCH_OF(DIM_V));
        __global const int *pages = (__global const int *)(page_table + offset.page_table);
        const struct source keys = source_of(plan, &item, k + offset.k, plan->k_stride, pages, (int)plan->dim, wide, share);
        const struct source values =
            source_of(plan, &item, v + offset.v, plan->v_stride, pages, (int)plan->dim_v, wide, share_v);
        if (item.rows > 0)
            copy_queries(plan, &item, q + offset.q, wide, share, TILE_ROWS, LOCAL_ADDRESS(memory->queries), DIM);
        commit_copies();
        copy_tiles(plan, &item, &keys, &values, masks, memory);
    } else {
        MORE_REGISTERS(COMPUTING_REGISTERS);
        float sum[BLOCKS_V][4], most[2] = { -INFINITY, -INFINITY }, total[2] = { 0, 0 };
        clear_sums(sum);
        compute(plan->scale, memory, sum, most, total);
        const struct item item = find_item(plan, offset, launch, cu_q, cu_k, used, lists, table_of, first_of, entries, chunks);
        store_rows(plan, &item, offset, launch, FIRST_ROW, most, total, sum, sink, o, lse, workspace);
    }
}
