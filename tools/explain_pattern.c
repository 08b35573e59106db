/*
 * attn explain: what a pattern saves, compiles to and reaches.
 *
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE.
 */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "attn_pattern.h"
#include "commands.h"
#include "execute.h"
#include "explain.h"
#include "expression.h"
#include "progress.h"
#include "reach.h"
#include "timing.h"

/* A schedule of more entries than this in one head is not made: it would take gigabytes. */
#define MOST_ENTRIES ((double)(1 << 26))

static int print_expression(const attn_pattern *pattern)
{
    char *text = expression_print(pattern);
    if (!text)
        return print_failure("explain", "pattern", ATTN_NO_MEMORY, "no memory");
    printf("\npattern       %s\n", text);
    free(text);
    return EXIT_OK;
}

static double ratio(double a, double b)
{
    return b > 0.0 ? a / b : 0.0;
}

static double tensor_bytes(const attn_tensor *tensor)
{
    const int64_t *size = tensor->size;
    return (double)size[0] * (double)size[1] * (double)size[2] * (double)size[3] *
           (double)attn_dtype_size(tensor->dtype);
}

/* Work beside that of the same problem when every key is seen. */
static void print_against_dense(const attn_problem *problem, const attn_plan_info *info)
{
    const int64_t *q = problem->q.size;
    double pairs = (double)q[0] * (double)q[1] * (double)q[2] * (double)problem->k.size[2];
    double flops = 2.0 * pairs * (double)(q[3] + problem->v.size[3]);
    double bytes = tensor_bytes(&problem->q) + tensor_bytes(&problem->k) + tensor_bytes(&problem->v) +
                   tensor_bytes(&problem->o) + tensor_bytes(&problem->lse);
    printf("of dense      %.4g of %.4g GFLOP, %.4g of %.4g MB\n", ratio(info->flops, flops), 1e-9 * flops,
           ratio(info->bytes, bytes), 1e-6 * bytes);
}

static attn_status compile(const attn_problem *problem, const attn_plan_info *info, attn_schedule **schedule)
{
    attn_schedule_info made = ATTN_SCHEDULE_INFO_INIT;
    attn_lengths lengths = ATTN_LENGTHS_INIT;
    lengths.heads = problem->q.size[1];
    lengths.len_q = problem->q.size[2];
    lengths.len_k = problem->k.size[2];
    lengths.alignment = problem->alignment;
    double start = monotonic_seconds();
    attn_status status = attn_schedule_create(problem->pattern, &lengths, info->tile_q, info->tile_k, schedule);
    double seconds = monotonic_seconds() - start;
    if (!status)
        status = attn_schedule_get_info(*schedule, &made);
    if (!status)
        printf("as lists      %.4g ms to compile to tiles of %d x %d: %" PRIu64 " full, %" PRIu64 " partial, %" PRId64
               " distinct masks, heads with different lists %" PRId64 ", %.4g MB\n",
               1e3 * seconds, made.tile_q, made.tile_k, made.full, made.partial, made.masks, made.tables,
               1e-6 * (double)made.bytes);
    return status;
}

/* ---- receptive field ------------------------------------------------------------------------------------------- */

/* Powers of two, and the last. */
static int is_printed(int64_t layer, int64_t last)
{
    return layer == last || !(layer & (layer - 1));
}

static int print_reach(const attn_schedule *schedule, int64_t n, int64_t layers)
{
    struct reach reach;
    struct progress progress;
    if (reach_begin(&reach, n)) {
        reach_free(&reach);
        return print_failure("explain", "pattern", ATTN_NO_MEMORY, "no memory for the receptive field");
    }
    printf("reach         of position %" PRId64 " through layers with this pattern, exact:\n"
           "              layers  earliest key          keys  of all\n",
           n - 1);
    fflush(stdout);
    progress_begin(&progress, layers);
    for (int64_t layer = 1; layer <= layers; layer++) {
        progress_step(&progress, layer - 1, "layers");
        reach_add_layer(&reach, schedule);
        if (!is_printed(layer, layers))
            continue;
        progress_clear(&progress);
        printf("              %6" PRId64 "  %12" PRId64 "  %12" PRId64 "  %.4f\n", layer, reach.earliest, reach.keys,
               (double)reach.keys / (double)n);
    }
    reach_free(&reach);
    return EXIT_OK;
}

/* ---- whole ----------------------------------------------------------------------------------------------------- */

/* Why there is no schedule to show; NULL: there is. */
static const char *why_not_compiled(const attn_problem *problem, const attn_plan_info *info)
{
    double heads = (double)problem->q.size[0] * (double)problem->k.size[1];
    if (!info->tile_q)
        return "the kernel tests every element";
    if ((double)(info->tiles_full + info->tiles_partial) > MOST_ENTRIES * heads)
        return "too many tiles";
    return NULL;
}

static int explain_schedule(const attn_problem *problem, const attn_plan_info *info, int64_t layers)
{
    attn_schedule *schedule = NULL;
    const char *why_not = why_not_compiled(problem, info);
    if (why_not) {
        printf("as lists      not compiled: %s\n", why_not);
        return EXIT_OK;
    }
    attn_status status = compile(problem, info, &schedule);
    int64_t n = problem->q.size[2];
    int failed = EXIT_OK;
    if (status)
        failed = print_failure("explain", "pattern", status, attn_reason());
    else if (n != problem->k.size[2])
        printf("reach         unknown: only with as many query rows as keys, and here are %" PRId64 " and %" PRId64
               "\n",
               n, problem->k.size[2]);
    else if (n)
        failed = print_reach(schedule, n, layers);
    attn_schedule_destroy(schedule);
    return failed;
}

int explain_pattern(const attn_problem *problem, const attn_plan_info *info, int64_t layers)
{
    if (print_expression(problem->pattern))
        return EXIT_FAILED;
    print_against_dense(problem, info);
    return explain_schedule(problem, info, layers);
}
