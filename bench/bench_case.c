/*
 * bench_case.c: one timed case.
 *
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE.
 */
#include "bench.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/instance.h"
#include "tools/timing.h"

static const double round_seconds = 0.05; /* what a short case is repeated for */
static const double batch_seconds = 0.01;
static const double MOST_BATCH = 50;

static int failed(const struct bench_case *c, const char *what)
{
    fprintf(stderr, "attn %s: %s: %s: %s\n", c->command, c->name, what, attn_reason());
    return 1;
}

/* The library's reason, its lines joined. */
static void set_declined(struct bench_case *c)
{
    snprintf(c->declined, sizeof c->declined, "unsupported: %s", attn_reason());
    for (char *at = c->declined; *at; at++)
        if (*at == '\n')
            *at = ' ';
}

/* Seconds of one run; < 0 on failure. A device with memory of its own is given several at once and then waited for, as programs do. */
static double run_once(const struct bench_case *c)
{
    const long runs = c->batch > 0 ? c->batch : 1;
    double start = monotonic_seconds();
    for (long i = 0; i < runs; i++)
        if (attn_run(c->plan, &c->args, c->queue))
            return -1.0;
    return attn_queue_wait(c->queue) ? -1.0 : (monotonic_seconds() - start) / (double)runs;
}

/* Runs that take a while together, so that neither enqueueing nor waiting is seen. */
static long batch_of(const struct bench_case *c, double seconds)
{
    attn_device_info info = ATTN_DEVICE_INFO_INIT;
    if (attn_device_get_info(c->device, &info) || info.host_memory)
        return 1;
    return (long)fmin(MOST_BATCH, fmax(1, batch_seconds / fmax(seconds, 1e-7)));
}

/* The first run touches the memory; the second tells how many make a round. */
static int set_repeats(struct bench_case *c)
{
    double seconds = run_once(c);
    if (seconds >= 0.0 && seconds < 1.0)
        seconds = run_once(c);
    if (seconds < 0.0)
        return failed(c, "run");
    c->batch = batch_of(c, seconds);
    long repeats = (long)(round_seconds / fmax(seconds * (double)c->batch, 1e-7)) + 1;
    c->repeats = c->cold && repeats > BENCH_COLD_REPEATS ? BENCH_COLD_REPEATS : repeats;
    return 0;
}

static int open_plan(struct bench_case *c, attn_problem *problem)
{
    attn_status status = attn_plan_create(c->device, problem, &c->plan);
    if (status == ATTN_UNSUPPORTED) {
        set_declined(c);
        return 0;
    }
    c->info = (attn_plan_info)ATTN_PLAN_INFO_INIT;
    return status || attn_plan_get_info(c->plan, &c->info) ? failed(c, "plan") : 0;
}

/* The plan keeps what it needs of the pattern. */
static int open_pattern_plan(struct bench_case *c, const struct attention_case *parsed, attn_problem *problem)
{
    struct case_pattern pattern;
    int status = case_pattern_create(parsed, &pattern) ? failed(c, "pattern") : 0;
    if (!status) {
        case_pattern_attach(&pattern, problem);
        status = open_plan(c, problem);
    }
    case_pattern_release(&pattern);
    return status;
}

int bench_case_open(struct bench_case *c, attn_device *device, int rounds)
{
    struct attention_case parsed;
    attn_problem problem;
    char error[2 * CASE_NAME];
    if (case_parse(c->text, &parsed, error, sizeof error)) {
        fprintf(stderr, "attn %s: %s\n", c->command, error);
        return 1;
    }
    c->device = device;
    c->cold = parsed.nq == 1; /* between two tokens a model reads its weights and its other layers' K and V */
    c->seconds = calloc((size_t)rounds, sizeof *c->seconds);
    c->reads = calloc((size_t)rounds, sizeof *c->reads);
    if (!c->seconds || !c->reads) {
        fprintf(stderr, "attn %s: out of memory\n", c->command);
        return 1;
    }
    case_problem(&parsed, &problem);
    problem.kernel = c->kernel;
    c->key_bytes = (size_t)tensor_span(&problem.k) * attn_dtype_size(problem.k.dtype);
    c->value_bytes = (size_t)tensor_span(&problem.v) * attn_dtype_size(problem.v.dtype);
    if (open_pattern_plan(c, &parsed, &problem))
        return 1;
    if (!c->plan)
        return 0;
    if (bench_data_open(device, &parsed, &problem, attn_plan_workspace(c->plan), &c->args))
        return failed(c, "data");
    if (attn_queue_create(device, &c->queue))
        return failed(c, "queue");
    return set_repeats(c);
}

static double plain_read(const struct bench_case *c, ceilings *reader)
{
    return ceilings_read(reader, (const void *)(uintptr_t)c->args.k.handle, c->key_bytes) +
           ceilings_read(reader, (const void *)(uintptr_t)c->args.v.handle, c->value_bytes);
}

/* What is read around one cold run, in turn with it. */
static void read_around(const struct bench_case *c, ceilings *reader, struct bench_reads *reads)
{
    double memory = ceilings_evict(reader);
    if (!reads)
        return;
    reads->plain += plain_read(c, reader) / (double)c->repeats;
    memory += ceilings_evict(reader);
    reads->memory += memory / 2 / (double)c->repeats;
}

double bench_case_time(struct bench_case *c, ceilings *evictor, struct bench_reads *reads)
{
    double sum = 0.0;
    for (long i = 0; i < c->repeats; i++) {
        if (c->cold && evictor)
            read_around(c, evictor, reads);
        double seconds = run_once(c);
        if (seconds < 0.0) {
            failed(c, "run");
            return seconds;
        }
        sum += seconds;
    }
    return sum / (double)c->repeats;
}

void bench_case_close(struct bench_case *c)
{
    if (c->queue)
        attn_queue_destroy(c->queue);
    if (c->plan)
        bench_data_close(c->device, &c->args);
    attn_plan_destroy(c->plan);
    free(c->seconds);
    free(c->reads);
}
