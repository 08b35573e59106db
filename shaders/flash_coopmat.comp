/* Flash attention on cooperative matrices of 16 x 16 x 16: f16 inputs, f32 sums. A subgroup has one or two bands of 16 query
 * rows, which share what it reads of keys and values: their scores and sums stay in its registers, and their queries as far
 * as there is room. Steps of keys and values pass through shared memory, fetched one ahead.
 *
 * Which elements of a matrix an invocation holds is the driver's secret, but the same for all matrices of a type, so sums
 * are rescaled element by element. Two more things probe_coopmat.comp finds out: whether four neighbours share two rows, so
 * that shuffles find their maxima; and whether weights, a result, lie as a left factor must, so that they need not pass
 * through memory. If not, shared memory does it.
 *
 * With MATRIX_2 (VK_NV_cooperative_matrix2) the device tells elements their row and column, and turns results into factors.
 *
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#version 450
#extension GL_GOOGLE_include_directive : require
#extension GL_KHR_cooperative_matrix : require
#extension GL_KHR_memory_scope_semantics : require
#extension GL_KHR_shader_subgroup_basic : require
#extension GL_KHR_shader_subgroup_shuffle : require
#extension GL_KHR_shader_subgroup_vote : require
#extension GL_EXT_shader_explicit_arithmetic_types_float16 : require
#ifdef MATRIX_2
#extension GL_NV_cooperative_matrix2 : require
#extension GL_EXT_shader_explicit_arithmetic_types_int32 : require
#endif
#pragma use_vulkan_memory_model

#include "modify.glsl"
#include "output.glsl"

layout(constant_id = 0) const int DIM = 128;     /* bound of D: a multiple of 16 */
layout(constant_id = 1) const int DIM_V = 128;   /* bound of Dv: a multiple of 32 */
layout(constant_id = 2) const int GROUP = 256;   /* invocations */
layout(constant_id = 3) const int SUBGROUP = 32; /* invocations of a subgroup, all of them full */
layout(constant_id = 4) const bool CHANGES = true; /* plan.changes_scores */
layout(constant_id = 5) const int BANDS = 1;     /* of 16 query rows that a subgroup has: 1 or 2 */
layout(constant_id = 6) const int KEPT = 0;      /* depths of 16 channels whose queries are kept in shared memory */
layout(constant_id = 7) const bool RESULTS_LIE_AS_LEFT = false;

/* Not 0: an invocation has eight elements of a result; those whose number has this bit are of one row, the others of
 * another, and four neighbours have these two rows for themselves. */
layout(constant_id = 8) const int ROW_BIT = 0;

layout(local_size_x_id = 2) in;

/* STEP: keys in shared memory; AT_ONCE: subgroups whose queries or sums are there. */
const int SIDE = 16, SUBGROUPS = GROUP / SUBGROUP, TILE_ROWS = SIDE * BANDS * SUBGROUPS;
const int STEP = TILE_KEYS / 2, AT_ONCE = 4;
const int DEPTHS = DIM / SIDE, BLOCKS = STEP / SIDE, COLUMNS = DIM_V / SIDE, STEPS = TILE_KEYS / STEP;
const int K_EIGHTS = DIM / 8, V_EIGHTS = DIM_V / 8;
const int K_FETCHES = (STEP * K_EIGHTS + GROUP - 1) / GROUP, V_FETCHES = (STEP * V_EIGHTS + GROUP - 1) / GROUP;

/* In vectors of 16 bytes; one between rows, so that rows begin in different banks. Keys and values; before them queries
 * of a band, behind them its sums, half of the channels at a time. */
const int K_STRIDE = K_EIGHTS + 1, V_STRIDE = V_EIGHTS + 1, V_AT = STEP * K_STRIDE;
const int TILES = STEP * (K_STRIDE + V_STRIDE), ROWS = SIDE * AT_ONCE * (K_STRIDE > V_STRIDE ? K_STRIDE : V_STRIDE);
shared uvec4 pool[TILES > ROWS ? TILES : ROWS];

const int KEPT_STRIDE = 2 * KEPT + 1;
shared uvec4 kept[KEPT > 0 ? TILE_ROWS * KEPT_STRIDE : 1];

