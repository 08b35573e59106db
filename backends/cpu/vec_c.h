/* Vectors of 4 floats in portable C: the vector extension of gcc and clang, which becomes SSE2, VSX, RVV or plain
 * scalar code, whatever the target's base instruction set has.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#ifndef ATTN_CPU_VEC_H
#define ATTN_CPU_VEC_H

#include <math.h>
#include <stdint.h>
#include <string.h>

#include "half.h"

/* 4 x 2 accumulators, 2 panel vectors and a broadcast fit into SSE2's 16 registers. Code for the usual numbers of channels would
 * take compilers five times as long, since f16 becomes f32 by many operations here. */
enum { LANES = 4, PANEL_VECTORS = 2, USUAL_DIMS = 0 };
#define BLOCK_ROWS 4
#define BAND_ROWS 96

/* clang-format off: one line a function */

typedef float vf __attribute__((vector_size(16)));
typedef int32_t vi __attribute__((vector_size(16)));
typedef uint32_t vu __attribute__((vector_size(16)));

static inline vf vf_load(const float *p)
{
    vf a;
    memcpy(&a, p, sizeof a);
    return a;
}

static inline vf vf_load_once(const float *p)
{
    return vf_load(p);
}
static inline void vf_store(float *p, vf a)
{
    memcpy(p, &a, sizeof a);
}
static inline vf vf_set1(float a)
{
    return (vf){ a, a, a, a };
}
static inline vf vf_zero(void)
{
    return (vf){ 0, 0, 0, 0 };
}
static inline vf vf_add(vf a, vf b)
{
    return a + b;
}
static inline vf vf_sub(vf a, vf b)
{
    return a - b;
}
static inline vf vf_mul(vf a, vf b)
{
    return a * b;
}
static inline vf vf_div(vf a, vf b)
{
    return a / b;
}
static inline vf vf_fma(vf a, vf b, vf c)
{
    return a * b + c;
}
static inline vf vf_fms(vf a, vf b, vf c)
{
    return a * b - c;
}
static inline vf vf_select(vi mask, vf a, vf b)
{
    return (vf)((mask & (vi)a) | (~mask & (vi)b));
}
static inline vf vf_max(vf a, vf b)
{
    return vf_select(a > b, a, b);
}
static inline vf vf_abs(vf a)
{
    return (vf)((vi)a & (vi){ INT32_MAX, INT32_MAX, INT32_MAX, INT32_MAX });
}

/* The next whole number below: adding and taking away 1.5 * 2^23 rounds what is below 2^22. */
static inline vf vf_floor(vf x)
{
    const vf magic = { 12582912.0f, 12582912.0f, 12582912.0f, 12582912.0f };
    vf near = x + magic - magic;
    return near - vf_select(near > x, vf_set1(1), vf_zero());
}

/* x less that. */
static inline vf vf_fraction(vf x)
{
    return x - vf_floor(x);
}

/* a * 2^floor(x), 0 where x < -125; a in 1 .. 2, x < 128. */
static inline vf vf_times_exp2(vf a, vf x)
{
    const vf magic = { 12582912.0f, 12582912.0f, 12582912.0f, 12582912.0f };
    vu exponent = (vu)(vf_floor(x) + magic) << 23; /* it stands in the low mantissa bits, the rest is shifted out */
    return vf_select(x < vf_set1(-125.0f), vf_zero(), (vf)((vu)a + exponent));
}

/* Where x < limit: a, elsewhere (NaN included) b. */
static inline vf vf_select_below(vf x, vf limit, vf a, vf b)
{
    return vf_select(x < limit, a, b);
}

/* Lane i: a where bit i is set, else b. */
static inline vf vf_select_bits(uint32_t bits, vf a, vf b)
{
    const vi lane = { 1, 2, 4, 8 };
    int32_t all = (int32_t)bits;
    return vf_select(((vi){ all, all, all, all } & lane) != 0, a, b);
}

/* Some lane of a is larger than b's. */
static inline int vf_any_above(vf a, vf b)
{
    vu above = (vu)(a > b);
    return (above[0] | above[1] | above[2] | above[3]) != 0;
}

static inline float vf_reduce_max(vf a)
{
    return fmaxf(fmaxf(a[0], a[2]), fmaxf(a[1], a[3]));
}
static inline float vf_reduce_add(vf a)
{
    return (a[0] + a[2]) + (a[1] + a[3]);
}

static inline vf vf_load_f16(const uint16_t *p)
{
    return (vf){ attn_float_of_f16(p[0]), attn_float_of_f16(p[1]), attn_float_of_f16(p[2]), attn_float_of_f16(p[3]) };
}

static inline void vf_store_f16(uint16_t *p, vf a)
{
    for (int i = 0; i < LANES; i++)
        p[i] = attn_f16_of_float(a[i]);
}

static inline vf vf_load_bf16(const uint16_t *p)
{
    return (vf){ attn_float_of_bf16(p[0]), attn_float_of_bf16(p[1]), attn_float_of_bf16(p[2]),
                 attn_float_of_bf16(p[3]) };
}

static inline void vf_store_bf16(uint16_t *p, vf a)
{
    for (int i = 0; i < LANES; i++)
        p[i] = attn_bf16_of_float(a[i]);
}

/* r[i] lane j <-> r[j] lane i. */
static inline void vf_transpose(vf r[LANES])
{
    vf a[LANES] = { r[0], r[1], r[2], r[3] };
    for (int i = 0; i < LANES; i++)
        r[i] = (vf){ a[0][i], a[1][i], a[2][i], a[3][i] };
}

/* Lane i: the sum of r[i]'s lanes. */
static inline vf vf_lane_sums(const vf r[LANES])
{
    return (vf){ vf_reduce_add(r[0]), vf_reduce_add(r[1]), vf_reduce_add(r[2]), vf_reduce_add(r[3]) };
}

#endif
