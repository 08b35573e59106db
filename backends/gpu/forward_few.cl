/* Flash attention for few query rows, where memory sets the pace: a decode step with the heads that share a KV head, by
 * tensor cores (Flash-Decoding: Dao, Haziza, Massa and Sizov 2023).
 *
 * Behind copies.cl and rows.cl. Built for the type of Q, K and V (MMA_TYPE: attn_dtype), their channels (DIM, DIM_V: multiples
 * of 16), whether softcap, ALiBi, bias or a scale that is not positive change scores (CHANGES: 0, 1), query tiles of SIDES x 8
 * rows (SIDES: 1, 2), WARPS warps (a power of two) and STEP keys of K or V at a time.
 *
 * Warps share the rows, not the keys: each walks key tiles of its own, with buffers and a softmax of its own, and they meet at
 * the end. So a warp waits for nobody, and a multiprocessor has many copies under way. K and V pass through three buffers as
 * in forward_mma.cl. Scores are products of 16 rows, of which 8 may be empty; the output is summed transposed, channels x
 * rows, so that 8 rows take half the products and half the registers. Scores are second factors of those products where they
 * lie: a lane has keys 2 t, 2 t + 1, 2 t + 8 and 2 t + 9 of row g in both (g: lane / 4, t: lane % 4; PTX ISA, mma.m16n8k16).
 *
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */

#define GROUP_SIZE (32 * WARPS)
#define TILE_ROWS (8 * SIDES)
#define PITCH PITCH_OF(DIM)
#define PITCH_V PITCH_OF(DIM_V)
#define SLOT_BYTES (2 * STEP * (PITCH > PITCH_V ? PITCH : PITCH_V))
#define RING_BYTES (3 * SLOT_BYTES) /* Q passes through the last slot */
#define PART_PITCH (DIM_V + 4)      /* floats of a row of a warp's sums in local memory: no bank conflicts */

struct memory {
    uint4 buffers[WARPS][RING_BYTES / 16]; /* at last, the sums of the warps */
    ulong words[WARPS][TILE_ROWS];         /* what the rows see of a partial tile */
    float most[WARPS][TILE_ROWS], total[WARPS][TILE_ROWS];
};

/* A key tile of a warp. */
struct turn {
    struct step step;
    __global const uchar *keys, *values; /* where its rows begin */
    int rows;                            /* of them, those of the sequence */
};

/* Finds the warp's tile at `turn` or behind it. 0: there is none. */
DEVICE int find_turn(PLAN, const struct item *item, const struct source *keys, const struct source *values, struct turn *turn)
{
    if (!find_tile_of(plan, item, (int)get_local_id(0) / 32, WARPS, &turn->step))
        return 0;
    turn->keys = place_of_tile(plan, item, keys, turn->step.tile);
    turn->values = place_of_tile(plan, item, values, turn->step.tile);
    turn->rows = keys_of(item, turn->step.tile);
    return 1;
}

DEVICE void copy_keys(PLAN, const struct item *item, const struct source *keys, const struct turn *turn, int first, uint to)
{
    copy_rows_of_tile(plan, item, keys, turn->step.tile, turn->keys, first, turn->rows - first, STEP, STEP, to, DIM);
}

DEVICE void copy_values(PLAN, const struct item *item, const struct source *values, const struct turn *turn, int first, uint to)
{
    copy_rows_of_tile(plan, item, values, turn->step.tile, turn->values, first, turn->rows - first, STEP, STEP, to, DIM_V);
}

/* ---- products ------------------------------------------------------------------------------------------------------- */

/* First factors of 16 channels each; of 8 rows, two of them at once. */
DEVICE void load_queries(uint query[DIM / 16][4], uint queries)
{
    UNROLL
    for (int c = 0; c < DIM / 16; c += 3 - SIDES) {
        uint loaded[4];
        load_matrices(loaded, queries + (SIDES == 2 ? swizzled(LANE % 16, 2 * c + LANE / 16, TILE_ROWS)
                                                    : swizzled(LANE % 8, 2 * c + LANE / 8, TILE_ROWS)));
        UNROLL
        for (int i = 0; i < 4; i++)
            if (SIDES == 2)
                query[c][i] = loaded[i];
            else if (c + i / 2 < DIM / 16) {
                query[c + i / 2][i % 2 * 2] = loaded[i];
                query[c + i / 2][i % 2 * 2 + 1] = 0;
            }
    }
}

/* Byte of what a lane loads of 16 rows and 16 channels: rows 0 .. 7, then 8 .. 15; of each, 8 channels, then the others. */
DEVICE uint place_of_lane(int row, int chunk)
{
    return swizzled(row + LANE % 8 + LANE / 16 * 8, chunk + LANE / 8 % 2, STEP);
}

