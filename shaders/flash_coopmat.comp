/* Flash attention on cooperative matrices of 16 x 16 x 16 (VK_KHR_cooperative_matrix): f16 inputs, f32 sums. A subgroup has
 * 16 query rows: their queries, scores and sums stay in its registers; tiles of 64 keys and values pass through shared
 * memory, fetched one ahead.
 *
 * Which elements of a matrix an invocation holds is the driver's secret, but the same for all matrices of a type, so sums
 * are rescaled element by element. Two more things probe_coopmat.comp finds out: whether four neighbours share two rows, so
 * that shuffles find their maxima; and whether weights, a result, lie as a left factor must, so that they need not pass
 * through memory. If not, shared memory does it.
 *
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#version 450
#extension GL_GOOGLE_include_directive : require
#extension GL_KHR_cooperative_matrix : require
#extension GL_KHR_memory_scope_semantics : require
#extension GL_KHR_shader_subgroup_basic : require
#extension GL_KHR_shader_subgroup_shuffle : require
#extension GL_EXT_shader_explicit_arithmetic_types_float16 : require
#pragma use_vulkan_memory_model

#include "modify.glsl"
#include "output.glsl"
#include "walk.glsl"

layout(constant_id = 0) const int DIM = 128;     /* bound of D: a multiple of 16 */
layout(constant_id = 1) const int DIM_V = 128;   /* bound of Dv: a multiple of 32 */
layout(constant_id = 2) const int GROUP = 256;   /* invocations */
layout(constant_id = 3) const int SUBGROUP = 32; /* invocations of a subgroup, all of them full */
layout(constant_id = 4) const bool CHANGES = true; /* plan.changes_scores */
layout(constant_id = 5) const bool RESULTS_LIE_AS_LEFT = false;

/* Not 0: an invocation has eight elements of a result; those whose number has this bit are of one row, the others of
 * another, and four neighbours have these two rows for themselves. */
layout(constant_id = 6) const int ROW_BIT = 0;

layout(local_size_x_id = 2) in;

const int SIDE = 16, SUBGROUPS = GROUP / SUBGROUP, TILE_ROWS = SIDE * SUBGROUPS;
const int DEPTHS = DIM / SIDE, BLOCKS = TILE_KEYS / SIDE, COLUMNS = DIM_V / SIDE;
const int K_EIGHTS = DIM / 8, V_EIGHTS = DIM_V / 8;
const int K_FETCHES = (TILE_KEYS * K_EIGHTS + GROUP - 1) / GROUP, V_FETCHES = (TILE_KEYS * V_EIGHTS + GROUP - 1) / GROUP;

/* In vectors of 16 bytes; one between rows, so that rows begin in different banks. Keys and values; before them the queries,
 * behind them the sums, half of the channels at a time. */
const int K_STRIDE = K_EIGHTS + 1, V_STRIDE = V_EIGHTS + 1, V_AT = TILE_KEYS * K_STRIDE;
const int TILES = TILE_KEYS * (K_STRIDE + V_STRIDE), ROWS = TILE_ROWS * (K_STRIDE > V_STRIDE ? K_STRIDE : V_STRIDE);
shared uvec4 pool[TILES > ROWS ? TILES : ROWS];

const int STAGE = SIDE * SIDE / 4; /* one matrix of f32 a subgroup */
shared uvec4 stage[SUBGROUPS * STAGE];
shared uint64_t k_row[2][TILE_KEYS], v_row[2][TILE_KEYS];
shared uvec2 seen[TILE_ROWS];
shared vec2 row_end[TILE_ROWS];

#define LEFT coopmat<float16_t, gl_ScopeSubgroup, 16, 16, gl_MatrixUseA>
#define RIGHT coopmat<float16_t, gl_ScopeSubgroup, 16, 16, gl_MatrixUseB>
#define RESULT coopmat<float, gl_ScopeSubgroup, 16, 16, gl_MatrixUseAccumulator>
#define HALF_RESULT coopmat<float16_t, gl_ScopeSubgroup, 16, 16, gl_MatrixUseAccumulator>

int me = int(gl_SubgroupID) * SUBGROUP + int(gl_SubgroupInvocationID), lane = int(gl_SubgroupInvocationID);
int first_row = int(gl_SubgroupID) * SIDE, stage_at = int(gl_SubgroupID) * STAGE;

int dim = int(run.block.plan.dim), dim_v = int(run.block.plan.dim_v); /* read once */
bool k_wide, v_wide;
LEFT query[DEPTHS], weight[BLOCKS];
RESULT score[BLOCKS], sum[COLUMNS], most, total;

/* ---- memory ------------------------------------------------------------------------------------------------------ */

