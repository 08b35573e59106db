/* What flash_coopmat.comp must know of how this device lays out matrices, from matrices of their own elements' numbers, row by
 * row. One subgroup.
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

#include "storage.glsl"

layout(constant_id = 0) const int SUBGROUP = 32;

layout(local_size_x_id = 0) in;

layout(push_constant, scalar) uniform Run {
    uint64_t found;
} run;

const int SIDE = 16, STAGE = SIDE * SIDE / 4;

#define RESULT coopmat<float, gl_ScopeSubgroup, 16, 16, gl_MatrixUseAccumulator>

shared uvec4 stage[STAGE];

int lane = int(gl_SubgroupInvocationID);

void put_as_floats()
{
    for (int i = lane; i < STAGE; i += SUBGROUP)
        stage[i] = floatBitsToUint(vec4(4 * i, 4 * i + 1, 4 * i + 2, 4 * i + 3));
    subgroupBarrier();
}

void put_as_halves()
{
    subgroupBarrier();
    for (int i = lane; i < STAGE / 2; i += SUBGROUP)
        stage[i] = uvec4(packHalf2x16(vec2(8 * i, 8 * i + 1)), packHalf2x16(vec2(8 * i + 2, 8 * i + 3)),
                         packHalf2x16(vec2(8 * i + 4, 8 * i + 5)), packHalf2x16(vec2(8 * i + 6, 8 * i + 7)));
    subgroupBarrier();
}

/* Eight elements: those with this bit in their number of one row, the others of another; four neighbours have both rows. */
bool splits_rows(RESULT a, int bit)
{
    bool splits = a.length() == 8 && SUBGROUP == 32;
    int low = 0, high = 0;
    [[unroll]] for (int i = 0; i < a.length(); i++)
        if ((i & bit) == 0)
            low = int(a[i]) / SIDE;
        else
            high = int(a[i]) / SIDE;
    [[unroll]] for (int i = 0; i < a.length(); i++)
        splits = splits && int(a[i]) / SIDE == ((i & bit) == 0 ? low : high);
    [[unroll]] for (int i = 1; i < 4; i++)
        splits = splits && subgroupShuffleXor(low, i) == low && subgroupShuffleXor(high, i) == high;
    return subgroupAll(splits && low != high);
}

void main()
{
    RESULT result;
    coopmat<float16_t, gl_ScopeSubgroup, 16, 16, gl_MatrixUseA> left;
    put_as_floats();
    coopMatLoad(result, stage, 0, SIDE / 4, gl_CooperativeMatrixLayoutRowMajor);
    put_as_halves();
    coopMatLoad(left, stage, 0, SIDE / 8, gl_CooperativeMatrixLayoutRowMajor);
    bool alike = left.length() == result.length() && result.length() == 8;
    [[unroll]] for (int i = 0; i < min(result.length(), left.length()); i++)
        alike = alike && float(left[i]) == result[i];
    bool by_two = splits_rows(result, 2), by_four = splits_rows(result, 4), results_lie_as_left = subgroupAll(alike);
    if (lane == 0)
        Word(run.found).value = (results_lie_as_left ? 1 : 0) | (by_two ? 2 : by_four ? 4 : 0);
}
