/*
 * bench_table.c: the report for people.
 *
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE.
 */
#include "bench.h"

#include <stdio.h>
#include <string.h>

static int name_width(const struct bench *bench)
{
    size_t width = strlen(ceiling_kind_name(CEILING_FMA));
    for (int i = 0; i < bench->case_count; i++)
        if (strlen(bench->cases[i].name) > width)
            width = strlen(bench->cases[i].name);
    return (int)width;
}

static void print_head(const struct bench *bench)
{
    printf("device  %s: %s\nhost    %s, %d threads, %d rounds, median over the rounds\n\n", bench->info.name,
           bench->info.description, bench->cpu, bench->info.threads, bench->rounds);
}

static void print_ceilings(const struct bench *bench, int width)
{
    printf("%-*s  %-12s %11s %11s\n", width, "ceiling", "level", "median", "best");
    for (int i = 0; i < ceilings_count(bench->ceilings); i++) {
        ceiling_kind kind = ceilings_kind(bench->ceilings, i);
        printf("%-*s  %-12s %11.1f %11.1f  %s%s\n", width, ceiling_kind_name(kind), ceilings_isa(bench->ceilings, i),
               1e-9 * bench_ceiling_median(bench, i), 1e-9 * bench_ceiling_best(bench, i), ceiling_kind_unit(kind),
               i == ceilings_best(bench->ceilings, kind) ? " *" : "");
    }
    printf("* yardstick: the highest level that this CPU has\n\n");
}

/* "  80.1% of FMA >= 65%" */
static void print_fraction(double figure, const char *ceiling, double bar)
{
    if (figure > 0.0 && bar > 0.0)
        printf("  %.1f%% of %s >= %.0f%%", 100.0 * figure, ceiling, 100.0 * bar);
}

static void print_bars(const struct bench_case *c, const struct bench_figures *figures)
{
    if (!c->listed)
        return;
    for (int kind = 0; kind < CEILING_KINDS; kind++)
        print_fraction(figures->fraction[kind], bench_bound_name(kind), c->listed->bar[kind]);
    print_fraction(figures->own, "its level's FMA", figures->own_bar);
    if (figures->than > 0.0)
        printf("  %.2fx of %s >= %.1fx", figures->than, c->listed->than, c->listed->than_bar[figures->units]);
    if (figures->verdict != BENCH_NO_BAR)
        printf(": %s", bench_verdict_names[figures->verdict]);
}

static void print_case(const struct bench *bench, const struct bench_case *c, int width)
{
    struct bench_figures figures = bench_figures_of(bench, c);
    if (c->declined[0]) {
        printf("%-*s  %s\n", width, c->name, c->declined);
        return;
    }
    printf("%-*s  %-12s %11.3f %11.3f %9.1f %8.2f", width, c->name, c->info.kernel, 1e3 * figures.median,
           1e3 * figures.best, figures.gflops, figures.gbytes);
    if (bench->ceilings)
        printf(" %5.1f%% %-6s", 100.0 * figures.fraction[figures.bound], bench_bound_name(figures.bound));
    if (bench->ceilings && bench->settings.roofline)
        printf(" %9.3f %9.3f %9.3f", 1e3 * figures.floor[figures.units], 1e3 * figures.floor[CEILING_EXP],
               1e3 * figures.floor[CEILING_MEMORY]);
    print_bars(c, &figures);
    printf("\n");
}

static void print_cases(const struct bench *bench, int width)
{
    printf("%-*s  %-12s %11s %11s %9s %8s", width, "case", "kernel", "median ms", "best ms", "GFLOP/s", "GB/s");
    if (bench->ceilings)
        printf(" %13s", "of ceiling");
    if (bench->ceilings && bench->settings.roofline)
        printf(" %9s %9s %9s", "flops ms", "exps ms", "bytes ms");
    printf("  bars\n");
    for (int i = 0; i < bench->case_count; i++)
        print_case(bench, &bench->cases[i], width);
}

static void print_overheads(const struct bench *bench, int width)
{
    printf("\n%-*s  %12s %11s\n", width, "host overhead", "", "median us");
    for (int i = 0; i < BENCH_OVERHEADS; i++) {
        const struct bench_overhead *overhead = &bench->overheads[i];
        enum bench_verdict verdict;
        double seconds = bench_overhead_median(bench, overhead, &verdict);
        printf("%-*s  %12s %11.2f", width, overhead->name, "", 1e6 * seconds);
        if (verdict != BENCH_NO_BAR)
            printf("  <= %.0f us: %s", 1e6 * overhead->bar, bench_verdict_names[verdict]);
        printf("\n");
    }
}

static void print_verdicts(const struct bench *bench)
{
    int count[BENCH_VERDICTS] = { 0 };
    for (int i = 0; i < bench->case_count; i++)
        count[bench_figures_of(bench, &bench->cases[i]).verdict]++;
    for (int i = 0; i < BENCH_OVERHEADS; i++) {
        enum bench_verdict verdict;
        bench_overhead_median(bench, &bench->overheads[i], &verdict);
        count[verdict]++;
    }
    if (count[BENCH_OK] + count[BENCH_MISS] > 0)
        printf("\nbars: %d ok, %d MISS\n", count[BENCH_OK], count[BENCH_MISS]);
}

void bench_print_table(const struct bench *bench)
{
    int width = name_width(bench);
    print_head(bench);
    if (bench->ceilings && bench->settings.roofline)
        print_ceilings(bench, width);
    print_cases(bench, width);
    print_overheads(bench, width);
    print_verdicts(bench);
}
