/*
 * Calls that are wrong in themselves: no object, a name of no device, a struct of the wrong size.
 *
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "errors.h"

/* Whatever comes back is given back: a call that does not fail must not leak either. */
static attn_status open_named(const char *name)
{
    attn_device *device = NULL;
    attn_status status = attn_device_open(name, &device);

    if (!status)
        attn_device_close(device);
    return status;
}

#define OPENS(function, name)                                                                                          \
    static attn_status function(const struct target *target)                                                           \
    {                                                                                                                  \
        (void)target;                                                                                                  \
        return open_named(name);                                                                                       \
    }
OPENS(open_null, NULL)
OPENS(open_empty, "")
OPENS(open_unknown, "abacus")
OPENS(open_beyond, "cpu:7")
OPENS(open_negative, "cpu:-1")
OPENS(open_no_number, "cpu:")
OPENS(open_trailing, "cpu:0x")
OPENS(open_overflow, "cpu:99999999999999999999")
OPENS(open_long, "a-name-that-is-much-longer-than-the-name-of-any-device-could-be-and-then-some-more")

static attn_status open_nowhere(const struct target *target)
{
    (void)target;
    return attn_device_open("cpu", NULL);
}

static attn_status describe_below(const struct target *target)
{
    attn_device_info info = ATTN_DEVICE_INFO_INIT;

    (void)target;
    return attn_device_describe(-1, &info);
}

static attn_status describe_beyond(const struct target *target)
{
    attn_device_info info = ATTN_DEVICE_INFO_INIT;

    (void)target;
    return attn_device_describe(attn_device_count(), &info);
}

static attn_status describe_nowhere(const struct target *target)
{
    (void)target;
    return attn_device_describe(0, NULL);
}

static attn_status describe_sizeless(const struct target *target)
{
    attn_device_info info = ATTN_DEVICE_INFO_INIT;

    (void)target;
    info.size = 0;
    return attn_device_describe(0, &info);
}

static attn_status info_of_null(const struct target *target)
{
    attn_device_info info = ATTN_DEVICE_INFO_INIT;

    (void)target;
    return attn_device_get_info(NULL, &info);
}

static attn_status threads_negative(const struct target *target)
{
    return attn_device_set_threads(target->device, -1);
}

static attn_status threads_many(const struct target *target)
{
    return attn_device_set_threads(target->device, 1025);
}

static attn_status threads_of_null(const struct target *target)
{
    (void)target;
    return attn_device_set_threads(NULL, 1);
}

static attn_status alloc_null(const struct target *target)
{
    attn_memory memory = ATTN_MEMORY_INIT;

    (void)target;
    return attn_alloc(NULL, 64, &memory);
}

static attn_status alloc_nowhere(const struct target *target)
{
    return attn_alloc(target->device, 64, NULL);
}

static attn_status alloc_everything(const struct target *target)
{
    attn_memory memory = ATTN_MEMORY_INIT;
    attn_status status = attn_alloc(target->device, SIZE_MAX - 100, &memory);

    if (!status)
        attn_free(target->device, memory);
    return status;
}

static attn_status upload_nothing(const struct target *target)
{
    const attn_memory absent = ATTN_MEMORY_INIT;

    return attn_upload(target->device, absent, "text", 4);
}

static attn_status download_nowhere(const struct target *target)
{
    attn_memory memory = ATTN_MEMORY_INIT;
    attn_status status = attn_alloc(target->device, 64, &memory);

    if (status)
        return status;
    status = attn_download(target->device, NULL, memory, 4);
    attn_free(target->device, memory);
    return status;
}

static attn_status queue_of_null(const struct target *target)
{
    attn_queue *queue;

    (void)target;
    return attn_queue_create(NULL, &queue);
}

static attn_status queue_nowhere(const struct target *target)
{
    return attn_queue_create(target->device, NULL);
}

/* ---- plans and runs ------------------------------------------------------------------------------------------- */

static attn_problem small_problem(void)
{
    attn_problem problem = ATTN_PROBLEM_INIT;

    problem.q = problem.k = problem.v = problem.o = attn_bhsd(ATTN_F32, 1, 1, 2, 4);
    return problem;
}

static attn_status plan_of_null(const struct target *target)
{
    const attn_problem problem = small_problem();
    attn_plan *plan;

    (void)target;
    return attn_plan_create(NULL, &problem, &plan);
}

static attn_status plan_without_problem(const struct target *target)
{
    attn_plan *plan;

    return attn_plan_create(target->device, NULL, &plan);
}

static attn_status plan_nowhere(const struct target *target)
{
    const attn_problem problem = small_problem();

    return attn_plan_create(target->device, &problem, NULL);
}

/* What a caller compiled against a later version sends: a longer struct. */
struct later_problem {
    attn_problem problem;
    int64_t later_field;
};

static attn_status plan_later(const struct target *target, int64_t value)
{
    struct later_problem later;
    attn_plan *plan = NULL;
    attn_status status;

    memset(&later, 0, sizeof later);
    later.problem = small_problem();
    later.problem.size = sizeof later;
    later.later_field = value;
    status = attn_plan_create(target->device, &later.problem, &plan);
    if (!status)
        attn_plan_destroy(plan);
    return status;
}

