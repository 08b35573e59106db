/* Flash attention on cooperative matrices of a work-group (VK_NV_cooperative_matrix2): f16 inputs, f32 sums. The device lays
 * matrices out, moves keys and values and finds the rows' maxima; elements are told their row and column.
 *
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#version 450
#extension GL_GOOGLE_include_directive : require
#extension GL_KHR_cooperative_matrix : require
#extension GL_NV_cooperative_matrix2 : require
#extension GL_KHR_memory_scope_semantics : require
#extension GL_EXT_shader_explicit_arithmetic_types_float16 : require
#extension GL_EXT_shader_explicit_arithmetic_types_int32 : require
#extension GL_EXT_shader_16bit_storage : require
#pragma use_vulkan_memory_model

#include "modify.glsl"
#include "output.glsl"
#include "walk.glsl"

layout(constant_id = 0) const uint DIM = 128;      /* bound of D */
layout(constant_id = 1) const uint DIM_V = 128;    /* bound of Dv */
layout(constant_id = 2) const uint GROUP = 128;    /* invocations */
layout(constant_id = 3) const uint ROWS = 64;      /* of a query tile */
layout(constant_id = 4) const bool CHANGES = true; /* plan.changes_scores; code for elements is made for each of them */
layout(constant_id = 5) const int ACCESS = 0;      /* to K and V: one of these */
layout(constant_id = 6) const uint COPIES = 16;    /* of a number that a row has: the fewest columns of a matrix */

const int ROW_BY_ROW = 0; /* the rows of a tile of keys are not a stride of 32 bits apart */
const int WITH_BOUNDS = 1;
const int ALIGNED = 2; /* rows begin at multiples of 16 bytes, and have DIM and DIM_V channels */

layout(local_size_x_id = 2) in;

/* STATES: one number a row, in all its elements. */
#define SCOPE gl_ScopeWorkgroup
#define QUERIES coopmat<float16_t, SCOPE, ROWS, DIM, gl_MatrixUseA>
#define KEYS coopmat<float16_t, SCOPE, DIM, TILE_KEYS, gl_MatrixUseB>
#define VALUES coopmat<float16_t, SCOPE, TILE_KEYS, DIM_V, gl_MatrixUseB>
#define WEIGHTS coopmat<float16_t, SCOPE, ROWS, TILE_KEYS, gl_MatrixUseA>
#define SCORES coopmat<float, SCOPE, ROWS, TILE_KEYS, gl_MatrixUseAccumulator>
#define STATES coopmat<float, SCOPE, ROWS, COPIES, gl_MatrixUseAccumulator>
#define SUMS coopmat<float, SCOPE, ROWS, DIM_V, gl_MatrixUseAccumulator>

layout(buffer_reference, scalar, buffer_reference_align = 2) readonly buffer Halves {
    float16_t at[];
};

layout(buffer_reference, scalar, buffer_reference_align = 16) readonly buffer AlignedHalves {
    float16_t at[];
};

shared uint64_t row_address[ROWS]; /* addresses: first of queries, at the end of results */
shared uvec2 seen[ROWS];
shared vec2 row_end[ROWS];
shared float row_share[ROWS];
shared Modifier row_modifier[CHANGES ? ROWS : 1];

shared uint64_t k_row[ACCESS == ROW_BY_ROW ? TILE_KEYS : 1], v_row[ACCESS == ROW_BY_ROW ? TILE_KEYS : 1];

int me = int(gl_LocalInvocationIndex);


/* ---- of one element ---------------------------------------------------------------------------------------------- */

float16_t query_of(const in uint32_t row, const in uint32_t channel, const in float16_t none)
{
    return channel < uint(run.block.plan.dim) ? Halves(row_address[row]).at[channel] : none;
}

float16_t key_of(const in uint32_t channel, const in uint32_t key, const in float16_t none)
{
    return channel < uint(run.block.plan.dim) ? Halves(k_row[key]).at[channel] : none;
}

float16_t value_of(const in uint32_t key, const in uint32_t channel, const in float16_t none)
{
    return channel < uint(run.block.plan.dim_v) ? Halves(v_row[key]).at[channel] : none;
}

