/* Flash attention with tensor cores: products of 16-bit elements with f32 sums, softmax in f32 (FlashAttention-2: Dao 2023, arXiv:2307.08691).
 *
 * Behind item.cl and ptx.cl. Built for the type of Q, K and V (MMA_TYPE: attn_dtype), their channels (DIM, DIM_V: multiples of 16), whether
 * softcap, ALiBi, bias or a scale that is not positive change scores (CHANGES: 0, 1) and a tile: WARPS of BANDS x 16 query rows, STEP keys of K or V at a time in one of
 * three buffers of local memory. KEEP_QUERIES: 1, Q stays in registers; 0, in local memory.
 *
 * The scores and the output of a warp's rows stay in registers. K and V of the key tiles pass through the buffers in the order
 * K, V, K, V, ...; each is asked for two turns before it is used, so that copies overlap products, and one barrier a turn suffices.
 * Two bands share what a warp reads of K and V. Rows in local memory are swizzled: 16 bytes number c of row r lie at c ^ (r % 8), so that
 * neither copies nor ldmatrix meet bank conflicts.
 *
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */

#define GROUP_SIZE (32 * WARPS)
#define PITCH_OF(dim) ((dim) <= 64 ? 64 : (dim) <= 128 ? 128 : 256) /* elements of a row in local memory */
#define PITCH PITCH_OF(DIM)
#define PITCH_V PITCH_OF(DIM_V)
#define SLOT_BYTES (2 * STEP * (PITCH > PITCH_V ? PITCH : PITCH_V))
#define WARP_ROWS (16 * BANDS)
#define TILE_ROWS (WARP_ROWS * WARPS)
#define QUERY_BYTES (2 * TILE_ROWS * PITCH)
#if KEEP_QUERIES /* they pass through the buffers */
#define RING_AT 0
#define MEMORY_BYTES (3 * SLOT_BYTES > QUERY_BYTES ? 3 * SLOT_BYTES : QUERY_BYTES)
#else
#define RING_AT QUERY_BYTES
#define MEMORY_BYTES (QUERY_BYTES + 3 * SLOT_BYTES)
#endif
#define KEPT (KEEP_QUERIES ? DIM / 16 : 1) /* of 16 channels of Q, in registers */
#define BLOCKS (STEP / 8)    /* of scores: 8 keys */
#define BLOCKS_V (DIM_V / 8) /* of the output: 8 channels */

struct memory {
    uint4 buffers[MEMORY_BYTES / 16];
    ulong words[TILE_ROWS]; /* what the rows see of a partial tile */
};

/* Byte of 16 bytes number `chunk` of a row. */
DEVICE uint swizzled(int row, int chunk, int pitch)
{
    return (uint)(2 * row * pitch + ((chunk ^ (row & 7)) << 4));
}

/* ---- copies ------------------------------------------------------------------------------------------------------- */

/* Elements i .. i + 7, of which `valid` are there; the others become 0. */
DEVICE void copy_eight(uint to, __global const uchar *from, long i, int valid, int wide)
{
    __global const ushort *source = (__global const ushort *)from + i;
    if (wide) {
        copy_async(to, (__global const uchar *)source, max(0, min(16, 2 * valid)));
    } else {
        uint two[4];
        UNROLL
        for (int j = 0; j < 4; j++)
            two[j] = (2 * j < valid ? source[2 * j] : 0) | (uint)(2 * j + 1 < valid ? source[2 * j + 1] : 0) << 16;
        put_four(to, two[0], two[1], two[2], two[3]);
    }
}


/* K or V as a work-item copies it: 16 bytes of each row that is its own. */
struct source {
    __global const uchar *tensor;
    long at;   /* element of its row of key 0; of paged ones: from that of any row on */
    int dim;   /* elements of a row from its first on */
    int slow;  /* rows are not aligned, or each must be looked up in the page table */
};

