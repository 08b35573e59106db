/*
 * patterns.c: what patterns cost to compile, and what they save, with the bars of both.
 *
 * Every round times dense attention and then each pattern; ratios are taken within a round, and their median is printed.
 *
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE.
 */
#include "patterns.h"

#include <stdio.h>
#include <stdlib.h>

#include "pattern_time.h"
#include "tools/progress.h"
#include "tools/timing.h"

enum { TILE = 128, CHANNELS = 128, TOKENS = 32768, MOST_ROUNDS = 64 };

/* ---- compiling --------------------------------------------------------------------------------------------------- */

struct compile_row {
    const char *name, *text;
    int64_t tokens, blocks;
    int plans;  /* attn_plan_create instead of attn_schedule_create */
    double bar; /* seconds */
};

static const struct compile_row compile_rows[] = {
    { "window 4096 and 4 sinks", "causal & (last(4096) | sink(4))", 1 << 20, 0, 1, 1e-3 },
    { "longformer 512, 64 globals", "longformer(512, 64)", 131072, 0, 0, 20e-3 },
    { "10% of 1024 x 1024 blocks of 32", "blocks(mask)", 32768, 1024, 0, 50e-3 },
    { "10% of 1024 x 1024 blocks of 128", "blocks(mask)", 131072, 1024, 0, 50e-3 },
};
enum { COMPILE_ROWS = sizeof compile_rows / sizeof compile_rows[0] };

static attn_status make_plan(attn_device *device, const attn_pattern *pattern, int64_t tokens)
{
    attn_problem problem = ATTN_PROBLEM_INIT;
    attn_plan *plan;
    problem.q = problem.k = problem.v = problem.o = attn_bhsd(ATTN_F32, 1, 1, tokens, CHANNELS);
    problem.pattern = pattern;
    attn_status status = attn_plan_create(device, &problem, &plan);
    attn_plan_destroy(status ? NULL : plan);
    return status;
}

static attn_status make_schedule(const attn_pattern *pattern, int64_t tokens, attn_schedule_info *info)
{
    attn_lengths lengths = ATTN_LENGTHS_INIT;
    attn_schedule *schedule;
    lengths.len_q = lengths.len_k = tokens;
    attn_status status = attn_schedule_create(pattern, &lengths, TILE, TILE, &schedule);
    if (!status)
        status = attn_schedule_get_info(schedule, info);
    attn_schedule_destroy(status ? NULL : schedule);
    return status;
}

static attn_status compile_once(attn_device *device, const struct compile_row *row, const attn_pattern *pattern,
                                double *seconds, attn_schedule_info *info)
{
    double start = monotonic_seconds();
    attn_status status =
        row->plans ? make_plan(device, pattern, row->tokens) : make_schedule(pattern, row->tokens, info);
    *seconds = monotonic_seconds() - start;
    return status;
}

static int print_compile(attn_device *device, const struct compile_row *row, int64_t rounds)
{
    double seconds[MOST_ROUNDS];
    attn_schedule_info info = ATTN_SCHEDULE_INFO_INIT;
    attn_pattern *pattern = NULL;
    attn_status status = pattern_parse(row->text, row->tokens, row->blocks, 10, &pattern);
    for (int64_t i = 0; i < rounds && !status; i++)
        status = compile_once(device, row, pattern, &seconds[i], &info);
    attn_pattern_release(pattern);
    if (status) {
        fprintf(stderr, "attn bench: %s: %s\n", row->name, attn_reason());
        return 1;
    }
    double middle = median(seconds, (int)rounds);
    printf("%-34s %8lld %10.3f %10llu %10llu %7lld %9.3f  <= %.0f ms: %s\n", row->name, (long long)row->tokens,
           1e3 * middle, (unsigned long long)info.full, (unsigned long long)info.partial, (long long)info.masks,
           1e-6 * (double)info.bytes, 1e3 * row->bar, middle <= row->bar ? "ok" : "MISS");
    return 0;
}

/* ---- running ------------------------------------------------------------------------------------------------------ */

struct run_row {
    const char *name, *text;
    int64_t blocks;
    int percent;
    int of_pairs; /* the bar is on the ratio of pairs, not of the area of visited tiles */
    double bar;
};

static const struct run_row run_rows[] = {
    { "window 4096", "causal & last(4096)", 0, 0, 0, 1.1 },
    { "longformer 512, 64 globals", "longformer(512, 64)", 0, 0, 0, 1.2 },
    { "bigbird, blocks of 64", "bigbird(64, 3)", 0, 0, 0, 1.2 },
    { "10% of the blocks of 32", "blocks(mask)", TOKENS / 32, 10, 0, 1.2 },
    { "10% of the blocks of 128", "blocks(mask)", TOKENS / 128, 10, 0, 1.2 },
    { "strided 64", "strided(64)", 0, 0, 1, 2.0 },
    { "sparse transformer, strided 128", "sparse-transformer-strided(128)", 0, 0, 0, 0.0 },
    { "every block, as a list", "blocks(mask)", TOKENS / 128, 100, 0, 1.1 },
};
enum { RUN_ROWS = sizeof run_rows / sizeof run_rows[0] };

