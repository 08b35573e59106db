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

/* ---- products ------------------------------------------------------------------------------------------------------- */

/* Of 16 channels of Q, what a lane has of mma's first factor. */
DEVICE void load_queries(uint query[4], uint queries, int band, int c)
{
    load_matrices(query, queries + swizzled(FIRST_ROW + 16 * band + LANE % 16, 2 * c + LANE / 16, TILE_ROWS));
}

DEVICE void multiply_keys(float score[BANDS][BLOCKS][4], uint queries, uint keys)
{
    const int row = LANE % 8 + LANE / 16 * 8, side = LANE / 8 % 2;
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
            load_matrices(key, keys + swizzled(8 * j + row, 2 * c + side, STEP));
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
    const int row = LANE % 16, side = LANE / 16;
    UNROLL
    for (int j = 0; j < BLOCKS / 2; j++)
        UNROLL
        for (int c = 0; c < BLOCKS_V; c += 2) {
            uint value[4];
            load_transposed(value, values + swizzled(16 * j + row, c + side, STEP));
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

    struct step step = first_step(&item), ahead;
    int more = find_tile(plan, &item, &step), more_ahead = 0, first = 0;
    struct ring ring = ring_at(queries + QUERY_BYTES, SLOT_BYTES);
    ahead = step;
    if (more) {
        copy_rows(plan, &item, &keys, step.tile, 0, STEP, STEP, ring.keys, DIM);
        commit_copies();
        copy_rows(plan, &item, &values, step.tile, 0, STEP, STEP, ring.values, DIM_V);
        commit_copies();
        go_on(&ahead);
        more_ahead = find_tile(plan, &item, &ahead);
    }
    while (more) {
        const int ends = first + STEP >= keys_of(&item, step.tile), goes_on = !ends || more_ahead;
        const int next_tile = ends ? ahead.tile : step.tile, next_first = ends ? 0 : first + STEP;
        const int masked = !step.full || keys_of(&item, step.tile) < TILE_KEYS;
        uint weight[BANDS][BLOCKS / 2][4];
        if (masked && first == 0 && get_local_id(0) < TILE_ROWS)
            memory->words[get_local_id(0)] = word_of(plan, &item, &step, item.first_query + my_query, masks);
        WAIT_COPIES(1);
        barrier(CLK_LOCAL_MEM_FENCE);
        if (goes_on)
            copy_rows(plan, &item, &keys, next_tile, next_first, STEP, STEP, ring.next, DIM);
        commit_copies();
        float score[BANDS][BLOCKS][4];
        multiply_keys(score, queries, ring.keys);
        UNROLL
        for (int band = 0; band < BANDS; band++) {
            const int row = FIRST_ROW + 16 * band;
            float rescale[2];
            if (CHANGES)
                change_scores(plan, &item, step.tile, first, row, (__global const float *)(alibi + offset.alibi),
                              bias + offset.bias, score[band]);
            if (masked)
                mask_scores(memory->words + row, first, score[band]);
            weigh(score[band], CHANGES ? 1 : plan->scale, most[band], total[band], rescale);
            pack_weights(score[band], weight[band]);
            rescale_sums(sum[band], rescale);
        }
        WAIT_COPIES(1);
        barrier(CLK_LOCAL_MEM_FENCE);
        if (goes_on)
            copy_rows(plan, &item, &values, next_tile, next_first, STEP, STEP, ring.keys, DIM_V);
        commit_copies();
        add_weighted(sum, weight, ring.values);
        turn_ring(&ring); /* the next barrier tells when all warps are through with the values */
        first = next_first;
        if (ends) {
            step = ahead;
            more = more_ahead;
            if (more) {
                go_on(&ahead);
                more_ahead = find_tile(plan, &item, &ahead);
            }
        }
    }

    UNROLL
    for (int band = 0; band < BANDS; band++)
        store_rows(plan, &item, offset, launch, FIRST_ROW + 16 * band, most[band], total[band], sum[band], sink, o, lse,
                   workspace);
}