DEVICE struct source source_of(PLAN, const struct item *item, __global const uchar *tensor, PLAN_SPACE const long *stride,
                               int dim, int wide, int pitch)
{
    const int chunks = pitch / 8, row = get_local_id(0) / chunks, chunk = get_local_id(0) % chunks;
    struct source source = { tensor, 8 * chunk, dim - 8 * chunk, !wide };
    if (plan->paged)
        source.slow |= plan->page_size % TILE_KEYS != 0;
    else
        source.at += key_row(plan, &item->s, 0, row, item->head_k, stride);
    if (plan->paged)
        source.at += row * stride[2];
    return source;
}

/* Any rows, one by one. */
DEVICE void copy_slowly(PLAN, const struct item *item, const struct source *source, __global const int *pages,
                        PLAN_SPACE const long *stride, long key, int rows, uint to, int pitch)
{
    const int chunks = pitch / 8, row = get_local_id(0) / chunks, chunk = get_local_id(0) % chunks;
    for (int i = row; i < STEP; i += GROUP_SIZE / chunks) {
        const long from = key_row(plan, &item->s, pages, key + min(i, rows - 1), item->head_k, stride) + 8 * chunk;
        copy_eight(to + swizzled(i, chunk, pitch), source->tensor, from, i < rows ? source->dim : 0, 0);
    }
}

/* STEP rows of K or V from row `first` of a tile's keys on; rows beyond the sequence become 0. */
DEVICE void copy_rows(PLAN, const struct item *item, const struct source *source, __global const int *pages,
                      PLAN_SPACE const long *stride, int tile, int first, uint to, int padded, int pitch)
{
    const int chunks = pitch / 8, row = get_local_id(0) / chunks, chunk = get_local_id(0) % chunks;
    const int rows = keys_of(item, tile) - first, step = (int)stride[2], bytes = max(0, min(16, 2 * source->dim));
    const long key = (long)tile * TILE_KEYS + first;
    if (8 * chunk >= padded)
        return;
    if (source->slow) {
        copy_slowly(plan, item, source, pages, stride, key, rows, to, pitch);
        return;
    }
    const long at = source->at + (plan->paged ? key_row(plan, &item->s, pages, key, item->head_k, stride) : key * step);
    __global const uchar *from = source->tensor + 2 * at;
    UNROLL
    for (int i = 0; i < STEP * (pitch / 8) / GROUP_SIZE; i++) {
        const int mine = row + GROUP_SIZE / chunks * i;
        copy_async(to + swizzled(mine, chunk, pitch), from + 2L * step * (min(mine, rows - 1) - row), mine < rows ? bytes : 0);
    }
}

DEVICE void copy_queries(PLAN, const struct item *item, __global const uchar *q, int wide, uint to)
{
    const int me = get_local_id(0), chunks = PITCH / 8, chunk = me % chunks;
    if (8 * chunk >= DIM)
        return;
    for (int row = me / chunks; row < TILE_ROWS; row += GROUP_SIZE / chunks) {
        const long at = query_row(plan, &item->s, item->unit, item->first_row + min(row, item->rows - 1));
        copy_eight(to + swizzled(row, chunk, PITCH), q, at + 8 * chunk, row < item->rows ? (int)plan->dim - 8 * chunk : 0,
                   wide);
    }
}

/* ---- products ------------------------------------------------------------------------------------------------------- */

/* Of 16 channels of Q, what a lane has of mma's first factor. */
DEVICE void load_queries(uint query[4], uint queries, int band, int c)
{
    const int lane = get_local_id(0) % 32, row = get_local_id(0) / 32 * WARP_ROWS + 16 * band + lane % 16;
    load_matrices(query, queries + swizzled(row, 2 * c + lane / 16, PITCH));
}

