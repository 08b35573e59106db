/* Vectors of 4 floats by Advanced SIMD of AArch64.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#ifndef ATTN_CPU_VEC_H
#define ATTN_CPU_VEC_H

#include <arm_neon.h>
#include <stdint.h>

/* 6 x 4 accumulators, 4 panel vectors and a broadcast fill 29 of 32 registers. */
enum { LANES = 4, PANEL_VECTORS = 4, USUAL_DIMS = 1 };
#define BLOCK_ROWS 6
#define BAND_ROWS 96

/* clang-format off: one line a function */

typedef float32x4_t vf;

static inline vf vf_load(const float *p)
{
    return vld1q_f32(p);
}
static inline vf vf_load_once(const float *p)
{
    return vf_load(p);
}
static inline void vf_store(float *p, vf a)
{
    vst1q_f32(p, a);
}
static inline vf vf_set1(float a)
{
    return vdupq_n_f32(a);
}
static inline vf vf_zero(void)
{
    return vdupq_n_f32(0);
}
static inline vf vf_add(vf a, vf b)
{
    return vaddq_f32(a, b);
}
static inline vf vf_sub(vf a, vf b)
{
    return vsubq_f32(a, b);
}
static inline vf vf_mul(vf a, vf b)
{
    return vmulq_f32(a, b);
}
static inline vf vf_div(vf a, vf b)
{
    return vdivq_f32(a, b);
}
static inline vf vf_max(vf a, vf b)
{
    return vmaxq_f32(a, b);
}
static inline vf vf_fma(vf a, vf b, vf c)
{
    return vfmaq_f32(c, a, b);
}
static inline vf vf_fms(vf a, vf b, vf c)
{
    return vfmaq_f32(vnegq_f32(c), a, b);
}
static inline vf vf_abs(vf a)
{
    return vabsq_f32(a);
}

/* x less the next whole number below. */
static inline vf vf_fraction(vf x)
{
    return vsubq_f32(x, vrndmq_f32(x));
}

/* a * 2^floor(x), 0 where x < -125; a in 1 .. 2, x < 128. */
static inline vf vf_times_exp2(vf a, vf x)
{
    int32x4_t exponent = vshlq_n_s32(vcvtmq_s32_f32(x), 23);
    vf product = vreinterpretq_f32_s32(vaddq_s32(vreinterpretq_s32_f32(a), exponent));
    return vbslq_f32(vcltq_f32(x, vdupq_n_f32(-125)), vdupq_n_f32(0), product);
}

/* Where x < limit: a, elsewhere (NaN included) b. */
static inline vf vf_select_below(vf x, vf limit, vf a, vf b)
{
    return vbslq_f32(vcltq_f32(x, limit), a, b);
}

/* Lane i: a where bit i is set, else b. */
static inline vf vf_select_bits(uint32_t bits, vf a, vf b)
{
    static const uint32_t lane[4] = { 1, 2, 4, 8 };
    return vbslq_f32(vtstq_u32(vdupq_n_u32(bits), vld1q_u32(lane)), a, b);
}

/* Some lane of a is larger than b's. */
static inline int vf_any_above(vf a, vf b)
{
    return vmaxvq_u32(vcgtq_f32(a, b)) != 0;
}

static inline float vf_reduce_max(vf a)
{
    return vmaxvq_f32(a);
}
static inline float vf_reduce_add(vf a)
{
    return vaddvq_f32(a);
}

static inline vf vf_load_f16(const uint16_t *p)
{
    return vcvt_f32_f16(vreinterpret_f16_u16(vld1_u16(p)));
}
static inline void vf_store_f16(uint16_t *p, vf a)
{
    vst1_u16(p, vreinterpret_u16_f16(vcvt_f16_f32(a)));
}
static inline vf vf_load_bf16(const uint16_t *p)
{
    return vreinterpretq_f32_u32(vshll_n_u16(vld1_u16(p), 16));
}

/* Rounded to nearest even; NaN stays NaN. */
static inline void vf_store_bf16(uint16_t *p, vf a)
{
    uint32x4_t bits = vreinterpretq_u32_f32(a), half = vshrq_n_u32(bits, 16);
    uint32x4_t even = vaddq_u32(vandq_u32(half, vdupq_n_u32(1)), vdupq_n_u32(0x7fff));
    uint32x4_t nan = vorrq_u32(half, vdupq_n_u32(0x40)), rounded = vshrq_n_u32(vaddq_u32(bits, even), 16);
    vst1_u16(p, vmovn_u32(vbslq_u32(vceqq_f32(a, a), rounded, nan)));
}

/* r[i] lane j <-> r[j] lane i. */
static inline void vf_transpose(vf r[LANES])
{
    float32x4x2_t a = vtrnq_f32(r[0], r[1]), b = vtrnq_f32(r[2], r[3]);
    r[0] = vcombine_f32(vget_low_f32(a.val[0]), vget_low_f32(b.val[0]));
    r[1] = vcombine_f32(vget_low_f32(a.val[1]), vget_low_f32(b.val[1]));
    r[2] = vcombine_f32(vget_high_f32(a.val[0]), vget_high_f32(b.val[0]));
    r[3] = vcombine_f32(vget_high_f32(a.val[1]), vget_high_f32(b.val[1]));
}

/* Lane i: the sum of r[i]'s lanes. */
static inline vf vf_lane_sums(const vf r[LANES])
{
    return vpaddq_f32(vpaddq_f32(r[0], r[1]), vpaddq_f32(r[2], r[3]));
}

#endif