static attn_status plan_later_field(const struct target *target)
{
    return plan_later(target, 1);
}

/* Every field of the longer struct that this library does not know is zero: no different from a short one. */
static attn_status plan_later_zero(const struct target *target)
{
    return plan_later(target, 0);
}

static attn_status plan_unknown_kernel(const struct target *target)
{
    attn_problem problem = small_problem();
    attn_plan *plan = NULL;
    attn_status status;

    problem.kernel = "abacus";
    status = attn_plan_create(target->device, &problem, &plan);
    if (!status)
        attn_plan_destroy(plan);
    return status;
}

static attn_status choose_of_null(const struct target *target)
{
    const attn_problem problem = small_problem();
    const char *kernel;

    (void)target;
    return attn_device_choose(NULL, &problem, &kernel);
}

static attn_status choose_nothing(const struct target *target)
{
    const attn_problem problem = small_problem();

    return attn_device_choose(target->device, &problem, NULL);
}

static attn_status choose_unknown(const struct target *target)
{
    attn_problem problem = small_problem();
    const char *kernel = "";
    attn_status status;

    problem.kernel = "abacus";
    status = attn_device_choose(target->device, &problem, &kernel);
    return kernel == NULL ? status : ATTN_OK;
}

/* What is refused is stored nowhere. */
static attn_status prefer_of_null(const struct target *target)
{
    (void)target;
    return attn_device_prefer(NULL, NULL, NULL);
}

static attn_status prefer_for_nothing(const struct target *target)
{
    return attn_device_prefer(target->device, NULL, attn_device_kernel(target->device, 0));
}

static attn_status prefer_unknown(const struct target *target)
{
    const attn_problem problem = small_problem();

    return attn_device_prefer(target->device, &problem, "abacus");
}

/* Calls `use` with a plan of the small problem. */
static attn_status with_plan(const struct target *target, attn_status (*use)(const struct target *, const attn_plan *))
{
    const attn_problem problem = small_problem();
    attn_plan *plan = NULL;
    attn_status status = attn_plan_create(target->device, &problem, &plan);

    if (status)
        return status;
    status = use(target, plan);
    attn_plan_destroy(plan);
    return status;
}

static attn_status use_info_nowhere(const struct target *target, const attn_plan *plan)
{
    (void)target;
    return attn_plan_get_info(plan, NULL);
}

static attn_status info_nowhere(const struct target *target)
{
    return with_plan(target, use_info_nowhere);
}

static attn_status info_of_no_plan(const struct target *target)
{
    attn_plan_info info = ATTN_PLAN_INFO_INIT;

    (void)target;
    return attn_plan_get_info(NULL, &info);
}

static attn_status run_no_plan(const struct target *target)
{
    const attn_args args = ATTN_ARGS_INIT;

    return attn_run(NULL, &args, target->queue);
}

static attn_status use_no_args(const struct target *target, const attn_plan *plan)
{
    return attn_run(plan, NULL, target->queue);
}

static attn_status run_no_args(const struct target *target)
{
    return with_plan(target, use_no_args);
}

/* A queue of another device that every build has. */
static attn_status use_foreign_queue(const struct target *target, const attn_plan *plan)
{
    attn_args args = ATTN_ARGS_INIT;
    struct target other;
    attn_memory memory = ATTN_MEMORY_INIT;
    attn_status status = target_open(&other, strcmp(target->info.name, "reference") == 0 ? "cpu" : "reference", NULL);

    if (status)
        return status;
    args.workspace_size = attn_plan_workspace(plan);
    status = attn_alloc(target->device, args.workspace_size + 4096, &memory);
    args.q = args.k = args.v = args.o = args.workspace = memory;
    if (!status)
        status = attn_run(plan, &args, other.queue);
    target_close(&other);
    attn_free(target->device, memory);
    return status;
}

static attn_status run_foreign_queue(const struct target *target)
{
    return with_plan(target, use_foreign_queue);
}

static attn_status attention_of_null(const struct target *target)
{
    const attn_problem problem = small_problem();
    const attn_args args = ATTN_ARGS_INIT;

    (void)target;
    return attn_attention(NULL, &problem, &args);
}

static attn_status attention_no_args(const struct target *target)
{
    const attn_problem problem = small_problem();

    return attn_attention(target->device, &problem, NULL);
}

static attn_status attention_no_memory(const struct target *target)
{
    const attn_problem problem = small_problem();
    const attn_args args = ATTN_ARGS_INIT;

    return attn_attention(target->device, &problem, &args);
}

static attn_status merge_of_null(const struct target *target)
{
    const attn_merge_args args = ATTN_MERGE_ARGS_INIT;

    return attn_merge(NULL, &args, target->queue);
}

static attn_status merge_no_args(const struct target *target)
{
    return attn_merge(target->device, NULL, target->queue);
}

