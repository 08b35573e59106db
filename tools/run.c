/*
 * attn run: attention on NumPy files, on one device or side by side on all.
 *
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE.
 */
#include "config.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "attn.h"
#include "commands.h"
#include "execute.h"
#include "expression.h"
#include "lib/half.h"
#include "npyfile.h"
#include "options.h"
#include "problem.h"

#define REFERENCE "reference"

struct run_options {
    const char *out, *lse, *expect, *device;
    int64_t threads, repeat;
    double tolerance;
};

static const struct option_row run_rows[] = {
    OPTION_ROW_STRING("device", struct run_options, device, "NAME",
                      PROBLEM_DEVICE_HELP ", all, or auto: the first "
                                          "but reference, the default"),
    OPTION_ROW_STRING("out", struct run_options, out, "FILE", "write the output, shaped like q"),
    OPTION_ROW_STRING("lse", struct run_options, lse, "FILE", "write the log-sum-exp, f32 (B,H,N)"),
    OPTION_ROW_STRING("expect", struct run_options, expect, "FILE",
                      "compare with this output; without --device, on all devices"),
    OPTION_ROW_DOUBLE("tolerance", struct run_options, tolerance, "X", 0.0, DBL_MAX,
                      "exit 1 if a value is further than X from --expect"),
    OPTION_ROW_INT("threads", struct run_options, threads, "N", 0, 1024, "host threads; 0: the device's default"),
    OPTION_ROW_INT("repeat", struct run_options, repeat, "N", 0, EXECUTE_MAX_REPEAT,
                   "timed runs, after one that is not; 0: as many as half a second holds"),
    OPTION_ROW_END
};

/* Everything of one call. */
struct run {
    struct run_options options;
    struct problem_options problem_options;
    struct expression_options expression;
    struct problem_inputs inputs;
    attn_pattern *pattern;
    attn_problem problem;
    struct npy_header expected_header;
    void *expected;
    struct execution reference; /* in a table: float64 result as f32, what errors and speed-ups refer to */
    struct execution result;    /* what --out and --lse write: of the device named, or of the first that computed */
    int failed;
};

static int error(const char *option, const char *path, const char *reason)
{
    fprintf(stderr, "attn run: --%s %s: %s\n", option, path, reason);
    return EXIT_FAILED;
}

/* ---- checks before anything runs ------------------------------------------------------------------------------- */

static int runs_all(const struct run *run)
{
    const char *device = run->options.device;
    return device ? !strcmp(device, "all") : run->options.expect != NULL;
}

static int check_options(const struct run *run)
{
    static const char *const required[] = { "q", "k", "v" };
    for (int i = 0; i < 3; i++)
        if (!run->problem_options.path[i])
            return options_usage_error("run", "--%s is missing", required[i]);
    if (run->options.tolerance >= 0.0 && !run->options.expect)
        return options_usage_error("run", "--tolerance needs --expect");
    if (run->problem_options.kernel && runs_all(run))
        return options_usage_error("run", "--kernel needs --device NAME, of one device");
    return OPTIONS_GO;
}

/* An output must be no input and not the other output. */
static int check_output(const struct run *run, const char *option, const char *path, const char *other)
{
    if (!path)
        return EXIT_OK;
    for (int i = 0; i < PROBLEM_FILES; i++)
        if (run->problem_options.path[i] && same_file(path, run->problem_options.path[i]))
            return error(option, path, "is also an input; it is not overwritten");
    if (run->options.expect && same_file(path, run->options.expect))
        return error(option, path, "is also --expect; it is not overwritten");
    if (other && same_file(path, other))
        return error(option, path, "is also the other output");
    return EXIT_OK;
}

static int load_expected(struct run *run)
{
    char reason[NPY_REASON];
    const char *path = run->options.expect;
    struct npy_header *header = &run->expected_header;
    if (!path)
        return EXIT_OK;
    if (npy_read(path, header, &run->expected, reason))
        return error("expect", path, reason);
    if (problem_check_type(&run->problem_options, header, reason))
        return error("expect", path, reason);
    attn_tensor tensor = problem_file_tensor(&run->problem_options, header);
    if (header->rank != run->inputs.header[FILE_Q].rank || memcmp(tensor.size, run->problem.o.size, sizeof tensor.size))
        return error("expect", path, "its shape is not that of the output");
    return EXIT_OK;
}

static int prepare(struct run *run)
{
    static const attn_problem empty = ATTN_PROBLEM_INIT;
    if (check_output(run, "out", run->options.out, NULL) ||
        check_output(run, "lse", run->options.lse, run->options.out) ||
        problem_load("run", &run->problem_options, 1, &run->inputs))
        return EXIT_FAILED;
    run->problem = empty;
    problem_set_files(&run->problem_options, &run->inputs, &run->problem);
    problem_finish(&run->problem_options, &run->problem);
    run->problem.pattern = run->pattern;
    if (run->options.lse) {
        const int64_t *size = run->problem.o.size;
        run->problem.lse = attn_bhsd(ATTN_F32, size[0], size[1], size[2], 1);
    }
    return load_expected(run);
}

