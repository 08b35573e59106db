/*
 * attn explain: what a problem would run, and what it costs, without running it.
 *
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE.
 */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "attn.h"
#include "commands.h"
#include "execute.h"
#include "explain.h"
#include "expression.h"
#include "options.h"
#include "problem.h"
#include "timing.h"

enum { PLAN_RUNS = 101 };
#define PLAN_SECONDS 0.5 /* more planning than this is not timed */
#define MAX_SIZE ((int64_t)1 << 40)

struct explain_options {
    const char *device;
    int64_t batch, heads_q, heads_k, len_q, len_k, dim, dim_v;
    int type, lse;
    int64_t threads, layers;
};

/* Of a size that the command line does not give. */
enum { NOT_GIVEN = -1 };
static const struct explain_options defaults = { "auto", 1, 8, NOT_GIVEN, 4096, NOT_GIVEN, 128, NOT_GIVEN, 0, 0, 0, 8 };

static const char *const type_names[] = { "f32", "f16", "bf16", NULL };
static const attn_dtype types[] = { ATTN_F32, ATTN_F16, ATTN_BF16 };

#define ROW(kind, name, field, ...) OPTION_ROW_##kind(name, struct explain_options, field, __VA_ARGS__)

static const struct option_row shape_rows[] = {
    ROW(INT, "batch", batch, "N", 0, MAX_SIZE, "sequences; 1"),
    ROW(INT, "heads-q", heads_q, "N", 0, MAX_SIZE, "query heads; 8"),
    ROW(INT, "heads-k", heads_k, "N", 0, MAX_SIZE, "key and value heads; as many as query heads"),
    ROW(INT, "n", len_q, "N", 0, MAX_SIZE, "query rows, as --len-q"),
    ROW(INT, "len-q", len_q, "N", 0, MAX_SIZE, "query rows; 4096"),
    ROW(INT, "len-k", len_k, "N", 0, MAX_SIZE, "keys; as many as query rows"),
    ROW(INT, "dim", dim, "N", 1, MAX_SIZE, "channels of q and k; 128"),
    ROW(INT, "dim-v", dim_v, "N", 1, MAX_SIZE, "channels of v; as many as q's"),
    ROW(CHOICE, "type", type, type_names, "element type of q, k and v"),
    OPTION_ROW_END
};

static const struct option_row explain_rows[] = {
    ROW(STRING, "device", device, "NAME", PROBLEM_DEVICE_HELP ", or auto: the first but reference, the default"),
    ROW(FLAG, "lse", lse, "with the log-sum-exp as output"),
    ROW(INT, "threads", threads, "N", 0, 1024, "host threads; 0: the device's default"),
    ROW(INT, "layers", layers, "L", 1, EXPLAIN_MOST_LAYERS, "of a pattern: how far L layers look back; 8"),
    OPTION_ROW_END
};

/* ---- the problem ----------------------------------------------------------------------------------------------- */

static int64_t given(int64_t value, int64_t otherwise)
{
    return value == NOT_GIVEN ? otherwise : value;
}

static void set_sizes(const struct explain_options *options, const struct problem_options *problem_options,
                      attn_problem *problem)
{
    const struct explain_options *x = options;
    int64_t heads_k = given(x->heads_k, x->heads_q), len_k = given(x->len_k, x->len_q);
    attn_dtype type = types[x->type];
    problem->q = problem_tensor(problem_options, type, x->batch, x->heads_q, x->len_q, x->dim);
    problem->k = problem_tensor(problem_options, type, x->batch, heads_k, len_k, x->dim);
    problem->v = problem_tensor(problem_options, type, x->batch, heads_k, len_k, given(x->dim_v, x->dim));
}

static int build_problem(const struct explain_options *options, const struct problem_options *problem_options,
                         attn_problem *problem)
{
    struct problem_inputs inputs = PROBLEM_INPUTS_INIT;
    const char *const *path = problem_options->path;
    if (problem_load("explain", problem_options, 0, &inputs))
        return EXIT_FAILED;
    if (!path[FILE_Q])
        set_sizes(options, problem_options, problem);
    problem_set_files(problem_options, &inputs, problem);
    problem_finish(problem_options, problem);
    if (options->lse)
        problem->lse = attn_bhsd(ATTN_F32, problem->q.size[0], problem->q.size[1], problem->q.size[2], 1);
    return EXIT_OK;
}

/* ---- printing -------------------------------------------------------------------------------------------------- */

/* Median seconds of making the plan anew. */
static double time_planning(attn_device *device, const attn_problem *problem)
{
    double seconds[PLAN_RUNS], begin = monotonic_seconds();
    int runs = 0;
    while (runs < PLAN_RUNS && (runs == 0 || monotonic_seconds() - begin < PLAN_SECONDS)) {
        attn_plan *plan = NULL;
        double start = monotonic_seconds();
        if (attn_plan_create(device, problem, &plan))
            break;
        seconds[runs++] = monotonic_seconds() - start;
        attn_plan_destroy(plan);
    }
    return median(seconds, runs);
}