#ifndef MATRIX_2
const int STAGE = SIDE * SIDE / 4; /* one matrix of f32 a subgroup */
shared uvec4 stage[SUBGROUPS * STAGE];
#endif
shared uint64_t k_row[2][TILE_KEYS], v_row[2][TILE_KEYS];
shared uvec2 seen[TILE_ROWS];
shared vec2 row_end[TILE_ROWS]; /* at last, shares are in the place of maxima */

/* The address of row i of Q or of what becomes of it, found once for each, while no addresses of keys are there. */
#define ROW_AT(i) k_row[(i) / TILE_KEYS][(i) % TILE_KEYS]

#define LEFT coopmat<float16_t, gl_ScopeSubgroup, 16, 16, gl_MatrixUseA>
#define RIGHT coopmat<float16_t, gl_ScopeSubgroup, 16, 16, gl_MatrixUseB>
#define RESULT coopmat<float, gl_ScopeSubgroup, 16, 16, gl_MatrixUseAccumulator>
#define HALF_RESULT coopmat<float16_t, gl_ScopeSubgroup, 16, 16, gl_MatrixUseAccumulator>

int me = int(gl_SubgroupID) * SUBGROUP + int(gl_SubgroupInvocationID), lane = int(gl_SubgroupInvocationID);
int first_row = int(gl_SubgroupID) * SIDE * BANDS, pool_row = int(gl_SubgroupID) % AT_ONCE * SIDE;

/* The sums of one band, of more than 128 channels, fill the registers: its loop has no room for masks that change on the way. */
const bool JOINS_PARTIAL = BANDS == 2;

#include "runs.glsl"

int dim = int(run.block.plan.dim), dim_v = int(run.block.plan.dim_v); /* read once */
bool k_wide, v_wide;
LEFT query[BANDS][DEPTHS - KEPT], weight[BANDS][BLOCKS];
RESULT score[BANDS][BLOCKS], sum[BANDS][COLUMNS], most[BANDS], total[BANDS];

/* ---- memory ------------------------------------------------------------------------------------------------------ */

/* Of a band of AT_ONCE subgroups. */
void put_queries(int band, int first_subgroup, bool wide)
{
    for (int i = me; i < SIDE * AT_ONCE * K_EIGHTS; i += GROUP) {
        int row = i / K_EIGHTS, eight = i % K_EIGHTS;
        int number = ((first_subgroup + row / SIDE) * BANDS + band) * SIDE + row % SIDE;
        uvec4 channels = load_eight(ROW_AT(number), F16, eight * 8, dim, wide).low;
        pool[row * K_STRIDE + eight] = channels;
        if (eight < 2 * KEPT)
            kept[number * KEPT_STRIDE + eight] = channels;
    }
}

void load_queries()
{
    bool wide = is_wide(run.q, F16, run.block.plan.q_stride, run.block.plan.dim);
    for (int i = me; i < TILE_ROWS; i += GROUP)
        ROW_AT(i) = run.q + 2 * query_row(item.sequence, row_at(min(i, item.rows - 1)), run.block.plan.q_stride);
    barrier();
    [[unroll]] for (int band = 0; band < BANDS; band++)
        for (int first = 0; first < SUBGROUPS; first += AT_ONCE) {
            put_queries(band, first, wide);
            barrier();
            if (gl_SubgroupID / AT_ONCE == first / AT_ONCE)
                [[unroll]] for (int d = KEPT; d < DEPTHS; d++)
                    coopMatLoad(query[band][d - KEPT], pool, pool_row * K_STRIDE + 2 * d, K_STRIDE,
                                gl_CooperativeMatrixLayoutRowMajor);
            barrier();
        }
}

/* Where the i-th eight that an invocation copies lies in a step whose rows have so many. */
ivec2 place_of(int i, int eights)
{
    int at = i * GROUP + me;
    if (GROUP % eights == 0)
        return ivec2(me / eights + i * (GROUP / eights), me % eights);
    return ivec2(at / eights, at % eights);
}