/* Softcap and the like, then the mask: what full tiles leave out. */
float change(const in uint32_t row, const in uint32_t key, const in float product)
{
    if ((seen[row][key >> 5] >> (key & 31) & 1) == 0)
        return NOTHING;
    return CHANGES ? modified(row_modifier[row], int(key), run.block.plan.scale * product) : product;
}

float higher(const in float a, const in float b)
{
    return max(a, b);
}

float plus(const in float a, const in float b)
{
    return a + b;
}

float raise(const in uint32_t row, const in uint32_t key, const in float highest, const in float before, const in float factor)
{
    return highest <= NOTHING ? before : max(before, factor * highest);
}

float weigh_seen(const in uint32_t row, const in uint32_t key, const in float score, const in float most, const in float factor)
{
    return exp2(fma(score, factor, -most));
}

float weigh(const in uint32_t row, const in uint32_t key, const in float score, const in float most, const in float factor)
{
    return score <= NOTHING ? 0 : exp2(fma(score, factor, -most));
}

float rescale(const in uint32_t row, const in uint32_t key, const in float before, const in float most)
{
    return rescale_of(before, most);
}

float keep_most(const in uint32_t row, const in uint32_t key, const in float most)
{
    if (key == 0)
        row_end[row].x = most;
    return most;
}

float keep_total(const in uint32_t row, const in uint32_t key, const in float total)
{
    if (key == 0)
        row_end[row].y = total;
    return total;
}

float store_sum(const in uint32_t row, const in uint32_t channel, const in float sum, const in int type)
{
    if (row < item.rows && channel < uint(run.block.plan.dim_v))
        store(row_address[row], type, channel, result_of_sum(row_share[row], sum));
    return sum;
}

/* ---- keys and values --------------------------------------------------------------------------------------------- */

tensorLayoutNV<2, gl_CooperativeMatrixClampModeConstantNV> bounded_layout(int number, int64_t stride, int64_t dim, uint bound)
{
    tensorLayoutNV<2, gl_CooperativeMatrixClampModeConstantNV> tile =
        createTensorLayoutNV(2, gl_CooperativeMatrixClampModeConstantNV);
    tile = setTensorLayoutDimensionNV(tile, keys_of_tile(number), uint(dim));
    tile = setTensorLayoutStrideNV(tile, uint(stride), 1);
    return sliceTensorLayoutNV(tile, 0, TILE_KEYS, 0, bound);
}

/* Of a tile with all its keys. That the stride is a multiple of 8 must be seen by the compiler, which then moves 16 bytes. */
tensorLayoutNV<2> aligned_layout(int64_t stride, uint bound)
{
    tensorLayoutNV<2> tile = createTensorLayoutNV(2);
    tile = setTensorLayoutDimensionNV(tile, TILE_KEYS, bound);
    tile = setTensorLayoutStrideNV(tile, uint(stride) & ~7, 1);
    return sliceTensorLayoutNV(tile, 0, TILE_KEYS, 0, bound);
}

void find_rows(int tile)
{
    barrier();
    for (int i = me; i < TILE_KEYS; i += int(GROUP)) {
        k_row[i] = address_of(k_rows, tile, i);
        v_row[i] = address_of(v_rows, tile, i);
    }
    barrier();
}

void load_keys(out KEYS keys, int tile, bool whole)
{
    tensorViewNV<2, false, 1, 0> transposed = createTensorViewNV(2, false, 1, 0);
    int64_t stride = run.block.plan.k_stride[2];
    if (ACCESS == ROW_BY_ROW) {
        keys = KEYS(0);
        coopMatPerElementNV(keys, keys, key_of);
    } else if (ACCESS == ALIGNED && whole) {
        coopMatLoadTensorNV(keys, AlignedHalves(address_of(k_rows, tile, 0)).at, 0, aligned_layout(stride, DIM), transposed);
    } else {
        coopMatLoadTensorNV(keys, Halves(address_of(k_rows, tile, 0)).at, 0,
                            bounded_layout(tile, stride, run.block.plan.dim, DIM), transposed);
    }
}

void load_values(out VALUES values, int tile, bool whole)
{
    int64_t stride = run.block.plan.v_stride[2];
    if (ACCESS == ROW_BY_ROW) {
        values = VALUES(0);
        coopMatPerElementNV(values, values, value_of);
    } else if (ACCESS == ALIGNED && whole) {
        coopMatLoadTensorNV(values, AlignedHalves(address_of(v_rows, tile, 0)).at, 0, aligned_layout(stride, DIM_V));
    } else {
        coopMatLoadTensorNV(values, Halves(address_of(v_rows, tile, 0)).at, 0,
                            bounded_layout(tile, stride, run.block.plan.dim_v, DIM_V));
    }
}

