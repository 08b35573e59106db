/*
 * ceilings_x86.c: ceilings of AVX2 with FMA, and of AVX-512. Each function names the instructions it needs, so the
 * file builds without any -m flag.
 *
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE.
 */
#include "ceilings.h"

#if defined(__x86_64__) && defined(__GNUC__)
#include <immintrin.h>

#define AVX2 __attribute__((target("avx2,fma")))
#define AVX512 __attribute__((target("avx512f")))
#define EACH4(f) f(0) f(1) f(2) f(3)
#define EACH8(f) EACH4(f) f(4) f(5) f(6) f(7)
#define EACH12(f) EACH8(f) f(8) f(9) f(10) f(11)
#define EACH24(f) EACH12(f) f(12) f(13) f(14) f(15) f(16) f(17) f(18) f(19) f(20) f(21) f(22) f(23)

/* Chains enough to cover two units of latency 5 at most, and no more than there are registers for. */
enum { CHAINS_AVX2 = 12, CHAINS_AVX512 = 24, STEPS = 128 };

/* Of a tile of products: as many sums and factors as there are registers for. */
enum { ROWS_AVX2 = 6, ROWS_AVX512 = 12, TILES = 16 };

/* e^r for r within ln(2)/2 of 0: Taylor's series, from the highest term down. */
static const float exp_terms[] = { 1.0f / 720, 1.0f / 120, 1.0f / 24, 1.0f / 6, 0.5f, 1.0f, 1.0f };
static const float log2_e = 1.44269504f, ln2_high = 0.693359375f, ln2_low = -2.12194440e-4f;

/* ---- AVX2 -------------------------------------------------------------------------------------------------- */

AVX2 static float sum_avx2(__m256 x)
{
    float part[8], sum = 0.0f;
    _mm256_storeu_ps(part, x);
    for (int i = 0; i < 8; i++)
        sum += part[i];
    return sum;
}

AVX2 static void fma_avx2(ceiling_work *work, long repeats)
{
    __m256 a = _mm256_set1_ps(0.5f + 1e-6f * work->in[0]), b = _mm256_set1_ps(work->in[1]), sum = _mm256_setzero_ps();
#define START(i) __m256 s##i = _mm256_set1_ps(work->in[i]);
#define STEP(i) s##i = _mm256_fmadd_ps(s##i, a, b);
#define ADD(i) sum = _mm256_add_ps(sum, s##i);
    EACH12(START)
    for (long step = 0; step < repeats * STEPS; step++) {
        EACH12(STEP)
    }
    EACH12(ADD)
#undef START
#undef STEP
#undef ADD
    work->sink = sum_avx2(sum);
}

