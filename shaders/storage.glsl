/* Elements of any type in device memory. The numbers of the types are attn_dtype's. Halves are read and converted as parts
 * of 32-bit words, so that no optional feature is needed and every device rounds alike. With STORE_16 they are stored as
 * they are, else by atomics, as the other half of a word may belong to another invocation.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#ifndef ATTN_STORAGE_GLSL
#define ATTN_STORAGE_GLSL

#include "unroll.glsl"

#extension GL_EXT_buffer_reference : require
#extension GL_EXT_buffer_reference_uvec2 : require
#extension GL_EXT_scalar_block_layout : require
#extension GL_EXT_shader_explicit_arithmetic_types_int64 : require
#ifdef STORE_16
#extension GL_EXT_shader_16bit_storage : require
#extension GL_EXT_shader_explicit_arithmetic_types_int16 : require
#endif

const int F32 = 1, F16 = 2, BF16 = 3;

layout(buffer_reference, scalar, buffer_reference_align = 4) buffer Word {
    uint value;
};

layout(buffer_reference, scalar, buffer_reference_align = 4) readonly buffer Int {
    int value;
};

layout(buffer_reference, scalar, buffer_reference_align = 4) buffer Float {
    float value;
};

layout(buffer_reference, scalar, buffer_reference_align = 8) buffer Words2 {
    uvec2 value;
};

layout(buffer_reference, scalar, buffer_reference_align = 16) buffer Words4 {
    uvec4 value;
};

#ifdef STORE_16
layout(buffer_reference, scalar, buffer_reference_align = 2) writeonly buffer Half {
    uint16_t value;
};
#endif

int bytes_of(int type)
{
    return type == F32 ? 4 : 2;
}

float float_at(uint64_t base, int64_t i)
{
    return Float(base + 4 * i).value;
}

int int_at(uint64_t base, int64_t i)
{
    return Int(base + 4 * i).value;
}

/* The bits of element i. */
uint load_bits(uint64_t base, int type, int64_t i)
{
    if (type == F32)
        return Word(base + 4 * i).value;
    uint64_t at = base + 2 * i;
    return Word(at & ~uint64_t(3)).value >> 8 * (uint(at) & 2) & 0xffff;
}

float decode(int type, uint bits)
{
    return type == F32 ? uintBitsToFloat(bits) : type == F16 ? unpackHalf2x16(bits).x : uintBitsToFloat(bits << 16);
}

float load(uint64_t base, int type, int64_t i)
{
    return decode(type, load_bits(base, type, i));
}

/* ---- rounding to nearest, ties to even --------------------------------------------------------------------------- */

uint round_bf16(uint bits)
{
    if ((bits & 0x7fffffff) > 0x7f800000)
        return bits >> 16 | 64;
    return bits + 0x7fff + (bits >> 16 & 1) >> 16;
}

/* whole / 2^shift, of at most 24 bits; shift is 1 to 24. */
uint round_shift(uint whole, uint shift)
{
    return whole + (1 << shift - 1) - 1 + (whole >> shift & 1) >> shift;
}

uint round_f16(uint bits)
{
    uint sign = bits >> 16 & 0x8000, size = bits & 0x7fffffff;
    if (size > 0x7f800000)
        return sign | 0x7e00;
    if (size >= 0x477ff000)
        return sign | 0x7c00;
    if (size < 0x33000000)
        return sign;
    uint shift = size < 0x38800000 ? 126 - (size >> 23) : 13; /* below 2^-14 the unit is 2^-24 */
    uint whole = size < 0x38800000 ? size & 0x7fffff | 0x800000 : size - 0x38000000;
    return sign | round_shift(whole, shift);
}

/* a / 2^64, made of integers: devices may take floats below 2^-126 for 0, and make it of them. */
float over_2_64(float a)
{
    uint bits = floatBitsToUint(a), sign = bits & 0x80000000, exponent = bits >> 23 & 255;
    if (exponent == 255)
        return a;
    if (exponent > 64)
        return uintBitsToFloat(bits - (64 << 23));
    uint shift = 65 - exponent, whole = bits & 0x7fffff | 0x800000;
    return uintBitsToFloat(sign | (shift > 24 ? 0 : round_shift(whole, shift)));
}

uint encode(int type, float a)
{
    uint bits = floatBitsToUint(a);
    return type == F32 ? bits : type == F16 ? round_f16(bits) : round_bf16(bits);
}

void store(uint64_t base, int type, int64_t i, float a)
{
    uint bits = encode(type, a);
    if (type == F32) {
        Word(base + 4 * i).value = bits;
        return;
    }
    uint64_t at = base + 2 * i;
#ifdef STORE_16
    Half(at).value = uint16_t(bits);
#else
    uint shift = 8 * (uint(at) & 2);
    Word word = Word(at & ~uint64_t(3));
    atomicAnd(word.value, ~(0xffff << shift));
    atomicOr(word.value, bits << shift);
#endif
}

/* Four elements from i on; the first is aligned to four. */
void store4(uint64_t base, int type, int64_t i, vec4 a)
{
    uvec4 bits = uvec4(encode(type, a.x), encode(type, a.y), encode(type, a.z), encode(type, a.w));
    if (type == F32)
        Words4(base + 4 * i).value = bits;
    else
        Words2(base + 2 * i).value = bits.xz | bits.yw << 16;
}

/* ---- eight channels of a row ------------------------------------------------------------------------------------- */

/* As they lie in memory: halves take `low` only. */
struct Eight {
    uvec4 low, high;
};

/* Rows may be read eight channels at a time. */
bool is_wide(uint64_t base, int type, int64_t stride[4], int64_t dim)
{
    int64_t strides = stride[0] | stride[1] | stride[2];
    return (int64_t(base) & 15) == 0 && (strides * bytes_of(type) & 15) == 0 && (dim & 7) == 0;
}

Eight load_eight_by_one(uint64_t row, int type, int channel, int dim)
{
    uint bits[8];
    UNROLL for (int i = 0; i < 8; i++)
        bits[i] = channel + i < dim ? load_bits(row, type, channel + i) : 0;
    if (type == F32)
        return Eight(uvec4(bits[0], bits[1], bits[2], bits[3]), uvec4(bits[4], bits[5], bits[6], bits[7]));
    return Eight(uvec4(bits[0] | bits[1] << 16, bits[2] | bits[3] << 16, bits[4] | bits[5] << 16, bits[6] | bits[7] << 16),
                 uvec4(0));
}

/* Channels from `channel` on of the row at an address; those at `dim` and behind are 0. */
Eight load_eight(uint64_t row, int type, int channel, int dim, bool wide)
{
    if (!wide)
        return load_eight_by_one(row, type, channel, dim);
    if (channel >= dim)
        return Eight(uvec4(0), uvec4(0));
    if (type == F32)
        return Eight(Words4(row + 4 * channel).value, Words4(row + 4 * channel + 16).value);
    return Eight(Words4(row + 2 * channel).value, uvec4(0));
}

vec4 decode4(int type, uvec2 words)
{
    if (type == F16)
        return vec4(unpackHalf2x16(words.x), unpackHalf2x16(words.y));
    return uintBitsToFloat(uvec4(words.x << 16, words.x & 0xffff0000, words.y << 16, words.y & 0xffff0000));
}

vec4 low_of(int type, Eight eight)
{
    return type == F32 ? uintBitsToFloat(eight.low) : decode4(type, eight.low.xy);
}

vec4 high_of(int type, Eight eight)
{
    return type == F32 ? uintBitsToFloat(eight.high) : decode4(type, eight.low.zw);
}

#endif
