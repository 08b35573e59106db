/*
 * Element types of the tests.
 *
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE.
 */
#include "config.h"

#include "numbers.h"

#include <math.h>
#include <string.h>

static float from_bits(uint32_t bits)
{
    float value;

    memcpy(&value, &bits, sizeof value);
    return value;
}

static uint32_t to_bits(float value)
{
    uint32_t bits;

    memcpy(&bits, &value, sizeof bits);
    return bits;
}

static double half_value(unsigned bits)
{
    int exponent = (int)(bits >> 10 & 31), fraction = (int)(bits & 1023);
    double magnitude;

    if (exponent == 31)
        magnitude = fraction != 0 ? NAN : INFINITY;
    else if (exponent == 0)
        magnitude = fraction * 0x1p-24;
    else
        magnitude = (double)from_bits((uint32_t)(exponent + 112) << 23 | (uint32_t)fraction << 13);
    return bits & 0x8000 ? -magnitude : magnitude;
}

double number_load(const void *data, attn_dtype type, int64_t index)
{
    const uint16_t *half = (const uint16_t *)data;

    if (type == ATTN_F32)
        return (double)((const float *)data)[index];
    if (type == ATTN_I32)
        return (double)((const int32_t *)data)[index];
    return type == ATTN_F16 ? half_value(half[index]) : (double)from_bits((uint32_t)half[index] << 16);
}

/* Keeps the bits above `drop`, ties to even. A carry into the exponent is right. */
static float round_bits(float value, int drop)
{
    uint32_t bits = to_bits(value), odd = bits >> drop & 1;

    return from_bits((bits + (UINT32_C(1) << (drop - 1)) - 1 + odd) >> drop << drop);
}

static float round_half(float value)
{
    /* Below 2^-14 the step is 2^-24, which is the step of floats near 0.75. */
    const volatile float magic = 0.75f;
    float magnitude = fabsf(value), rounded;

    if (magnitude < 0x1p-14f)
        rounded = (magnitude + magic) - magic;
    else
        rounded = round_bits(magnitude, 13);
    return copysignf(rounded > 65504.0f ? INFINITY : rounded, value);
}

float number_round(float value, attn_dtype type)
{
    if (type == ATTN_F32 || isnan(value) || isinf(value))
        return value;
    return type == ATTN_F16 ? round_half(value) : round_bits(value, 16);
}

/* Of a value that f16 holds exactly. */
static uint16_t half_bits(float value)
{
    uint32_t bits = to_bits(value), sign = bits >> 16 & 0x8000;
    float magnitude = fabsf(value);

    if (isnan(value))
        return (uint16_t)(sign | 0x7e00);
    if (isinf(value))
        return (uint16_t)(sign | 0x7c00);
    if (magnitude < 0x1p-14f)
        return (uint16_t)(sign | (uint32_t)(magnitude * 0x1p24f));
    return (uint16_t)(sign | (((bits & 0x7fffffff) >> 13) - (112 << 10)));
}

void number_store(void *data, attn_dtype type, int64_t index, float value)
{
    float rounded = number_round(value, type);

    if (type == ATTN_F32)
        ((float *)data)[index] = value;
    else if (type == ATTN_I32)
        ((int32_t *)data)[index] = (int32_t)value;
    else
        ((uint16_t *)data)[index] = type == ATTN_F16 ? half_bits(rounded) : (uint16_t)(to_bits(rounded) >> 16);
}

uint32_t number_poison(attn_dtype type)
{
    return type == ATTN_F32 ? UINT32_C(0x7fd5a5a5) : type == ATTN_F16 ? UINT32_C(0x7f5a) : UINT32_C(0x7fda);
}

/* The finaliser of splitmix64 (Steele et al. 2014). */
uint64_t number_hash(uint64_t seed, uint64_t index)
{
    uint64_t z = seed + (index + 1) * UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}
