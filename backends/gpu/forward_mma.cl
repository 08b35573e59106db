/* Flash attention with tensor cores: products of 16-bit elements with f32 sums, softmax in f32 (FlashAttention-2: Dao 2023, arXiv:2307.08691).
 *
 * Behind item.cl and ptx.cl. Built for the type of Q, K and V (MMA_TYPE: attn_dtype), their channels (DIM, DIM_V: multiples of 16), whether
 * softcap, ALiBi or bias change scores (CHANGES: 0, 1) and a tile: WARPS of BANDS x 16 query rows, STEP keys of K or V at a time in one of
 * SLOTS buffers of local memory. KEEP_QUERIES: 1, Q stays in registers; 0, in local memory.
 *
 * The scores and the output of a warp's rows stay in registers. K and V of the key tiles pass through the buffers in the order
 * K, V, K, V, ...; each is asked for SLOTS - 1 turns before it is used, so that copies overlap products, and one barrier a turn suffices.
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
#define MEMORY_BYTES (SLOTS * SLOT_BYTES > QUERY_BYTES ? SLOTS * SLOT_BYTES : QUERY_BYTES)
#else
#define RING_AT QUERY_BYTES
#define MEMORY_BYTES (QUERY_BYTES + SLOTS * SLOT_BYTES)
#endif
#define KEPT (KEEP_QUERIES ? DIM / 16 : 1) /* of 16 channels of Q, in registers */
#define BLOCKS (STEP / 8)    /* of scores: 8 keys */
#define BLOCKS_V (DIM_V / 8) /* of the output: 8 channels */

