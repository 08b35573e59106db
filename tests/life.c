/* The life of a device through the public interface, and each call of its driver failing in turn.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#include "config.h"

#include "life.h"

#include <stdio.h>
#include <string.h>

#include "attn_pattern.h"

enum { ROWS = 2048, CHANNELS = 8, PARTS = 2 };

struct life {
    const struct life_driver *driver;
    attn_device *device;
    attn_queue *queue;
    attn_memory tensor, lse, workspace;
    attn_plan *plan[2]; /* dense, of a pattern */
    long left;          /* objects that the life has not released */
    int silent;         /* the first failure was at the end, when there is nobody to tell */
    /* Of the step that failed first. */
    attn_status status;
    char reason[2048];
    attn_status again; /* of the second try */
};

/* ---- steps ------------------------------------------------------------------------------------------------------
 * Each makes at most one thing, and none when it fails. One tensor serves as every input and output: nothing is computed. */

static attn_status open_device(struct life *l)
{
    return l->driver->open(&l->device);
}

static attn_status make_queue(struct life *l)
{
    return attn_queue_create(l->device, &l->queue);
}

static attn_status make_tensor(struct life *l)
{
    return attn_alloc(l->device, ROWS * CHANNELS * sizeof(float), &l->tensor);
}

static attn_status make_lse(struct life *l)
{
    return attn_alloc(l->device, ROWS * sizeof(float), &l->lse);
}

static attn_status upload(struct life *l)
{
    return attn_upload(l->device, l->lse, "some bytes", 11);
}

static attn_status plan(struct life *l, const char *pattern, attn_plan **made)
{
    attn_problem problem = ATTN_PROBLEM_INIT;
    attn_pattern *parsed = NULL;
    attn_status status = pattern ? attn_pattern_parse(pattern, NULL, 0, &parsed) : ATTN_OK;

    problem.q = problem.k = problem.v = problem.o = attn_bhsd(ATTN_F32, 1, 1, ROWS, CHANNELS);
    problem.lse = attn_bhsd(ATTN_F32, 1, 1, ROWS, 1);
    problem.pattern = parsed;
    if (!status)
        status = attn_plan_create(l->device, &problem, made);
    attn_pattern_release(parsed);
    return status;
}

static attn_status plan_dense(struct life *l)
{
    return plan(l, NULL, &l->plan[0]);
}

/* With lists of tiles, masks, and a row that sees every key. */
static attn_status plan_pattern(struct life *l)
{
    return plan(l, "random(64, 2, 1) | global(0)", &l->plan[1]);
}

/* Of the larger plan. Both are to have parts that are merged: more calls of the driver. */
static attn_status make_workspace(struct life *l)
{
    size_t dense = attn_plan_workspace(l->plan[0]), pattern = attn_plan_workspace(l->plan[1]);

    if (!dense || !pattern) {
        fprintf(stderr, "the %s plan merges nothing\n", dense ? "pattern's" : "dense");
        return ATTN_INVALID;
    }
    return attn_alloc(l->device, dense > pattern ? dense : pattern, &l->workspace);
}

static attn_status run(struct life *l, const attn_plan *made, attn_queue *queue)
{
    attn_args args = ATTN_ARGS_INIT;

    args.q = args.k = args.v = args.o = l->tensor;
    args.lse = l->lse;
    args.workspace = l->workspace;
    args.workspace_size = attn_plan_workspace(made);
    return attn_run(made, &args, queue);
}

static attn_status run_dense(struct life *l)
{
    return run(l, l->plan[0], l->queue);
}

static attn_status run_pattern(struct life *l)
{
    return run(l, l->plan[1], NULL);
}

static attn_status merge(struct life *l)
{
    attn_merge_args args = ATTN_MERGE_ARGS_INIT;
    const attn_memory parts_o[PARTS] = { l->tensor, l->tensor }, parts_lse[PARTS] = { l->lse, l->lse };

    args.count = PARTS;
    args.part_o = args.o = attn_bhsd(ATTN_F32, 1, 1, ROWS, CHANNELS);
    args.part_lse = args.lse = attn_bhsd(ATTN_F32, 1, 1, ROWS, 1);
    args.parts_o = parts_o;
    args.parts_lse = parts_lse;
    args.out_o = l->tensor;
    args.out_lse = l->lse;
    return attn_merge(l->device, &args, l->queue);
}

static attn_status wait(struct life *l)
{
    return attn_queue_wait(l->queue);
}

static attn_status download(struct life *l)
{
    char bytes[11] = "";
    attn_status status = attn_download(l->device, bytes, l->lse, sizeof bytes);

    if (!status && memcmp(bytes, "some bytes", sizeof bytes)) {
        fprintf(stderr, "the bytes that come back are not those that went\n");
        return ATTN_INVALID;
    }
    return status;
}

