/* Flash attention on cooperative matrices of 16 x 16 x 16 (VK_KHR_cooperative_matrix): f16 inputs, f32 sums. A subgroup has
 * 16 query rows: their queries, scores and sums stay in its registers; tiles of 64 keys and values pass through shared
 * memory, fetched one ahead.
 *
 * Which elements of a matrix an invocation holds is the driver's secret, but the same for all matrices of a type, so sums
 * are rescaled element by element. Two more things probe_coopmat.comp finds out: whether four neighbours share their rows, so that
 * shuffles find a row's maximum; and whether weights, a result, lie as a left factor must, so that they need not pass
 * through memory. If not, shared memory does it.
 *
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#version 450
#extension GL_GOOGLE_include_directive : require
#extension GL_KHR_cooperative_matrix : require
#extension GL_KHR_memory_scope_semantics : require
#extension GL_KHR_shader_subgroup_basic : require
#extension GL_KHR_shader_subgroup_vote : require
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
layout(constant_id = 5) const bool ROWS_IN_QUADS = false;
layout(constant_id = 6) const bool RESULTS_LIE_AS_LEFT = false;

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
uvec4 k_next[K_FETCHES], v_next[V_FETCHES];
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

void find_rows(int tile, int turn)
{
    for (int i = me; i < TILE_KEYS; i += GROUP) {
        k_row[turn][i] = address_of(k_rows, tile, i);
        v_row[turn][i] = address_of(v_rows, tile, i);
    }
}

void fetch_keys_as(int turn, bool wide)
{
    [[unroll]] for (int i = 0; i < K_FETCHES; i++) {
        int at = i * GROUP + me;
        if (TILE_KEYS * K_EIGHTS % GROUP == 0 || at < TILE_KEYS * K_EIGHTS)
            k_next[i] = load_eight(k_row[turn][at / K_EIGHTS], F16, at % K_EIGHTS * 8, dim, wide).low;
    }
}

/* One branch for all loads, so that they follow each other. */
void fetch_keys(int turn)
{
    if (k_wide)
        fetch_keys_as(turn, true);
    else
        fetch_keys_as(turn, false);
}

void put_keys()
{
    [[unroll]] for (int i = 0; i < K_FETCHES; i++) {
        int at = i * GROUP + me;
        if (TILE_KEYS * K_EIGHTS % GROUP == 0 || at < TILE_KEYS * K_EIGHTS)
            pool[at / K_EIGHTS * K_STRIDE + at % K_EIGHTS] = k_next[i];
    }
}

void fetch_values_as(int turn, bool wide)
{
    [[unroll]] for (int i = 0; i < V_FETCHES; i++) {
        int at = i * GROUP + me;
        if (TILE_KEYS * V_EIGHTS % GROUP == 0 || at < TILE_KEYS * V_EIGHTS)
            v_next[i] = load_eight(v_row[turn][at / V_EIGHTS], F16, at % V_EIGHTS * 8, dim_v, wide).low;
    }
}

void fetch_values(int turn)
{
    if (v_wide)
        fetch_values_as(turn, true);
    else
        fetch_values_as(turn, false);
}

