/*
 * sweep.c: every preset against dense attention over the number of tokens.
 *
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE.
 */
#include "patterns.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "pattern_time.h"

enum { LEAST_TOKENS = 2048, MOST_TOKENS = 131072, SWEEP_CHANNELS = 64 };

/* The best of a few runs, of one when it takes long. */
static double best_of(const struct pattern_run *run, int64_t rounds)
{
    double best = pattern_run_time(run);
    for (int64_t i = 1; i < rounds && best >= 0 && best < 1; i++)
        best = fmin(best, pattern_run_time(run));
    return best;
}

static int sweep_pattern(attn_device *device, const char *name, const attn_pattern *pattern, int64_t tokens,
                         int64_t rounds, const struct pattern_run *dense, double dense_seconds)
{
    struct pattern_run run;
    int failed = pattern_run_open(&run, device, pattern, 1, tokens, SWEEP_CHANNELS, dense) != ATTN_OK;
    double seconds = failed ? -1 : best_of(&run, rounds), all = (double)tokens * (double)tokens;
    if (seconds < 0)
        fprintf(stderr, "attn bench: %s: %s\n", name, attn_reason());
    else
        printf("%s,%lld,%.6f,%.6f,%llu,%.8f,%.8f,%.8f\n", name, (long long)tokens, seconds, run.plan_seconds,
               (unsigned long long)run.info.pairs, (double)run.info.pairs / all, run.info.area / all,
               seconds / dense_seconds);
    pattern_run_close(&run, 0);
    return seconds < 0;
}

static int sweep_preset(attn_device *device, int index, int64_t tokens, int64_t rounds, const struct pattern_run *dense,
                        double dense_seconds)
{
    attn_preset_info info = ATTN_PRESET_INFO_INIT;
    attn_pattern *pattern = NULL;
    int failed = attn_preset_describe(index, &info) || attn_pattern_parse(info.name, NULL, 0, &pattern);
    if (failed)
        fprintf(stderr, "attn bench: %s\n", attn_reason());
    else
        failed = sweep_pattern(device, info.name, pattern, tokens, rounds, dense, dense_seconds);
    attn_pattern_release(pattern);
    return failed;
}

static int sweep_tokens(attn_device *device, int64_t tokens, int64_t rounds)
{
    struct pattern_run dense;
    int failed = pattern_run_open(&dense, device, NULL, 1, tokens, SWEEP_CHANNELS, NULL) != ATTN_OK;
    double seconds = failed ? -1 : best_of(&dense, rounds);
    failed = seconds < 0;
    if (!failed)
        printf("dense,%lld,%.6f,%.6f,%llu,1,1,1\n", (long long)tokens, seconds, dense.plan_seconds,
               (unsigned long long)dense.info.pairs);
    else
        fprintf(stderr, "attn bench: %s\n", attn_reason());
    for (int i = 0; i < attn_preset_count() && !failed; i++)
        failed = sweep_preset(device, i, tokens, rounds, &dense, seconds);
    pattern_run_close(&dense, 1);
    return failed;
}

int bench_sweep(const struct bench_settings *settings)
{
    attn_device *device = NULL;
    int failed = pattern_device_open(settings, &device);
    if (!failed)
        printf("pattern,tokens,seconds,plan_seconds,pairs,pairs_ratio,area_ratio,time_ratio\n");
    for (int64_t tokens = LEAST_TOKENS; tokens <= MOST_TOKENS && !failed; tokens *= 2)
        failed = sweep_tokens(device, tokens, settings->rounds);
    attn_device_close(device);
    return failed;
}