void load_queries()
{
    bool wide = is_wide(run.q, F16, run.block.plan.q_stride, run.block.plan.dim);
    for (int i = me; i < TILE_ROWS * K_EIGHTS; i += GROUP) {
        Row row = row_at(min(i / K_EIGHTS, item.rows - 1));
        uint64_t at = run.q + 2 * query_row(item.sequence, row, run.block.plan.q_stride);
        pool[i / K_EIGHTS * K_STRIDE + i % K_EIGHTS] = load_eight(at, F16, i % K_EIGHTS * 8, dim, wide).low;
    }
    barrier();
    [[unroll]] for (int d = 0; d < DEPTHS; d++)
        coopMatLoad(query[d], pool, first_row * K_STRIDE + 2 * d, K_STRIDE, gl_CooperativeMatrixLayoutRowMajor);
    barrier();
}

/* Where the i-th eight that an invocation copies lies in a tile whose rows have so many. */
ivec2 place_of(int i, int eights)
{
    int at = i * GROUP + me;
    if (GROUP % eights == 0)
        return ivec2(me / eights + i * (GROUP / eights), me % eights);
    return ivec2(at / eights, at % eights);
}

bool is_behind(int i, int eights)
{
    return TILE_KEYS * eights % GROUP != 0 && i * GROUP + me >= TILE_KEYS * eights;
}

void find_rows(int tile, int turn)
{
    for (int i = me; i < TILE_KEYS; i += GROUP) {
        k_row[turn][i] = address_of(k_rows, tile, i);
        v_row[turn][i] = address_of(v_rows, tile, i);
    }
}

void fetch_keys_as(int turn, bool wide, out uvec4 next[K_FETCHES])
{
    [[unroll]] for (int i = 0; i < K_FETCHES; i++) {
        ivec2 place = place_of(i, K_EIGHTS);
        if (!is_behind(i, K_EIGHTS))
            next[i] = load_eight(k_row[turn][place.x], F16, place.y * 8, dim, wide).low;
    }
}

/* One branch for all loads, so that they follow each other. */
void fetch_keys(int turn, out uvec4 next[K_FETCHES])
{
    if (k_wide)
        fetch_keys_as(turn, true, next);
    else
        fetch_keys_as(turn, false, next);
}

/* Of a tile whose rows are `step` bytes apart. */
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

void fetch_values_as(int turn, bool wide, out uvec4 next[V_FETCHES])
{
    [[unroll]] for (int i = 0; i < V_FETCHES; i++) {
        ivec2 place = place_of(i, V_EIGHTS);
        if (!is_behind(i, V_EIGHTS))
            next[i] = load_eight(v_row[turn][place.x], F16, place.y * 8, dim_v, wide).low;
    }
}

