/*
 * Runs a problem with its inputs on one device and times it.
 *
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE.
 */
#include "config.h"

#include "execute.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "commands.h"
#include "timing.h"
#include "waiting.h"

#define AUTO_SECONDS 0.5 /* time that unasked repeats may take */
#define SLOW_SECONDS 1.0 /* a run above this is not repeated unasked */
enum { AUTO_MIN = 3, AUTO_MAX = 100, OUTPUTS = 3 };

/* A device with everything that runs need on it. */
struct site {
    attn_device *device;
    attn_device_info info;
    attn_plan *plan;
    attn_queue *queue;
    attn_args args;
    attn_memory owned[PROBLEM_FILES + OUTPUTS];
    int owners;
};

int64_t tensor_elements(const attn_tensor *tensor)
{
    const int64_t *size = tensor->size;
    return size[0] * size[1] * size[2] * size[3];
}

static size_t tensor_bytes(const attn_tensor *tensor)
{
    return tensor->dtype == ATTN_NONE ? 0 : (size_t)tensor_elements(tensor) * attn_dtype_size(tensor->dtype);
}

/* ---- set-up ---------------------------------------------------------------------------------------------------- */

static attn_status open_site(struct site *site, const char *name, int threads)
{
    attn_status status = attn_device_open(name, &site->device);
    if (!status)
        status = attn_device_get_info(site->device, &site->info);
    if (!status && threads > 0)
        status = attn_device_set_threads(site->device, threads);
    if (status == ATTN_UNSUPPORTED && !site->info.host_memory) {
        fprintf(stderr, "attn run: --threads %d: without effect on %s\n", threads, site->info.name);
        status = ATTN_OK;
    }
    return status;
}

static attn_status make_plan(struct site *site, const attn_problem *problem, struct execution *execution)
{
    attn_plan_info info = ATTN_PLAN_INFO_INIT;
    attn_status status = attn_plan_create(site->device, problem, &site->plan);
    if (!status)
        status = attn_plan_get_info(site->plan, &info);
    if (!status)
        status = attn_queue_create(site->device, &site->queue);
    memcpy(execution->kernel, info.kernel, sizeof execution->kernel);
    return status;
}

/* Device memory that close_site frees; of empty tensors too, whose memory must not be absent. */
static attn_status take_memory(struct site *site, size_t bytes, attn_memory *memory)
{
    attn_status status = attn_alloc(site->device, bytes ? bytes : 1, memory);
    if (!status)
        site->owned[site->owners++] = *memory;
    return status;
}

static attn_status place_inputs(struct site *site, const struct problem_inputs *inputs)
{
    attn_status status = ATTN_OK;
    for (int i = 0; i < PROBLEM_FILES && !status; i++) {
        attn_memory *memory = problem_memory(&site->args, (enum problem_file)i);
        if (!inputs->data[i])
            continue;
        if (site->info.host_memory) {
            *memory = attn_host(inputs->data[i]);
            continue;
        }
        status = take_memory(site, inputs->header[i].data_bytes, memory);
        if (!status)
            status = attn_upload(site->device, *memory, inputs->data[i], inputs->header[i].data_bytes);
    }
    return status;
}

static attn_status place_outputs(struct site *site, const attn_problem *problem)
{
    size_t workspace = attn_plan_workspace(site->plan);
    attn_status status = take_memory(site, tensor_bytes(&problem->o), &site->args.o);
    if (!status && problem->lse.dtype != ATTN_NONE)
        status = take_memory(site, tensor_bytes(&problem->lse), &site->args.lse);
    if (!status && workspace)
        status = take_memory(site, workspace, &site->args.workspace);
    site->args.workspace_size = workspace;
    return status;
}

static void close_site(struct site *site)
{
    while (site->owners > 0)
        attn_free(site->device, site->owned[--site->owners]);
    if (site->queue)
        attn_queue_destroy(site->queue);
    attn_plan_destroy(site->plan);
    attn_device_close(site->device);
}

/* ---- runs ------------------------------------------------------------------------------------------------------ */

static attn_status run_once(struct site *site, double *seconds)
{
    double start = monotonic_seconds();
    attn_status status = attn_run(site->plan, &site->args, site->queue);
    if (!status)
        status = attn_queue_wait(site->queue);
    *seconds = monotonic_seconds() - start;
    return status;
}