const struct wrong_call wrong_calls[] = {
    { "error/device_open/NULL name", open_null, ATTN_INVALID, "name", 0 },
    { "error/device_open/NULL device", open_nowhere, ATTN_INVALID, "device", 0 },
    { "error/device_open/empty", open_empty, ATTN_NO_DEVICE, "name", 0 },
    { "error/device_open/unknown", open_unknown, ATTN_NO_DEVICE, "abacus", 0 },
    { "error/device_open/cpu:7", open_beyond, ATTN_NO_DEVICE, "cpu:7", 0 },
    { "error/device_open/cpu:-1", open_negative, ATTN_NO_DEVICE, "cpu:-1", 0 },
    { "error/device_open/cpu:", open_no_number, ATTN_NO_DEVICE, "cpu:", 0 },
    { "error/device_open/cpu:0x", open_trailing, ATTN_NO_DEVICE, "cpu:0x", 0 },
    { "error/device_open/overflow", open_overflow, ATTN_NO_DEVICE, "cpu:9999", 0 },
    { "error/device_open/long name", open_long, ATTN_NO_DEVICE, "a-name", 0 },
    { "error/device_describe/-1", describe_below, ATTN_INVALID, "index is -1", 0 },
    { "error/device_describe/count", describe_beyond, ATTN_INVALID, "index", 0 },
    { "error/device_describe/NULL", describe_nowhere, ATTN_INVALID, "info", 0 },
    { "error/device_describe/size 0", describe_sizeless, ATTN_INVALID, "size", 0 },
    { "error/device_get_info/NULL device", info_of_null, ATTN_INVALID, "device", 0 },
    { "error/device_set_threads/-1", threads_negative, ATTN_INVALID, "threads is -1", 1 },
    { "error/device_set_threads/1025", threads_many, ATTN_INVALID, "threads is 1025", 1 },
    { "error/device_set_threads/NULL device", threads_of_null, ATTN_INVALID, "device", 0 },
    { "error/alloc/NULL device", alloc_null, ATTN_INVALID, "device", 0 },
    { "error/alloc/NULL memory", alloc_nowhere, ATTN_INVALID, "memory", 0 },
    { "error/alloc/more than there is", alloc_everything, ATTN_NO_MEMORY, "bytes", 0 },
    { "error/upload/absent memory", upload_nothing, ATTN_INVALID, "handle", 0 },
    { "error/download/NULL", download_nowhere, ATTN_INVALID, "host pointer", 0 },
    { "error/queue_create/NULL device", queue_of_null, ATTN_INVALID, "device", 0 },
    { "error/queue_create/NULL queue", queue_nowhere, ATTN_INVALID, "queue", 0 },
    { "error/plan_create/NULL device", plan_of_null, ATTN_INVALID, "device", 0 },
    { "error/plan_create/NULL problem", plan_without_problem, ATTN_INVALID, "problem", 0 },
    { "error/plan_create/NULL plan", plan_nowhere, ATTN_INVALID, "plan", 0 },
    { "error/plan_create/later field set", plan_later_field, ATTN_UNSUPPORTED, "problem", 0 },
    { "error/plan_create/later field zero", plan_later_zero, ATTN_OK, "", 0 },
    { "error/plan_create/unknown kernel", plan_unknown_kernel, ATTN_INVALID, "kernel is \"abacus\"", 0 },
    { "error/device_choose/NULL device", choose_of_null, ATTN_INVALID, "device", 0 },
    { "error/device_choose/NULL kernel", choose_nothing, ATTN_INVALID, "kernel", 0 },
    { "error/device_choose/unknown kernel", choose_unknown, ATTN_INVALID, "kernel is \"abacus\"", 0 },
    { "error/device_prefer/NULL device", prefer_of_null, ATTN_INVALID, "device", 0 },
    { "error/device_prefer/NULL problem", prefer_for_nothing, ATTN_INVALID, "problem", 0 },
    { "error/device_prefer/unknown kernel", prefer_unknown, ATTN_INVALID, "kernel is \"abacus\"", 0 },
    { "error/plan_get_info/NULL info", info_nowhere, ATTN_INVALID, "info", 0 },
    { "error/plan_get_info/NULL plan", info_of_no_plan, ATTN_INVALID, "plan", 0 },
    { "error/run/NULL plan", run_no_plan, ATTN_INVALID, "plan", 0 },
    { "error/run/NULL args", run_no_args, ATTN_INVALID, "args", 0 },
    { "error/run/queue of another device", run_foreign_queue, ATTN_INVALID, "queue", 0 },
    { "error/attention/NULL device", attention_of_null, ATTN_INVALID, "device", 0 },
    { "error/attention/NULL args", attention_no_args, ATTN_INVALID, "args", 0 },
    { "error/attention/absent memory", attention_no_memory, ATTN_INVALID, "args.q", 0 },
    { "error/merge/NULL device", merge_of_null, ATTN_INVALID, "device", 0 },
    { "error/merge/NULL args", merge_no_args, ATTN_INVALID, "args", 0 },
    { NULL, NULL, ATTN_OK, NULL, 0 },
};
