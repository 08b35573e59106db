/* Flash attention on every device: a work-group computes a tile of 64 query rows, walking tiles of 64 keys with an online
 * softmax (Dao 2023, arXiv:2307.08691). f32 arithmetic, whatever the storage.
 *
 * Invocations stand in 8 lines of 16 columns. One has 8 rows by 4 keys of the scores, and 8 rows by CHANNELS / 16 channels
 * of the sums, both in registers. Slices of Q and K (16 channels), the weights, and slices of V pass through shared memory;
 * while one slice is computed the next one is on its way from memory.
 *
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#version 450
#extension GL_GOOGLE_include_directive : require

#include "modify.glsl"
#include "output.glsl"
#include "types.glsl"
#include "walk.glsl"

layout(constant_id = 3) const int CHANNELS = 128; /* of a work-group's sums, 64 or 128; the rest are other work-groups' in z */
layout(constant_id = 4) const bool LONG = false;  /* D is so large that f32 sums of all channels in turn would lose digits */

layout(local_size_x = 128) in;

const int GROUP = 128, TILE_ROWS = 64, COLUMNS = 16;
const int ROWS = 8, KEYS = 4;       /* of an invocation */
const int DEPTH = 16;               /* channels of a slice of Q and K */
const int VALUES = 1024 / CHANNELS; /* keys of a slice of V */
const int PARTS = CHANNELS / 64;    /* vectors of an invocation's sums a row */
const int QUADS = TILE_ROWS / 4;

/* Shared memory, in vectors. Weights lie where slices of Q and K were, the maxima where the second slice of V will be. */
const int SLICE_Q = DEPTH * QUADS, SLICE_QK = 2 * SLICE_Q, SLICE_V = 256;
const int SLICES_V = 2 * SLICE_QK, MAXIMA = SLICES_V + SLICE_V;
shared vec4 pool[SLICES_V + 2 * SLICE_V];
shared uint64_t k_row[TILE_KEYS], v_row[TILE_KEYS];
shared uvec2 seen[TILE_ROWS];
shared vec2 row_end[TILE_ROWS]; /* highest score, sum of the weights */

int me = int(gl_LocalInvocationIndex);
/* Four lines and eight columns are neighbours: their reads of shared memory are the fewest for 32 invocations. */
int line = me >> 3 & 3 | me >> 6 << 2, column = me & 7 | me >> 2 & 8;
int first_channel = int(gl_WorkGroupID.z) * CHANNELS;

uint64_t q_row;
int dim = int(run.block.plan.dim), dim_v = int(run.block.plan.dim_v); /* read once, as is scale */
float scale = run.block.plan.scale;
bool q_wide, k_wide, v_wide;
Eight q_next, k_next, v_next;
vec4 product[ROWS], sum[ROWS][2];
float most[ROWS], total[ROWS];

/* ---- slices of Q and K: two invocations a row, eight channels each ----------------------------------------------- */

void fetch_qk(int slice)
{
    int channel = slice * DEPTH + (me & 1) * 8;
    q_next = load_eight(q_row, Q_TYPE, channel, dim, q_wide);
    k_next = load_eight(k_row[me >> 1], K_TYPE, channel, dim, k_wide);
}

/* By channel; rows of the last eight channels are turned by 16, so that the two invocations of a row meet different banks. */
void put_channels(int at, vec4 low, vec4 high)
{
    int row = me >> 1, side = me & 1, to = at + side * 8 * QUADS + (row >> 2 ^ side << 2);
    UNROLL for (int i = 0; i < 4; i++) {
        pool[to + i * QUADS][row & 3] = low[i];
        pool[to + (4 + i) * QUADS][row & 3] = high[i];
    }
}

void put_qk(int at)
{
    put_channels(at, scale * low_of(Q_TYPE, q_next), scale * high_of(Q_TYPE, q_next));
    put_channels(at + SLICE_Q, low_of(K_TYPE, k_next), high_of(K_TYPE, k_next));
}

void multiply_qk(int at)
{
    UNROLL for (int c = 0; c < DEPTH; c++) {
        int turn = c >> 3 << 2, from = at + c * QUADS;
        vec4 low = pool[from + (2 * line ^ turn)], high = pool[from + (2 * line ^ turn) + 1];
        vec4 key = pool[from + SLICE_Q + (column ^ turn)];
        [[unroll]] for (int r = 0; r < 4; r++) {
            product[r] = fma(vec4(low[r]), key, product[r]);
            product[4 + r] = fma(vec4(high[r]), key, product[4 + r]);
        }
    }
}

const int APART = 8; /* slices that are summed apart where rows are long */