DEVICE void multiply_keys(float score[BLOCKS][4], uint query[DIM / 16][4], uint keys)
{
    clear_blocks(score, BLOCKS);
    UNROLL
    for (int c = 0; c < DIM / 16; c++)
        UNROLL
        for (int j = 0; j < BLOCKS; j += 2) {
            uint key[4];
            load_matrices(key, keys + place_of_lane(8 * j, 2 * c));
            add_product(score[j], query[c], key[0], key[1]);
            add_product(score[j + 1], query[c], key[2], key[3]);
        }
}

/* A lane has sum[c][side][i] of channel 16 c + lane / 4 + 8 (i / 2) and row 8 side + lane % 4 * 2 + i % 2. */
DEVICE void add_weighted(float sum[DIM_V / 16][SIDES][4], uint weight[BLOCKS / 2][2 * SIDES], uint values)
{
    UNROLL
    for (int j = 0; j < BLOCKS / 2; j++)
        UNROLL
        for (int c = 0; c < DIM_V / 16; c++) {
            uint value[4];
            load_transposed(value, values + place_of_lane(16 * j, 2 * c));
            UNROLL
            for (int side = 0; side < SIDES; side++)
                add_product(sum[c][side], value, weight[j][side], weight[j][SIDES + side]);
        }
}

/* `rescale` is of the rows of the scores. */
DEVICE void rescale_transposed(float sum[DIM_V / 16][SIDES][4], const float rescale[SIDES])
{
    if (!any_lane(rescale[0] != 1 || rescale[SIDES - 1] != 1))
        return;
    UNROLL
    for (int side = 0; side < SIDES; side++) {
        float factor[2];
        UNROLL
        for (int i = 0; i < 2; i++)
            factor[i] = from_lane(rescale[side], LANE % 4 * 8 + 4 * i);
        UNROLL
        for (int c = 0; c < DIM_V / 16; c++)
            UNROLL
            for (int i = 0; i < 4; i++)
                sum[c][side][i] *= factor[i % 2];
    }
}

/* ---- the end: warps meet -------------------------------------------------------------------------------------------- */

DEVICE __local float *part_of_warp(__local struct memory *memory, int warp)
{
    return (__local float *)memory->buffers[warp];
}

DEVICE void leave_part(__local struct memory *memory, const float most[SIDES], const float total[SIDES],
                       float sum[DIM_V / 16][SIDES][4])
{
    const int warp = get_local_id(0) / 32;
    __local float *part = part_of_warp(memory, warp) + LANE % 4 * 2 * PART_PITCH + LANE / 4;
    meet_warp(); /* all have read the last values */
    UNROLL
    for (int side = 0; side < SIDES; side++) {
        const float weights = sum_of_four(total[side]);
        if (LANE % 4 == 0) {
            memory->most[warp][row_of_lane(side)] = most[side];
            memory->total[warp][row_of_lane(side)] = weights;
        }
        UNROLL
        for (int c = 0; c < DIM_V / 16; c++)
            UNROLL
            for (int i = 0; i < 4; i++)
                part[(8 * side + i % 2) * PART_PITCH + 16 * c + 8 * (i / 2)] = sum[c][side][i];
    }
}

/* Of a row, what the warps left together. */
struct merged {
    float most, total, sum;
};

DEVICE struct merged merge_warps(__local struct memory *memory, int row, int channel)
{
    struct merged all = { -INFINITY, 0, 0 };
    UNROLL
    for (int warp = 0; warp < WARPS; warp++)
        all.most = fmax(all.most, memory->most[warp][row]);
    UNROLL
    for (int warp = 0; warp < WARPS; warp++) {
        const float most = memory->most[warp][row], factor = most > -INFINITY ? exp2_approx(most - all.most) : 0;
        all.total += factor * memory->total[warp][row];
        all.sum += factor * part_of_warp(memory, warp)[row * PART_PITCH + channel];
    }
    return all;
}

DEVICE void store_element(PLAN, const struct item *item, int row, int channel, const struct merged *all,
                          __global const uchar *sink, __global uchar *o, __global float *lse)
{
    const struct row_at at = row_of(plan, &item->s, item->unit, item->first_row + row);
    const float share = share_of(plan, sink, at.head, all->most, all->total);
    store(o, (int)plan->o_type, output_row(plan, &item->s, &at) + channel, share * all->sum);
    if (channel == 0)
        store_lse(plan, &item->s, &at, lse, all->most, all->total);
}

/* An element of the part that a chunk leaves. */
DEVICE void store_part_element(PLAN, const struct item *item, int row, int channel, const struct merged *all,
                               __global float *workspace)
{
    __global float *part = part_of_row(plan, item, row, workspace);
    part[channel] = all->sum;
    if (channel == 0)
        end_part(plan, part, all->most, all->total);
}

