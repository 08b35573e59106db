/* Flash attention (Dao 2023, arXiv:2307.08691) in f32 arithmetic, whatever the storage: one work-group computes TILE_ROWS query
 * rows, walking tiles of TILE_KEYS keys with an online softmax. Scores are in base 2.
 *
 * Behind item.cl. Built for the storage of K and V (K_TYPE, V_TYPE: attn_dtype) or for any, TILE_ROWS, GROUP_SIZE and CHANNELS,
 * the channels of V that a work-group has; all else is in the structs of shared.h, so that few programs serve all problems.
 *
 * Work-items are LINES x COLUMNS. One has ROWS query rows: KEYS keys of the scores and SUMS channels of the output, in
 * registers. Slices of Q and K (DEPTH channels) and of V (VALUES keys) pass through local memory in two buffers, fetched one
 * slice ahead. Q and K lie there transposed, so that what a work-item multiplies is contiguous.
 *
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */

#ifndef K_TYPE
#define K_TYPE (int)plan->k_type
#define V_TYPE (int)plan->v_type
#endif

#define ROWS 8
#define DEPTH 16
#define VALUES 16
#define LINES (TILE_ROWS / ROWS)
#define COLUMNS (GROUP_SIZE / LINES)
#define KEYS (TILE_KEYS / COLUMNS)
#define SUMS (CHANNELS / COLUMNS)
#define WIDTH (SUMS < 4 ? SUMS : 4) /* neighbouring channels of a work-item */
#define PAD 4                       /* floats between rows of local memory: fewer bank conflicts, alignment of 16 bytes stays */

/* Fours of elements that a work-item fetches of a slice. */
#define QUADS (DEPTH / 4)
#define LINES_A_PASS (GROUP_SIZE / QUADS)
#define QUERY_PASSES ((TILE_ROWS + LINES_A_PASS - 1) / LINES_A_PASS)
#define KEY_PASSES (TILE_KEYS / LINES_A_PASS)
#define VALUE_PASSES (VALUES * CHANNELS / 4 / GROUP_SIZE)

struct slices_of_keys {
    float query[2][DEPTH][TILE_ROWS + PAD], key[2][DEPTH][TILE_KEYS + PAD];
};

union slices {
    struct slices_of_keys products;
    float value[2][VALUES][CHANNELS];
};

union weights {
    float weight[TILE_KEYS][TILE_ROWS + PAD];
    float part[TILE_ROWS][COLUMNS + PAD]; /* of the maximum or the sum of a row */
};

struct shared_memory {
    union slices slices;
    union weights weights;
    long key_at[TILE_KEYS], value_at[TILE_KEYS]; /* elements from the beginning of K, V */
    ulong word[TILE_ROWS];
    long query[TILE_ROWS];
    int head[TILE_ROWS];
    float most[TILE_ROWS], shift[TILE_ROWS], rescale[TILE_ROWS];
};

DEVICE int channel_of(int column, int i)
{
    return WIDTH * column + i % WIDTH + WIDTH * COLUMNS * (i / WIDTH);
}

/* ---- slices ------------------------------------------------------------------------------------------------------- */

DEVICE void fetch_queries(PLAN, const struct item *item, __global const uchar *q, int wide,
                          const long at[QUERY_PASSES], int depth, float4 fetched[QUERY_PASSES])
{
    const int me = get_local_id(0), c = depth + 4 * (me % QUADS);
    UNROLL
    for (int i = 0; i < QUERY_PASSES; i++)
        fetched[i] = load4(q, (int)plan->q_type, at[i] + c,
                           me / QUADS + LINES_A_PASS * i < item->rows ? (int)plan->dim - c : 0, wide);
}

DEVICE void put_queries(PLAN, __local struct shared_memory *mine, int buffer, const float4 fetched[QUERY_PASSES])
{
    const int me = get_local_id(0), quad = 4 * (me % QUADS);
    UNROLL
    for (int i = 0; i < QUERY_PASSES; i++) {
        int row = me / QUADS + LINES_A_PASS * i;
        if (row < TILE_ROWS) {
            mine->slices.products.query[buffer][quad][row] = fetched[i].x * plan->scale;
            mine->slices.products.query[buffer][quad + 1][row] = fetched[i].y * plan->scale;
            mine->slices.products.query[buffer][quad + 2][row] = fetched[i].z * plan->scale;
            mine->slices.products.query[buffer][quad + 3][row] = fetched[i].w * plan->scale;
        }
    }
}

