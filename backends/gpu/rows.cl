/* The softmax of 16 query rows that a warp has as accumulators of tensor cores, and what becomes of them. Behind item.cl and
 * ptx.cl; built for STEP keys at a time and DIM_V channels of V.
 *
 * A lane has two rows, side 0 and 1: lane / 4 and 8 behind it; with SIDES of 1 the first 8 rows are all. Of every 8 columns it
 * has two of each: [block of 8][2 * side + i] is column lane % 4 * 2 + i of the block (PTX ISA, accumulators of mma.m16n8k16
 * and of wgmma alike).
 *
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */

#ifndef SIDES
#define SIDES 2
#endif
#define BLOCKS (STEP / 8)    /* of scores: 8 keys */
#define BLOCKS_V (DIM_V / 8) /* of the output: 8 channels */
#define LANE (get_local_id(0) % 32)

/* Row `side` of a lane, in its 16. */
DEVICE int row_of_lane(int side)
{
    return LANE / 4 + 8 * side;
}

/* Softcap, ALiBi and bias; then scores are multiples of 1. `row`: of the tile, the first of the 16. */
DEVICE void change_scores(PLAN, const struct item *item, int tile, int first, int row, __global const float *alibi,
                          __global const uchar *bias, float score[BLOCKS][4])
{
    const int keys = keys_of(item, tile) - first;
    UNROLL
    for (int side = 0; side < SIDES; side++) {
        const struct row_at at =
            row_of(plan, &item->s, item->unit, item->first_row + min(row + row_of_lane(side), item->rows - 1));
        UNROLL
        for (int j = 0; j < BLOCKS; j++)
            UNROLL
            for (int i = 0; i < 2; i++) {
                const int key = 8 * j + LANE % 4 * 2 + i;
                score[j][2 * side + i] =
                    changed_score(plan, score[j][2 * side + i] * plan->scale, item->s.number, at.head, at.query,
                                  at.query + item->s.shift, (long)tile * TILE_KEYS + first + key, alibi, bias, key < keys);
            }
    }
}

/* Keys that a row does not see. `words`: of the 16 rows, of TILE_KEYS keys each; `first`: the one of score[0]. */
DEVICE void mask_scores(__local const ulong *words, int first, float (*score)[4])
{
    UNROLL
    for (int side = 0; side < SIDES; side++) {
        const ulong word = words[row_of_lane(side)] >> (first + LANE % 4 * 2);
        const uint half_word[2] = { (uint)word, (uint)(word >> 32) };
        UNROLL
        for (int j = 0; j < (BLOCKS < TILE_KEYS / 8 ? BLOCKS : TILE_KEYS / 8); j++)
            UNROLL
            for (int i = 0; i < 2; i++)
                if (!(half_word[j / 4] >> (8 * (j % 4) + i) & 1))
                    score[j][2 * side + i] = -INFINITY;
    }
}

/* The new maxima of the two rows of a lane, and what scales their sums. */
DEVICE void find_maxima(float score[BLOCKS][4], float factor, float most[SIDES], float shift[SIDES], float rescale[SIDES])
{
    UNROLL
    for (int side = 0; side < SIDES; side++) {
        float highest = score[0][2 * side];
        UNROLL
        for (int j = 0; j < BLOCKS; j++)
            highest = fmax(highest, fmax(score[j][2 * side], score[j][2 * side + 1]));
        highest = fmax(most[side], most_of_four(highest) * factor);
        shift[side] = highest == -INFINITY ? 0 : highest;
        rescale[side] = exp2_approx(most[side] - shift[side]);
        most[side] = highest;
    }
}

DEVICE void clear_blocks(float (*block)[4], int count)
{
    UNROLL
    for (int c = 0; c < count; c++)
        UNROLL
        for (int i = 0; i < 4; i++)
            block[c][i] = 0;
}

/* Scores, multiples of `factor` > 0, become weights. Sums are to be scaled with `rescale`. */
DEVICE void weigh(float score[BLOCKS][4], float factor, float most[SIDES], float total[SIDES], float rescale[SIDES])
{
    float shift[SIDES], weights[SIDES] = { 0 };
    find_maxima(score, factor, most, shift, rescale);
    UNROLL
    for (int j = 0; j < BLOCKS; j++)
        UNROLL
        for (int i = 0; i < 2 * SIDES; i++) {
            score[j][i] = exp2_approx(fma(score[j][i], factor, -shift[i / 2]));
            weights[i / 2] += score[j][i];
        }
    UNROLL
    for (int side = 0; side < SIDES; side++)
        total[side] = total[side] * rescale[side] + weights[side];
}