AVX2 static inline __m256 exp_avx2(__m256 x)
{
    __m256 n = _mm256_round_ps(_mm256_mul_ps(x, _mm256_set1_ps(log2_e)), _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
    __m256 r = _mm256_fnmadd_ps(n, _mm256_set1_ps(ln2_high), x);
    r = _mm256_fnmadd_ps(n, _mm256_set1_ps(ln2_low), r);
    __m256 p = _mm256_set1_ps(exp_terms[0]);
    p = _mm256_fmadd_ps(p, r, _mm256_set1_ps(exp_terms[1]));
    p = _mm256_fmadd_ps(p, r, _mm256_set1_ps(exp_terms[2]));
    p = _mm256_fmadd_ps(p, r, _mm256_set1_ps(exp_terms[3]));
    p = _mm256_fmadd_ps(p, r, _mm256_set1_ps(exp_terms[4]));
    p = _mm256_fmadd_ps(p, r, _mm256_set1_ps(exp_terms[5]));
    p = _mm256_fmadd_ps(p, r, _mm256_set1_ps(exp_terms[6]));
    __m256i exponent = _mm256_slli_epi32(_mm256_cvtps_epi32(n), 23);
    return _mm256_castsi256_ps(_mm256_add_epi32(_mm256_castps_si256(p), exponent));
}

AVX2 static void softmax_avx2(ceiling_work *work, long repeats)
{
    __m256 s0 = _mm256_setzero_ps(), s1 = s0, s2 = s0, s3 = s0;
    for (long repeat = 0; repeat < repeats; repeat++) {
        __m256 shift = _mm256_set1_ps((float)(repeat & 1));
        for (int i = 0; i < CEILING_ROW; i += 32) {
#define ROW(j)                                                                                                         \
    __m256 y##j = exp_avx2(_mm256_sub_ps(_mm256_load_ps(work->in + i + 8 * j), shift));                                \
    _mm256_store_ps(work->out + i + 8 * j, y##j);                                                                      \
    s##j = _mm256_add_ps(s##j, y##j);
            EACH4(ROW)
#undef ROW
        }
    }
    work->sink = sum_avx2(_mm256_add_ps(_mm256_add_ps(s0, s1), _mm256_add_ps(s2, s3)));
}

AVX2 static void read_avx2(ceiling_work *work, long repeats)
{
    __m256i s0 = _mm256_setzero_si256(), s1 = s0, s2 = s0, s3 = s0, s4 = s0, s5 = s0, s6 = s0, s7 = s0;
    for (long repeat = 0; repeat < repeats; repeat++) {
        for (size_t i = 0; i < work->word_count; i += 64) {
            const __m256i *from = (const __m256i *)(const void *)(work->words + i);
#define READ(j) s##j = _mm256_add_epi32(s##j, _mm256_load_si256(from + j));
            EACH8(READ)
#undef READ
        }
    }
#define ADD(j) s0 = _mm256_xor_si256(s0, s##j);
    EACH8(ADD)
#undef ADD
    work->sink = sum_avx2(_mm256_cvtepi32_ps(s0));
}

static int present_avx2(void)
{
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
}

/* c[rows][2 vectors] = a[rows][CEILING_DEPTH] b[CEILING_DEPTH][2 vectors], as a matrix product has it: a and b in L1, sums in
 * registers, c stored. */
AVX2 static void product_avx2(ceiling_work *work, long repeats)
{
    for (long step = 0; step < repeats * TILES; step++) {
        const float *a = work->in, *b = work->in + ROWS_AVX2 * CEILING_DEPTH;
        __m256 sum[ROWS_AVX2][2] = { { _mm256_setzero_ps() } };
        for (int i = 0; i < CEILING_DEPTH; i++, b += 16) {
            __m256 left = _mm256_load_ps(b), right = _mm256_load_ps(b + 8);
#pragma GCC unroll 6
            for (int row = 0; row < ROWS_AVX2; row++) {
                __m256 each = _mm256_set1_ps(a[row * CEILING_DEPTH + i]);
                sum[row][0] = _mm256_fmadd_ps(each, left, sum[row][0]);
                sum[row][1] = _mm256_fmadd_ps(each, right, sum[row][1]);
            }
        }
#pragma GCC unroll 6
        for (int row = 0; row < ROWS_AVX2; row++) {
            _mm256_store_ps(work->out + 16 * row, sum[row][0]);
            _mm256_store_ps(work->out + 16 * row + 8, sum[row][1]);
        }
        __asm__ volatile("" ::: "memory"); /* each step stores anew */
    }
    work->sink = work->out[0];
}

const ceiling_isa ceiling_isa_avx2 = {
    .name = "avx2",
    .present = present_avx2,
    .flops = 2.0 * 8 * CHAINS_AVX2 * STEPS,
    .fma = fma_avx2,
    .product_flops = 2.0 * 16 * ROWS_AVX2 * CEILING_DEPTH * TILES,
    .product = product_avx2,
    .softmax = softmax_avx2,
    .read = read_avx2,
};

/* ---- AVX-512 ----------------------------------------------------------------------------------------------- */

AVX512 static void fma_avx512(ceiling_work *work, long repeats)
{
    __m512 a = _mm512_set1_ps(0.5f + 1e-6f * work->in[0]), b = _mm512_set1_ps(work->in[1]), sum = _mm512_setzero_ps();
#define START(i) __m512 s##i = _mm512_set1_ps(work->in[i]);
#define STEP(i) s##i = _mm512_fmadd_ps(s##i, a, b);
#define ADD(i) sum = _mm512_add_ps(sum, s##i);
    EACH24(START)
    for (long step = 0; step < repeats * STEPS; step++) {
        EACH24(STEP)
    }
    EACH24(ADD)
#undef START
#undef STEP
#undef ADD
    work->sink = _mm512_reduce_add_ps(sum);
}

AVX512 static inline __m512 exp_avx512(__m512 x)
{
    __m512 n =
        _mm512_roundscale_ps(_mm512_mul_ps(x, _mm512_set1_ps(log2_e)), _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
    __m512 r = _mm512_fnmadd_ps(n, _mm512_set1_ps(ln2_high), x);
    r = _mm512_fnmadd_ps(n, _mm512_set1_ps(ln2_low), r);
    __m512 p = _mm512_set1_ps(exp_terms[0]);
    p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(exp_terms[1]));
    p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(exp_terms[2]));
    p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(exp_terms[3]));
    p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(exp_terms[4]));
    p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(exp_terms[5]));
    p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(exp_terms[6]));
    return _mm512_scalef_ps(p, n);
}

