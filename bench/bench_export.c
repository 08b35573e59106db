/*
 * bench_export.c: the report for programs.
 *
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE.
 */
#include "bench.h"

#include <inttypes.h>
#include <stdio.h>

#include "tools/json.h"

/* ---- CSV: one table, its first column says what a row is; a field that a row has no value for is empty --------- */

/* A value, or an empty field, and the comma behind it. */
static void csv_number(int present, int digits, double value)
{
    if (present)
        printf("%.*f", digits, value);
    printf(",");
}

static void csv_ceilings(const struct bench *bench)
{
    for (int i = 0; i < ceilings_count(bench->ceilings); i++) {
        ceiling_kind kind = ceilings_kind(bench->ceilings, i);
        double rate = 1e-9 * bench_ceiling_median(bench, i);
        printf("ceiling,%s,%s,,,,", ceiling_kind_name(kind), ceilings_isa(bench->ceilings, i));
        csv_number(kind <= CEILING_TILES, 3, rate);
        csv_number(kind == CEILING_L2 || kind == CEILING_MEMORY, 3, rate);
        csv_number(kind == CEILING_EXP, 3, rate);
        printf(",,,,,,,\n");
    }
}

static double bar_of(const struct bench_case *c, ceiling_kind kind)
{
    return c->listed ? c->listed->bar[kind] : 0.0;
}

static void csv_case(const struct bench *bench, const struct bench_case *c)
{
    struct bench_figures f = bench_figures_of(bench, c);
    if (c->declined[0]) {
        printf("case,%s,%s,,,,,,,,,,,,,,unsupported\n", c->name, c->text);
        return;
    }
    printf("case,%s,%s,%s,", c->name, c->text, c->info.kernel);
    csv_number(1, 9, f.median);
    csv_number(1, 9, f.best);
    csv_number(1, 3, f.gflops);
    csv_number(1, 3, f.gbytes);
    printf(",%s,", bench->ceilings ? bench_bound_name(f.bound) : "");
    csv_number(bench->ceilings != NULL, 4, f.fraction[f.bound]);
    csv_number(f.bound == CEILING_FMA && f.fraction[CEILING_PRODUCTS] > 0.0, 4, f.fraction[CEILING_PRODUCTS]);
    csv_number(f.fraction[CEILING_SAME] > 0.0, 4, f.fraction[CEILING_SAME]);
    csv_number(bar_of(c, f.bound) > 0.0, 2, bar_of(c, f.bound));
    csv_number(f.than > 0.0, 4, f.than);
    csv_number(f.than > 0.0, 2, c->listed ? c->listed->than_bar[f.units] : 0.0);
    printf("%s\n", bench_verdict_names[f.verdict]);
}

static void csv_overhead(const struct bench *bench, const struct bench_overhead *overhead)
{
    enum bench_verdict verdict;
    double seconds = bench_overhead_median(bench, overhead, &verdict);
    printf("overhead,%s,%s,,%.9f,,,,,,,,,", overhead->name, overhead->text, seconds);
    csv_number(overhead->bar > 0.0, 9, overhead->bar);
    printf(",,%s\n", bench_verdict_names[verdict]);
}

void bench_print_csv(const struct bench *bench)
{
    printf("row,name,text,kernel,seconds_median,seconds_best,gflops,gbytes_per_s,gexps_per_s,bound,fraction,"
           "of_products,of_same_bytes,bar,"
           "than,than_bar,verdict\n");
    if (bench->ceilings)
        csv_ceilings(bench);
    for (int i = 0; i < bench->case_count; i++)
        csv_case(bench, &bench->cases[i]);
    for (int i = 0; i < BENCH_OVERHEADS; i++)
        csv_overhead(bench, &bench->overheads[i]);
}

/* ---- JSON ------------------------------------------------------------------------------------------------------- */

static void json_text(const char *key, const char *text)
{
    printf("\"%s\": ", key);
    json_string(stdout, text);
}

