/* Flash attention with tensor cores: products of 16-bit elements with f32 sums, softmax in f32 (FlashAttention-2: Dao 2023,
 * arXiv:2307.08691).
 *
 * Behind copies.cl and rows.cl. Built for the type of Q, K and V (MMA_TYPE: attn_dtype), their channels (DIM, DIM_V: multiples
 * of 16), whether softcap, ALiBi, bias or a scale that is not positive change scores (CHANGES: 0, 1) and a tile: WARPS of BANDS
 * x 16 query rows, STEP keys of K or V at a time in one of three buffers of local memory, behind Q.
 *
 * The scores and the output of a warp's rows stay in registers. K and V of the key tiles pass through the buffers in the order
 * K, V, K, V, ...; each is asked for two turns before it is used, so that copies overlap products, and one barrier a turn is
 * enough. Two bands share what a warp reads of K and V.
 *
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */

#define GROUP_SIZE (32 * WARPS)
#define PITCH PITCH_OF(DIM)
#define PITCH_V PITCH_OF(DIM_V)
#define SLOT_BYTES (2 * STEP * (PITCH > PITCH_V ? PITCH : PITCH_V))
#define WARP_ROWS (16 * BANDS)
#define TILE_ROWS (WARP_ROWS * WARPS)
#define QUERY_BYTES (2 * TILE_ROWS * PITCH)
#define MEMORY_BYTES (QUERY_BYTES + 3 * SLOT_BYTES)
#define FIRST_ROW ((int)get_local_id(0) / 32 * WARP_ROWS) /* of the warp, in the tile */

struct memory {
    uint4 buffers[MEMORY_BYTES / 16];
    ulong words[TILE_ROWS]; /* what the rows see of a partial tile */
};

/* ---- keys ------------------------------------------------------------------------------------------------------------- */

/* The keys of turn number `number` of a sequence, of whole tiles that are not paged: few instructions. */
DEVICE void copy_whole(const struct source *source, long number, uint to, int padded)
{
    const long key = number * STEP;
    copy_all(source, source->tensor + 2 * (source->at + key * (int)source->stride[2]), STEP, STEP, to, padded);
}

/* Where a work-group is among its keys: STEP of them from key `first` of a tile on. */
struct turn {
    struct step step;
    int first, masked; /* not all rows see all keys of the tile */
    int number;        /* of all turns of the sequence */
    int left;          /* turns behind this one that follow it and are of whole tiles, which copy_whole serves */
};

/* Says what the turn is, when its step and first key are known. */
DEVICE void describe(PLAN, const struct item *item, const struct source *keys, const struct source *values, struct turn *turn)
{
    const int tile = turn->step.tile, whole = turn->step.full && keys_of(item, tile) == TILE_KEYS;
    const int here = (TILE_KEYS - turn->first) / STEP - 1;
    turn->number = tile * (TILE_KEYS / STEP) + turn->first / STEP;
    turn->masked = !whole;
    turn->left = 0;
    if (plan->listed || plan->paged || !keys->wide || !keys->whole || !values->whole)
        return;
    if (whole || here == 0)
        turn->left = here + whole_behind(item, &turn->step) * (TILE_KEYS / STEP);
}

/* The keys of a turn. Tile -1: there are none. */
struct place {
    int tile, first;
};

/* Those behind the turn; if `left` says that there are some, nobody asks. */
DEVICE struct place find_next(PLAN, const struct item *item, const struct turn *turn)
{
    struct place next = { turn->step.tile, turn->first + STEP };
    if (turn->left == 0 && next.first >= keys_of(item, next.tile)) {
        struct step ahead = turn->step;
        go_on(&ahead);
        next.tile = find_tile(plan, item, &ahead) ? ahead.tile : -1;
        next.first = 0;
    }
    return next;
}