/* ---- errors ---------------------------------------------------------------------------------------------------- */

/* Largest absolute difference; NaN as soon as one side is NaN, or infinite where the other is not. */
static double max_error(const void *a, attn_dtype type_a, const void *b, attn_dtype type_b, int64_t count)
{
    double largest = 0.0;
    for (int64_t i = 0; i < count; i++) {
        double x = attn_load(type_a, a, i), y = attn_load(type_b, b, i);
        double difference = x == y ? 0.0 : fabs(x - y);
        if (!isfinite(difference))
            return NAN;
        if (difference > largest)
            largest = difference;
    }
    return largest;
}

static double error_to_reference(const struct run *run, const struct execution *row, attn_dtype type)
{
    return max_error(row->o, type, run->reference.o, ATTN_F32, tensor_elements(&run->problem.o));
}

static double error_to_expected(const struct run *run, const struct execution *row, attn_dtype type)
{
    attn_dtype expected = problem_dtype(run->expected_header.type, run->problem_options.bf16);
    return max_error(row->o, type, run->expected, expected, tensor_elements(&run->problem.o));
}

/* 1 where a tolerance was given and NaN or more than that is off. */
static int exceeds(const struct run *run, double difference)
{
    return run->options.tolerance >= 0.0 && !(difference <= run->options.tolerance);
}

/* ---- one device ------------------------------------------------------------------------------------------------ */

enum { TEXT = 32 };

static void format_time(double seconds, char text[TEXT])
{
    if (seconds < 1e-3)
        snprintf(text, TEXT, "%.1f us", 1e6 * seconds);
    else if (seconds < 1.0)
        snprintf(text, TEXT, "%.2f ms", 1e3 * seconds);
    else
        snprintf(text, TEXT, "%.2f s", seconds);
}

static void run_on(const struct run *run, const char *device, const attn_problem *problem, struct execution *execution)
{
    execute(device, problem, &run->inputs, (int)run->options.threads, (int)run->options.repeat, execution);
}

static void run_single(struct run *run)
{
    char time[TEXT];
    struct execution *row = &run->result;
    run_on(run, run->options.device ? run->options.device : "auto", &run->problem, row);
    if (row->status) {
        run->failed |= print_failure("run", row->device, row->status, row->reason);
        return;
    }
    format_time(row->seconds, time);
    printf("device     %s\nkernel     %s\nshape      ", row->device, row->kernel);
    problem_print_shapes(&run->problem);
    printf("time       %s (median, %d %s run%s)\n", time, row->runs, row->warm ? "warm" : "cold",
           row->runs > 1 ? "s" : "");
    if (run->expected) {
        double difference = error_to_expected(run, row, run->problem.o.dtype);
        printf("error      %.2e, largest absolute difference to the expected file\n", difference);
        run->failed |= exceeds(run, difference);
    }
}

/* ---- table of devices ------------------------------------------------------------------------------------------ */

static void print_header(const struct run *run)
{
    problem_print_shapes(&run->problem);
    printf("error     largest absolute difference: to float64 (device reference)%s\n"
           "time      of one run: median of warm runs, or a single one where it takes more than a second\n"
           "speed-up  over standard attention: the time of device reference, which holds the whole score matrix\n\n"
           "%-12s %-20s %10s %12s %12s %10s\n",
           run->expected ? "; to the expected file" : "", "device", "kernel", "to float64",
           run->expected ? "to expected" : "", "time", "speed-up");
}

/* A row of the table, its output of type `type`; a failed one is its status and reason. Beside a device that
 * was named, the reference is there to compare with and decides nothing. */
static void report(struct run *run, const struct execution *row, attn_dtype type)
{
    int counts = !run->options.device || row != &run->reference;
    char time[TEXT], exact[TEXT] = "-", expected[TEXT] = "", speed[TEXT] = "-";
    if (row->status) {
        printf("%-12s %s: ", row->device, attn_status_string(row->status));
        print_reason(stdout, row->reason);
        run->failed |= counts && (row->status != ATTN_UNSUPPORTED || run->options.device);
        return;
    }
    format_time(row->seconds, time);
    if (!run->reference.status && row != &run->reference)
        snprintf(exact, TEXT, "%.2e", error_to_reference(run, row, type));
    if (!run->reference.status)
        snprintf(speed, TEXT, "%.2fx", run->reference.seconds / row->seconds);
    if (run->expected) {
        double difference = error_to_expected(run, row, type);
        snprintf(expected, TEXT, "%.2e", difference);
        run->failed |= counts && exceeds(run, difference);
    }
    printf("%-12s %-20s %10s %12s %12s %10s\n", row->device, row->kernel, exact, expected, time, speed);
    fflush(stdout);
}

