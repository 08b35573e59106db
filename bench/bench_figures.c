/*
 * bench_figures.c: what the rounds of a case, its ceilings and its bars add up to.
 *
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE.
 */
#include "bench.h"

#include <math.h>
#include <string.h>

#include "tools/timing.h"

const char *const bench_verdict_names[BENCH_VERDICTS] = { "", "ok", "MISS" };

const char *bench_bound_name(ceiling_kind bound)
{
    static const char *const names[CEILING_KINDS] = { [CEILING_FMA] = "FMA", [CEILING_TILES] = "tiles" };
    return names[bound] ? names[bound] : "memory";
}

static const double *rates_of(const struct bench *bench, int index)
{
    return bench->rates + (size_t)index * (size_t)bench->rounds;
}

static double median_of(const double *values, int count)
{
    double copy[BENCH_MOST_ROUNDS];
    memcpy(copy, values, (size_t)count * sizeof *values);
    return median(copy, count);
}

double bench_ceiling_median(const struct bench *bench, int index)
{
    return median_of(rates_of(bench, index), bench->rounds);
}

double bench_ceiling_best(const struct bench *bench, int index)
{
    double best = 0.0;
    for (int round = 0; round < bench->rounds; round++)
        best = fmax(best, rates_of(bench, index)[round]);
    return best;
}

/* What computes a case's products. */
static ceiling_kind units_of(const struct bench *bench, const struct bench_case *c)
{
    const char *level = strrchr(c->info.kernel, '-');
    int tiles = ceilings_best(bench->ceilings, CEILING_TILES) >= 0 && level && !strcmp(level + 1, ceiling_isa_amx.name);
    return tiles ? CEILING_TILES : CEILING_FMA;
}

/* What a case needs of each kind: flops, one exponential a visible pair, every byte once. L2 traffic is the kernel's
 * own choice and has no floor. */
static void needs(const struct bench_case *c, ceiling_kind units, double need[CEILING_KINDS])
{
    need[CEILING_FMA] = need[CEILING_TILES] = 0.0;
    need[units] = c->info.flops;
    need[CEILING_EXP] = (double)c->info.pairs;
    need[CEILING_L2] = 0.0;
    need[CEILING_MEMORY] = c->info.bytes;
}

static void set_ceilings(const struct bench *bench, const struct bench_case *c, struct bench_figures *figures)
{
    double need[CEILING_KINDS], fraction[BENCH_MOST_ROUNDS];
    ceiling_kind units = units_of(bench, c);
    needs(c, units, need);
    for (int kind = 0; kind < CEILING_KINDS; kind++)
        if (need[kind] > 0)
            figures->floor[kind] = need[kind] / bench_ceiling_median(bench, ceilings_best(bench->ceilings, kind));
    figures->units = units;
    figures->bound = figures->floor[units] > figures->floor[CEILING_MEMORY] ? units : CEILING_MEMORY;
    const double *rates = rates_of(bench, ceilings_best(bench->ceilings, figures->bound));
    for (int round = 0; round < bench->rounds; round++)
        fraction[round] = need[figures->bound] / rates[round] / c->seconds[round];
    figures->fraction = median(fraction, bench->rounds);
}

static double ratio_to(const struct bench *bench, const struct bench_case *c, const char *name)
{
    double ratio[BENCH_MOST_ROUNDS];
    for (int i = 0; i < bench->case_count; i++) {
        const struct bench_case *other = &bench->cases[i];
        if (strcmp(other->name, name) || other->declined[0])
            continue;
        for (int round = 0; round < bench->rounds; round++)
            ratio[round] = other->seconds[round] / c->seconds[round];
        return median(ratio, bench->rounds);
    }
    return 0.0;
}

/* The bars are stated for the device "cpu" only. */
static enum bench_verdict verdict_of(const struct bench *bench, const struct bench_case *c,
                                     const struct bench_figures *figures)
{
    const perf_case *listed = c->listed;
    if (!listed || strcmp(bench->info.name, "cpu"))
        return BENCH_NO_BAR;
    int fraction_counts = listed->bar > 0.0 && figures->fraction > 0.0;
    int than_counts = listed->than_bar > 0.0 && figures->than > 0.0;
    if ((fraction_counts && figures->fraction < listed->bar) || (than_counts && figures->than < listed->than_bar))
        return BENCH_MISS;
    return fraction_counts || than_counts ? BENCH_OK : BENCH_NO_BAR;
}

struct bench_figures bench_figures_of(const struct bench *bench, const struct bench_case *c)
{
    struct bench_figures figures = { 0 };
    if (c->declined[0])
        return figures;
    figures.median = median_of(c->seconds, bench->rounds);
    figures.best = INFINITY;
    for (int round = 0; round < bench->rounds; round++)
        figures.best = fmin(figures.best, c->seconds[round]);
    figures.gflops = 1e-9 * c->info.flops / figures.median;
    figures.gbytes = 1e-9 * c->info.bytes / figures.median;
    if (bench->ceilings)
        set_ceilings(bench, c, &figures);
    if (c->listed && c->listed->than)
        figures.than = ratio_to(bench, c, c->listed->than);
    figures.verdict = verdict_of(bench, c, &figures);
    return figures;
}

double bench_overhead_median(const struct bench *bench, const struct bench_overhead *overhead,
                             enum bench_verdict *verdict)
{
    double seconds = median_of(overhead->seconds, bench->rounds);
    int counts = overhead->bar > 0.0 && !strcmp(bench->info.name, "cpu");
    *verdict = !counts ? BENCH_NO_BAR : seconds <= overhead->bar ? BENCH_OK : BENCH_MISS;
    return seconds;
}