/* As the first factor of a product of all 16 rows; of 8 rows, as the second of a transposed one. */
DEVICE void pack_weights(float score[BLOCKS][4], uint weight[BLOCKS / 2][2 * SIDES])
{
    UNROLL
    for (int j = 0; j < BLOCKS; j++)
        UNROLL
        for (int side = 0; side < SIDES; side++)
            weight[j / 2][j % 2 * SIDES + side] = pack_two(score[j][2 * side], score[j][2 * side + 1]);
}

DEVICE void rescale_sums(float sum[BLOCKS_V][4], const float rescale[2])
{
    if (any_lane(rescale[0] != 1 || rescale[1] != 1)) {
        UNROLL
        for (int c = 0; c < BLOCKS_V; c++)
            UNROLL
            for (int i = 0; i < 4; i++)
                sum[c][i] *= rescale[i / 2];
    }
}

/* The part that a chunk leaves of row `row` of the tile: unscaled sums, the maximum, the sum of weights. */
DEVICE void store_part(PLAN, const struct item *item, int row, int side, float most, float total, float sum[BLOCKS_V][4],
                       __global float *workspace)
{
    const int column = LANE % 4 * 2;
    __global float *part = part_of_row(plan, item, row, workspace);
    UNROLL
    for (int c = 0; c < BLOCKS_V; c++)
        UNROLL
        for (int i = 0; i < 2; i++)
            if (8 * c + column + i < plan->dim_v)
                part[8 * c + column + i] = sum[c][2 * side + i];
    if (column == 0)
        end_part(plan, part, most, total);
}

/* 16 bytes at a time, of the type of Q: lanes that share a row exchange what they have. All lanes of a warp come here. */
DEVICE void store_wide(__global uchar *o, long to, int dim_v, float share, float sum[BLOCKS_V][4], int side, int there)
{
    UNROLL
    for (int c = 0; c < BLOCKS_V; c += 4) {
        uint word[4];
        UNROLL
        for (int j = 0; j < 4; j++)
            word[j] = c + j < BLOCKS_V ? pack_two(share * sum[c + j][2 * side], share * sum[c + j][2 * side + 1]) : 0;
        transpose_four(word);
        if (there && 8 * (c + LANE % 4) < dim_v)
            store_four(o + 2 * (to + 8 * (c + LANE % 4)), word);
    }
}

DEVICE void store_elements(PLAN, __global uchar *o, long to, float share, float sum[BLOCKS_V][4], int side)
{
    UNROLL
    for (int c = 0; c < BLOCKS_V; c++)
        UNROLL
        for (int i = 0; i < 2; i++)
            if (8 * c + LANE % 4 * 2 + i < plan->dim_v)
                store(o, (int)plan->o_type, to + 8 * c + LANE % 4 * 2 + i, share * sum[c][2 * side + i]);
}

/* `there`: the tile has such a row. */
DEVICE void store_row(PLAN, const struct item *item, int row, int there, int side, float most, float total,
                      float sum[BLOCKS_V][4], __global const uchar *sink, __global uchar *o, __global float *lse, int wide)
{
    const struct row_at at = row_of(plan, &item->s, item->unit, item->first_row + row);
    const float share = share_of(plan, sink, at.head, most, total);
    const long to = output_row(plan, &item->s, &at);
    if (wide)
        store_wide(o, to, (int)plan->dim_v, share, sum, side, there);
    else if (there)
        store_elements(plan, o, to, share, sum, side);
    if (there && LANE % 4 == 0)
        store_lse(plan, &item->s, &at, lse, most, total);
}

/* The 16 rows from row `row` of the tile on. */
DEVICE void store_rows(PLAN, const struct item *item, struct offsets offset, int launch, int row, const float most[2],
                       const float total[2], float sum[BLOCKS_V][4], __global const uchar *sink, __global uchar *o,
                       __global uchar *lse, __global uchar *workspace)
{
    const int wide = plan->o_wide && plan->o_type == MMA_TYPE && (offset.o & 15) == 0;
    if (item->rows == 0)
        return;
    UNROLL
    for (int side = 0; side < 2; side++) {
        const float weights = sum_of_four(total[side]);
        const int mine = row + row_of_lane(side), there = mine < item->rows;
        if (launch == LAUNCH_WHOLE)
            store_row(plan, item, min(mine, item->rows - 1), there, side, most[side], weights, sum, sink + offset.sink,
                      o + offset.o, (__global float *)(lse + offset.lse), wide);
        else if (there)
            store_part(plan, item, mine, side, most[side], weights, sum, (__global float *)(workspace + offset.workspace));
    }
}