DEVICE void copy_next(PLAN, const struct item *item, const struct source *source, const struct turn *turn, struct place next,
                      uint to, int padded)
{
    if (turn->left > 0)
        copy_whole(source, turn->number + 1, to, padded);
    else if (next.tile >= 0)
        copy_rows(plan, item, source, next.tile, next.first, STEP, STEP, to, padded);
    commit_copies();
}

/* Goes on to `next`. 0: there is nothing behind. Its step is found once more: registers have no room to keep it. */
DEVICE int take_next(PLAN, const struct item *item, const struct source *keys, const struct source *values, struct place next,
                     struct turn *turn)
{
    int more = 1;
    if (turn->left > 0) {
        turn->masked = 0;
        turn->left--;
        turn->number++;
        turn->first = (turn->first + STEP) % TILE_KEYS;
        turn->step.tile += turn->first == 0;
        return 1;
    }
    turn->first = next.first;
    if (next.first == 0) {
        go_on(&turn->step);
        more = find_tile(plan, item, &turn->step);
    }
    describe(plan, item, keys, values, turn);
    return more;
}

/* ---- products ------------------------------------------------------------------------------------------------------- */

/* Where 16 bytes number `chunk`, an even one, and the lane's side lie, when `row` is where number 0 and the side do. Rows begin
 * at multiples of 128, so that few instructions find it: see swizzled. */
DEVICE uint chunk_of(uint row, int chunk, int rows)
{
    return (row ^ (uint)(chunk & 6) << 4) + (uint)(chunk >> 3) * rows * 128;
}

/* Of 16 channels of Q, what a lane has of mma's first factor. */
DEVICE void load_queries(uint query[4], uint queries, int band, int c)
{
    const uint row = queries + swizzled(FIRST_ROW + LANE % 16, LANE / 16, 0);
    load_matrices(query, chunk_of(row, 2 * c, TILE_ROWS) + 128 * 16 * band);
}

DEVICE void multiply_keys(float score[BANDS][BLOCKS][4], uint queries, uint keys)
{
    const uint row = keys + swizzled(LANE % 8 + LANE / 16 * 8, LANE / 8 % 2, 0);
    UNROLL
    for (int band = 0; band < BANDS; band++)
        clear_blocks(score[band], BLOCKS);
    UNROLL
    for (int c = 0; c < DIM / 16; c++) {
        uint query[BANDS][4];
        UNROLL
        for (int band = 0; band < BANDS; band++)
            load_queries(query[band], queries, band, c);
        UNROLL
        for (int j = 0; j < BLOCKS; j += 2) {
            uint key[4];
            load_matrices(key, chunk_of(row, 2 * c, STEP) + 128 * 8 * j);
            UNROLL
            for (int band = 0; band < BANDS; band++) {
                add_product(score[band][j], query[band], key[0], key[1]);
                add_product(score[band][j + 1], query[band], key[2], key[3]);
            }
        }
    }
}

DEVICE void add_weighted(float sum[BANDS][BLOCKS_V][4], uint weight[BANDS][BLOCKS / 2][4], uint values)
{
    const uint row = values + swizzled(LANE % 16, LANE / 16, 0);
    UNROLL
    for (int j = 0; j < BLOCKS / 2; j++)
        UNROLL
        for (int c = 0; c < BLOCKS_V; c += 2) {
            uint value[4];
            load_transposed(value, chunk_of(row, c, STEP) + 128 * 16 * j);
            UNROLL
            for (int band = 0; band < BANDS; band++) {
                add_product(sum[band][c], weight[band][j], value[0], value[1]);
                add_product(sum[band][c + 1], weight[band][j], value[2], value[3]);
            }
        }
}

/* ---- one work-group ----------------------------------------------------------------------------------------------------- */