void put_values()
{
    [[unroll]] for (int i = 0; i < V_FETCHES; i++) {
        int at = i * GROUP + me;
        if (TILE_KEYS * V_EIGHTS % GROUP == 0 || at < TILE_KEYS * V_EIGHTS)
            pool[V_AT + at / V_EIGHTS * V_STRIDE + at % V_EIGHTS] = v_next[i];
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

/* ---- softmax ----------------------------------------------------------------------------------------------------- */

float changed(float product, int row, int key, int tile)
{
    if ((seen[row][key >> 5] >> (key & 31) & 1) == 0)
        return NOTHING;
    return CHANGES ? modified(modifier_of(row, tile), key, run.block.plan.scale * product) : product;
}

/* What spans that are whole leave out: it needs to know rows and keys, so the scores pass through shared memory. */
void change_scores(int tile)
{
    [[unroll]] for (int b = 0; b < BLOCKS; b++) {
        coopMatStore(score[b], stage, stage_at, SIDE / 4, gl_CooperativeMatrixLayoutRowMajor);
        subgroupBarrier();
        for (int i = lane; i < SIDE * SIDE; i += SUBGROUP) {
            float product = uintBitsToFloat(stage[stage_at + i / 4][i % 4]);
            stage[stage_at + i / 4][i % 4] =
                floatBitsToUint(changed(product, first_row + i / SIDE, b * SIDE + i % SIDE, tile));
        }
        subgroupBarrier();
        coopMatLoad(score[b], stage, stage_at, SIDE / 4, gl_CooperativeMatrixLayoutRowMajor);
        subgroupBarrier();
    }
}

/* The highest of each row, in all its elements. */
RESULT maxima_by_shuffles(RESULT a)
{
    float low = NOTHING, high = NOTHING;
    [[unroll]] for (int i = 0; i < a.length(); i++)
        if ((i & 2) == 0)
            low = max(low, a[i]);
        else
            high = max(high, a[i]);
    [[unroll]] for (int distance = 1; distance < 4; distance *= 2) {
        low = max(low, subgroupShuffleXor(low, distance));
        high = max(high, subgroupShuffleXor(high, distance));
    }
    [[unroll]] for (int i = 0; i < a.length(); i++)
        a[i] = (i & 2) == 0 ? low : high;
    return a;
}

RESULT maxima_by_memory(RESULT a)
{
    coopMatStore(a, stage, stage_at, SIDE / 4, gl_CooperativeMatrixLayoutRowMajor);
    subgroupBarrier();
    for (int row = lane; row < SIDE; row += SUBGROUP) {
        vec4 top = vec4(NOTHING);
        for (int i = 0; i < SIDE / 4; i++)
            top = max(top, uintBitsToFloat(stage[stage_at + row * SIDE / 4 + i]));
        top = vec4(max(max(top.x, top.y), max(top.z, top.w)));
        for (int i = 0; i < SIDE / 4; i++)
            stage[stage_at + row * SIDE / 4 + i] = floatBitsToUint(top);
    }
    subgroupBarrier();
    coopMatLoad(a, stage, stage_at, SIDE / 4, gl_CooperativeMatrixLayoutRowMajor);
    subgroupBarrier();
    return a;
}

/* Scores times `factor` are in base 2. */
void raise_maxima(float factor)
{
    RESULT highest = score[0], rescale;
    bool rises = false;
    [[unroll]] for (int b = 1; b < BLOCKS; b++)
        [[unroll]] for (int i = 0; i < highest.length(); i++)
            highest[i] = max(highest[i], score[b][i]);
    if (ROWS_IN_QUADS)
        highest = maxima_by_shuffles(highest);
    else
        highest = maxima_by_memory(highest);
    [[unroll]] for (int i = 0; i < highest.length(); i++) {
        float now = highest[i] <= NOTHING ? most[i] : max(most[i], factor * highest[i]);
        rescale[i] = rescale_of(most[i], now);
        rises = rises || now > most[i];
        most[i] = now;
    }
    if (!subgroupAny(rises))
        return;
    [[unroll]] for (int i = 0; i < highest.length(); i++)
        total[i] *= rescale[i];
    [[unroll]] for (int c = 0; c < COLUMNS; c++)
        [[unroll]] for (int i = 0; i < highest.length(); i++)
            sum[c][i] *= rescale[i];
}

LEFT as_left(RESULT a)
{
    LEFT left;
    if (RESULTS_LIE_AS_LEFT) {
        [[unroll]] for (int i = 0; i < min(a.length(), left.length()); i++)
            left[i] = float16_t(a[i]);
        return left;
    }
    coopMatStore(HALF_RESULT(a), stage, stage_at, SIDE / 8, gl_CooperativeMatrixLayoutRowMajor);
    subgroupBarrier();
    coopMatLoad(left, stage, stage_at, SIDE / 8, gl_CooperativeMatrixLayoutRowMajor);
    subgroupBarrier();
    return left;
}

/* `all_seen`: no score is NOTHING. */
void find_weights(float factor, bool all_seen)
{
    [[unroll]] for (int b = 0; b < BLOCKS; b++) {
        [[unroll]] for (int i = 0; i < score[b].length(); i++) {
            float a = exp2(fma(score[b][i], factor, -most[i]));
            score[b][i] = all_seen || score[b][i] > NOTHING ? a : 0;
            total[i] += score[b][i];
        }
        weight[b] = as_left(score[b]);
    }
}

void add_softmax(int tile, bool whole)
{
    bool as_is = whole && !CHANGES;
    float factor = CHANGES ? 1 : run.block.plan.scale;
    if (!as_is)
        change_scores(tile);
    raise_maxima(factor);
    find_weights(factor, as_is);
}

/* While scores are made values are on their way, and while these are added the next tile's keys. `whole`: a constant, so that spans
 * that are whole have a loop with little code, and few registers. */
void add_span(bool whole)
{
    const int end = span.end;
    int turn = 0;
    find_rows(span.first, 0);
    for (int i = me; i < TILE_ROWS && !(whole && !CHANGES); i += GROUP)
        seen[i] = unpack32(bits_of_row(i));
    barrier();
    fetch_keys(0);
    put_keys();
    barrier();
    for (int tile = span.first; tile < end; tile++) {
        fetch_values(turn);
        multiply_keys();
        add_softmax(tile, whole);
        if (tile + 1 < end)
            find_rows(tile + 1, turn ^ 1);
        put_values();
        barrier();
        if (tile + 1 < end)
            fetch_keys(turn ^ 1);
        multiply_values();
        if (tile + 1 < end)
            put_keys();
        barrier();
        turn ^= 1;
    }
}

/* ---- results ----------------------------------------------------------------------------------------------------- */

void find_ends()
{
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
    load_queries();
    while (find_span())
        if (span.whole)
            add_span(true);
        else
            add_span(false);
    find_ends();
    store_rows();
}