/* `kept` has Q when KEEP_QUERIES, else local memory at `queries`. */
DEVICE void multiply_keys(float score[BANDS][BLOCKS][4], uint kept[BANDS][KEPT][4], uint queries, uint keys)
{
    const int lane = get_local_id(0) % 32, row = lane % 8 + lane / 16 * 8, side = lane / 8 % 2;
    UNROLL
    for (int band = 0; band < BANDS; band++)
        UNROLL
        for (int j = 0; j < BLOCKS; j++)
            UNROLL
            for (int i = 0; i < 4; i++)
                score[band][j][i] = 0;
    UNROLL
    for (int c = 0; c < DIM / 16; c++) {
        if (!KEEP_QUERIES)
            UNROLL
            for (int band = 0; band < BANDS; band++)
                load_queries(kept[band][0], queries, band, c);
        UNROLL
        for (int j = 0; j < BLOCKS; j += 2) {
            uint key[4];
            load_matrices(key, keys + swizzled(8 * j + row, 2 * c + side, PITCH));
            UNROLL
            for (int band = 0; band < BANDS; band++) {
                add_product(score[band][j], kept[band][KEEP_QUERIES ? c : 0], key[0], key[1]);
                add_product(score[band][j + 1], kept[band][KEEP_QUERIES ? c : 0], key[2], key[3]);
            }
        }
    }
}

DEVICE void add_weighted(float sum[BANDS][BLOCKS_V][4], uint weight[BANDS][BLOCKS / 2][4], uint values)
{
    const int lane = get_local_id(0) % 32, row = lane % 16, side = lane / 16;
    UNROLL
    for (int j = 0; j < BLOCKS / 2; j++)
        UNROLL
        for (int c = 0; c < BLOCKS_V; c += 2) {
            uint value[4];
            load_transposed(value, values + swizzled(16 * j + row, c + side, PITCH_V));
            UNROLL
            for (int band = 0; band < BANDS; band++) {
                add_product(sum[band][c], weight[band][j], value[0], value[1]);
                add_product(sum[band][c + 1], weight[band][j], value[2], value[3]);
            }
        }
}

/* ---- the softmax ------------------------------------------------------------------------------------------------------ */

/* Row `side` (0, 1) of the two that a lane has in a band, among the rows of the tile. */
DEVICE int row_of_lane(int band, int side)
{
    return get_local_id(0) / 32 * WARP_ROWS + 16 * band + get_local_id(0) % 32 / 4 + 8 * side;
}

/* Softcap, ALiBi and bias; then scores are multiples of 1. */
DEVICE void change_scores(PLAN, const struct item *item, int tile, int first, int band, __global const float *alibi,
                          __global const uchar *bias, float score[BLOCKS][4])
{
    const int keys = keys_of(item, tile) - first;
    UNROLL
    for (int side = 0; side < 2; side++) {
        const struct row_at row = row_of(plan, &item->s, item->unit, item->first_row + min(row_of_lane(band, side), item->rows - 1));
        UNROLL
        for (int j = 0; j < BLOCKS; j++)
            UNROLL
            for (int i = 0; i < 2; i++) {
                const int key = 8 * j + get_local_id(0) % 4 * 2 + i;
                score[j][2 * side + i] =
                    changed_score(plan, score[j][2 * side + i] * plan->scale, item->s.number, row.head, row.query,
                                  row.query + item->s.shift, (long)tile * TILE_KEYS + first + key, alibi, bias, key < keys);
            }
    }
}

/* Keys that a row does not see. */
DEVICE void mask_scores(__local const ulong *words, int first, int band, float score[BLOCKS][4])
{
    UNROLL
    for (int side = 0; side < 2; side++) {
        const ulong word = words[row_of_lane(band, side)] >> (first + get_local_id(0) % 4 * 2);
        const uint half_word[2] = { (uint)word, (uint)(word >> 32) };
        UNROLL
        for (int j = 0; j < BLOCKS; j++)
            UNROLL
            for (int i = 0; i < 2; i++)
                if (!(half_word[j / 4] >> (8 * (j % 4) + i) & 1))
                    score[j][2 * side + i] = -INFINITY;
    }
}