static void json_ceilings(const struct bench *bench)
{
    for (int i = 0; i < ceilings_count(bench->ceilings); i++) {
        ceiling_kind kind = ceilings_kind(bench->ceilings, i);
        printf("%s\n    {", i ? "," : "");
        json_text("name", ceiling_kind_name(kind));
        printf(", ");
        json_text("level", ceilings_isa(bench->ceilings, i));
        printf(", ");
        json_text("unit", ceiling_kind_unit(kind));
        printf(", \"median\": %.3f, \"best\": %.3f, \"yardstick\": %s}", 1e-9 * bench_ceiling_median(bench, i),
               1e-9 * bench_ceiling_best(bench, i), i == ceilings_best(bench->ceilings, kind) ? "true" : "false");
    }
}

static void json_figures(const struct bench *bench, const struct bench_case *c)
{
    struct bench_figures f = bench_figures_of(bench, c);
    printf(", ");
    json_text("kernel", c->info.kernel);
    printf(", \"seconds_median\": %.9f, \"seconds_best\": %.9f, \"flops\": %.0f, \"bytes\": %.0f, \"pairs\": %" PRIu64
           ", \"gflops\": %.3f, \"gbytes_per_s\": %.3f",
           f.median, f.best, c->info.flops, c->info.bytes, c->info.pairs, f.gflops, f.gbytes);
    if (bench->ceilings)
        printf(", \"floor_flops\": %.9f, \"floor_exps\": %.9f, \"floor_bytes\": %.9f, \"bound\": \"%s\", "
               "\"fraction\": %.4f, \"of_products\": %.4f, \"of_same_bytes\": %.4f, \"of_own_level\": %.4f",
               f.floor[f.units], f.floor[CEILING_EXP], f.floor[CEILING_MEMORY], bench_bound_name(f.bound),
               f.fraction[f.bound], f.fraction[CEILING_PRODUCTS], f.fraction[CEILING_SAME], f.own);
    if (bar_of(c, f.bound) > 0.0)
        printf(", \"bar\": %.2f", bar_of(c, f.bound));
    if (f.than > 0.0)
        printf(", \"than\": \"%s\", \"than_ratio\": %.4f, \"than_bar\": %.2f", c->listed->than, f.than,
               c->listed->than_bar[f.units]);
    if (f.verdict != BENCH_NO_BAR)
        printf(", \"verdict\": \"%s\"", bench_verdict_names[f.verdict]);
}

static void json_cases(const struct bench *bench)
{
    for (int i = 0; i < bench->case_count; i++) {
        const struct bench_case *c = &bench->cases[i];
        printf("%s\n    {", i ? "," : "");
        json_text("name", c->name);
        printf(", ");
        json_text("text", c->text);
        if (c->declined[0]) {
            printf(", ");
            json_text("declined", c->declined);
        } else {
            json_figures(bench, c);
        }
        printf("}");
    }
}

static void json_overheads(const struct bench *bench)
{
    for (int i = 0; i < BENCH_OVERHEADS; i++) {
        const struct bench_overhead *overhead = &bench->overheads[i];
        enum bench_verdict verdict;
        double seconds = bench_overhead_median(bench, overhead, &verdict);
        printf("%s\n    {\"name\": \"%s\", \"text\": \"%s\", \"seconds_median\": %.9f", i ? "," : "", overhead->name,
               overhead->text, seconds);
        if (overhead->bar > 0.0)
            printf(", \"bar\": %.9f", overhead->bar);
        if (verdict != BENCH_NO_BAR)
            printf(", \"verdict\": \"%s\"", bench_verdict_names[verdict]);
        printf("}");
    }
}

void bench_print_json(const struct bench *bench)
{
    printf("{\n  ");
    json_text("device", bench->info.name);
    printf(", ");
    json_text("description", bench->info.description);
    printf(", ");
    json_text("host", bench->cpu);
    printf(", \"threads\": %d, \"rounds\": %d,\n  \"ceilings\": [", bench->info.threads, bench->rounds);
    if (bench->ceilings)
        json_ceilings(bench);
    printf("],\n  \"cases\": [");
    json_cases(bench);
    printf("],\n  \"overheads\": [");
    json_overheads(bench);
    printf("]\n}\n");
}
