/*
 * pattern_time.h: one pattern on one problem, ready to be timed.
 *
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE.
 */
#ifndef ATTN_BENCH_PATTERN_TIME_H
#define ATTN_BENCH_PATTERN_TIME_H

#include "attn_pattern.h"
#include "bench.h"

/* The settings' device with their threads. 0, or 1 with the reason on stderr. */
int pattern_device_open(const struct bench_settings *settings, attn_device **device);

/* A random block mask of `blocks` x `blocks` blocks, `percent` of them visible: bound to the name "mask". */
attn_status pattern_parse(const char *text, int64_t tokens, int64_t blocks, int percent, attn_pattern **pattern);

/* Batch 1, f32; q, k, v, o of `heads` heads, `tokens` tokens and `dim` channels. */
struct pattern_run {
    attn_device *device;
    attn_queue *queue;
    attn_plan *plan;
    attn_plan_info info;
    attn_args args;
    double plan_seconds;
};

/* Data are taken from `like` (NULL: made), whose memory they stay. pattern NULL: dense. */
attn_status pattern_run_open(struct pattern_run *run, attn_device *device, const attn_pattern *pattern, int64_t heads,
                             int64_t tokens, int64_t dim, const struct pattern_run *like);
void pattern_run_close(struct pattern_run *run, int owns_data);

/* Seconds of one run; < 0 on failure. */
double pattern_run_time(const struct pattern_run *run);

#endif