DEVICE void store_merged(PLAN, const struct item *item, struct offsets offset, int launch, __local struct memory *memory,
                         __global const uchar *sink, __global uchar *o, __global uchar *lse, __global uchar *workspace)
{
    for (int i = get_local_id(0); i < item->rows * DIM_V; i += GROUP_SIZE) {
        const int row = i / DIM_V, channel = i % DIM_V;
        const struct merged all = merge_warps(memory, row, channel);
        if (channel >= plan->dim_v)
            continue;
        if (launch == LAUNCH_WHOLE)
            store_element(plan, item, row, channel, &all, sink + offset.sink, o + offset.o,
                          (__global float *)(lse + offset.lse));
        else
            store_part_element(plan, item, row, channel, &all, (__global float *)(workspace + offset.workspace));
    }
}

/* ---- one work-group ----------------------------------------------------------------------------------------------------- */

KERNEL_OF_SEVERAL(GROUP_SIZE, 2) forward_few(FORWARD_PARAMETERS)
{
    LOCAL_MEMORY(struct memory, memory);
    PLAN_BEGIN
    NEXT_MAY_START;
    const struct item item =
        find_item(plan, offset, launch, this_group(), cu_q, cu_k, used, lists, table_of, first_of, entries, chunks);
    const int warp = get_local_id(0) / 32, wide = rows_are_wide(plan, offset);
    __global const int *pages = (__global const int *)(page_table + offset.page_table);
    if (item.rows == 0)
        return;

    const struct share share = share_of_copier(LANE, 32);
    const struct source keys = source_of(plan, &item, k + offset.k, plan->k_stride, pages, (int)plan->dim, DIM, wide, share);
    const struct source values =
        source_of(plan, &item, v + offset.v, plan->v_stride, pages, (int)plan->dim_v, DIM_V, wide, share);
    struct ring ring = ring_at(LOCAL_ADDRESS(memory->buffers[warp]), SLOT_BYTES);
    struct turn turn = { first_step(&item), 0, 0, 0 }, ahead;
    int more = find_turn(plan, &item, &keys, &values, &turn), more_ahead = 0, first = 0;
    copy_queries(plan, &item, q + offset.q, wide, share, TILE_ROWS, ring.next, DIM);
    commit_copies();
    if (more)
        copy_keys(plan, &item, &keys, &turn, 0, ring.keys);
    commit_copies();
    if (more)
        copy_values(plan, &item, &values, &turn, 0, ring.values);
    commit_copies();

    float sum[DIM_V / 16][SIDES][4], most[SIDES], total[SIDES];
    UNROLL
    for (int side = 0; side < SIDES; side++) {
        most[side] = -INFINITY;
        total[side] = 0;
    }
    UNROLL
    for (int c = 0; c < DIM_V / 16; c++)
        clear_blocks(sum[c], SIDES);
    const int my_row = min((int)LANE, item.rows - 1);
    const int my_query = (int)(row_of(plan, &item.s, item.unit, item.first_row + my_row).query - item.first_query);
    ahead = turn;
    go_on(&ahead.step);
    if (more)
        more_ahead = find_turn(plan, &item, &keys, &values, &ahead);
    uint query[DIM / 16][4];
    WAIT_COPIES(2);
    meet_warp();
    load_queries(query, ring.next);

    while (more) {
        const int ends = first + STEP >= turn.rows, goes_on = !ends || more_ahead;
        const int masked = !turn.step.full || turn.rows < TILE_KEYS;
        const struct turn next = ends ? ahead : turn;
        const int next_first = ends ? 0 : first + STEP;
        uint weight[BLOCKS / 2][2 * SIDES];
        if (masked && first == 0 && LANE < TILE_ROWS)
            memory->words[warp][LANE] = word_of(plan, &item, &turn.step, item.first_query + my_query, masks);
        WAIT_COPIES(1);
        meet_warp();
        if (goes_on)
            copy_keys(plan, &item, &keys, &next, next_first, ring.next);
        commit_copies();
        float score[BLOCKS][4], rescale[SIDES];
        multiply_keys(score, query, ring.keys);
        if (CHANGES)
            change_scores(plan, &item, turn.step.tile, first, 0, (__global const float *)(alibi + offset.alibi),
                          bias + offset.bias, score);
        if (masked)
            mask_scores(memory->words[warp], first, score);
        weigh(score, CHANGES ? 1 : plan->scale, most, total, rescale);
        pack_weights(score, weight);
        rescale_transposed(sum, rescale);
        WAIT_COPIES(1);
        meet_warp();
        if (goes_on)
            copy_values(plan, &item, &values, &next, next_first, ring.keys);
        commit_copies();
        add_weighted(sum, weight, ring.values);
        turn_ring(&ring);
        first = next_first;
        if (ends) {
            turn = ahead;
            more = more_ahead;
            if (more) {
                go_on(&ahead.step);
                more_ahead = find_turn(plan, &item, &keys, &values, &ahead);
            }
        }
    }
    leave_part(memory, most, total, sum);
    barrier(CLK_LOCAL_MEM_FENCE);
    store_merged(plan, &item, offset, launch, memory, sink, o, lse, workspace);
}