static int enough(int runs, int repeat, double elapsed)
{
    return repeat ? runs >= repeat : runs >= AUTO_MAX || (runs >= AUTO_MIN && elapsed >= AUTO_SECONDS);
}

static attn_status time_runs(struct site *site, int repeat, struct execution *execution)
{
    static double seconds[EXECUTE_MAX_REPEAT];
    attn_status status = run_once(site, &seconds[0]);
    execution->warm = repeat || seconds[0] < SLOW_SECONDS;
    int runs = !execution->warm;
    double start = monotonic_seconds();
    while (!status && execution->warm && !enough(runs, repeat, monotonic_seconds() - start))
        status = run_once(site, &seconds[runs++]);
    execution->runs = runs;
    execution->seconds = median(seconds, runs);
    return status;
}

static attn_status fetch(struct site *site, const attn_tensor *tensor, attn_memory from, void *to)
{
    size_t bytes = tensor_bytes(tensor);
    return bytes ? attn_download(site->device, to, from, bytes) : ATTN_OK;
}

static attn_status fetch_outputs(struct site *site, const attn_problem *problem, struct execution *execution)
{
    attn_status status = fetch(site, &problem->o, site->args.o, execution->o);
    if (!status && execution->lse)
        status = fetch(site, &problem->lse, site->args.lse, execution->lse);
    return status;
}

/* Host copies of the outputs. Only behind a plan: that has checked the sizes. */
static attn_status allocate_outputs(const attn_problem *problem, struct execution *execution)
{
    int with_lse = problem->lse.dtype != ATTN_NONE;
    execution->o = malloc(tensor_bytes(&problem->o) + 1);
    execution->lse = with_lse ? malloc(tensor_bytes(&problem->lse) + 1) : NULL;
    if (execution->o && (execution->lse || !with_lse))
        return ATTN_OK;
    snprintf(execution->reason, sizeof execution->reason, "no host memory for the outputs");
    return ATTN_NO_MEMORY;
}

static attn_status execute_site(struct site *site, const attn_problem *problem, const struct problem_inputs *inputs,
                                int repeat, struct execution *execution)
{
    struct waiting waiting;
    char what[64];
    snprintf(what, sizeof what, "running on %s", site->info.name);
    waiting_begin(&waiting, what);
    attn_status status = make_plan(site, problem, execution);
    if (!status)
        status = allocate_outputs(problem, execution);
    if (!status)
        status = place_inputs(site, inputs);
    if (!status)
        status = place_outputs(site, problem);
    if (!status)
        status = time_runs(site, repeat, execution);
    waiting_end(&waiting);
    if (!status)
        status = fetch_outputs(site, problem, execution);
    return status;
}

void execute(const char *device, const attn_problem *problem, const struct problem_inputs *inputs, int threads,
             int repeat, struct execution *execution)
{
    static const attn_device_info no_info = ATTN_DEVICE_INFO_INIT;
    static const attn_args no_args = ATTN_ARGS_INIT;
    struct site site = { NULL, no_info, NULL, NULL, no_args, { { 0, 0 } }, 0 };
    memset(execution, 0, sizeof *execution);
    snprintf(execution->device, sizeof execution->device, "%s", device);
    attn_status status = open_site(&site, device, threads);
    if (!status) {
        memcpy(execution->device, site.info.name, sizeof execution->device);
        status = execute_site(&site, problem, inputs, repeat, execution);
    }
    execution->status = status;
    if (status && !execution->reason[0])
        snprintf(execution->reason, sizeof execution->reason, "%s", attn_reason());
    close_site(&site);
}

void print_reason(FILE *out, const char *reason)
{
    size_t length = strlen(reason);
    fprintf(out, "%s%s", reason, length && reason[length - 1] == '\n' ? "" : "\n");
}

int print_failure(const char *command, const char *device, attn_status status, const char *reason)
{
    fprintf(stderr, "attn %s: %s: %s: ", command, device, attn_status_string(status));
    print_reason(stderr, reason);
    return EXIT_FAILED;
}

void execution_free(struct execution *execution)
{
    free(execution->o);
    free(execution->lse);
    execution->o = NULL;
    execution->lse = NULL;
}
