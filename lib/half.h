/* f16 and bf16 to and from f32, one element at a time, in plain C. Rounding is to nearest even; NaN stays NaN.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#ifndef ATTN_LIB_HALF_H
#define ATTN_LIB_HALF_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "attn.h"

static inline float attn_float_of_bits(uint32_t bits)
{
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static inline uint32_t attn_bits_of_float(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

static inline float attn_float_of_bf16(uint16_t half)
{
    return attn_float_of_bits((uint32_t)half << 16);
}

static inline uint16_t attn_bf16_of_float(float value)
{
    uint32_t bits = attn_bits_of_float(value);
    if ((bits & 0x7fffffff) > 0x7f800000)
        return (uint16_t)(bits >> 16 | 0x40);
    return (uint16_t)((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

/* Exponent and mantissa move into place as integers; a multiplication by 2^112 rebiases, subnormals included. */
static inline float attn_float_of_f16(uint16_t half)
{
    uint32_t sign = (uint32_t)(half & 0x8000) << 16;
    uint32_t rest = (uint32_t)(half & 0x7fff) << 13;
    if (rest >= 0x0f800000) /* Inf and NaN */
        return attn_float_of_bits(sign | rest | 0x7f800000);
    float magnitude = attn_float_of_bits(rest) * 0x1p112f;
    return attn_float_of_bits(sign | attn_bits_of_float(magnitude));
}

static inline uint16_t attn_f16_of_float(float value)
{
    uint32_t bits = attn_bits_of_float(value);
    uint16_t sign = (uint16_t)(bits >> 16 & 0x8000);
    bits &= 0x7fffffff;
    if (bits > 0x7f800000)
        return sign | 0x7e00;
    if (bits >= 0x477ff000) /* rounds to 65536 or more */
        return sign | 0x7c00;
    if (bits < 0x38800000) { /* subnormal: adding 0.5 leaves the rounded multiple of 2^-24 in the low mantissa bits */
        float shifted = attn_float_of_bits(bits) + 0.5f;
        return (uint16_t)(sign | (attn_bits_of_float(shifted) - 0x3f000000));
    }
    bits += 0xfff + (bits >> 13 & 1) - (UINT32_C(112) << 23);
    return (uint16_t)(sign | bits >> 13);
}

/* Element i of an array of f32, f16 or bf16. */
static inline float attn_load(attn_dtype dtype, const void *array, int64_t i)
{
    if (dtype == ATTN_F32)
        return ((const float *)array)[i];
    uint16_t half = ((const uint16_t *)array)[i];
    return dtype == ATTN_F16 ? attn_float_of_f16(half) : attn_float_of_bf16(half);
}

static inline void attn_store(attn_dtype dtype, void *array, int64_t i, float value)
{
    if (dtype == ATTN_F32)
        ((float *)array)[i] = value;
    else
        ((uint16_t *)array)[i] = dtype == ATTN_F16 ? attn_f16_of_float(value) : attn_bf16_of_float(value);
}

#endif