bool is_behind(int i, int eights)
{
    return STEP * eights % GROUP != 0 && i * GROUP + me >= STEP * eights;
}

void fetch_keys_as(int turn, int first, bool wide, out uvec4 next[K_FETCHES])
{
    [[unroll]] for (int i = 0; i < K_FETCHES; i++) {
        ivec2 place = place_of(i, K_EIGHTS);
        if (!is_behind(i, K_EIGHTS))
            next[i] = load_eight(k_row[turn][first + place.x], F16, place.y * 8, dim, wide).low;
    }
}

/* One branch for all loads, so that they follow each other. */
void fetch_keys(int turn, int first, out uvec4 next[K_FETCHES])
{
    if (k_wide)
        fetch_keys_as(turn, first, true, next);
    else
        fetch_keys_as(turn, first, false, next);
}

/* Of rows that are `step` bytes apart. */
void fetch_plain_keys(uint64_t first, int step, out uvec4 next[K_FETCHES])
{
    [[unroll]] for (int i = 0; i < K_FETCHES; i++) {
        ivec2 place = place_of(i, K_EIGHTS);
        if (!is_behind(i, K_EIGHTS))
            next[i] = Words4(first + uint64_t(place.x * step + place.y * 16)).value;
    }
}

void put_keys(uvec4 next[K_FETCHES])
{
    [[unroll]] for (int i = 0; i < K_FETCHES; i++) {
        ivec2 place = place_of(i, K_EIGHTS);
        if (!is_behind(i, K_EIGHTS))
            pool[place.x * K_STRIDE + place.y] = next[i];
    }
}

void fetch_values_as(int turn, int first, bool wide, out uvec4 next[V_FETCHES])
{
    [[unroll]] for (int i = 0; i < V_FETCHES; i++) {
        ivec2 place = place_of(i, V_EIGHTS);
        if (!is_behind(i, V_EIGHTS))
            next[i] = load_eight(v_row[turn][first + place.x], F16, place.y * 8, dim_v, wide).low;
    }
}

void fetch_values(int turn, int first, out uvec4 next[V_FETCHES])
{
    if (v_wide)
        fetch_values_as(turn, first, true, next);
    else
        fetch_values_as(turn, first, false, next);
}

void fetch_plain_values(uint64_t first, int step, out uvec4 next[V_FETCHES])
{
    [[unroll]] for (int i = 0; i < V_FETCHES; i++) {
        ivec2 place = place_of(i, V_EIGHTS);
        if (!is_behind(i, V_EIGHTS))
            next[i] = Words4(first + uint64_t(place.x * step + place.y * 16)).value;
    }
}

void put_values(uvec4 next[V_FETCHES])
{
    [[unroll]] for (int i = 0; i < V_FETCHES; i++) {
        ivec2 place = place_of(i, V_EIGHTS);
        if (!is_behind(i, V_EIGHTS))
            pool[V_AT + place.x * V_STRIDE + place.y] = next[i];
    }
}

/* ---- products ---------------------------------------------------------------------------------------------------- */

void add_scores(int d, LEFT queries[BANDS])
{
    [[unroll]] for (int b = 0; b < BLOCKS; b++) {
        RIGHT key;
        coopMatLoad(key, pool, b * SIDE * K_STRIDE + 2 * d, K_STRIDE, gl_CooperativeMatrixLayoutColumnMajor);
        [[unroll]] for (int band = 0; band < BANDS; band++)
            score[band][b] = coopMatMulAdd(queries[band], key, score[band][b]);
    }
}

void multiply_keys()
{
    LEFT queries[BANDS];
    [[unroll]] for (int band = 0; band < BANDS; band++)
        [[unroll]] for (int b = 0; b < BLOCKS; b++)
            score[band][b] = RESULT(0);
    [[unroll]] for (int d = 0; d < KEPT; d++) {
        [[unroll]] for (int band = 0; band < BANDS; band++)
            coopMatLoad(queries[band], kept, (first_row + band * SIDE) * KEPT_STRIDE + 2 * d, KEPT_STRIDE,
                        gl_CooperativeMatrixLayoutRowMajor);
        add_scores(d, queries);
    }
    [[unroll]] for (int d = KEPT; d < DEPTHS; d++) {
        [[unroll]] for (int band = 0; band < BANDS; band++)
            queries[band] = query[band][d - KEPT];
        add_scores(d, queries);
    }
}

