/* What flash_coopmat.comp must know of how this device lays out matrices, from matrices of their own elements' numbers, row by
 * row. One subgroup.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#version 450
#extension GL_GOOGLE_include_directive : require
#extension GL_KHR_cooperative_matrix : require
#extension GL_KHR_memory_scope_semantics : require
#extension GL_KHR_shader_subgroup_basic : require
#extension GL_KHR_shader_subgroup_vote : require
#extension GL_KHR_shader_subgroup_arithmetic : require
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
const int ELEMENTS = SIDE * SIDE / SUBGROUP; /* of an invocation, where each is one's alone */

#define LEFT coopmat<float16_t, gl_ScopeSubgroup, 16, 16, gl_MatrixUseA>
#define RESULT coopmat<float, gl_ScopeSubgroup, 16, 16, gl_MatrixUseAccumulator>

shared uvec4 stage[STAGE];

int lane = int(gl_SubgroupInvocationID);

int row_of(float number)
{
    return int(number) / SIDE;
}

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

/* Bits of an element's index in its invocation that its row depends on. */
int find_row_bits(RESULT a)
{
    int bits = 0;
    [[unroll]] for (int bit = 1; bit < ELEMENTS; bit *= 2)
        [[unroll]] for (int i = 0; i < ELEMENTS; i++)
            if (row_of(a[i]) != row_of(a[i ^ bit]))
                bits |= bit;
    return subgroupOr(bits);
}

/* Bits of an invocation's number that no element's row depends on. */
int find_lane_bits(RESULT a)
{
    int bits = 0;
    for (int bit = 1; bit < SUBGROUP; bit *= 2)
        [[unroll]] for (int i = 0; i < ELEMENTS; i++)
            if (subgroupShuffleXor(row_of(a[i]), bit) != row_of(a[i]))
                bits |= bit;
    return SUBGROUP - 1 & ~subgroupOr(bits);
}

bool is_alike(RESULT a, LEFT b)
{
    bool alike = a.length() == b.length();
    [[unroll]] for (int i = 0; i < min(a.length(), b.length()); i++)
        alike = alike && float(b[i]) == a[i];
    return subgroupAll(alike);
}

void main()
{
    RESULT result;
    LEFT left;
    put_as_floats();
    coopMatLoad(result, stage, 0, SIDE / 4, gl_CooperativeMatrixLayoutRowMajor);
    put_as_halves();
    coopMatLoad(left, stage, 0, SIDE / 8, gl_CooperativeMatrixLayoutRowMajor);
    int row_bits = 0, lane_bits = 0;
    if (result.length() == ELEMENTS) {
        row_bits = find_row_bits(result);
        lane_bits = find_lane_bits(result);
    }
    /* Elements that these bits say to be of one row are; they are all of it when they are as many as there are columns. */
    int of_a_row = ELEMENTS >> bitCount(row_bits) << bitCount(lane_bits);
    bool alike = is_alike(result, left);
    if (lane == 0) {
        Word(run.found).value = of_a_row == SIDE ? row_bits : 0;
        Word(run.found + 4).value = of_a_row == SIDE ? lane_bits : 0;
        Word(run.found + 8).value = alike ? 1 : 0;
    }
}
