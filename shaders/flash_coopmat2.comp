/* Flash attention on cooperative matrices of a work-group (VK_NV_cooperative_matrix2): f16 inputs, f32 sums. The device lays
 * matrices out, moves keys and values and finds the rows' maxima; elements are told their row and column.
 *
 * A tile of keys must lie in one page.
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

layout(constant_id = 0) const uint DIM = 128;      /* bound of D */
layout(constant_id = 1) const uint DIM_V = 128;    /* bound of Dv */
layout(constant_id = 2) const uint GROUP = 128;    /* invocations */
layout(constant_id = 3) const uint ROWS = 64;      /* of a query tile */
layout(constant_id = 4) const bool CHANGES = true; /* plan.changes_scores; code for elements is made for each of them */

layout(local_size_x_id = 2) in;

/* STATES: one number a row, in all its elements. */
const uint COPIES = TILE_KEYS / 2;

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

int me = int(gl_LocalInvocationIndex);

Item item;
Step step;
bool k_wide, v_wide;

/* ---- of one element ---------------------------------------------------------------------------------------------- */

float16_t query_of(const in uint32_t row, const in uint32_t channel, const in float16_t none)
{
    return channel < uint(run.block.plan.dim) ? Halves(row_address[row]).at[channel] : none;
}

/* Softcap and the like, then the mask: what full tiles leave out. */
float change(const in uint32_t row, const in uint32_t key, const in float product)
{
    if ((seen[row][key >> 5] >> (key & 31) & 1) == 0)
        return NOTHING;
    float a = run.block.plan.scale * product;
    return CHANGES ? modified(row_modifier[row], int(key), a) : a;
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
    return max(before, factor * highest);
}

/* In a row that has seen no key weights are 0, not 1. */
float weigh(const in uint32_t row, const in uint32_t key, const in float score, const in float most, const in float factor)
{
    return exp2(fma(score, factor, most <= NOTHING ? 0 : -most));
}

float rescale(const in uint32_t row, const in uint32_t key, const in float before, const in float most)
{
    return exp2(before - most);
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
        store(row_address[row], type, channel, row_share[row] * sum);
    return sum;
}

/* ---- keys and values --------------------------------------------------------------------------------------------- */

tensorLayoutNV<2, gl_CooperativeMatrixClampModeConstantNV> tile_layout(int64_t stride, int64_t dim, uint bound)
{
    tensorLayoutNV<2, gl_CooperativeMatrixClampModeConstantNV> tile =
        createTensorLayoutNV(2, gl_CooperativeMatrixClampModeConstantNV);
    tile = setTensorLayoutDimensionNV(tile, keys_of_tile(step, item), uint(dim));
    tile = setTensorLayoutStrideNV(tile, uint(stride), 1);
    return sliceTensorLayoutNV(tile, 0, TILE_KEYS, 0, bound);
}

void load_keys(out KEYS keys)
{
    tensorViewNV<2, false, 1, 0> transposed = createTensorViewNV(2, false, 1, 0);
    uint64_t at = address_of_k(step, item, 0, F16);
    if (k_wide)
        coopMatLoadTensorNV(keys, AlignedHalves(at).at, 0, tile_layout(run.block.plan.k_stride[2], run.block.plan.dim, DIM), transposed);
    else
        coopMatLoadTensorNV(keys, Halves(at).at, 0, tile_layout(run.block.plan.k_stride[2], run.block.plan.dim, DIM), transposed);
}

void load_values(out VALUES values)
{
    uint64_t at = address_of_v(step, item, 0, F16);
    if (v_wide)
        coopMatLoadTensorNV(values, AlignedHalves(at).at, 0, tile_layout(run.block.plan.v_stride[2], run.block.plan.dim_v, DIM_V));
    else
        coopMatLoadTensorNV(values, Halves(at).at, 0, tile_layout(run.block.plan.v_stride[2], run.block.plan.dim_v, DIM_V));
}

/* ---- one tile of keys -------------------------------------------------------------------------------------------- */

void find_seen()
{
    barrier();
    for (int i = me; i < ROWS; i += int(GROUP)) {
        seen[i] = unpack32(bits_of_row(step, item, i));
        if (CHANGES)
            row_modifier[i] = modifier_of(item, i, step.tile);
    }
    barrier();
}

void add_tile(const in QUERIES queries, inout STATES most, inout STATES total, inout SUMS sum)
{
    KEYS keys;
    VALUES values;
    SCORES score = SCORES(0), origin;
    STATES highest, before = most, factors, added;
    SUMS sum_factors;
    bool as_is = step.full && keys_of_tile(step, item) == TILE_KEYS && !CHANGES && run.block.plan.scale > 0;
    float factor = as_is ? run.block.plan.scale : 1;
    load_keys(keys);
    score = coopMatMulAdd(queries, keys, score);
    load_values(values);
    if (!as_is) {
        find_seen();
        coopMatPerElementNV(score, score, change);
    }
    coopMatReduceNV(highest, score, gl_CooperativeMatrixReduceRowNV, higher);
    coopMatPerElementNV(most, highest, raise, before, factor);
    coopMatReduceNV(origin, most, gl_CooperativeMatrixReduceRowNV, higher);
    coopMatPerElementNV(score, score, weigh, origin, factor);
    coopMatReduceNV(added, score, gl_CooperativeMatrixReduceRowNV, plus);
    coopMatPerElementNV(factors, before, rescale, most);
    total = factors * total + added;
    coopMatReduceNV(sum_factors, factors, gl_CooperativeMatrixReduceRowNV, higher);
    sum *= sum_factors;
    sum = coopMatMulAdd(WEIGHTS(score), values, sum);
}

/* ---- results ----------------------------------------------------------------------------------------------------- */

void find_targets()
{
    barrier();
    for (int i = me; i < item.rows; i += int(GROUP)) {
        End end = End(row_end[i].x, row_end[i].y);
        Target target = target_of(item, i, end);
        row_address[i] = target.to;
        row_share[i] = target.share;
        store_end(item, i, end);
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
        Row row = row_at(item, min(i, item.rows - 1));
        row_address[i] = run.q + 2 * query_row(item.sequence, row, run.block.plan.q_stride);
    }
    barrier();
}

void main()
{
    item = item_of_group();
    if (item.rows <= 0)
        return;
    k_wide = is_wide(run.k, F16, run.block.plan.k_stride, run.block.plan.dim);
    v_wide = is_wide(run.v, F16, run.block.plan.v_stride, run.block.plan.dim_v);
    find_queries();
    QUERIES queries = QUERIES(0);
    STATES most = STATES(NOTHING), total = STATES(0);
    SUMS sum = SUMS(0);
    coopMatPerElementNV(queries, queries, query_of);
    step = first_step(item);
    while (find_tile(step, item))
        add_tile(queries, most, total, sum);
    store_rows(most, total, sum);
}