/* Runs and reports a device; its result is kept if it is the first. */
static void add_row(struct run *run, const char *device)
{
    struct execution row;
    run_on(run, device, &run->problem, &row);
    report(run, &row, run->problem.o.dtype);
    if (!row.status && !run->result.o)
        run->result = row;
    else
        execution_free(&row);
}

static void add_all(struct run *run)
{
    for (int i = 0; i < attn_device_count(); i++) {
        attn_device_info info = ATTN_DEVICE_INFO_INIT;
        if (!attn_device_describe(i, &info) && strcmp(info.name, REFERENCE))
            add_row(run, info.name);
    }
}

static void run_table(struct run *run, int all)
{
    attn_problem exact = run->problem;
    exact.o.dtype = ATTN_F32;
    exact.kernel = NULL;
    run_on(run, REFERENCE, &exact, &run->reference);
    if (run->reference.status == ATTN_INVALID) {
        run->failed |= print_failure("run", REFERENCE, run->reference.status, run->reference.reason);
        return;
    }
    print_header(run);
    report(run, &run->reference, ATTN_F32);
    if (all)
        add_all(run);
    else
        add_row(run, run->options.device);
    if (!run->result.o) {
        fprintf(stderr, "attn run: no device but the reference computed this\n");
        run->failed = 1;
    }
}

/* ---- outputs --------------------------------------------------------------------------------------------------- */

static const enum npy_type npy_types[] = { [ATTN_F32] = NPY_F32, [ATTN_F16] = NPY_F16, [ATTN_BF16] = NPY_U16 };

/* The output has q's rank and layout; the log-sum-exp is one rank lower, heads before positions. */
static int write_outputs(const struct run *run)
{
    char reason[NPY_REASON];
    const struct npy_header *q = &run->inputs.header[FILE_Q];
    const int64_t *sizes = run->problem.o.size;
    const char *out = run->options.out, *lse = run->options.lse;
    int64_t shape[NPY_MAX_RANK];
    memcpy(shape, q->size, sizeof shape);
    shape[q->rank - 1] = sizes[3];
    if (out && npy_write(out, npy_types[run->problem.o.dtype], q->rank, shape, run->result.o, reason))
        return error("out", out, reason);
    /* Two names of one new file could not be told apart before. */
    if (out && lse && same_file(out, lse))
        return error("lse", lse, "is the file that --out has written");
    if (lse && npy_write(lse, NPY_F32, q->rank - 1, sizes + NPY_MAX_RANK - q->rank, run->result.lse, reason))
        return error("lse", lse, reason);
    return EXIT_OK;
}

/* ---- command --------------------------------------------------------------------------------------------------- */

static int run_prepared(struct run *run)
{
    const char *device = run->options.device;
    int all = runs_all(run);
    if (all)
        run->options.device = NULL;
    if (all || (run->expected && strcmp(device, REFERENCE)))
        run_table(run, all);
    else
        run_single(run);
    if ((run->options.out || run->options.lse) && run->result.o)
        run->failed |= write_outputs(run) != EXIT_OK;
    return run->failed ? EXIT_FAILED : EXIT_OK;
}

static void release(struct run *run)
{
    attn_pattern_release(run->pattern);
    problem_free(&run->inputs);
    npy_free(run->expected);
    execution_free(&run->reference);
    execution_free(&run->result);
}

int command_run(int argc, char **argv)
{
    static const struct problem_options problem_options = PROBLEM_OPTIONS_INIT;
    static struct run run;
    const struct option_set sets[] = { { "Inputs", problem_file_rows, &run.problem_options },
                                       { "Problem", problem_rows, &run.problem_options },
                                       { "Pattern", expression_rows, &run.expression },
                                       { "Run", run_rows, &run.options },
                                       OPTION_SET_END };
    const struct option_command command = {
        "run", "--q FILE --k FILE --v FILE [OPTION]...",
        "Computes attention on NumPy .npy files (f4, f2, or bf16 as u2; C order) and prints device, kernel, shape and\n"
        "time. With --device all or --expect, prints a table: for each device its error against float64 and against\n"
        "the expected output, its time, and its speed-up over standard attention.",
        sets, NULL
    };
    run.problem_options = problem_options;
    run.options.tolerance = -1.0;
    int status = options_parse(&command, argc, argv);
    if (status == OPTIONS_GO)
        status = check_options(&run);
    if (status != OPTIONS_GO)
        return status;
    status = expression_read("run", &run.expression, &run.pattern);
    if (status == EXIT_OK)
        status = prepare(&run);
    if (status == EXIT_OK)
        status = run_prepared(&run);
    release(&run);
    return status;
}