void multiply_values()
{
    [[unroll]] for (int b = 0; b < BLOCKS; b++)
        [[unroll]] for (int c = 0; c < COLUMNS; c++) {
            RIGHT value;
            coopMatLoad(value, pool, V_AT + b * SIDE * V_STRIDE + 2 * c, V_STRIDE, gl_CooperativeMatrixLayoutRowMajor);
            [[unroll]] for (int band = 0; band < BANDS; band++)
                sum[band][c] = coopMatMulAdd(weight[band][b], value, sum[band][c]);
        }
}

/* Softcap and the like, then the mask. */
float changed(float product, int row, int key, int tile)
{
    if ((seen[row][key >> 5] >> (key & 31) & 1) == 0)
        return NOTHING;
    return CHANGES ? modified(modifier_of(row, tile), key, run.block.plan.scale * product) : product;
}

/* Of eight elements, one by one: what is in a loop drivers may put into memory. */
#define EACH_ELEMENT(DO) DO(0) DO(1) DO(2) DO(3) DO(4) DO(5) DO(6) DO(7)

#ifdef MATRIX_2
#include "matrix_rows_nv.glsl"
#else
#include "matrix_rows.glsl"
#endif
#include "matrix_softmax.glsl"

/* ---- spans ------------------------------------------------------------------------------------------------------- */

/* What other tiles need is left out: little code, and few registers. */
bool is_plain()
{
    return span.whole && !CHANGES && k_wide && v_wide && dim == DIM && dim_v == DIM_V && are_regular();
}

/* Where the rows of the i-th step of a run begin, of a tensor whose keys are a stride apart. */
uint64_t rows_of_step(Rows rows, int i)
{
    int step = int(rows.step);
    return rows.first + uint64_t(int64_t(tile_of_run(i / STEPS)) * (TILE_KEYS * step) + i % STEPS * STEP * step);
}

/* While scores are made values are on their way, and while these are added the next keys, asked for before all meet, as drivers
 * would do it late: behind the last step its own, since what is not always fetched is kept from step to step. */
void add_plain_run(inout Two two[BANDS])
{
    const float factor = run.block.plan.scale;
    const int last = run_length * STEPS - 1, k_step = int(k_rows.step), v_step = int(v_rows.step);
    uvec4 k_next[K_FETCHES], v_next[V_FETCHES];
    uint64_t k_at = rows_of_step(k_rows, 0), v_at = rows_of_step(v_rows, 0);
    fetch_plain_keys(k_at, k_step, k_next);
    put_keys(k_next);
    barrier();
    for (int i = 0; i <= last; i++) {
        fetch_plain_values(v_at, v_step, v_next);
        multiply_keys();
        k_at = rows_of_step(k_rows, min(i + 1, last));
        v_at = rows_of_step(v_rows, min(i + 1, last));
        add_softmax(factor, true, two);
        fetch_plain_keys(k_at, k_step, k_next);
        put_values(v_next);
        barrier();
        multiply_values();
        put_keys(k_next);
        barrier();
    }
}

void find_rows(int i, int turn)
{
    int tile = tile_of_run(i);
    for (int j = me; j < TILE_KEYS; j += GROUP) {
        k_row[turn][j] = address_of(k_rows, tile, j);
        v_row[turn][j] = address_of(v_rows, tile, j);
    }
}

void find_seen(int tile)
{
    for (int i = me; i < TILE_ROWS; i += GROUP)
        seen[i] = unpack32(bits_of_row(i, tile));
}