void compute_scores()
{
    int slices = (dim + DEPTH - 1) / DEPTH;
    vec4 before[ROWS];
    [[unroll]] for (int r = 0; r < ROWS; r++)
        product[r] = before[r] = vec4(0);
    fetch_qk(0);
    put_qk(0);
    barrier();
    for (int i = 0; i < slices; i++) {
        if (i + 1 < slices)
            fetch_qk(i + 1);
        multiply_qk((i & 1) * SLICE_QK);
        if (i + 1 < slices)
            put_qk((~i & 1) * SLICE_QK);
        if (LONG && (i + 1) % APART == 0)
            [[unroll]] for (int r = 0; r < ROWS; r++) {
                before[r] += product[r];
                product[r] = vec4(0);
            }
        barrier();
    }
    [[unroll]] for (int r = 0; r < ROWS && LONG; r++)
        product[r] += before[r];
}

/* ---- softmax ----------------------------------------------------------------------------------------------------- */

/* Registers cannot be indexed, and unrolled this would be most of the program: the scores pass through the place where the
 * invocation's weights will be. */
void modify_scores(int tile)
{
    [[unroll]] for (int r = 0; r < ROWS; r++)
        pool[r * GROUP + me] = product[r];
    for (int r = 0; r < ROWS; r++) {
        Modifier m = modifier_of(line * ROWS + r, tile);
        uint bits = seen[line * ROWS + r][column >> 3] >> (column & 7) * KEYS;
        for (int j = 0; j < KEYS; j++)
            if ((bits >> j & 1) != 0)
                pool[r * GROUP + me][j] = modified(m, column * KEYS + j, pool[r * GROUP + me][j]);
    }
    [[unroll]] for (int r = 0; r < ROWS; r++)
        product[r] = pool[r * GROUP + me];
}

void mask_scores()
{
    [[unroll]] for (int r = 0; r < ROWS; r++) {
        uint bits = seen[line * ROWS + r][column >> 3] >> (column & 7) * KEYS;
        [[unroll]] for (int j = 0; j < KEYS; j++)
            product[r][j] = (bits >> j & 1) != 0 ? product[r][j] : NOTHING;
    }
}

/* Where a column's number for each row is; columns turn so that they meet different banks. */
int place_of(int of_column, int side)
{
    return MAXIMA + of_column * QUADS + (2 * line + side ^ of_column & 7);
}

void put_rows(float a[ROWS])
{
    pool[place_of(column, 0)] = vec4(a[0], a[1], a[2], a[3]);
    pool[place_of(column, 1)] = vec4(a[4], a[5], a[6], a[7]);
}

void find_maxima()
{
    float highest[ROWS];
    [[unroll]] for (int r = 0; r < ROWS; r++)
        highest[r] = max(max(product[r].x, product[r].y), max(product[r].z, product[r].w));
    put_rows(highest);
    barrier();
    vec4 low = vec4(most[0], most[1], most[2], most[3]), high = vec4(most[4], most[5], most[6], most[7]);
    UNROLL for (int i = 0; i < COLUMNS; i++) {
        low = max(low, pool[place_of(i, 0)]);
        high = max(high, pool[place_of(i, 1)]);
    }
    [[unroll]] for (int r = 0; r < ROWS; r++) {
        float now = r < 4 ? low[r & 3] : high[r & 3], factor = rescale_of(most[r], now);
        most[r] = now;
        total[r] *= factor;
        [[unroll]] for (int c = 0; c < PARTS; c++)
            sum[r][c] *= factor;
    }
}

/* Weights, by key; keys turn so that columns meet different banks. */
void put_weights()
{
    [[unroll]] for (int r = 0; r < ROWS; r++) {
        [[unroll]] for (int j = 0; j < KEYS; j++)
            product[r][j] = weight_of(product[r][j], most[r]);
        total[r] += product[r].x + product[r].y + (product[r].z + product[r].w);
    }
    [[unroll]] for (int j = 0; j < KEYS; j++)
        [[unroll]] for (int side = 0; side < 2; side++)
            pool[(column * KEYS + j) * QUADS + (2 * line + side ^ column & 7)] =
                vec4(product[4 * side][j], product[4 * side + 1][j], product[4 * side + 2][j], product[4 * side + 3][j]);
}

/* ---- values ------------------------------------------------------------------------------------------------------ */

const int EIGHTS = CHANNELS / 8;

void fetch_v(int slice)
{
    int channel = first_channel + me % EIGHTS * 8;
    v_next = load_eight(v_row[slice * VALUES + me / EIGHTS], V_TYPE, channel, dim_v, v_wide);
}

