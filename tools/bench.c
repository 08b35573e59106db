/*
 * attn bench: a device against its own ceilings.
 *
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE.
 */
#include "config.h"

#include "bench/bench.h"
#include "bench/patterns.h"

#include <stdio.h>

#include "commands.h"
#include "options.h"

static const struct option_row rows[] = {
    OPTION_ROW_STRING("device", struct bench_settings, device, "NAME", "device to time: cpu, reference, cuda:0, ..."),
    OPTION_ROW_STRING("filter", struct bench_settings, filter, "TEXT",
                      "the case of this name, or else those with it in their name"),
    OPTION_ROW_STRING("case", struct bench_settings, text, "CASE",
                      "this case instead of the list, such as mine/causal/h8/n512/d64/f16"),
    OPTION_ROW_STRING("cases", struct bench_settings, file, "FILE",
                      "cases from a file, one a line, instead of the list"),
    OPTION_ROW_STRING("kernel", struct bench_settings, kernel, "NAME", "the device's kernel of this name"),
    OPTION_ROW_INT("threads", struct bench_settings, threads, "N", 0, 1024,
                   "host threads, of the ceilings too; 0: the device's default"),
    OPTION_ROW_INT("rounds", struct bench_settings, rounds, "N", 1, BENCH_MOST_ROUNDS,
                   "how often everything is timed; 7 unless given"),
    OPTION_ROW_FLAG("long", struct bench_settings, with_long, "also the cases of several seconds"),
    OPTION_ROW_FLAG("standard", struct bench_settings, with_standard,
                    "also standard attention (device reference) on a small size"),
    OPTION_ROW_FLAG("roofline", struct bench_settings, roofline,
                    "print the ceilings, and what each case would take at them"),
    OPTION_ROW_FLAG("patterns", struct bench_settings, patterns,
                    "what sparse patterns cost to compile and save against dense attention, instead of the list"),
    OPTION_ROW_FLAG("sweep", struct bench_settings, sweep,
                    "every preset at 2048 to 131072 tokens as CSV, instead of the list; bench/sweep.gp draws it"),
    OPTION_ROW_FLAG("csv", struct bench_settings, csv, "print CSV"),
    OPTION_ROW_FLAG("json", struct bench_settings, json, "print JSON"),
    OPTION_ROW_END
};

static const char description[] =
    "Times named cases. Each round times every ceiling of the host (f32 multiply-adds, products of tiles, "
    "exponentials, L2\n"
    "and memory reads), then every case once, then the host's part of planning and running; ratios are taken\n"
    "within a round and their median is printed. Caches are emptied before every run with one query.";

int command_bench(int argc, char **argv)
{
    struct bench_settings settings = { .device = "cpu", .rounds = 7 };
    const struct option_set sets[] = { { "Options", rows, &settings }, OPTION_SET_END };
    const struct option_command command = { "bench", "[OPTION]...", description, sets, NULL };
    int parsed = options_parse(&command, argc, argv);
    if (parsed != OPTIONS_GO)
        return parsed;
    if (settings.csv && settings.json)
        return options_usage_error("bench", "--csv and --json exclude each other");
    if (settings.text && settings.file)
        return options_usage_error("bench", "--case and --cases exclude each other");
    if (settings.kernel && (settings.patterns || settings.sweep))
        return options_usage_error("bench", "--kernel is for cases, not for --patterns and --sweep");
    if (settings.patterns || settings.sweep)
        return (settings.patterns ? bench_patterns : bench_sweep)(&settings) ? EXIT_FAILED : EXIT_OK;
    struct bench bench;
    int failed = bench_open(&bench, &settings) || bench_measure(&bench);
    if (!failed)
        (settings.csv ? bench_print_csv : settings.json ? bench_print_json : bench_print_table)(&bench);
    bench_close(&bench);
    return failed ? EXIT_FAILED : EXIT_OK;
}