static void print_info(const attn_problem *problem, const attn_plan_info *info, double planning)
{
    const int64_t *q = problem->q.size;
    double all = (double)q[0] * (double)q[1] * (double)q[2] * (double)problem->k.size[2];
    printf("device        %s\nkernel        %s\n", info->device, info->kernel);
    if (info->tile_q)
        printf("tile          %d query rows x %d keys", info->tile_q, info->tile_k);
    else
        printf("tile          none, the whole score matrix");
    if (info->split_keys)
        printf(", long rows cut every %" PRId64 " keys", info->split_keys);
    printf("\ntiles         %" PRIu64 " full, %" PRIu64 " partial\n", info->tiles_full, info->tiles_partial);
    printf("pairs         %" PRIu64 " visible of %.0f, density %.4f\n", info->pairs, all,
           all > 0.0 ? (double)info->pairs / all : 0.0);
    printf("work          %.4g GFLOP, %.4g MB to read and write, %.4g FLOP per byte\n", 1e-9 * info->flops,
           1e-6 * info->bytes, info->bytes > 0.0 ? info->flops / info->bytes : 0.0);
    printf("workspace     %zu bytes\nplanning      %.2f us (median)\n", info->workspace, 1e6 * planning);
}

static void print_explanation(const attn_plan *plan)
{
    size_t length = attn_plan_explain(plan, NULL, 0);
    char *text = malloc(length + 1);
    if (text) {
        attn_plan_explain(plan, text, length + 1);
        printf("\n%s%s", text, length && text[length - 1] != '\n' ? "\n" : "");
    }
    free(text);
}

static int explain_plan(attn_device *device, const struct explain_options *options, const attn_problem *problem)
{
    attn_plan *plan = NULL;
    attn_plan_info info = ATTN_PLAN_INFO_INIT;
    attn_status status = attn_plan_create(device, problem, &plan);
    if (!status)
        status = attn_plan_get_info(plan, &info);
    if (status) {
        int failed = print_failure("explain", options->device, status, attn_reason());
        attn_plan_destroy(plan);
        return failed;
    }
    printf("shape         ");
    problem_print_shapes(problem);
    print_info(problem, &info, time_planning(device, problem));
    int result = problem->pattern ? explain_pattern(problem, &info, options->layers) : EXIT_OK;
    print_explanation(plan);
    attn_plan_destroy(plan);
    return result;
}

static int explain_on(const struct explain_options *options, const attn_problem *problem)
{
    attn_device *device = NULL;
    attn_status status = attn_device_open(options->device, &device);
    if (!status && options->threads)
        status = attn_device_set_threads(device, (int)options->threads);
    int result = status ? print_failure("explain", options->device, status, attn_reason())
                        : explain_plan(device, options, problem);
    attn_device_close(device);
    return result;
}

int command_explain(int argc, char **argv)
{
    struct explain_options options = defaults;
    struct problem_options problem_options = PROBLEM_OPTIONS_INIT;
    struct expression_options expression = { .text = NULL };
    attn_problem problem = ATTN_PROBLEM_INIT;
    attn_pattern *pattern = NULL;
    const struct option_set sets[] = { { "Shape by numbers", shape_rows, &options },
                                       { "Shape from the headers of files", problem_file_rows, &problem_options },
                                       { "Problem", problem_rows, &problem_options },
                                       { "Pattern", expression_rows, &expression },
                                       { "Explain", explain_rows, &options },
                                       OPTION_SET_END };
    const struct option_command command = {
        "explain", "[EXPR] [OPTION]...",
        "Prints what a problem would run (device, kernel, tile) and what it costs (tiles, visible pairs, operations,\n"
        "bytes, workspace, planning time), and why each kernel before it was not taken. Of a sparsity pattern, EXPR, also\n"
        "what it saves, what it compiles to, and how far the last position looks back through layers of it.\n"
        "Runs nothing.",
        sets, &expression.text
    };
    int parsed = options_parse(&command, argc, argv);
    if (parsed != OPTIONS_GO)
        return parsed;
    const char *const *path = problem_options.path;
    if (!path[FILE_Q] != !path[FILE_K] || !path[FILE_Q] != !path[FILE_V])
        return options_usage_error("explain", "--q, --k and --v go together");
    int status = expression_read("explain", &expression, &pattern);
    if (status == EXIT_OK)
        status = build_problem(&options, &problem_options, &problem);
    problem.pattern = pattern;
    if (status == EXIT_OK)
        status = explain_on(&options, &problem);
    attn_pattern_release(pattern);
    return status;
}