KERNEL(GROUP_SIZE) forward_mma(FORWARD_PARAMETERS)
{
    LOCAL_MEMORY(struct memory, memory);
    PLAN_BEGIN
    const struct item item =
        find_item(plan, offset, launch, this_group(), cu_q, cu_k, used, lists, table_of, first_of, entries, chunks);
    const int wide = rows_are_wide(plan, offset);
    const uint queries = LOCAL_ADDRESS(memory);
    __global const int *pages = (__global const int *)(page_table + offset.page_table);
    if (item.rows == 0)
        return;

    const struct share share = share_of_copier(get_local_id(0), GROUP_SIZE);
    const struct source keys = source_of(plan, &item, k + offset.k, plan->k_stride, pages, (int)plan->dim, DIM, wide, share);
    const struct source values =
        source_of(plan, &item, v + offset.v, plan->v_stride, pages, (int)plan->dim_v, DIM_V, wide, share);
    const int my_row = min((int)get_local_id(0), item.rows - 1);
    const int my_query = (int)(row_of(plan, &item.s, item.unit, item.first_row + my_row).query - item.first_query);
    copy_queries(plan, &item, q + offset.q, wide, share, TILE_ROWS, queries, DIM);

    float sum[BANDS][BLOCKS_V][4], most[BANDS][2], total[BANDS][2];
    UNROLL
    for (int band = 0; band < BANDS; band++) {
        UNROLL
        for (int side = 0; side < 2; side++) {
            most[band][side] = -INFINITY;
            total[band][side] = 0;
        }
        clear_blocks(sum[band], BLOCKS_V);
    }

    struct turn turn = { first_step(&item), 0, 0, 0, 0 };
    int more = find_tile(plan, &item, &turn.step);
    struct ring ring = ring_at(queries + QUERY_BYTES, SLOT_BYTES);
    if (more) {
        copy_rows(plan, &item, &keys, turn.step.tile, 0, STEP, STEP, ring.keys, DIM);
        commit_copies();
        copy_rows(plan, &item, &values, turn.step.tile, 0, STEP, STEP, ring.values, DIM_V);
        commit_copies();
        describe(plan, &item, &keys, &values, &turn);
    }
    while (more) {
        const struct place next = find_next(plan, &item, &turn);
        uint weight[BANDS][BLOCKS / 2][4];
        if (turn.masked && turn.first == 0 && get_local_id(0) < TILE_ROWS)
            memory->words[get_local_id(0)] = word_of(plan, &item, &turn.step, item.first_query + my_query, masks);
        WAIT_COPIES(1);
        barrier(CLK_LOCAL_MEM_FENCE);
        copy_next(plan, &item, &keys, &turn, next, ring.next, DIM);
        float score[BANDS][BLOCKS][4];
        multiply_keys(score, queries, ring.keys);
        float rescale[BANDS][2];
        UNROLL
        for (int band = 0; band < BANDS && CHANGES; band++)
            change_scores(plan, &item, turn.step.tile, turn.first, FIRST_ROW + 16 * band,
                          (__global const float *)(alibi + offset.alibi), bias + offset.bias, score[band]);
        if (turn.masked)
            UNROLL
            for (int band = 0; band < BANDS; band++)
                mask_scores(memory->words + FIRST_ROW + 16 * band, turn.first, score[band]);
        UNROLL
        for (int band = 0; band < BANDS; band++) {
            weigh(score[band], CHANGES ? 1 : plan->scale, most[band], total[band], rescale[band]);
            pack_weights(score[band], weight[band]);
        }
        UNROLL
        for (int band = 0; band < BANDS; band++)
            rescale_sums(sum[band], rescale[band]);
        WAIT_COPIES(1);
        barrier(CLK_LOCAL_MEM_FENCE);
        copy_next(plan, &item, &values, &turn, next, ring.keys, DIM_V);
        add_weighted(sum, weight, ring.values);
        turn_ring(&ring); /* the next barrier tells when all warps are through with the values */
        more = take_next(plan, &item, &keys, &values, next, &turn);
    }

    UNROLL
    for (int band = 0; band < BANDS; band++)
        store_rows(plan, &item, offset, launch, FIRST_ROW + 16 * band, most[band], total[band], sum[band], sink, o, lse,
                   workspace);
}