DEVICE void fetch_keys(PLAN, __local const struct shared_memory *mine, __global const uchar *k, int wide, int keys,
                       int depth, float4 fetched[KEY_PASSES])
{
    const int me = get_local_id(0), c = depth + 4 * (me % QUADS);
    UNROLL
    for (int i = 0; i < KEY_PASSES; i++) {
        int key = me / QUADS + LINES_A_PASS * i;
        fetched[i] = load4(k, K_TYPE, mine->key_at[key] + c, key < keys ? (int)plan->dim - c : 0, wide);
    }
}

DEVICE void put_keys(__local struct shared_memory *mine, int buffer, const float4 fetched[KEY_PASSES])
{
    const int me = get_local_id(0), quad = 4 * (me % QUADS);
    UNROLL
    for (int i = 0; i < KEY_PASSES; i++) {
        int key = me / QUADS + LINES_A_PASS * i;
        mine->slices.products.key[buffer][quad][key] = fetched[i].x;
        mine->slices.products.key[buffer][quad + 1][key] = fetched[i].y;
        mine->slices.products.key[buffer][quad + 2][key] = fetched[i].z;
        mine->slices.products.key[buffer][quad + 3][key] = fetched[i].w;
    }
}

DEVICE void fetch_values(PLAN, __local const struct shared_memory *mine, __global const uchar *v, int wide, int keys,
                         int first_key, int first_channel, float4 fetched[VALUE_PASSES])
{
    UNROLL
    for (int i = 0; i < VALUE_PASSES; i++) {
        int at = get_local_id(0) + GROUP_SIZE * i, key = first_key + at / (CHANNELS / 4);
        int c = first_channel + 4 * (at % (CHANNELS / 4));
        fetched[i] = load4(v, V_TYPE, mine->value_at[key] + c, key < keys ? (int)plan->dim_v - c : 0, wide);
    }
}

DEVICE void put_values(__local struct shared_memory *mine, int buffer, const float4 fetched[VALUE_PASSES])
{
    UNROLL
    for (int i = 0; i < VALUE_PASSES; i++) {
        int at = get_local_id(0) + GROUP_SIZE * i;
        __local float *to = &mine->slices.value[buffer][at / (CHANNELS / 4)][4 * (at % (CHANNELS / 4))];
        to[0] = fetched[i].x;
        to[1] = fetched[i].y;
        to[2] = fetched[i].z;
        to[3] = fetched[i].w;
    }
}

/* ---- products ------------------------------------------------------------------------------------------------------ */

DEVICE void multiply_slice(__local const struct shared_memory *mine, int buffer, int line, int column,
                           float product[ROWS][KEYS])
{
    UNROLL
    for (int c = 0; c < DEPTH; c++) {
        float a[ROWS], b[KEYS];
        UNROLL
        for (int r = 0; r < ROWS; r++)
            a[r] = mine->slices.products.query[buffer][c][line * ROWS + r];
        UNROLL
        for (int j = 0; j < KEYS; j++)
            b[j] = mine->slices.products.key[buffer][c][column * KEYS + j];
        UNROLL
        for (int r = 0; r < ROWS; r++)
            UNROLL
            for (int j = 0; j < KEYS; j++)
                product[r][j] = fma(a[r], b[j], product[r][j]);
    }
}

/* The error of a sum grows with what is added one by one. Rows of more than LONG_DIM channels are summed by LONG_SLICE, the slices'
 * sums in the memory of the weights, which is free: there are no registers for them. */
#define LONG_DIM 256
#define LONG_SLICE 128

DEVICE void keep_product(__local struct shared_memory *mine, int first, int line, int column, float product[ROWS][KEYS])
{
    UNROLL
    for (int r = 0; r < ROWS; r++)
        UNROLL
        for (int j = 0; j < KEYS; j++) {
            __local float *sum = &mine->weights.weight[column * KEYS + j][line * ROWS + r];
            *sum = first ? product[r][j] : *sum + product[r][j];
            product[r][j] = 0;
        }
}

