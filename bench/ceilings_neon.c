/*
 * ceilings_neon.c: ceilings of aarch64 with Advanced SIMD, which every such CPU has.
 *
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE.
 */
#include "ceilings.h"

#if defined(__aarch64__)
#include <arm_neon.h>

#define EACH4(f) f(0) f(1) f(2) f(3)
#define EACH8(f) EACH4(f) f(4) f(5) f(6) f(7)
#define EACH24(f) EACH8(f) f(8) f(9) f(10) f(11) f(12) f(13) f(14) f(15) f(16) f(17) f(18) f(19) f(20) f(21) f(22) f(23)

/* Cores with four units of latency 4 need 16 chains. */
enum { CHAINS = 24, STEPS = 128 };

static void fma_neon(ceiling_work *work, long repeats)
{
    float32x4_t a = vdupq_n_f32(0.5f + 1e-6f * work->in[0]), b = vdupq_n_f32(work->in[1]), sum = vdupq_n_f32(0.0f);
    /* acc = b + acc * a overwrites the addend, so the chain runs through the addend: acc = acc + a * b. */
#define START(i) float32x4_t s##i = vdupq_n_f32(work->in[i]);
#define STEP(i) s##i = vfmaq_f32(s##i, a, b);
#define ADD(i) sum = vaddq_f32(sum, s##i);
    EACH24(START)
    for (long step = 0; step < repeats * STEPS; step++) {
        EACH24(STEP)
    }
    EACH24(ADD)
#undef START
#undef STEP
#undef ADD
    work->sink = vaddvq_f32(sum);
}

static inline float32x4_t exp_neon(float32x4_t x)
{
    float32x4_t n = vrndnq_f32(vmulq_n_f32(x, 1.44269504f));
    float32x4_t r = vfmsq_n_f32(x, n, 0.693359375f);
    r = vfmsq_n_f32(r, n, -2.12194440e-4f);
    float32x4_t p = vdupq_n_f32(1.0f / 720);
    p = vfmaq_f32(vdupq_n_f32(1.0f / 120), p, r);
    p = vfmaq_f32(vdupq_n_f32(1.0f / 24), p, r);
    p = vfmaq_f32(vdupq_n_f32(1.0f / 6), p, r);
    p = vfmaq_f32(vdupq_n_f32(0.5f), p, r);
    p = vfmaq_f32(vdupq_n_f32(1.0f), p, r);
    p = vfmaq_f32(vdupq_n_f32(1.0f), p, r);
    int32x4_t exponent = vshlq_n_s32(vcvtq_s32_f32(n), 23);
    return vreinterpretq_f32_s32(vaddq_s32(vreinterpretq_s32_f32(p), exponent));
}

static void softmax_neon(ceiling_work *work, long repeats)
{
    float32x4_t s0 = vdupq_n_f32(0.0f), s1 = s0, s2 = s0, s3 = s0;
    for (long repeat = 0; repeat < repeats; repeat++) {
        float32x4_t shift = vdupq_n_f32((float)(repeat & 1));
        for (int i = 0; i < CEILING_ROW; i += 16) {
#define ROW(j)                                                                                                         \
    float32x4_t y##j = exp_neon(vsubq_f32(vld1q_f32(work->in + i + 4 * j), shift));                                    \
    vst1q_f32(work->out + i + 4 * j, y##j);                                                                            \
    s##j = vaddq_f32(s##j, y##j);
            EACH4(ROW)
#undef ROW
        }
    }
    work->sink = vaddvq_f32(vaddq_f32(vaddq_f32(s0, s1), vaddq_f32(s2, s3)));
}

static void read_neon(ceiling_work *work, long repeats)
{
    uint32x4_t s0 = vdupq_n_u32(0), s1 = s0, s2 = s0, s3 = s0, s4 = s0, s5 = s0, s6 = s0, s7 = s0;
    for (long repeat = 0; repeat < repeats; repeat++) {
        for (size_t i = 0; i < work->word_count; i += 32) {
            const uint32_t *from = work->words + i;
#define READ(j) s##j = vaddq_u32(s##j, vld1q_u32(from + 4 * j));
            EACH8(READ)
#undef READ
        }
    }
#define ADD(j) s0 = veorq_u32(s0, s##j);
    EACH8(ADD)
#undef ADD
    work->sink = (float)vaddvq_u32(s0);
}

static int present_neon(void)
{
    return 1;
}

const ceiling_isa ceiling_isa_neon = { .name = "neon",
                                       .present = present_neon,
                                       .flops = 2.0 * 4 * CHAINS * STEPS,
                                       .fma = fma_neon,
                                       .softmax = softmax_neon,
                                       .read = read_neon };
#else
typedef int ceilings_neon_is_empty;
#endif
