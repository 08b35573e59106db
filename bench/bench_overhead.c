/*
 * bench_overhead.c: what the host pays for a call when there is next to nothing to compute.
 *
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE.
 */
#include "bench.h"

#include <stdio.h>

#include "tools/timing.h"

enum { CALLS = 200 };

/* Planning an implicit problem (nothing but integers describe its mask), and a run with one query and one key. */
const struct bench_overhead bench_overheads[BENCH_OVERHEADS] = {
    { "plan", "plan/causal/window1023:0/sink4/h8/n4096/d128/f32", 1, 20e-6, NULL },
    { "run-1-head", "run/h1/n1/d128/f32", 0, 3e-6, NULL },
    { "run-8-heads", "run/h8/n1/d128/f32", 0, 0.0, NULL },
};

static double time_plans(attn_device *device, const attn_problem *problem)
{
    double seconds[CALLS];
    for (int i = 0; i < CALLS; i++) {
        attn_plan *plan = NULL;
        double start = monotonic_seconds();
        if (attn_plan_create(device, problem, &plan))
            return -1.0;
        seconds[i] = monotonic_seconds() - start;
        attn_plan_destroy(plan);
    }
    return median(seconds, CALLS);
}

/* The first run of a round wakes the threads and is not counted. */
static double time_runs(const attn_plan *plan, const attn_args *args, attn_queue *queue)
{
    double seconds[CALLS];
    for (int i = -1; i < CALLS; i++) {
        double start = monotonic_seconds();
        if (attn_run(plan, args, queue))
            return -1.0;
        if (i >= 0)
            seconds[i] = monotonic_seconds() - start;
    }
    return attn_queue_wait(queue) ? -1.0 : median(seconds, CALLS);
}

static double open_and_time_runs(attn_device *device, const struct attention_case *parsed, attn_problem *problem)
{
    attn_plan *plan = NULL;
    attn_queue *queue = NULL;
    attn_args args = ATTN_ARGS_INIT;
    double seconds = -1.0;
    if (!attn_plan_create(device, problem, &plan) && !attn_queue_create(device, &queue) &&
        !bench_data_open(device, parsed, problem, attn_plan_workspace(plan), &args))
        seconds = time_runs(plan, &args, queue);
    bench_data_close(device, &args);
    if (queue)
        attn_queue_destroy(queue);
    attn_plan_destroy(plan);
    return seconds;
}

double bench_overhead_time(const struct bench_overhead *overhead, attn_device *device)
{
    struct attention_case parsed;
    attn_problem problem;
    char error[2 * CASE_NAME] = "";
    double seconds = -1.0;
    if (!case_parse(overhead->text, &parsed, error, sizeof error)) {
        case_problem(&parsed, &problem);
        seconds = overhead->plans ? time_plans(device, &problem) : open_and_time_runs(device, &parsed, &problem);
    }
    if (seconds < 0.0)
        fprintf(stderr, "attn bench: %s: %s\n", overhead->name, error[0] ? error : attn_reason());
    return seconds;
}