struct run_table {
    struct pattern_run dense, row[RUN_ROWS];
    int opened; /* rows */
    double ratio[RUN_ROWS][MOST_ROUNDS], seconds[RUN_ROWS][MOST_ROUNDS], dense_seconds[MOST_ROUNDS];
};

static attn_status open_row(struct run_table *t, attn_device *device, int i)
{
    attn_pattern *pattern = NULL;
    attn_status status = pattern_parse(run_rows[i].text, TOKENS, run_rows[i].blocks, run_rows[i].percent, &pattern);
    t->opened = i + 1;
    if (!status)
        status = pattern_run_open(&t->row[i], device, pattern, 1, TOKENS, CHANNELS, &t->dense);
    attn_pattern_release(pattern);
    return status;
}

static attn_status open_runs(struct run_table *t, attn_device *device)
{
    attn_status status = pattern_run_open(&t->dense, device, NULL, 1, TOKENS, CHANNELS, NULL);
    for (int i = 0; i < RUN_ROWS && !status; i++)
        status = open_row(t, device, i);
    return status;
}

static int time_rounds(struct run_table *t, int64_t rounds)
{
    struct progress progress;
    int failed = 0;
    progress_begin(&progress, rounds * (RUN_ROWS + 1));
    for (int64_t round = 0; round < rounds && !failed; round++) {
        progress_step(&progress, round * (RUN_ROWS + 1), "dense");
        double dense = pattern_run_time(&t->dense);
        t->dense_seconds[round] = dense;
        failed = dense < 0;
        for (int i = 0; i < RUN_ROWS && !failed; i++) {
            progress_step(&progress, round * (RUN_ROWS + 1) + i + 1, run_rows[i].name);
            t->seconds[i][round] = pattern_run_time(&t->row[i]);
            t->ratio[i][round] = t->seconds[i][round] / dense;
            failed = t->seconds[i][round] < 0;
        }
    }
    progress_clear(&progress);
    return failed;
}

static void print_run(struct run_table *t, int i, int64_t rounds)
{
    const struct run_row *row = &run_rows[i];
    const attn_plan_info *info = &t->row[i].info;
    double time = median(t->ratio[i], (int)rounds), dense_pairs = (double)TOKENS * TOKENS;
    double pairs = (double)info->pairs / dense_pairs, area = info->area / dense_pairs;
    double over = time / (row->of_pairs ? pairs : area);
    printf("%-34s %10.2f %9.5f %9.5f %9.5f %8.2f", row->name, 1e3 * median(t->seconds[i], (int)rounds), time, pairs,
           area, over);
    if (row->bar > 0)
        printf("  <= %.1f x %s: %s", row->bar, row->of_pairs ? "pairs" : "area", over <= row->bar ? "ok" : "MISS");
    printf("\n");
}

static int print_runs(attn_device *device, int64_t rounds)
{
    struct run_table *t = calloc(1, sizeof *t);
    int failed = !t || open_runs(t, device) || time_rounds(t, rounds);
    if (failed)
        fprintf(stderr, "attn bench: %s\n", t ? attn_reason() : "out of memory");
    else
        printf("\nf32, 1 head, %d tokens, %d channels; dense %.1f ms\n%-34s %10s %9s %9s %9s %8s  bar\n", TOKENS,
               CHANNELS, 1e3 * median(t->dense_seconds, (int)rounds), "run", "median ms", "time", "pairs", "area",
               "time over");
    for (int i = 0; !failed && i < RUN_ROWS; i++)
        print_run(t, i, rounds);
    for (int i = 0; t && i < t->opened; i++)
        pattern_run_close(&t->row[i], 0);
    if (t && t->dense.device)
        pattern_run_close(&t->dense, 1);
    free(t);
    return failed;
}

int bench_patterns(const struct bench_settings *settings)
{
    attn_device *device = NULL;
    int64_t rounds = settings->rounds < MOST_ROUNDS ? settings->rounds : MOST_ROUNDS;
    int failed = pattern_device_open(settings, &device);
    if (!failed)
        printf("%-34s %8s %10s %10s %10s %7s %9s  bar\n", "compile, tile 128 x 128", "tokens", "median ms", "full",
               "partial", "masks", "MB");
    for (int i = 0; i < COMPILE_ROWS && !failed; i++)
        failed = print_compile(device, &compile_rows[i], rounds);
    if (!failed)
        failed = print_runs(device, rounds);
    attn_device_close(device);
    return failed;
}