void add_run(inout Two two[BANDS])
{
    const float factor = CHANGES ? 1 : run.block.plan.scale;
    const bool changes = CHANGES || !span.whole;
    const int last = run_length * STEPS - 1;
    uvec4 k_next[K_FETCHES], v_next[V_FETCHES];
    find_rows(0, 0);
    find_seen(tile_of_run(0));
    barrier();
    fetch_keys(0, 0, k_next);
    put_keys(k_next);
    barrier();
    for (int i = 0; i <= last; i++) {
        int turn = i / STEPS & 1, next = min(i + 1, last);
        fetch_values(turn, i % STEPS * STEP, v_next);
        multiply_keys();
        if (changes)
            change_scores(tile_of_run(i / STEPS), i % STEPS * STEP);
        add_softmax(factor, false, two);
        if (i % STEPS == 0)
            find_rows(i / STEPS + 1, turn ^ 1);
        put_values(v_next);
        barrier();
        fetch_keys(next / STEPS & 1, next % STEPS * STEP, k_next);
        if (JOINS_PARTIAL && !span.whole && next % STEPS == 0)
            find_seen(tile_of_run(next / STEPS));
        multiply_values();
        put_keys(k_next);
        barrier();
    }
}

/* ---- results ----------------------------------------------------------------------------------------------------- */

void give_ends(int band, Two two)
{
    if (ROW_BIT != 0) {
        total[band] = RESULT(0);
        total[band][0] = two.total.x;
        total[band][ROW_BIT] = two.total.y;
#define KEEP(i) most[band][i] = IS_LOW(i) ? two.most.x : two.most.y;
        EACH_ELEMENT(KEEP)
    }
    find_ends(band);
}

/* Where a band's rows go. */
void find_targets(int band)
{
    for (int i = lane; i < SIDE; i += SUBGROUP) {
        int row = first_row + band * SIDE + i;
        End end = End(row_end[row].x, row_end[row].y);
        if (row < item.rows) {
            Target target = target_of(row, end);
            ROW_AT(row) = target.to;
            row_end[row].x = target.share;
            store_end(row, end);
        }
    }
    subgroupBarrier();
}

void store_channels(int band, int first_channel)
{
    const bool whole = run.kind == LAUNCH_WHOLE;
    const int quads = DIM_V / 8, type = whole ? int(run.block.plan.o_type) : F32;
    const bool wide = whole && is_wide(run.o, type, run.block.plan.o_stride, run.block.plan.dim_v);
    for (int i = lane; i < SIDE * quads; i += SUBGROUP) {
        int row = first_row + band * SIDE + i / quads, channel = first_channel + i % quads * 4;
        if (row >= item.rows)
            break;
        Target target = Target(ROW_AT(row), type, wide, row_end[row].x);
        store_sums(target, channel, uintBitsToFloat(pool[(pool_row + i / quads) * V_STRIDE + i % quads]));
    }
}

void store_band(int band)
{
    [[unroll]] for (int side = 0; side < 2; side++) {
        [[unroll]] for (int c = 0; c < COLUMNS / 2; c++)
            coopMatStore(sum[band][side * COLUMNS / 2 + c], pool, pool_row * V_STRIDE + c * SIDE / 4, V_STRIDE,
                         gl_CooperativeMatrixLayoutRowMajor);
        subgroupBarrier();
        store_channels(band, side * DIM_V / 2);
        subgroupBarrier();
    }
}

void main()
{
    Two two[BANDS];
    if (!begin_walk(F16, F16))
        return;
    k_wide = is_wide(run.k, F16, run.block.plan.k_stride, run.block.plan.dim);
    v_wide = is_wide(run.v, F16, run.block.plan.v_stride, run.block.plan.dim_v);
    [[unroll]] for (int band = 0; band < BANDS; band++) {
        most[band] = RESULT(NOTHING);
        total[band] = RESULT(0);
        [[unroll]] for (int c = 0; c < COLUMNS; c++)
            sum[band][c] = RESULT(0);
        two[band] = Two(vec2(NOTHING), vec2(0));
    }
    load_queries();
    while (find_run())
        if (is_plain())
            add_plain_run(two);
        else
            add_run(two);
    [[unroll]] for (int band = 0; band < BANDS; band++) {
        give_ends(band, two[band]);
        find_targets(band);
        for (int first = 0; first < SUBGROUPS; first += AT_ONCE) {
            if (gl_SubgroupID / AT_ONCE == first / AT_ONCE)
                store_band(band);
            barrier();
        }
    }
}
