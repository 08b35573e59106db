/* Vectors of 16 floats by AVX-512 F, BW, VL, DQ.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#ifndef ATTN_CPU_VEC_H
#define ATTN_CPU_VEC_H

#include <immintrin.h>
#include <stdint.h>

/* 6 x 4 accumulators, 4 panel vectors and a broadcast fill 29 of 32 registers, with 10 loads for 24 products: 12 x 2 would take 14,
 * and where two threads share a core loads are what they wait for. AMX has panels of its own. */
#ifndef PANEL_VECTORS
#define PANEL_VECTORS 4
#endif
enum { LANES = 16, USUAL_DIMS = 1 };
#define BLOCK_ROWS 6
#define BAND_ROWS 48

/* clang-format off: one line a function */

typedef __m512 vf;

static inline vf vf_load(const float *p)
{
    return _mm512_loadu_ps(p);
}
/* Not to be folded into every operation that uses it, which would load it as often. */
static inline vf vf_load_once(const float *p)
{
    vf a = vf_load(p);
    __asm__("" : "+v"(a));
    return a;
}
static inline void vf_store(float *p, vf a)
{
    _mm512_storeu_ps(p, a);
}
static inline vf vf_set1(float a)
{
    return _mm512_set1_ps(a);
}
static inline vf vf_zero(void)
{
    return _mm512_setzero_ps();
}
static inline vf vf_add(vf a, vf b)
{
    return _mm512_add_ps(a, b);
}
static inline vf vf_sub(vf a, vf b)
{
    return _mm512_sub_ps(a, b);
}
static inline vf vf_mul(vf a, vf b)
{
    return _mm512_mul_ps(a, b);
}
static inline vf vf_div(vf a, vf b)
{
    return _mm512_div_ps(a, b);
}
static inline vf vf_max(vf a, vf b)
{
    return _mm512_max_ps(a, b);
}
static inline vf vf_fma(vf a, vf b, vf c)
{
    return _mm512_fmadd_ps(a, b, c);
}
static inline vf vf_fms(vf a, vf b, vf c)
{
    return _mm512_fmsub_ps(a, b, c);
}
static inline vf vf_abs(vf a)
{
    return _mm512_abs_ps(a);
}

/* x less the next whole number below. */
static inline vf vf_fraction(vf x)
{
    return _mm512_reduce_ps(x, _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC);
}

/* a * 2^floor(x), 0 where x < -125; a in 1 .. 2, x < 128. */
static inline vf vf_times_exp2(vf a, vf x)
{
    return _mm512_maskz_scalef_ps(_mm512_cmp_ps_mask(x, _mm512_set1_ps(-125.0f), _CMP_NLT_UQ), a, x);
}

/* Where x < limit: a, elsewhere (NaN included) b. */
static inline vf vf_select_below(vf x, vf limit, vf a, vf b)
{
    return _mm512_mask_mov_ps(b, _mm512_cmp_ps_mask(x, limit, _CMP_LT_OQ), a);
}

/* Lane i: a where bit i is set, else b. */
static inline vf vf_select_bits(uint32_t bits, vf a, vf b)
{
    return _mm512_mask_mov_ps(b, (__mmask16)bits, a);
}

/* Some lane of a is larger than b's. */
static inline int vf_any_above(vf a, vf b)
{
    return _mm512_cmp_ps_mask(a, b, _CMP_GT_OQ) != 0;
}

static inline float vf_reduce_max(vf a)
{
    return _mm512_reduce_max_ps(a);
}
static inline float vf_reduce_add(vf a)
{
    return _mm512_reduce_add_ps(a);
}

static inline vf vf_load_f16(const uint16_t *p)
{
    return _mm512_cvtph_ps(_mm256_loadu_si256((const __m256i *)p));
}

static inline void vf_store_f16(uint16_t *p, vf a)
{
    _mm256_storeu_si256((__m256i *)p, _mm512_cvtps_ph(a, _MM_FROUND_TO_NEAREST_INT));
}

static inline vf vf_load_bf16(const uint16_t *p)
{
    __m512i wide = _mm512_cvtepu16_epi32(_mm256_loadu_si256((const __m256i *)p));
    return _mm512_castsi512_ps(_mm512_slli_epi32(wide, 16));
}

/* Elements 0, 2, 4 .. of p, and 1, 3, 5 ..: one operation each, where two vectors in order take four, on the ports of the products. */
#define VF_BF16_PAIRS
static inline vf vf_load_bf16_even(const uint16_t *p)
{
    return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_loadu_si512(p), 16));
}
static inline vf vf_load_bf16_odd(const uint16_t *p)
{
    return _mm512_castsi512_ps(_mm512_and_si512(_mm512_loadu_si512(p), _mm512_set1_epi32((int)0xffff0000)));
}