DEVICE void add_kept(__local const struct shared_memory *mine, int line, int column, float product[ROWS][KEYS])
{
    UNROLL
    for (int r = 0; r < ROWS; r++)
        UNROLL
        for (int j = 0; j < KEYS; j++)
            product[r][j] += mine->weights.weight[column * KEYS + j][line * ROWS + r];
    barrier(CLK_LOCAL_MEM_FENCE);
}

DEVICE void add_values(__local const struct shared_memory *mine, int buffer, int first_key, int line, int column,
                       float sum[ROWS][SUMS])
{
    UNROLL
    for (int i = 0; i < VALUES; i++) {
        float a[ROWS], b[SUMS];
        UNROLL
        for (int r = 0; r < ROWS; r++)
            a[r] = mine->weights.weight[first_key + i][line * ROWS + r];
        UNROLL
        for (int c = 0; c < SUMS; c++)
            b[c] = mine->slices.value[buffer][i][channel_of(column, c)];
        UNROLL
        for (int r = 0; r < ROWS; r++)
            UNROLL
            for (int c = 0; c < SUMS; c++)
                sum[r][c] = fma(a[r], b[c], sum[r][c]);
    }
}

/* ---- the softmax ----------------------------------------------------------------------------------------------------- */

/* Softcap, ALiBi, bias and mask. */
DEVICE void change_scores(PLAN, const struct item *item, const struct step *step,
                          __local const struct shared_memory *mine, __global const float *alibi,
                          __global const uchar *bias, int line, int column, float product[ROWS][KEYS])
{
    UNROLL
    for (int r = 0; r < ROWS; r++) {
        const int row = line * ROWS + r;
        const ulong word = mine->word[row];
        UNROLL
        for (int j = 0; j < KEYS; j++) {
            int key = column * KEYS + j, seen = (int)(word >> key & 1);
            float score = product[r][j];
            if (plan->changes_scores)
                score = changed_score(plan, score, item->s.number, mine->head[row], mine->query[row],
                                      mine->query[row] + item->s.shift, (long)step->tile * TILE_KEYS + key, alibi, bias, seen);
            product[r][j] = seen ? score : -INFINITY;
        }
    }
}

/* The new maximum of each row, and what scales its sums. The weights' memory is free. */
DEVICE void find_maxima(__local struct shared_memory *mine, int line, int column, float product[ROWS][KEYS])
{
    const int me = get_local_id(0);
    UNROLL
    for (int r = 0; r < ROWS; r++) {
        float most = product[r][0];
        UNROLL
        for (int j = 1; j < KEYS; j++)
            most = fmax(most, product[r][j]);
        mine->weights.part[line * ROWS + r][column] = most;
    }
    barrier(CLK_LOCAL_MEM_FENCE);
    if (me < TILE_ROWS) {
        float before = mine->most[me], most = before;
        for (int i = 0; i < COLUMNS; i++)
            most = fmax(most, mine->weights.part[me][i]);
        mine->most[me] = most;
        mine->shift[me] = most == -INFINITY ? 0 : most;
        mine->rescale[me] = before == -INFINITY ? 0 : exp2(before - most);
    }
    barrier(CLK_LOCAL_MEM_FENCE);
}

DEVICE void weigh(__local struct shared_memory *mine, int line, int column, float product[ROWS][KEYS],
                  float total[ROWS], float sum[ROWS][SUMS])
{
    UNROLL
    for (int r = 0; r < ROWS; r++) {
        const float shift = mine->shift[line * ROWS + r], rescale = mine->rescale[line * ROWS + r];
        float weights = 0;
        UNROLL
        for (int j = 0; j < KEYS; j++) {
            float weight = exp2(product[r][j] - shift);
            mine->weights.weight[column * KEYS + j][line * ROWS + r] = weight;
            weights += weight;
        }
        total[r] = total[r] * rescale + weights;
        UNROLL
        for (int c = 0; c < SUMS; c++)
            sum[r][c] *= rescale;
    }
}

