/*
 * bench.c: opens what is to be timed, and times it in rounds.
 *
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE.
 */
#include "bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/progress.h"

static int failed(const char *what, const char *why)
{
    fprintf(stderr, "attn bench: %s: %s\n", what, why);
    return 1;
}

/* Model name of the CPU on Linux; "unknown" elsewhere and where the kernel does not say. */
static void read_cpu(char *name, size_t size)
{
    char line[256];
    snprintf(name, size, "unknown");
    FILE *file = fopen("/proc/cpuinfo", "r");
    while (file && fgets(line, sizeof line, file)) {
        char *value = strchr(line, ':');
        if (!value || strncmp(line, "model name", 10))
            continue;
        value[1 + strcspn(value + 1, "\n")] = '\0';
        snprintf(name, size, "%s", value + 1 + strspn(value + 1, " "));
        break;
    }
    if (file)
        fclose(file);
}

static int open_device(struct bench *bench)
{
    const struct bench_settings *settings = &bench->settings;
    if (attn_device_open(settings->device, &bench->device))
        return failed(settings->device, attn_reason());
    if (settings->threads > 0 && attn_device_set_threads(bench->device, (int)settings->threads))
        return failed("--threads", attn_reason());
    bench->info = (attn_device_info)ATTN_DEVICE_INFO_INIT;
    if (attn_device_get_info(bench->device, &bench->info))
        return failed(settings->device, attn_reason());
    return 0;
}

static int open_ceilings(struct bench *bench)
{
    if (!bench->info.host_memory)
        return 0;
    int threads = bench->info.threads > 0 ? bench->info.threads : 1;
    bench->ceilings = ceilings_open(threads, bench->settings.roofline);
    if (!bench->ceilings)
        return failed("ceilings", "out of memory");
    bench->rates = calloc((size_t)ceilings_count(bench->ceilings) * (size_t)bench->rounds, sizeof *bench->rates);
    return bench->rates ? 0 : failed("ceilings", "out of memory");
}

static int open_overheads(struct bench *bench)
{
    for (int i = 0; i < BENCH_OVERHEADS; i++) {
        bench->overheads[i] = bench_overheads[i];
        bench->overheads[i].seconds = calloc((size_t)bench->rounds, sizeof(double));
        if (!bench->overheads[i].seconds)
            return failed("overheads", "out of memory");
    }
    return 0;
}

static int open_cases(struct bench *bench)
{
    struct progress progress;
    int status = 0;
    progress_begin(&progress, bench->case_count);
    for (int i = 0; i < bench->case_count && !status; i++) {
        struct bench_case *c = &bench->cases[i];
        attn_device *device = bench->device;
        progress_step(&progress, i, c->name);
        c->command = "bench";
        if (c->listed && c->listed->device && !bench->reference) {
            if (attn_device_open(c->listed->device, &bench->reference))
                status = failed(c->listed->device, attn_reason());
        }
        if (c->listed && c->listed->device)
            device = bench->reference;
        else
            c->kernel = bench->settings.kernel;
        if (!status)
            status = bench_case_open(c, device, bench->rounds);
    }
    progress_clear(&progress);
    return status;
}

int bench_open(struct bench *bench, const struct bench_settings *settings)
{
    memset(bench, 0, sizeof *bench);
    bench->settings = *settings;
    bench->rounds = (int)settings->rounds;
    read_cpu(bench->cpu, sizeof bench->cpu);
    return bench_select(bench) || open_device(bench) || open_overheads(bench) || open_cases(bench) ||
           open_ceilings(bench);
}

/* Ceilings, cases, overheads of one round; `step` counts on over the rounds. */
static int measure_round(struct bench *bench, int round, struct progress *progress, int64_t *step)
{
    for (int i = 0; bench->ceilings && i < ceilings_count(bench->ceilings); i++) {
        progress_step(progress, (*step)++, ceiling_kind_name(ceilings_kind(bench->ceilings, i)));
        bench->rates[i * bench->rounds + round] = ceilings_measure(bench->ceilings, i);
    }
    for (int i = 0; i < bench->case_count; i++) {
        struct bench_case *c = &bench->cases[i];
        progress_step(progress, (*step)++, c->name);
        if (c->declined[0])
            continue;
        struct bench_reads *reads = c->device == bench->device ? &c->reads[round] : NULL;
        if ((c->seconds[round] = bench_case_time(c, bench->ceilings, reads)) < 0.0)
            return 1;
    }
    for (int i = 0; i < BENCH_OVERHEADS; i++) {
        struct bench_overhead *overhead = &bench->overheads[i];
        overhead->seconds[round] = bench_overhead_time(overhead, bench->device);
        if (overhead->seconds[round] < 0.0)
            return 1;
    }
    return 0;
}

int bench_measure(struct bench *bench)
{
    struct progress progress;
    int64_t step = 0, per_round = bench->case_count + (bench->ceilings ? ceilings_count(bench->ceilings) : 0);
    int status = 0;
    progress_begin(&progress, per_round * bench->rounds);
    for (int round = 0; round < bench->rounds && !status; round++)
        status = measure_round(bench, round, &progress, &step);
    progress_clear(&progress);
    return status;
}

void bench_close(struct bench *bench)
{
    for (int i = 0; i < bench->case_count; i++)
        bench_case_close(&bench->cases[i]);
    for (int i = 0; i < BENCH_OVERHEADS; i++)
        free(bench->overheads[i].seconds);
    free(bench->cases);
    free(bench->rates);
    ceilings_close(bench->ceilings);
    attn_device_close(bench->reference);
    attn_device_close(bench->device);
}