struct buffers {
    uint4 bytes[MEMORY_BYTES / 16];
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


/* K or V as a work-item copies it: 16 bytes of every row that is its own. */
struct source {
    __global const uchar *tensor;
    long at;        /* element of its first row of key 0; paged: from that of the page on */
    int dim;        /* elements of a row from its first on */
    int lookups;    /* every row must be looked up in the page table */
};

DEVICE struct source source_of(PLAN, const struct item *item, __global const uchar *tensor, PLAN_SPACE const long *stride,
                               int dim, int pitch)
{
    const int chunks = pitch / 8, row = get_local_id(0) / chunks, chunk = get_local_id(0) % chunks;
    struct source source = { tensor, row * stride[2] + 8 * chunk, dim - 8 * chunk, 0 };
    if (!plan->paged)
        source.at += key_row(plan, &item->s, 0, 0, item->head_k, stride);
    source.lookups = plan->paged && plan->page_size % TILE_KEYS != 0;
    return source;
}

/* The first STEP keys from `key` on; all are there and none is looked up. */
DEVICE void copy_whole(const struct source *source, long at, long stride, uint to, int pitch)
{
    const int chunks = pitch / 8, row = get_local_id(0) / chunks, chunk = get_local_id(0) % chunks;
    const int bytes = max(0, min(16, 2 * source->dim));
    __global const uchar *from = source->tensor + 2 * at;
    const long pass = 2 * stride * (GROUP_SIZE / chunks);
    UNROLL
    for (int i = 0; i < STEP * (pitch / 8) / GROUP_SIZE; i++, from += pass)
        copy_async(to + swizzled(row + GROUP_SIZE / chunks * i, chunk, pitch), from, bytes);
}

/* Any: rows beyond the sequence become 0. */
DEVICE void copy_some(PLAN, const struct item *item, const struct source *source, __global const int *pages, int wide,
                      PLAN_SPACE const long *stride, long key, long at, int rows, uint to, int pitch)
{
    const int chunks = pitch / 8, row = get_local_id(0) / chunks, chunk = get_local_id(0) % chunks;
    for (int i = 0; i < STEP * (pitch / 8) / GROUP_SIZE; i++) {
        const int mine = row + GROUP_SIZE / chunks * i, there = min(mine, rows - 1);
        const long from = source->lookups ? key_row(plan, &item->s, pages, key + there, item->head_k, stride) + 8 * chunk
                                          : at + (there - row) * stride[2];
        copy_eight(to + swizzled(mine, chunk, pitch), source->tensor, from, mine < rows ? source->dim : 0, wide);
    }
}

/* STEP rows of K or V from row `first` of a tile's keys on. */
DEVICE void copy_rows(PLAN, const struct item *item, const struct source *source, __global const int *pages, int wide,
                      PLAN_SPACE const long *stride, int tile, int first, uint to, int padded, int pitch)
{
    const long key = (long)tile * TILE_KEYS + first;
    const int rows = keys_of(item, tile) - first;
    const long at = source->at + (plan->paged ? key_row(plan, &item->s, pages, key, item->head_k, stride) : key * stride[2]);
    if (8 * (int)(get_local_id(0) % (pitch / 8)) >= padded)
        return;
    if (wide && rows >= STEP && !source->lookups)
        copy_whole(source, at, stride[2], to, pitch);
    else
        copy_some(plan, item, source, pages, wide, stride, key, at, rows, to, pitch);
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

/* What is copied next: K or V (`values`) of keys from `first` on of the tile of `step`, into `slot`. */
struct stream {
    struct step step;
    int more, first, values, slot;
};

DEVICE void copy_next(PLAN, const struct item *item, struct stream *next, __global const int *pages,
                      const struct source *k, const struct source *v, int wide, uint ring)
{
    const uint to = ring + (uint)(next->slot * SLOT_BYTES);
    next->slot = next->slot + 1 == SLOTS ? 0 : next->slot + 1;
    if (next->more && !next->values) {
        copy_rows(plan, item, k, pages, wide, plan->k_stride, next->step.tile, next->first, to, DIM, PITCH);
        next->values = 1;
    } else if (next->more) {
        copy_rows(plan, item, v, pages, wide, plan->v_stride, next->step.tile, next->first, to, DIM_V, PITCH_V);
        next->values = 0;
        next->first += STEP;
        if (next->first >= keys_of(item, next->step.tile)) {
            next->first = 0;
            go_on(&next->step);
            next->more = find_tile(plan, item, &next->step);
        }
    }
    commit_copies();
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

/* Weights become the first factor as they lie: an accumulator's layout is a factor's. */
DEVICE void add_weighted(float sum[BANDS][BLOCKS_V][4], float weight[BANDS][BLOCKS][4], uint values)
{
    const int lane = get_local_id(0) % 32, row = lane % 16, side = lane / 16;
    UNROLL
    for (int j = 0; j < BLOCKS; j += 2) {
        uint factor[BANDS][4];
        UNROLL
        for (int band = 0; band < BANDS; band++)
            UNROLL
            for (int i = 0; i < 4; i++)
                factor[band][i] = pack_two(weight[band][j + i / 2][2 * (i % 2)], weight[band][j + i / 2][2 * (i % 2) + 1]);
        UNROLL
        for (int c = 0; c < BLOCKS_V; c += 2) {
            uint value[4];
            load_transposed(value, values + swizzled(8 * j + row, c + side, PITCH_V));
            UNROLL
            for (int band = 0; band < BANDS; band++) {
                add_product(sum[band][c], factor[band], value[0], value[1]);
                add_product(sum[band][c + 1], factor[band], value[2], value[3]);
            }
        }
    }
}

/* ---- the softmax ------------------------------------------------------------------------------------------------------ */

/* Row `side` (0, 1) of the two that a lane has in a band, among the rows of the tile. */
DEVICE int row_of_lane(int band, int side)
{
    return get_local_id(0) / 32 * WARP_ROWS + 16 * band + get_local_id(0) % 32 / 4 + 8 * side;
}

/* Softcap, ALiBi, bias and mask; then scores are multiples of 1. */
DEVICE void change_scores(PLAN, const struct item *item, const struct step *step, int first, int band, __global const float *alibi,
                          __global const uchar *bias, __global const ulong *masks, float score[BLOCKS][4])
{
    const int column = get_local_id(0) % 4 * 2;
    UNROLL
    for (int side = 0; side < 2; side++) {
        const struct row_at row = row_of(plan, &item->s, item->unit, item->first_row + min(row_of_lane(band, side), item->rows - 1));
        const ulong word = word_of(plan, item, step, row.query, masks) >> first;
        UNROLL
        for (int j = 0; j < BLOCKS; j++)
            UNROLL
            for (int i = 0; i < 2; i++) {
                const int key = 8 * j + column + i, seen = (int)(word >> key & 1);
                float a = score[j][2 * side + i] * plan->scale;
                if (CHANGES)
                    a = changed_score(plan, a, item->s.number, row.head, row.query, row.query + item->s.shift,
                                      (long)step->tile * TILE_KEYS + first + key, alibi, bias, seen);
                score[j][2 * side + i] = seen ? a : -INFINITY;
            }
    }
}

/* Scores, multiples of `factor` > 0, become weights. */
DEVICE void weigh(float score[BLOCKS][4], float factor, float most[2], float total[2], float sum[BLOCKS_V][4])
{
    float rescale[2];
    UNROLL
    for (int side = 0; side < 2; side++) {
        float highest = score[0][2 * side], weights = 0;
        UNROLL
        for (int j = 0; j < BLOCKS; j++)
            highest = fmax(highest, fmax(score[j][2 * side], score[j][2 * side + 1]));
        highest = fmax(most[side], most_of_four(highest) * factor);
        const float shift = highest == -INFINITY ? 0 : highest;
        rescale[side] = exp2_approx(most[side] - shift);
        most[side] = highest;
        UNROLL
        for (int j = 0; j < BLOCKS; j++)
            UNROLL
            for (int i = 0; i < 2; i++) {
                score[j][2 * side + i] = exp2_approx(fma(score[j][2 * side + i], factor, -shift));
                weights += score[j][2 * side + i];
            }
        total[side] = total[side] * rescale[side] + weights;
    }
    if (any_lane(rescale[0] != 1 || rescale[1] != 1)) {
        UNROLL
        for (int c = 0; c < BLOCKS_V; c++) {
            sum[c][0] *= rescale[0];
            sum[c][1] *= rescale[0];
            sum[c][2] *= rescale[1];
            sum[c][3] *= rescale[1];
        }
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
    LOCAL_MEMORY(struct buffers, memory);
    PLAN_BEGIN
    const struct item item = find_item(plan, offset, launch, cu_q, cu_k, used, lists, table_of, first_of, entries, chunks);
    const int wide = plan->wide && ((offset.q | offset.k | offset.v) & 15) == 0, plain = !CHANGES && plan->scale > 0;
    const int idle = get_local_id(0) / 32 * WARP_ROWS >= item.rows; /* the warp has no rows */
    const uint queries = LOCAL_ADDRESS(memory), ring = queries + RING_AT;
    __global const int *pages = (__global const int *)(page_table + offset.page_table);
    if (item.rows == 0)
        return;

    const struct source keys = source_of(plan, &item, k + offset.k, plan->k_stride, (int)plan->dim, PITCH);
    const struct source values = source_of(plan, &item, v + offset.v, plan->v_stride, (int)plan->dim_v, PITCH_V);
    uint kept[BANDS][KEPT][4];
    copy_queries(plan, &item, q + offset.q, wide, queries);
    commit_copies();
    if (KEEP_QUERIES) {
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

    struct step step = first_step(&item);
    int more = find_tile(plan, &item, &step), first = 0, slot = 0;
    struct stream next = { step, more, 0, 0, 0 };
    for (int i = 0; i < SLOTS - 1; i++)
        copy_next(plan, &item, &next, pages, &keys, &values, wide, ring);
    while (more) {
        float score[BANDS][BLOCKS][4];
        WAIT_COPIES(SLOTS - 2);
        barrier(CLK_LOCAL_MEM_FENCE);
        copy_next(plan, &item, &next, pages, &keys, &values, wide, ring);
        if (!idle) {
            multiply_keys(score, kept, queries, ring + (uint)(slot * SLOT_BYTES));
            const int changes = !plain || !step.full || keys_of(&item, step.tile) < TILE_KEYS;
            UNROLL
            for (int band = 0; band < BANDS; band++) {
                if (changes)
                    change_scores(plan, &item, &step, first, band, (__global const float *)(alibi + offset.alibi),
                                  bias + offset.bias, masks, score[band]);
                weigh(score[band], changes ? 1 : plan->scale, most[band], total[band], sum[band]);
            }
        }
        slot = slot + 1 == SLOTS ? 0 : slot + 1;
        WAIT_COPIES(SLOTS - 2);
        barrier(CLK_LOCAL_MEM_FENCE);
        copy_next(plan, &item, &next, pages, &keys, &values, wide, ring);
        if (!idle)
            add_weighted(sum, score, ring + (uint)(slot * SLOT_BYTES));
        slot = slot + 1 == SLOTS ? 0 : slot + 1;
        first += STEP;
        if (first >= keys_of(&item, step.tile)) {
            first = 0;
            go_on(&step);
            more = find_tile(plan, &item, &step);
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
