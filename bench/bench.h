/*
 * bench.h: `attn bench`: cases, ceilings and host overhead timed in interleaved rounds.
 *
 * One round is every ceiling, then every case, then every overhead. Ratios are taken within a round and their median
 * is reported, so that a machine that changes speed for seconds at a time favours neither side.
 *
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE.
 */
#ifndef ATTN_BENCH_BENCH_H
#define ATTN_BENCH_BENCH_H

#include <stdint.h>

#include "attn.h"
#include "ceilings.h"
#include "perf_cases.h"
#include "tests/cases.h"

enum {
    BENCH_MOST_ROUNDS = 1000,
    BENCH_OVERHEADS = 3,
    BENCH_COLD_REPEATS = 5 /* most runs a round of a case whose caches are emptied: that costs more than the run */
};

struct bench_settings {
    const char *device; /* as attn_device_open takes it */
    const char *filter; /* part of a name, or a whole one; NULL: all */
    const char *text;   /* one case in the case language instead of the list; NULL: none */
    const char *file;   /* cases, one a line, instead of the list; NULL: none */
    const char *kernel; /* of the device; NULL: the library chooses */
    int64_t threads;    /* 0: the device's default */
    int64_t rounds;
    int with_long, with_standard;
    int roofline;        /* every instruction set's ceilings, and the floors of every case */
    int patterns, sweep; /* sparse patterns instead of the list */
    int csv, json;       /* instead of the table; not both */
};

/* Reads in turn with the runs of a cold case, which so have the machine as the runs have it; 0: not measured. */
struct bench_reads {
    double memory; /* seconds a byte, of the buffer whose reading empties the caches */
    double plain;  /* seconds, of K and V */
};

/* A case that is being timed. */
struct bench_case {
    char name[CASE_NAME];
    char text[CASE_NAME];
    const perf_case *listed; /* NULL: from --case or --cases */
    const char *command;     /* of attn, whose errors they are */
    const char *kernel;      /* of the device; NULL: the library chooses */
    char declined[160];      /* why the device does not run it; "": it does */
    attn_device *device;
    attn_queue *queue;
    attn_plan *plan;
    attn_plan_info info;
    attn_args args;
    int cold;                  /* caches are emptied before every run */
    long repeats;              /* runs a round */
    long batch;                /* runs that are waited for together */
    double *seconds;           /* of one run, by round */
    struct bench_reads *reads; /* by round */
    size_t key_bytes, value_bytes;
};

/* What a host call costs. */
struct bench_overhead {
    const char *name, *text;
    int plans;       /* 1: attn_plan_create is timed; 0: attn_run */
    double bar;      /* seconds that it may take on the device "cpu"; 0: none */
    double *seconds; /* of one call, by round */
};

struct bench {
    struct bench_settings settings;
    int rounds;
    char cpu[96]; /* model name of the host's CPU */
    attn_device *device, *reference;
    attn_device_info info;
    ceilings *ceilings; /* NULL: the device does not run on the host, whose ceilings say nothing about it */
    double *rates;      /* [ceiling][round] */
    struct bench_case *cases;
    int case_count, case_room;
    struct bench_overhead overheads[BENCH_OVERHEADS];
};

/* bench.c: prepares, measures every round, frees. bench_open and bench_measure return 0, or 1 with the reason on
 * stderr; bench_close is called in both cases. */
int bench_open(struct bench *bench, const struct bench_settings *settings);
int bench_measure(struct bench *bench);
void bench_close(struct bench *bench);

/* bench_select.c: the cases that the settings ask for, unprepared. 0, or 1 with the reason on stderr. */
int bench_select(struct bench *bench);

/* bench_data.c: memory for every tensor of a problem, and the workspace, with inputs in it. A status of the library;
 * bench_data_close is called in any case. */
attn_status bench_data_open(attn_device *device, const struct attention_case *parsed, attn_problem *problem,
                            size_t workspace, attn_args *args);
void bench_data_close(attn_device *device, attn_args *args);

/* bench_case.c: plan, data and queue of the case's text; `declined` is set when the device does not take it. Other
 * failures return 1 with the reason on stderr. */
int bench_case_open(struct bench_case *c, attn_device *device, int rounds);
void bench_case_close(struct bench_case *c);

/* One round: seconds of one run, < 0 on failure. Without `evictor` the caches are left as they are. Around each run of a cold case
 * memory is read for `reads`, unless that is NULL: it holds zeros before, and is for a device in the host's memory. */
double bench_case_time(struct bench_case *c, ceilings *evictor, struct bench_reads *reads);

/* bench_overhead.c: one round: median seconds of one call, < 0 on failure. */
extern const struct bench_overhead bench_overheads[BENCH_OVERHEADS];
double bench_overhead_time(const struct bench_overhead *overhead, attn_device *device);

/* The whole report on stdout: bench_table.c for people, bench_export.c for programs. */
void bench_print_table(const struct bench *bench);
void bench_print_csv(const struct bench *bench);
void bench_print_json(const struct bench *bench);

/* ---- bench_figures.c: what the report says about a case ------------------------------------------------------ */

enum bench_verdict { BENCH_NO_BAR, BENCH_OK, BENCH_MISS, BENCH_VERDICTS };
extern const char *const bench_verdict_names[BENCH_VERDICTS]; /* "", "ok", "MISS" */

struct bench_figures {
    double median, best;            /* seconds */
    double gflops, gbytes;          /* a second, at the median */
    double floor[CEILING_KINDS];    /* seconds that flops, exps and bytes take at the ceilings' medians; 0: none */
    ceiling_kind units;             /* what computes the products: FMA or tiles */
    ceiling_kind bound;             /* the ceiling that it is measured by: the larger floor of these and memory */
    double fraction[CEILING_KINDS]; /* of each ceiling, median of the rounds; 0: not measured, or not needed */
    double own, own_bar;            /* of the f32 FMA rate of the level that it runs at; 0: not measured, none */
    double than;                    /* time of the case it is compared with over its own, median; 0: not timed */
    enum bench_verdict verdict;
};

struct bench_figures bench_figures_of(const struct bench *bench, const struct bench_case *c);

/* "FMA", "memory" and so on, for tables. */
const char *bench_bound_name(ceiling_kind bound);

/* Median rate of a ceiling over the rounds, and the best one. */
double bench_ceiling_median(const struct bench *bench, int index);
double bench_ceiling_best(const struct bench *bench, int index);

/* Median of an overhead's rounds, and the verdict. */
double bench_overhead_median(const struct bench *bench, const struct bench_overhead *overhead,
                             enum bench_verdict *verdict);

#endif