/* The new maxima of the two rows of a lane, and what scales their sums. */
DEVICE void find_maxima(float score[BLOCKS][4], float factor, float most[2], float shift[2], float rescale[2])
{
    UNROLL
    for (int side = 0; side < 2; side++) {
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

/* Scores, multiples of `factor` > 0, become weights. They lie as mma's first factor does: an accumulator's layout is that one's. */
DEVICE void weigh(float score[BLOCKS][4], float factor, float most[2], float total[2], float sum[BLOCKS_V][4],
                  uint weight[BLOCKS / 2][4])
{
    float shift[2], rescale[2], weights[2] = { 0, 0 };
    find_maxima(score, factor, most, shift, rescale);
    UNROLL
    for (int j = 0; j < BLOCKS; j++)
        UNROLL
        for (int side = 0; side < 2; side++) {
            const float low = exp2_approx(fma(score[j][2 * side], factor, -shift[side]));
            const float high = exp2_approx(fma(score[j][2 * side + 1], factor, -shift[side]));
            weights[side] += low + high;
            weight[j / 2][j % 2 * 2 + side] = pack_two(low, high);
        }
    UNROLL
    for (int side = 0; side < 2; side++)
        total[side] = total[side] * rescale[side] + weights[side];
    if (any_lane(rescale[0] != 1 || rescale[1] != 1)) {
        UNROLL
        for (int c = 0; c < BLOCKS_V; c++)
            UNROLL
            for (int i = 0; i < 4; i++)
                sum[c][i] *= rescale[i / 2];
    }
}

/* ---- results ------------------------------------------------------------------------------------------------------------ */

/* The part that a chunk leaves: unscaled sums, the maximum, the sum of weights. */
DEVICE void store_part(PLAN, const struct item *item, int band, int side, float most, float total, float sum[BLOCKS_V][4],
                       __global float *workspace)
{
    const int width = (int)plan->dim_v + 2, row = row_of_lane(band, side), column = get_local_id(0) % 4 * 2;
    __global float *part = workspace + item->slot * plan->tile_rows * width + row * width;
    UNROLL
    for (int c = 0; c < BLOCKS_V; c++)
        UNROLL
        for (int i = 0; i < 2; i++)
            if (8 * c + column + i < plan->dim_v)
                part[8 * c + column + i] = sum[c][2 * side + i];
    if (column == 0) {
        part[plan->dim_v] = most;
        part[plan->dim_v + 1] = total;
    }
}

DEVICE void store_row(PLAN, const struct item *item, int band, int side, float most, float total, float sum[BLOCKS_V][4],
                      __global const uchar *sink, __global uchar *o, __global float *lse)
{
    const int column = get_local_id(0) % 4 * 2;
    const struct row_at at = row_of(plan, &item->s, item->unit, item->first_row + row_of_lane(band, side));
    const float share = share_of(plan, sink, at.head, most, total);
    const long to = output_row(plan, &item->s, &at);
    UNROLL
    for (int c = 0; c < BLOCKS_V; c++)
        UNROLL
        for (int i = 0; i < 2; i++)
            if (8 * c + column + i < plan->dim_v)
                store(o, (int)plan->o_type, to + 8 * c + column + i, share * sum[c][2 * side + i]);
    if (column == 0)
        store_lse(plan, &item->s, &at, lse, most, total);
}

/* ---- one work-group ----------------------------------------------------------------------------------------------------- */

KERNEL(GROUP_SIZE) forward_mma(FORWARD_PARAMETERS)
{
    LOCAL_MEMORY(struct memory, memory);
    PLAN_BEGIN
    const struct item item = find_item(plan, offset, launch, cu_q, cu_k, used, lists, table_of, first_of, entries, chunks);
    const int wide = plan->wide && ((offset.q | offset.k | offset.v) & 15) == 0;
    const uint queries = LOCAL_ADDRESS(memory), ring = queries + RING_AT;
    __global const int *pages = (__global const int *)(page_table + offset.page_table);
    if (item.rows == 0)
        return;

    const struct source keys = source_of(plan, &item, k + offset.k, plan->k_stride, (int)plan->dim, wide, PITCH);
    const struct source values = source_of(plan, &item, v + offset.v, plan->v_stride, (int)plan->dim_v, wide, PITCH_V);
    const int my_query = (int)(row_of(plan, &item.s, item.unit, item.first_row + min((int)get_local_id(0), item.rows - 1)).query -
                               item.first_query);
    uint kept[BANDS][KEPT][4];
    copy_queries(plan, &item, q + offset.q, wide, queries);
    if (KEEP_QUERIES) {
        commit_copies();
        WAIT_COPIES(0);
        barrier(CLK_LOCAL_MEM_FENCE);
        UNROLL
        for (int band = 0; band < BANDS; band++)
            UNROLL
            for (int c = 0; c < KEPT; c++)
                load_queries(kept[band][c], queries, band, c);
        barrier(CLK_LOCAL_MEM_FENCE);
    }

    float sum[BANDS][BLOCKS_V][4], most[BANDS][2], total[BANDS][2];
    UNROLL
    for (int band = 0; band < BANDS; band++) {
        UNROLL
        for (int side = 0; side < 2; side++) {
            most[band][side] = -INFINITY;
            total[band][side] = 0;
        }
        UNROLL
        for (int c = 0; c < BLOCKS_V; c++)
            UNROLL
            for (int i = 0; i < 4; i++)
                sum[band][c][i] = 0;
    }

    struct step step = first_step(&item), ahead;
    int more = find_tile(plan, &item, &step), more_ahead = 0, first = 0;
    uint slot = ring, slot_v = ring + SLOT_BYTES, slot_next = ring + 2 * SLOT_BYTES;
    ahead = step;
    if (more) {
        copy_rows(plan, &item, &keys, pages, plan->k_stride, step.tile, 0, slot, DIM, PITCH);
        commit_copies();
        copy_rows(plan, &item, &values, pages, plan->v_stride, step.tile, 0, slot_v, DIM_V, PITCH_V);
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
            copy_rows(plan, &item, &keys, pages, plan->k_stride, next_tile, next_first, slot_next, DIM, PITCH);
        commit_copies();
        float score[BANDS][BLOCKS][4];
        multiply_keys(score, kept, queries, slot);
        UNROLL
        for (int band = 0; band < BANDS; band++) {
            if (CHANGES)
                change_scores(plan, &item, step.tile, first, band, (__global const float *)(alibi + offset.alibi),
                              bias + offset.bias, score[band]);
            if (masked)
                mask_scores(memory->words, first, band, score[band]);
            weigh(score[band], CHANGES ? 1 : plan->scale, most[band], total[band], sum[band], weight[band]);
        }
        WAIT_COPIES(1);
        barrier(CLK_LOCAL_MEM_FENCE);
        if (goes_on)
            copy_rows(plan, &item, &values, pages, plan->v_stride, next_tile, next_first, slot, DIM_V, PITCH_V);
        commit_copies();
        add_weighted(sum, weight, slot_v);
        const uint free_slot = slot_v; /* when all warps are through, which the next barrier tells */
        slot_v = slot;
        slot = slot_next;
        slot_next = free_slot;
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
        UNROLL
        for (int side = 0; side < 2; side++) {
            const float weights = sum_of_four(total[band][side]);
            if (row_of_lane(band, side) >= item.rows)
                continue;
            if (launch != LAUNCH_WHOLE)
                store_part(plan, &item, band, side, most[band][side], weights, sum[band],
                           (__global float *)(workspace + offset.workspace));
            else
                store_row(plan, &item, band, side, most[band][side], weights, sum[band], sink + offset.sink, o + offset.o,
                          (__global float *)(lse + offset.lse));
        }
}