/* Rounded to nearest even; NaN stays NaN. */
static inline void vf_store_bf16(uint16_t *p, vf a)
{
    __m512i bits = _mm512_castps_si512(a), half = _mm512_srli_epi32(bits, 16);
    __m512i even = _mm512_add_epi32(_mm512_and_si512(half, _mm512_set1_epi32(1)), _mm512_set1_epi32(0x7fff));
    __m512i rounded = _mm512_srli_epi32(_mm512_add_epi32(bits, even), 16);
    __mmask16 nan = _mm512_cmp_ps_mask(a, a, _CMP_UNORD_Q);
    rounded = _mm512_mask_or_epi32(rounded, nan, half, _mm512_set1_epi32(0x40));
    _mm256_storeu_si256((__m256i *)p, _mm512_cvtepi32_epi16(rounded));
}

/* Two vectors in order become their even and their odd lanes. */
static inline void vf_unzip(vf pair[2])
{
    __m512i even = _mm512_set_epi32(30, 28, 26, 24, 22, 20, 18, 16, 14, 12, 10, 8, 6, 4, 2, 0);
    vf first = pair[0];
    pair[0] = _mm512_permutex2var_ps(first, even, pair[1]);
    pair[1] = _mm512_permutex2var_ps(first, _mm512_add_epi32(even, _mm512_set1_epi32(1)), pair[1]);
}

/* And back. */
static inline void vf_zip(vf pair[2])
{
    __m512i low = _mm512_set_epi32(23, 7, 22, 6, 21, 5, 20, 4, 19, 3, 18, 2, 17, 1, 16, 0);
    vf first = pair[0];
    pair[0] = _mm512_permutex2var_ps(first, low, pair[1]);
    pair[1] = _mm512_permutex2var_ps(first, _mm512_add_epi32(low, _mm512_set1_epi32(8)), pair[1]);
}

/* r[i] lane j <-> r[j] lane i. */
static inline void vf_transpose(vf r[LANES])
{
    __m512 a[16], b[16];
    for (int i = 0; i < 16; i += 2) {
        a[i] = _mm512_unpacklo_ps(r[i], r[i + 1]);
        a[i + 1] = _mm512_unpackhi_ps(r[i], r[i + 1]);
    }
    for (int i = 0; i < 16; i += 4) {
        b[i] = _mm512_shuffle_ps(a[i], a[i + 2], 0x44);
        b[i + 1] = _mm512_shuffle_ps(a[i], a[i + 2], 0xee);
        b[i + 2] = _mm512_shuffle_ps(a[i + 1], a[i + 3], 0x44);
        b[i + 3] = _mm512_shuffle_ps(a[i + 1], a[i + 3], 0xee);
    }
    /* b[4g + c] holds, in 128-bit quarter q, rows 4g .. 4g+3 of column 4q + c. */
    for (int c = 0; c < 4; c++) {
        __m512 low01 = _mm512_shuffle_f32x4(b[c], b[4 + c], 0x44), high01 = _mm512_shuffle_f32x4(b[c], b[4 + c], 0xee);
        __m512 low23 = _mm512_shuffle_f32x4(b[8 + c], b[12 + c], 0x44);
        __m512 high23 = _mm512_shuffle_f32x4(b[8 + c], b[12 + c], 0xee);
        r[c] = _mm512_shuffle_f32x4(low01, low23, 0x88);
        r[4 + c] = _mm512_shuffle_f32x4(low01, low23, 0xdd);
        r[8 + c] = _mm512_shuffle_f32x4(high01, high23, 0x88);
        r[12 + c] = _mm512_shuffle_f32x4(high01, high23, 0xdd);
    }
}

/* Lane i: the sum of r[i]'s lanes. */
static inline vf vf_lane_sums(const vf r[LANES])
{
    __m512 pair[8], quad[4], half[2];
    for (int i = 0; i < 8; i++)
        pair[i] = _mm512_add_ps(_mm512_unpacklo_ps(r[2 * i], r[2 * i + 1]), _mm512_unpackhi_ps(r[2 * i], r[2 * i + 1]));
    for (int i = 0; i < 4; i++)
        quad[i] = _mm512_add_ps(_mm512_shuffle_ps(pair[2 * i], pair[2 * i + 1], 0x44),
                                _mm512_shuffle_ps(pair[2 * i], pair[2 * i + 1], 0xee));
    for (int i = 0; i < 2; i++)
        half[i] = _mm512_add_ps(_mm512_shuffle_f32x4(quad[2 * i], quad[2 * i + 1], 0x44),
                                _mm512_shuffle_f32x4(quad[2 * i], quad[2 * i + 1], 0xee));
    return _mm512_add_ps(_mm512_shuffle_f32x4(half[0], half[1], 0x88), _mm512_shuffle_f32x4(half[0], half[1], 0xdd));
}

#endif