/* The sums of weights of the rows, from those of the work-items; into mine->rescale. */
DEVICE void add_totals(__local struct shared_memory *mine, int line, int column, const float total[ROWS])
{
    const int me = get_local_id(0);
    barrier(CLK_LOCAL_MEM_FENCE);
    UNROLL
    for (int r = 0; r < ROWS; r++)
        mine->weights.part[line * ROWS + r][column] = total[r];
    barrier(CLK_LOCAL_MEM_FENCE);
    if (me < TILE_ROWS) {
        float sum = 0;
        for (int i = 0; i < COLUMNS; i++)
            sum += mine->weights.part[me][i];
        mine->rescale[me] = sum;
    }
    barrier(CLK_LOCAL_MEM_FENCE);
}

/* ---- one work-group ------------------------------------------------------------------------------------------------- */

/* Where rows lie and what each sees. */
DEVICE void look_up_tile(PLAN, const struct item *item, const struct step *step, __local struct shared_memory *mine,
                         __global const int *pages, __global const ulong *masks)
{
    const int me = get_local_id(0), last = keys_of(item, step->tile) - 1;
    for (int j = me; j < TILE_KEYS; j += GROUP_SIZE) {
        long key = (long)step->tile * TILE_KEYS + min(j, last);
        mine->key_at[j] = key_row(plan, &item->s, pages, key, item->head_k, plan->k_stride);
        mine->value_at[j] = key_row(plan, &item->s, pages, key, item->head_k, plan->v_stride);
    }
    if (me < TILE_ROWS)
        mine->word[me] = word_of(plan, item, step, mine->query[me], masks);
}

DEVICE void multiply(PLAN, const struct item *item, const struct step *step, __local struct shared_memory *mine,
                     __global const uchar *q, __global const uchar *k, int wide, const long query_at[QUERY_PASSES],
                     int line, int column, float product[ROWS][KEYS])
{
    float4 queries[QUERY_PASSES], key[KEY_PASSES];
    const int keys = keys_of(item, step->tile), dim = (int)plan->dim;
    fetch_queries(plan, item, q, wide, query_at, 0, queries);
    fetch_keys(plan, mine, k, wide, keys, 0, key);
    for (int depth = 0, buffer = 0; depth < dim; depth += DEPTH, buffer ^= 1) {
        put_queries(plan, mine, buffer, queries);
        put_keys(mine, buffer, key);
        barrier(CLK_LOCAL_MEM_FENCE);
        if (depth + DEPTH < dim) {
            fetch_queries(plan, item, q, wide, query_at, depth + DEPTH, queries);
            fetch_keys(plan, mine, k, wide, keys, depth + DEPTH, key);
        }
        multiply_slice(mine, buffer, line, column, product);
        if (dim > LONG_DIM && (depth + DEPTH) % LONG_SLICE == 0)
            keep_product(mine, depth + DEPTH == LONG_SLICE, line, column, product);
    }
    if (dim > LONG_DIM)
        add_kept(mine, line, column, product);
}

DEVICE void add_weighted(PLAN, const struct item *item, const struct step *step, __local struct shared_memory *mine,
                         __global const uchar *v, int wide, int first_channel, int line, int column,
                         float sum[ROWS][SUMS])
{
    float4 values[VALUE_PASSES];
    const int keys = keys_of(item, step->tile);
    fetch_values(plan, mine, v, wide, keys, 0, first_channel, values);
    for (int j = 0, buffer = 0; j < keys; j += VALUES, buffer ^= 1) {
        put_values(mine, buffer, values);
        barrier(CLK_LOCAL_MEM_FENCE);
        if (j + VALUES < keys)
            fetch_values(plan, mine, v, wide, keys, j + VALUES, first_channel, values);
        add_values(mine, buffer, j, line, column, sum);
    }
}

/* The part that a chunk leaves. */
DEVICE void store_part(PLAN, const struct item *item, __local const struct shared_memory *mine, int first_channel,
                       int line, int column, float sum[ROWS][SUMS], __global float *workspace)
{
    UNROLL
    for (int r = 0; r < ROWS; r++) {
        const int row = line * ROWS + r;
        if (row >= item->rows)
            continue;
        __global float *part = part_of_row(plan, item, row, workspace);
        UNROLL
        for (int c = 0; c < SUMS; c++) {
            int channel = first_channel + channel_of(column, c);
            if (channel < plan->dim_v)
                part[channel] = sum[r][c];
        }
        if (column == 0 && first_channel == 0)
            end_part(plan, part, mine->most[row], mine->rescale[row]);
    }
}

