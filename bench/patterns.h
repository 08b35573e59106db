/*
 * patterns.h: `attn bench --patterns` and `--sweep`: sparse patterns against dense attention on the same device.
 *
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE.
 */
#ifndef ATTN_BENCH_PATTERNS_H
#define ATTN_BENCH_PATTERNS_H

#include "bench.h"

/* Times to compile, and times to run over dense time against what is visited, with their bars. 0, or 1 with the reason on
 * stderr. */
int bench_patterns(const struct bench_settings *settings);

/* Each preset at 2048 .. 131072 tokens as CSV: time, pairs, ratios to dense. */
int bench_sweep(const struct bench_settings *settings);

#endif
