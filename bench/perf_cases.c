/*
 * perf_cases.c: the list.
 *
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE.
 */
#include "perf_cases.h"

#include <stddef.h>

#define F32_BESIDE(name) name, 0.9, NULL
#define ALONE NULL, 0.0, NULL

const perf_case perf_cases[] = {
    /* Prompt processing: compute bound. */
    { "n4096-d128-f32/full/h8/n4096/d128/f32", PERF_DEFAULT, 0.65, ALONE },
    { "n4096-d128-f32-causal/causal/h8/n4096/d128/f32", PERF_DEFAULT, 0.65, ALONE },
    { "n4096-d64-f32/full/h8/n4096/d64/f32", PERF_DEFAULT, 0.50, ALONE },
    { "n4096-d64-f32-causal/causal/h8/n4096/d64/f32", PERF_DEFAULT, 0.50, ALONE },
    { "n4096-d256-f32/full/h8/n4096/d256/f32", PERF_DEFAULT, 0.0, ALONE },
    { "n4096-d256-f32-causal/causal/h8/n4096/d256/f32", PERF_DEFAULT, 0.0, ALONE },
    { "n4096-d128-f16/full/h8/n4096/d128/f16", PERF_DEFAULT, 0.0, F32_BESIDE("n4096-d128-f32") },
    { "n4096-d128-f16-causal/causal/h8/n4096/d128/f16", PERF_DEFAULT, 0.0, F32_BESIDE("n4096-d128-f32-causal") },
    { "n4096-d128-bf16/full/h8/n4096/d128/bf16", PERF_DEFAULT, 0.0, F32_BESIDE("n4096-d128-f32") },
    { "n4096-d128-bf16-causal/causal/h8/n4096/d128/bf16", PERF_DEFAULT, 0.0, F32_BESIDE("n4096-d128-f32-causal") },
    { "n1024-d128-f32/full/h8/n1024/d128/f32", PERF_DEFAULT, 0.0, ALONE },
    { "n1024-d128-f32-causal/causal/h8/n1024/d128/f32", PERF_DEFAULT, 0.0, ALONE },
    { "n16384-d128-f32/full/h8/n16384/d128/f32", PERF_LONG, 0.0, ALONE },
    { "n16384-d128-f32-causal/causal/h8/n16384/d128/f32", PERF_LONG, 0.0, ALONE },
    { "gqa-n2048-d128-f32/causal/h32:8/n2048/d128/f32", PERF_DEFAULT, 0.0, ALONE },
    { "gqa-n2048-d128-f16/causal/h32:8/n2048/d128/f16", PERF_DEFAULT, 0.0, F32_BESIDE("gqa-n2048-d128-f32") },
    { "window1024-n8192-f32/causal/window1023:0/h8/n8192/d128/f32", PERF_DEFAULT, 0.0, ALONE },
    { "sink4-window1024-n8192-f32/causal/sink4/window1023:0/h8/n8192/d128/f32", PERF_DEFAULT, 0.0, ALONE },

    /* Token by token, the head shape of an 8B model: K and V are read once, from memory. */
    { "decode-8192-f32/causal/h32:8/n1:8192/d128/f32", PERF_DEFAULT, 0.0, ALONE },
    { "decode-8192-f16/causal/h32:8/n1:8192/d128/f16", PERF_DEFAULT, 0.0, ALONE },
    { "decode-8192-bf16/causal/h32:8/n1:8192/d128/bf16", PERF_DEFAULT, 0.0, ALONE },
    { "decode-32768-f32/causal/h32:8/n1:32768/d128/f32", PERF_DEFAULT, 0.0, ALONE },
    { "decode-32768-f16/causal/h32:8/n1:32768/d128/f16", PERF_DEFAULT, 0.80, ALONE },
    { "decode-32768-bf16/causal/h32:8/n1:32768/d128/bf16", PERF_DEFAULT, 0.0, ALONE },
    { "decode-8192-page16-f16/causal/h32:8/n1:8192/d128/f16/page16", PERF_DEFAULT, 0.0, ALONE },
    { "decode-32768-page16-f16/causal/h32:8/n1:32768/d128/f16/page16", PERF_DEFAULT, 0.0, ALONE },

    /* What flash attention saves: the same sizes by materialised float64 attention. */
    { "standard-n512-d128-f32/full/h8/n512/d128/f32", PERF_STANDARD, 0.0, NULL, 0.0, "reference" },
    { "n512-d128-f32/full/h8/n512/d128/f32", PERF_STANDARD, 0.0, ALONE },
};

const int perf_case_count = sizeof perf_cases / sizeof perf_cases[0];
