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
    static const char *const names[CEILING_KINDS] = {
        [CEILING_FMA] = "FMA", [CEILING_PRODUCTS] = "products", [CEILING_TILES] = "tiles", [CEILING_SAME] = "same bytes"
    };
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

static const char *level_of(const struct bench_case *c)
{
    const char *dash = strrchr(c->info.kernel, '-');
    return dash ? dash + 1 : "";
}

/* What computes a case's products. */
static ceiling_kind units_of(const struct bench *bench, const struct bench_case *c)
{
    int tiles = ceilings_best(bench->ceilings, CEILING_TILES) >= 0 && !strcmp(level_of(c), ceiling_isa_amx.name);
    return tiles ? CEILING_TILES : CEILING_FMA;
}

/* What a case needs of each kind: flops, one exponential a visible pair, every byte once. L2 traffic is the kernel's
 * own choice and has no floor. */
static void needs(const struct bench_case *c, ceiling_kind units, double need[CEILING_KINDS])
{
    memset(need, 0, CEILING_KINDS * sizeof *need);
    need[units] = c->info.flops;
    need[CEILING_PRODUCTS] = need[CEILING_FMA];
    need[CEILING_EXP] = (double)c->info.pairs;
    need[CEILING_MEMORY] = c->info.bytes;
    need[CEILING_SAME] = c->reads[0].plain > 0 ? c->info.bytes : 0.0;
}

/* Of a need whose rate is known; 0: it is not. */
static double rate_of(const struct bench *bench, const struct bench_case *c, ceiling_kind kind, int round)
{
    if (kind == CEILING_SAME)
        return (double)(c->key_bytes + c->value_bytes) / c->reads[round].plain;
    if (kind == CEILING_MEMORY && c->reads[round].memory > 0)
        return 1 / c->reads[round].memory;
    int index = ceilings_best(bench->ceilings, kind);
    return index < 0 ? 0.0 : rates_of(bench, index)[round];
}

static double fraction_of(const struct bench *bench, const struct bench_case *c, ceiling_kind kind, double need)
{
    double fraction[BENCH_MOST_ROUNDS];
    for (int round = 0; round < bench->rounds; round++) {
        double rate = rate_of(bench, c, kind, round);
        fraction[round] = rate > 0 ? need / rate / c->seconds[round] : 0.0;
    }
    return median(fraction, bench->rounds);
}

/* Of what the level that it runs at can do: the yardstick is the best level of the CPU. */
static double fraction_of_own(const struct bench *bench, const struct bench_case *c)
{
    double fraction[BENCH_MOST_ROUNDS];
    int index = ceilings_at_level(bench->ceilings, CEILING_FMA, level_of(c));
    for (int round = 0; round < bench->rounds && index >= 0; round++)
        fraction[round] = c->info.flops / rates_of(bench, index)[round] / c->seconds[round];
    return index < 0 ? 0.0 : median(fraction, bench->rounds);
}

static void set_ceilings(const struct bench *bench, const struct bench_case *c, struct bench_figures *figures)
{
    double need[CEILING_KINDS];
    ceiling_kind units = units_of(bench, c);
    needs(c, units, need);
    for (int kind = 0; kind < CEILING_KINDS; kind++) {
        int index = ceilings_best(bench->ceilings, kind);
        if (need[kind] > 0 && index >= 0)
            figures->floor[kind] = need[kind] / bench_ceiling_median(bench, index);
        if (need[kind] > 0)
            figures->fraction[kind] = fraction_of(bench, c, kind, need[kind]);
    }
    figures->units = units;
    figures->bound = figures->floor[units] > figures->floor[CEILING_MEMORY] ? units : CEILING_MEMORY;
    figures->own = fraction_of_own(bench, c);
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

static void judge(enum bench_verdict *verdict, double figure, double bar)
{
    if (bar > 0.0 && figure > 0.0)
        *verdict = figure < bar || *verdict == BENCH_MISS ? BENCH_MISS : BENCH_OK;
}

/* The bars are stated for the device "cpu" only. */
static enum bench_verdict verdict_of(const struct bench *bench, const struct bench_case *c,
                                     const struct bench_figures *figures)
{
    enum bench_verdict verdict = BENCH_NO_BAR;
    if (!c->listed || strcmp(bench->info.name, "cpu"))
        return verdict;
    for (int kind = 0; kind < CEILING_KINDS; kind++)
        judge(&verdict, figures->fraction[kind], c->listed->bar[kind]);
    judge(&verdict, figures->own, figures->own_bar);
    judge(&verdict, figures->than, c->listed->than_bar[figures->units]);
    return verdict;
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
    if (c->listed && !strcmp(level_of(c), "avx2"))
        figures.own_bar = c->listed->avx2_bar;
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