void put_v(int at)
{
    pool[at + 2 * me] = low_of(V_TYPE, v_next);
    pool[at + 2 * me + 1] = high_of(V_TYPE, v_next);
}

void multiply_v(int at, int slice)
{
    UNROLL for (int i = 0; i < VALUES; i++) {
        int key = slice * VALUES + i, from = key * QUADS, turn = key >> 2 & 7;
        vec4 low = pool[from + (2 * line ^ turn)], high = pool[from + (2 * line + 1 ^ turn)];
        [[unroll]] for (int c = 0; c < PARTS; c++) {
            vec4 value = pool[at + i * (CHANNELS / 4) + c * COLUMNS + column];
            [[unroll]] for (int r = 0; r < 4; r++) {
                sum[r][c] = fma(vec4(low[r]), value, sum[r][c]);
                sum[4 + r][c] = fma(vec4(high[r]), value, sum[4 + r][c]);
            }
        }
    }
}

void add_values(int keys)
{
    int slices = (keys + VALUES - 1) / VALUES;
    for (int i = 0; i < slices; i++) {
        if (i + 1 < slices)
            fetch_v(i + 1);
        multiply_v(SLICES_V + (i & 1) * SLICE_V, i);
        if (i + 1 < slices)
            put_v(SLICES_V + (~i & 1) * SLICE_V);
        barrier();
    }
}

/* ---- one tile of keys -------------------------------------------------------------------------------------------- */

void find_rows(int tile)
{
    if (me < TILE_KEYS) {
        k_row[me] = address_of(k_rows, tile, me);
        seen[me] = unpack32(bits_of_row(me, span.first));
    } else {
        v_row[me - TILE_KEYS] = address_of(v_rows, tile, me - TILE_KEYS);
    }
    barrier();
}

void add_tile(int tile)
{
    int keys = keys_of_tile(tile);
    find_rows(tile);
    compute_scores();
    fetch_v(0);
    if (run.block.plan.changes_scores != 0)
        modify_scores(tile);
    if (!span.whole)
        mask_scores();
    find_maxima();
    put_weights();
    put_v(SLICES_V);
    barrier();
    add_values(keys);
}

/* ---- results ----------------------------------------------------------------------------------------------------- */

void find_totals()
{
    put_rows(total);
    [[unroll]] for (int r = 0; r < ROWS; r++)
        if (column == 0)
            row_end[line * ROWS + r].x = most[r];
    barrier();
    if (me < TILE_ROWS) {
        float sum_of_row = 0;
        for (int i = 0; i < COLUMNS; i++)
            sum_of_row += pool[MAXIMA + i * QUADS + (me >> 2 ^ i & 7)][me & 3];
        row_end[me].y = sum_of_row;
    }
    barrier();
}

void store_row(int i, int from)
{
    End end = End(row_end[i].x, row_end[i].y);
    Target target = target_of(i, end);
    for (int c = 0; c < PARTS; c++)
        store_sums(target, first_channel + (c * COLUMNS + column) * 4, pool[from + c * GROUP]);
    if (column == 0 && first_channel == 0)
        store_end(i, end);
}

/* Through the pool, as modify_scores does; for want of room half of the rows at a time. */
void store_rows()
{
    [[unroll]] for (int first = 0; first < ROWS; first += 4) {
        [[unroll]] for (int r = 0; r < 4; r++)
            [[unroll]] for (int c = 0; c < PARTS; c++)
                pool[(r * 2 + c) * GROUP + me] = sum[first + r][c];
        for (int r = 0; r < 4 && line * ROWS + first + r < item.rows; r++)
            store_row(line * ROWS + first + r, r * 2 * GROUP + me);
    }
}

void main()
{
    if (!begin_walk(K_TYPE, V_TYPE))
        return;
    Row row = row_at(min(me >> 1, item.rows - 1));
    q_row = run.q + bytes_of(Q_TYPE) * query_row(item.sequence, row, run.block.plan.q_stride);
    q_wide = is_wide(run.q, Q_TYPE, run.block.plan.q_stride, run.block.plan.dim);
    k_wide = is_wide(run.k, K_TYPE, run.block.plan.k_stride, run.block.plan.dim);
    v_wide = is_wide(run.v, V_TYPE, run.block.plan.v_stride, run.block.plan.dim_v);
    [[unroll]] for (int r = 0; r < ROWS; r++) {
        most[r] = NOTHING;
        total[r] = 0;
        sum[r][0] = sum[r][1] = vec4(0);
    }
    while (find_span())
        for (int tile = span.first; tile < span.end; tile++)
            add_tile(tile);
    find_totals();
    store_rows();
}