AVX512 static void softmax_avx512(ceiling_work *work, long repeats)
{
    __m512 s0 = _mm512_setzero_ps(), s1 = s0, s2 = s0, s3 = s0;
    for (long repeat = 0; repeat < repeats; repeat++) {
        __m512 shift = _mm512_set1_ps((float)(repeat & 1));
        for (int i = 0; i < CEILING_ROW; i += 64) {
#define ROW(j)                                                                                                         \
    __m512 y##j = exp_avx512(_mm512_sub_ps(_mm512_load_ps(work->in + i + 16 * j), shift));                             \
    _mm512_store_ps(work->out + i + 16 * j, y##j);                                                                     \
    s##j = _mm512_add_ps(s##j, y##j);
            EACH4(ROW)
#undef ROW
        }
    }
    work->sink = _mm512_reduce_add_ps(_mm512_add_ps(_mm512_add_ps(s0, s1), _mm512_add_ps(s2, s3)));
}

AVX512 static void read_avx512(ceiling_work *work, long repeats)
{
    __m512i s0 = _mm512_setzero_si512(), s1 = s0, s2 = s0, s3 = s0, s4 = s0, s5 = s0, s6 = s0, s7 = s0;
    for (long repeat = 0; repeat < repeats; repeat++) {
        for (size_t i = 0; i < work->word_count; i += 128) {
            const uint32_t *from = work->words + i;
#define READ(j) s##j = _mm512_add_epi32(s##j, _mm512_load_si512((const void *)(from + 16 * j)));
            EACH8(READ)
#undef READ
        }
    }
#define ADD(j) s0 = _mm512_xor_si512(s0, s##j);
    EACH8(ADD)
#undef ADD
    work->sink = (float)_mm512_reduce_add_epi32(s0);
}

static int present_avx512(void)
{
    return __builtin_cpu_supports("avx512f") && present_avx2();
}

AVX512 static void product_avx512(ceiling_work *work, long repeats)
{
    for (long step = 0; step < repeats * TILES; step++) {
        const float *a = work->out + 32 * ROWS_AVX512 + CEILING_DEPTH, *b = work->in; /* b takes all of `in` */
        __m512 sum[ROWS_AVX512][2] = { { _mm512_setzero_ps() } };
        for (int i = 0; i < CEILING_DEPTH; i++, b += 32) {
            __m512 left = _mm512_load_ps(b), right = _mm512_load_ps(b + 16);
#pragma GCC unroll 12
            for (int row = 0; row < ROWS_AVX512; row++) {
                __m512 each = _mm512_set1_ps(a[row * CEILING_DEPTH + i]);
                sum[row][0] = _mm512_fmadd_ps(each, left, sum[row][0]);
                sum[row][1] = _mm512_fmadd_ps(each, right, sum[row][1]);
            }
        }
#pragma GCC unroll 12
        for (int row = 0; row < ROWS_AVX512; row++) {
            _mm512_store_ps(work->out + 32 * row, sum[row][0]);
            _mm512_store_ps(work->out + 32 * row + 16, sum[row][1]);
        }
        __asm__ volatile("" ::: "memory");
    }
    work->sink = work->out[0];
}

const ceiling_isa ceiling_isa_avx512 = {
    .name = "avx512",
    .present = present_avx512,
    .flops = 2.0 * 16 * CHAINS_AVX512 * STEPS,
    .fma = fma_avx512,
    .product_flops = 2.0 * 32 * ROWS_AVX512 * CEILING_DEPTH * TILES,
    .product = product_avx512,
    .softmax = softmax_avx512,
    .read = read_avx512,
};
#else
typedef int ceilings_x86_is_empty;
#endif
