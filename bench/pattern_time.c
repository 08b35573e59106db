/*
 * pattern_time.c: one pattern on one problem, ready to be timed.
 *
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE.
 */
#include "pattern_time.h"

#include <stdio.h>
#include <stdlib.h>

#include "tests/numbers.h"
#include "tools/timing.h"

static attn_status random_mask(int64_t tokens, int64_t blocks, int percent, attn_pattern **mask)
{
    attn_block_mask m = ATTN_BLOCK_MASK_INIT;
    unsigned char *dense = malloc((size_t)(blocks * blocks));
    if (!dense)
        return ATTN_NO_MEMORY;
    for (int64_t i = 0; i < blocks * blocks; i++)
        dense[i] = number_hash((uint64_t)i, 1) % 100 < (uint64_t)percent;
    m.block_q = m.block_k = (tokens + blocks - 1) / blocks;
    m.rows = m.columns = blocks;
    m.dense = dense;
    attn_status status = attn_pattern_blocks("mask", &m, mask);
    free(dense);
    return status;
}

attn_status pattern_parse(const char *text, int64_t tokens, int64_t blocks, int percent, attn_pattern **pattern)
{
    attn_pattern *mask = NULL;
    attn_status status = blocks ? random_mask(tokens, blocks, percent, &mask) : ATTN_OK;
    const attn_binding binding = { "mask", mask };
    if (!status)
        status = attn_pattern_parse(text, &binding, mask != NULL, pattern);
    attn_pattern_release(mask);
    return status;
}

static void describe(attn_problem *problem, int64_t heads, int64_t tokens, int64_t dim)
{
    *problem = (attn_problem)ATTN_PROBLEM_INIT;
    problem->q = problem->k = problem->v = problem->o = attn_bhsd(ATTN_F32, 1, heads, tokens, dim);
}

attn_status pattern_run_open(struct pattern_run *run, attn_device *device, const attn_pattern *pattern, int64_t heads,
                             int64_t tokens, int64_t dim, const struct pattern_run *like)
{
    attn_problem problem;
    *run = (struct pattern_run){ .device = device, .info = ATTN_PLAN_INFO_INIT, .args = ATTN_ARGS_INIT };
    describe(&problem, heads, tokens, dim);
    problem.pattern = pattern;
    double start = monotonic_seconds();
    attn_status status = attn_plan_create(device, &problem, &run->plan);
    run->plan_seconds = monotonic_seconds() - start;
    if (!status)
        status = attn_plan_get_info(run->plan, &run->info);
    if (!status)
        status = attn_queue_create(device, &run->queue);
    if (!status && !like)
        return bench_data_open(device, NULL, &problem, attn_plan_workspace(run->plan), &run->args);
    if (!status)
        run->args = like->args;
    run->args.workspace = (attn_memory){ 0, 0 };
    run->args.workspace_size = status ? 0 : attn_plan_workspace(run->plan);
    return status ? status : attn_alloc(device, run->args.workspace_size, &run->args.workspace);
}

void pattern_run_close(struct pattern_run *run, int owns_data)
{
    if (owns_data)
        bench_data_close(run->device, &run->args);
    else
        attn_free(run->device, run->args.workspace);
    attn_queue_destroy(run->queue);
    attn_plan_destroy(run->plan);
}

double pattern_run_time(const struct pattern_run *run)
{
    double start = monotonic_seconds();
    if (attn_run(run->plan, &run->args, run->queue) || attn_queue_wait(run->queue))
        return -1.0;
    return monotonic_seconds() - start;
}

int pattern_device_open(const struct bench_settings *settings, attn_device **device)
{
    attn_status status = attn_device_open(settings->device, device);
    if (!status && settings->threads > 0)
        status = attn_device_set_threads(*device, (int)settings->threads);
    if (status)
        fprintf(stderr, "attn bench: %s: %s\n", settings->device, attn_reason());
    return status != ATTN_OK;
}
