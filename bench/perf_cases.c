/*
 * perf_cases.c: the list.
 *
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE.
 */
#include "perf_cases.h"

#include <stddef.h>

#define NO_SLOWER_THAN(name) .than = name, .than_bar = { [CEILING_FMA] = 0.9, [CEILING_TILES] = 0.9 }
#define FASTER_IN_TILES_THAN(name) .than = name, .than_bar = { [CEILING_FMA] = 0.9, [CEILING_TILES] = 1.6 }

const perf_case perf_cases[] = {
    /* Prompt processing: compute bound. */
    { .text = "n4096-d128-f32/full/h8/n4096/d128/f32",
      .bar = { [CEILING_FMA] = 0.65, [CEILING_PRODUCTS] = 0.85 },
      .avx2_bar = 0.75 },
    { .text = "n4096-d128-f32-causal/causal/h8/n4096/d128/f32",
      .bar = { [CEILING_FMA] = 0.65, [CEILING_PRODUCTS] = 0.80 } },
    { .text = "n4096-d64-f32/full/h8/n4096/d64/f32", .bar = { [CEILING_FMA] = 0.50, [CEILING_PRODUCTS] = 0.75 } },
    { .text = "n4096-d64-f32-causal/causal/h8/n4096/d64/f32", .bar = { [CEILING_FMA] = 0.50 } },
    { .text = "n4096-d256-f32/full/h8/n4096/d256/f32" },
    { .text = "n4096-d256-f32-causal/causal/h8/n4096/d256/f32" },
    { .text = "n4096-d128-f16/full/h8/n4096/d128/f16", FASTER_IN_TILES_THAN("n4096-d128-f32") },
    { .text = "n4096-d128-f16-causal/causal/h8/n4096/d128/f16", FASTER_IN_TILES_THAN("n4096-d128-f32-causal") },
    { .text = "n4096-d128-bf16/full/h8/n4096/d128/bf16",
      .bar = { [CEILING_TILES] = 0.55 },
      NO_SLOWER_THAN("n4096-d128-f32") },
    { .text = "n4096-d128-bf16-causal/causal/h8/n4096/d128/bf16", NO_SLOWER_THAN("n4096-d128-f32-causal") },
    { .text = "n4096-d64-bf16/full/h8/n4096/d64/bf16",
      .bar = { [CEILING_TILES] = 0.40 },
      NO_SLOWER_THAN("n4096-d64-f32") },
    { .text = "n1024-d128-f32/full/h8/n1024/d128/f32" },
    { .text = "n1024-d128-f32-causal/causal/h8/n1024/d128/f32" },
    { .text = "n16384-d128-f32/full/h8/n16384/d128/f32", .group = PERF_LONG },
    { .text = "n16384-d128-f32-causal/causal/h8/n16384/d128/f32", .group = PERF_LONG },
    { .text = "gqa-n2048-d128-f32/causal/h32:8/n2048/d128/f32" },
    { .text = "gqa-n2048-d128-f16/causal/h32:8/n2048/d128/f16", NO_SLOWER_THAN("gqa-n2048-d128-f32") },
    { .text = "window1024-n8192-f32/causal/window1023:0/h8/n8192/d128/f32" },
    { .text = "sink4-window1024-n8192-f32/causal/sink4/window1023:0/h8/n8192/d128/f32" },

    /* Token by token, the head shape of an 8B model: K and V are read once, from memory. */
    { .text = "decode-8192-f32/causal/h32:8/n1:8192/d128/f32" },
    { .text = "decode-8192-f16/causal/h32:8/n1:8192/d128/f16" },
    { .text = "decode-8192-bf16/causal/h32:8/n1:8192/d128/bf16" },
    { .text = "decode-32768-f32/causal/h32:8/n1:32768/d128/f32" },
    { .text = "decode-32768-f16/causal/h32:8/n1:32768/d128/f16",
      .bar = { [CEILING_MEMORY] = 0.80, [CEILING_SAME] = 0.90 } },
    { .text = "decode-32768-bf16/causal/h32:8/n1:32768/d128/bf16", .bar = { [CEILING_SAME] = 0.90 } },
    { .text = "decode-32768-d64-f16/causal/h32:8/n1:32768/d64/f16", .bar = { [CEILING_SAME] = 0.90 } },
    { .text = "decode-32768-d64-bf16/causal/h32:8/n1:32768/d64/bf16", .bar = { [CEILING_SAME] = 0.90 } },
    { .text = "decode-8192-page16-f16/causal/h32:8/n1:8192/d128/f16/page16" },
    { .text = "decode-32768-page16-f16/causal/h32:8/n1:32768/d128/f16/page16" },

    /* What flash attention saves: the same sizes by materialised float64 attention. */
    { .text = "standard-n512-d128-f32/full/h8/n512/d128/f32", .group = PERF_STANDARD, .device = "reference" },
    { .text = "n512-d128-f32/full/h8/n512/d128/f32", .group = PERF_STANDARD },
};

const int perf_case_count = sizeof perf_cases / sizeof perf_cases[0];