void fetch_values(int turn, out uvec4 next[V_FETCHES])
{
    if (v_wide)
        fetch_values_as(turn, true, next);
    else
        fetch_values_as(turn, false, next);
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

void multiply_keys()
{
    [[unroll]] for (int b = 0; b < BLOCKS; b++)
        score[b] = RESULT(0);
    [[unroll]] for (int d = 0; d < DEPTHS; d++)
        [[unroll]] for (int b = 0; b < BLOCKS; b++) {
            RIGHT key;
            coopMatLoad(key, pool, b * SIDE * K_STRIDE + 2 * d, K_STRIDE, gl_CooperativeMatrixLayoutColumnMajor);
            score[b] = coopMatMulAdd(query[d], key, score[b]);
        }
}

void multiply_values()
{
    [[unroll]] for (int b = 0; b < BLOCKS; b++)
        [[unroll]] for (int c = 0; c < COLUMNS; c++) {
            RIGHT value;
            coopMatLoad(value, pool, V_AT + b * SIDE * V_STRIDE + 2 * c, V_STRIDE, gl_CooperativeMatrixLayoutRowMajor);
            sum[c] = coopMatMulAdd(weight[b], value, sum[c]);
        }
}

#include "matrix_softmax.glsl"

/* ---- spans ------------------------------------------------------------------------------------------------------- */

/* What other tiles need is left out: little code, and few registers. */
bool is_plain()
{
    return span.whole && !CHANGES && k_wide && v_wide && dim == DIM && dim_v == DIM_V && are_regular();
}

/* While scores are made values are on their way, and while these are added the next keys: behind the last tile its own, since
 * what is not always fetched is kept from tile to tile. */
void add_plain_span(inout Two two)
{
    const float factor = run.block.plan.scale;
    const int first = span.first, last = span.end - 1;
    const int k_step = int(k_rows.step), v_step = int(v_rows.step);
    uint64_t k_at = k_rows.first + uint64_t(first * (TILE_KEYS * k_rows.step));
    uint64_t v_at = v_rows.first + uint64_t(first * (TILE_KEYS * v_rows.step));
    uvec4 k_next[K_FETCHES], v_next[V_FETCHES];
    fetch_plain_keys(k_at, k_step, k_next);
    put_keys(k_next);
    barrier();
    for (int tile = first; tile <= last; tile++) {
        fetch_plain_values(v_at, v_step, v_next);
        multiply_keys();
        add_softmax(factor, true, two);
        put_values(v_next);
        k_at += tile < last ? TILE_KEYS * k_step : 0;
        v_at += TILE_KEYS * v_step;
        barrier();
        fetch_plain_keys(k_at, k_step, k_next);
        multiply_values();
        put_keys(k_next);
        barrier();
    }
}

void add_span(inout Two two)
{
    const float factor = CHANGES ? 1 : run.block.plan.scale;
    const int first = span.first, last = span.end - 1;
    const bool changes = CHANGES || !span.whole;
    uvec4 k_next[K_FETCHES], v_next[V_FETCHES];
    find_rows(first, 0);
    for (int i = me; i < TILE_ROWS; i += GROUP)
        seen[i] = unpack32(bits_of_row(i));
    barrier();
    fetch_keys(0, k_next);
    put_keys(k_next);
    barrier();
    for (int tile = first; tile <= last; tile++) {
        int turn = tile - first & 1;
        fetch_values(turn, v_next);
        multiply_keys();
        if (changes)
            change_scores(tile);
        add_softmax(factor, false, two);
        find_rows(min(tile + 1, last), turn ^ 1);
        put_values(v_next);
        barrier();
        fetch_keys(turn ^ 1, k_next);
        multiply_values();
        put_keys(k_next);
        barrier();
    }
}

/* ---- results ----------------------------------------------------------------------------------------------------- */

void find_ends(Two two)
{
    if (ROW_BIT != 0) {
        total = RESULT(0);
        total[0] = two.total.x;
        total[ROW_BIT] = two.total.y;
#define KEEP(i) most[i] = IS_LOW(i) ? two.most.x : two.most.y;
        EACH_ELEMENT(KEEP)
    }
    coopMatStore(most, stage, stage_at, SIDE / 4, gl_CooperativeMatrixLayoutRowMajor);
    subgroupBarrier();
    for (int row = lane; row < SIDE; row += SUBGROUP)
        row_end[first_row + row].x = uintBitsToFloat(stage[stage_at + row * SIDE / 4].x);
    subgroupBarrier();
    coopMatStore(total, stage, stage_at, SIDE / 4, gl_CooperativeMatrixLayoutRowMajor);
    subgroupBarrier();
    for (int row = lane; row < SIDE; row += SUBGROUP) {
        vec4 all = vec4(0);
        for (int i = 0; i < SIDE / 4; i++)
            all += uintBitsToFloat(stage[stage_at + row * SIDE / 4 + i]);
        row_end[first_row + row].y = all.x + all.y + (all.z + all.w);
    }
    subgroupBarrier();
}

void store_channels(int first_channel)
{
    const int quads = DIM_V / 8;
    for (int i = lane; i < SIDE * quads; i += SUBGROUP) {
        int row = first_row + i / quads, channel = first_channel + i % quads * 4;
        if (row >= item.rows)
            break;
        End end = End(row_end[row].x, row_end[row].y);
        store_sums(target_of(row, end), channel, uintBitsToFloat(pool[row * V_STRIDE + i % quads]));
        if (channel == 0)
            store_end(row, end);
    }
}

void store_rows()
{
    [[unroll]] for (int side = 0; side < 2; side++) {
        [[unroll]] for (int c = 0; c < COLUMNS / 2; c++)
            coopMatStore(sum[side * COLUMNS / 2 + c], pool, first_row * V_STRIDE + c * SIDE / 4, V_STRIDE,
                         gl_CooperativeMatrixLayoutRowMajor);
        subgroupBarrier();
        store_channels(side * DIM_V / 2);
        subgroupBarrier();
    }
}

void main()
{
    if (!begin_walk(F16, F16))
        return;
    k_wide = is_wide(run.k, F16, run.block.plan.k_stride, run.block.plan.dim);
    v_wide = is_wide(run.v, F16, run.block.plan.v_stride, run.block.plan.dim_v);
    most = RESULT(NOTHING);
    total = RESULT(0);
    [[unroll]] for (int c = 0; c < COLUMNS; c++)
        sum[c] = RESULT(0);
    Two two = Two(vec2(NOTHING), vec2(0));
    load_queries();
    while (find_span())
        if (is_plain())
            add_plain_span(two);
        else
            add_span(two);
    find_ends(two);
    store_rows();
}