/* ---- one tile of keys -------------------------------------------------------------------------------------------- */

void find_seen(int tile)
{
    barrier();
    for (int i = me; i < ROWS; i += int(GROUP)) {
        seen[i] = unpack32(bits_of_row(i));
        if (CHANGES)
            row_modifier[i] = modifier_of(i, tile);
    }
    barrier();
}

/* `whole`: a constant, so that spans that are whole have a loop with little code, and few registers. */
void add_tile(const in QUERIES queries, inout STATES most, inout STATES total, inout SUMS sum, int tile, bool whole)
{
    KEYS keys;
    VALUES values;
    SCORES score = SCORES(0), origin;
    STATES highest, before = most, factors, added;
    WEIGHTS weights;
    SUMS sum_factors;
    bool as_is = whole && !CHANGES;
    float factor = CHANGES ? 1 : run.block.plan.scale; /* scores times this are in base 2 */
    if (ACCESS == ROW_BY_ROW)
        find_rows(tile);
    load_keys(keys, tile, whole);
    score = coopMatMulAdd(queries, keys, score);
    if (!as_is) {
        find_seen(tile);
        coopMatPerElementNV(score, score, change);
    }
    coopMatReduceNV(highest, score, gl_CooperativeMatrixReduceRowNV, higher);
    coopMatPerElementNV(most, highest, raise, before, factor);
    coopMatReduceNV(origin, most, gl_CooperativeMatrixReduceRowNV, higher);
    if (as_is)
        coopMatPerElementNV(score, score, weigh_seen, origin, factor);
    else
        coopMatPerElementNV(score, score, weigh, origin, factor);
    weights = WEIGHTS(score);
    /* Of weights that are not rounded: lse has only these. */
    coopMatReduceNV(added, score, gl_CooperativeMatrixReduceRowNV, plus);
    coopMatPerElementNV(factors, before, rescale, most);
    total = factors * total + added;
    load_values(values, tile, whole);
    coopMatReduceNV(sum_factors, factors, gl_CooperativeMatrixReduceRowNV, higher);
    sum *= sum_factors;
    sum = coopMatMulAdd(weights, values, sum);
}

/* ---- results ----------------------------------------------------------------------------------------------------- */

void find_targets()
{
    barrier();
    for (int i = me; i < item.rows; i += int(GROUP)) {
        End end = End(row_end[i].x, row_end[i].y);
        Target target = target_of(i, end);
        row_address[i] = target.to;
        row_share[i] = target.share;
        store_end(i, end);
    }
    barrier();
}

void store_rows(const in STATES most, const in STATES total, const in SUMS sum)
{
    STATES unused;
    SUMS unused_sum;
    coopMatPerElementNV(unused, most, keep_most);
    coopMatPerElementNV(unused, total, keep_total);
    find_targets();
    coopMatPerElementNV(unused_sum, sum, store_sum, run.kind == LAUNCH_WHOLE ? int(run.block.plan.o_type) : F32);
}

void find_queries()
{
    for (int i = me; i < ROWS; i += int(GROUP)) {
        Row row = row_at(min(i, item.rows - 1));
        row_address[i] = run.q + 2 * query_row(item.sequence, row, run.block.plan.q_stride);
    }
    barrier();
}

void main()
{
    if (!begin_walk(F16, F16))
        return;
    find_queries();
    bool aligned = ((run.k | run.v) & 15) == 0;
    QUERIES queries = QUERIES(0);
    STATES most = STATES(NOTHING), total = STATES(0);
    SUMS sum = SUMS(0);
    coopMatPerElementNV(queries, queries, query_of);
    while (find_span()) {
        int end = span.end;
        if (!span.whole || (ACCESS == ALIGNED && !aligned))
            for (int tile = span.first; tile < end; tile++)
                add_tile(queries, most, total, sum, tile, false);
        else
            for (int tile = span.first; tile < end; tile++)
                add_tile(queries, most, total, sum, tile, true);
    }
    store_rows(most, total, sum);
}