static attn_status also(struct life *l)
{
    return l->driver->also ? l->driver->also(l->device, l->queue) : ATTN_OK;
}

static attn_status (*const steps[])(struct life *) = {
    open_device,    make_queue, make_tensor, make_lse, upload, plan_dense, plan_pattern,
    make_workspace, run_dense,  run_pattern, merge,    wait,   download,   also,
};

/* ---- a life ----------------------------------------------------------------------------------------------------- */

static void end(struct life *l)
{
    attn_free(l->device, l->tensor);
    attn_free(l->device, l->lse);
    attn_free(l->device, l->workspace);
    attn_plan_destroy(l->plan[0]);
    attn_plan_destroy(l->plan[1]);
    attn_queue_destroy(l->queue);
    attn_device_close(l->device);
}

/* A step that fails is tried once more. */
static void live(struct life *l, const struct life_driver *driver)
{
    long before = driver->stub->live;

    *l = (struct life){ .driver = driver };
    for (size_t i = 0; i < sizeof steps / sizeof *steps && !l->again; i++) {
        attn_status status = steps[i](l);

        if (!status)
            continue;
        if (!l->status) {
            l->status = status;
            snprintf(l->reason, sizeof l->reason, "%s", attn_reason());
        }
        l->again = steps[i](l);
    }
    l->silent = !driver->stub->failed;
    end(l);
    l->left = driver->stub->live - before;
}

void life_reset(struct stub *s)
{
    s->fail_at = s->code = s->stays = 0;
    s->only = s->failed = s->misused = NULL;
    s->calls = 0;
}

void life_fail(struct stub *s, const char *entry, int code, int stays)
{
    life_reset(s);
    s->only = entry;
    s->fail_at = 1;
    s->code = code;
    s->stays = stays;
}

/* ---- failures --------------------------------------------------------------------------------------------------- */

/* What is wrong after a life in which a call failed, or NULL. */
static const char *what_is_wrong(const struct life *l, const struct life_code *code)
{
    const struct stub *s = l->driver->stub;
    attn_status expected = code->status;

    if (!s->failed)
        return "the call is not made a second time";
    if (l->silent)
        expected = ATTN_OK;
    else if (l->driver->expects)
        expected = l->driver->expects(code, s->failed);
    if (l->left)
        return "objects are not released";
    if (s->misused)
        return s->misused;
    if (s->stays && !l->silent && !l->status)
        return "a lost device is not told";
    if (s->stays && !expected)
        return NULL; /* then a later call is told */
    if (l->status != expected)
        return "it is another status than expected";
    if (expected && (!strstr(l->reason, s->failed) || !strstr(l->reason, code->name)))
        return "the reason names not the call and its code";
    return !s->stays && l->again ? "it fails when it is tried again" : NULL;
}

static int try_failure(const struct life_driver *driver, const struct life_code *code, long call, int stays)
{
    struct stub *s = driver->stub;
    struct life l;

    life_reset(s);
    s->fail_at = call;
    s->code = code->code;
    s->stays = stays;
    live(&l, driver);
    const char *what = what_is_wrong(&l, code);
    if (what)
        fprintf(stderr, "call %ld, %s, fails with %s%s: %s: %s, \"%s\"; %ld objects left\n", call,
                s->failed ? s->failed : "none", code->name, stays ? " from here on" : "", what,
                attn_status_string(l.status), l.reason, l.left);
    return !what;
}

/* The calls of a life in which nothing fails; -1: something does. */
static long count_calls(const struct life_driver *driver)
{
    const struct stub *s = driver->stub;
    struct life l;

    life_reset(driver->stub);
    live(&l, driver);
    if (!l.status && !l.left && !s->misused)
        return s->calls;
    fprintf(stderr, "a life without failures: %s, \"%s\"; %ld objects left; misused: %s\n",
            attn_status_string(l.status), l.reason, l.left, s->misused ? s->misused : "none");
    return -1;
}

int life_fail_each(const struct life_driver *driver)
{
    int right = count_calls(driver) > 0; /* the first may fill caches */
    long calls = count_calls(driver);

    for (int c = 0; c < driver->code_count; c++)
        for (long call = 1; call <= calls; call++)
            for (int stays = 0; stays < 2; stays++)
                right &= try_failure(driver, &driver->codes[c], call, stays);
    printf("# %ld calls of a life, each failing in %d ways\n", calls, 2 * driver->code_count);
    return right && calls > 0 && count_calls(driver) == calls;
}