DEVICE void store_rows(PLAN, const struct item *item, __local const struct shared_memory *mine, int first_channel,
                       int line, int column, float sum[ROWS][SUMS], __global const uchar *sink, __global uchar *o,
                       __global float *lse)
{
    UNROLL
    for (int r = 0; r < ROWS; r++) {
        const int row = line * ROWS + r;
        if (row >= item->rows)
            continue;
        struct row_at at = row_of(plan, &item->s, item->unit, item->first_row + row);
        const float total = mine->rescale[row], share = share_of(plan, sink, at.head, mine->most[row], total);
        const long to = output_row(plan, &item->s, &at);
        UNROLL
        for (int c = 0; c < SUMS; c++) {
            int channel = first_channel + channel_of(column, c);
            if (channel < plan->dim_v)
                store(o, (int)plan->o_type, to + channel, share * sum[r][c]);
        }
        if (column == 0 && first_channel == 0)
            store_lse(plan, &item->s, &at, lse, mine->most[row], total);
    }
}

KERNEL(GROUP_SIZE) forward(FORWARD_PARAMETERS)
{
    LOCAL_MEMORY(struct shared_memory, mine);
    PLAN_BEGIN
    const struct item item =
        find_item(plan, offset, launch, this_group(), cu_q, cu_k, used, lists, table_of, first_of, entries, chunks);
    const int me = get_local_id(0), column = me % COLUMNS, line = me / COLUMNS, first_channel = get_group_id(2) * CHANNELS;
    const int wide = rows_are_wide(plan, offset);
    if (item.rows == 0)
        return;

    if (me < TILE_ROWS) {
        struct row_at row = row_of(plan, &item.s, item.unit, item.first_row + min(me, item.rows - 1));
        mine->query[me] = row.query;
        mine->head[me] = (int)row.head;
        mine->most[me] = -INFINITY;
    }
    long query_at[QUERY_PASSES];
    UNROLL
    for (int i = 0; i < QUERY_PASSES; i++)
        query_at[i] = query_row(plan, &item.s, item.unit, item.first_row + min(me / QUADS + LINES_A_PASS * i, item.rows - 1));
    float sum[ROWS][SUMS], total[ROWS];
    UNROLL
    for (int r = 0; r < ROWS; r++) {
        total[r] = 0;
        UNROLL
        for (int c = 0; c < SUMS; c++)
            sum[r][c] = 0;
    }

    for (struct step step = first_step(&item); find_tile(plan, &item, &step); go_on(&step)) {
        float product[ROWS][KEYS];
        UNROLL
        for (int r = 0; r < ROWS; r++)
            UNROLL
            for (int j = 0; j < KEYS; j++)
                product[r][j] = 0;
        barrier(CLK_LOCAL_MEM_FENCE);
        look_up_tile(plan, &item, &step, mine, (__global const int *)(page_table + offset.page_table), masks);
        barrier(CLK_LOCAL_MEM_FENCE);
        multiply(plan, &item, &step, mine, q + offset.q, k + offset.k, wide, query_at, line, column, product);
        if (plan->changes_scores || !step.full || keys_of(&item, step.tile) < TILE_KEYS)
            change_scores(plan, &item, &step, mine, (__global const float *)(alibi + offset.alibi), bias + offset.bias, line,
                          column, product);
        find_maxima(mine, line, column, product);
        weigh(mine, line, column, product, total, sum);
        add_weighted(plan, &item, &step, mine, v + offset.v, wide, first_channel, line, column, sum);
    }

    add_totals(mine, line, column, total);
    if (launch != LAUNCH_WHOLE)
        store_part(plan, &item, mine, first_channel, line, column, sum, (__global float *)(workspace + offset.workspace));
    else
        store_rows(plan, &item, mine, first_channel, line, column, sum, sink + offset.sink, o + offset.o,
                   (__global float *)(lse + offset.lse));
}
