/*
 * ceilings_c.c: ceilings in portable C, for the level "c" and for CPUs that have no kernels of their own here.
 *
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE.
 */
#include "ceilings.h"

#include <string.h>

#if defined(__GNUC__)
typedef float lanes __attribute__((vector_size(16)));
#define SPLAT(x) ((lanes){ (x), (x), (x), (x) })
#define FIRST(x) ((x)[0])
#else
typedef float lanes;
#define SPLAT(x) (x)
#define FIRST(x) (x)
#endif
enum { LANES = sizeof(lanes) / sizeof(float), CHAINS = 10, STEPS = 128, PARTS = 16 };

#define EACH(f) f(0) f(1) f(2) f(3) f(4) f(5) f(6) f(7) f(8) f(9)
#define START(i) lanes s##i = SPLAT(work->in[i]);
#define STEP(i) s##i = s##i * a + b;
#define ADD(i) sum += s##i;

static void fma_c(ceiling_work *work, long repeats)
{
    lanes a = SPLAT(0.5f + 1e-6f * work->in[0]), b = SPLAT(work->in[1]), sum = SPLAT(0.0f);
    EACH(START)
    for (long step = 0; step < repeats * STEPS; step++) {
        EACH(STEP)
    }
    EACH(ADD)
    work->sink = FIRST(sum);
}

/* 2^(x log2 e) as 2^n times a Taylor polynomial of the rest, which lies within ln(2)/2 of 0. Adding 1.5 * 2^23 rounds
 * to an integer that then lies in the low bits. */
static inline float exp_c(float x)
{
    const float magic = 12582912.0f;
    float shifted = x * 1.44269504f + magic, n = shifted - magic;
    float r = (x - n * 0.693359375f) + n * 2.12194440e-4f;
    float p = 1.0f + r * (1.0f + r * (0.5f + r * (1.0f / 6 + r * (1.0f / 24 + r * (1.0f / 120 + r * (1.0f / 720))))));
    uint32_t exponent, bits;
    memcpy(&exponent, &shifted, sizeof exponent);
    memcpy(&bits, &p, sizeof bits);
    bits += exponent << 23;
    memcpy(&p, &bits, sizeof p);
    return p;
}

static void softmax_c(ceiling_work *work, long repeats)
{
    float sum[PARTS] = { 0 };
    for (long repeat = 0; repeat < repeats; repeat++) {
        float shift = (float)(repeat & 1);
        for (int i = 0; i < CEILING_ROW; i += PARTS) {
            for (int j = 0; j < PARTS; j++) {
                work->out[i + j] = exp_c(work->in[i + j] - shift);
                sum[j] += work->out[i + j];
            }
        }
    }
    for (int j = 1; j < PARTS; j++)
        sum[0] += sum[j];
    work->sink = sum[0];
}

static void read_c(ceiling_work *work, long repeats)
{
    uint32_t sum[PARTS] = { 0 };
    for (long repeat = 0; repeat < repeats; repeat++) {
        for (size_t i = 0; i < work->word_count; i += PARTS) {
            for (int j = 0; j < PARTS; j++)
                sum[j] += work->words[i + (size_t)j];
        }
    }
    for (int j = 1; j < PARTS; j++)
        sum[0] += sum[j];
    work->sink = (float)sum[0];
}

static int present_c(void)
{
    return 1;
}

const ceiling_isa ceiling_isa_c = { .name = "c",
                                    .present = present_c,
                                    .flops = 2.0 * LANES * CHAINS * STEPS,
                                    .fma = fma_c,
                                    .softmax = softmax_c,
                                    .read = read_c };
