/*
 * Properties of bits: what must not change a result at all.
 *
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE.
 */
#include "config.h"

#include <math.h>
#include <pthread.h>
#include <string.h>

#include "numbers.h"
#include "properties.h"

static enum outcome same_bits(const struct result *a, const struct result *b, const char *what, char *message)
{
    int64_t i = 0;

    if (result_equal(a, b, 1))
        return OUTCOME_PASSED;
    while (i + 1 < a->rows * a->dv && memcmp(&a->o[i], &b->o[i], sizeof *a->o) == 0)
        i++;
    snprintf(message, MESSAGE, "%s: other bits; o[row %lld, c=%lld] is %.9g, then %.9g", what, (long long)(i / a->dv),
             (long long)(i % a->dv), a->o[i], b->o[i]);
    return OUTCOME_FAILED;
}

static enum outcome twice(const struct target *target, struct instance *in, char *message)
{
    struct result first, second;
    enum outcome outcome = conform_run(target, in, &first, message);

    if (outcome != OUTCOME_PASSED)
        return outcome;
    outcome = conform_run(target, in, &second, message);
    if (outcome == OUTCOME_PASSED) {
        outcome = same_bits(&first, &second, "run twice", message);
        result_destroy(&second);
    }
    result_destroy(&first);
    return outcome;
}

/* ---- what was there before ------------------------------------------------------------------------------------ */

/* A run that leaves its keys and values, all of them `number`, in local memory, registers and caches of all compute units. */
static enum outcome leave_behind(const struct target *target, const struct instance *in, float number, char *message)
{
    static const int filled[] = { OPERAND_K, OPERAND_V };
    struct attention_case c = property_part(in->c, 70, 256);
    attn_device_info info = ATTN_DEVICE_INFO_INIT;
    struct instance *other;
    struct result result;
    enum outcome outcome = OUTCOME_FAILED;

    attn_device_get_info(target->device, &info);
    c.hq = c.hk = 2 * info.threads;
    c.pattern[0] = '\0';
    snprintf(message, MESSAGE, "out of memory");
    other = instance_create(&c, in->seed);
    if (other == NULL)
        return outcome;
    for (int n = 0; n < 2; n++) {
        struct operand *operand = &other->operand[filled[n]];

        for (int64_t i = 0; i < (int64_t)(operand->bytes / attn_dtype_size(operand->tensor.dtype)); i++)
            number_store(operand->data, operand->tensor.dtype, i, number);
    }
    outcome = conform_run(target, other, &result, message);
    if (outcome == OUTCOME_PASSED)
        result_destroy(&result);
    instance_destroy(other);
    return outcome;
}

/* NaN times a weight of 0 is NaN: a run must have put 0 wherever it computes with keys and values that are not there. */
static enum outcome remnants(const struct target *target, struct instance *in, char *message)
{
    static const float left[] = { NAN, 0 };
    struct result result[2];
    int done = 0;
    enum outcome outcome = OUTCOME_PASSED;

    while (done < 2 && outcome == OUTCOME_PASSED) {
        outcome = leave_behind(target, in, left[done], message);
        if (outcome == OUTCOME_PASSED)
            outcome = conform_run(target, in, &result[done], message);
        done += outcome == OUTCOME_PASSED;
    }
    if (done == 2)
        outcome = same_bits(&result[0], &result[1], "behind a run of NaN, and one of 0", message);
    while (done > 0)
        result_destroy(&result[--done]);
    return outcome;
}

/* ---- threads ------------------------------------------------------------------------------------------------- */

static enum outcome run_threads(const struct target *target, struct instance *in, int threads, struct result *result,
                                char *message)
{
    if (attn_device_set_threads(target->device, threads)) {
        snprintf(message, MESSAGE, "attn_device_set_threads: %s", attn_reason());
        return OUTCOME_SKIPPED;
    }
    return conform_run(target, in, result, message);
}

static enum outcome thread_counts(const struct target *target, struct instance *in, char *message)
{
    struct result one, more;
    enum outcome outcome = run_threads(target, in, 1, &one, message);
    char what[32];
    int threads;

    if (outcome != OUTCOME_PASSED)
        return outcome;
    for (threads = 2; threads <= 5 && outcome == OUTCOME_PASSED; threads++) {
        outcome = run_threads(target, in, threads, &more, message);
        if (outcome == OUTCOME_PASSED) {
            snprintf(what, sizeof what, "1 thread and %d", threads);
            outcome = same_bits(&one, &more, what, message);
            result_destroy(&more);
        }
    }
    attn_device_set_threads(target->device, 0);
    result_destroy(&one);
    return outcome;
}

/* One of two runs that are under way at once. */
struct runner {
    const struct target *target;
    const attn_plan *plan;
    const struct instance *in;
    struct result result;
    enum outcome outcome;
    char message[MESSAGE];
};

static void *run_again_and_again(void *context)
{
    struct runner *runner = context;
    struct target own = *runner->target;
    int repeat;

    runner->outcome = OUTCOME_FAILED;
    snprintf(runner->message, MESSAGE, "attn_queue_create failed");
    if (attn_queue_create(own.device, &own.queue))
        return NULL;
    for (repeat = 0; repeat < 5; repeat++) {
        runner->outcome = conform_run_plan(&own, runner->plan, runner->in, &runner->result, runner->message);
        if (runner->outcome != OUTCOME_PASSED)
            break;
        if (repeat < 4)
            result_destroy(&runner->result);
    }
    attn_queue_destroy(own.queue);
    return NULL;
}

static enum outcome compare_runners(struct runner runner[2], const struct result *alone, char *message)
{
    enum outcome outcome = OUTCOME_PASSED;
    int i;

    for (i = 0; i < 2; i++) {
        if (runner[i].outcome != OUTCOME_PASSED) {
            memcpy(message, runner[i].message, MESSAGE);
            outcome = runner[i].outcome;
            continue;
        }
        if (outcome == OUTCOME_PASSED)
            outcome = same_bits(alone, &runner[i].result, "alone, and beside another run", message);
        result_destroy(&runner[i].result);
    }
    return outcome;
}

/* One plan, two threads, a workspace, outputs and a queue each. */
static enum outcome two_at_once(const struct target *target, struct instance *in, char *message)
{
    struct result alone;
    enum outcome outcome = conform_run(target, in, &alone, message);
    attn_plan *plan = NULL;
    pthread_t thread;

    if (outcome != OUTCOME_PASSED)
        return outcome;
    if (target_plan(target, &in->problem, &plan)) {
        snprintf(message, MESSAGE, "attn_plan_create: %s", attn_reason());
        outcome = OUTCOME_FAILED;
    } else {
        struct runner runner[2] = { { .target = target, .plan = plan, .in = in },
                                    { .target = target, .plan = plan, .in = in } };

        snprintf(message, MESSAGE, "pthread_create failed");
        outcome = OUTCOME_FAILED;
        if (pthread_create(&thread, NULL, run_again_and_again, &runner[1]) == 0) {
            run_again_and_again(&runner[0]);
            pthread_join(thread, NULL);
            outcome = compare_runners(runner, &alone, message);
        }
    }
    attn_plan_destroy(plan);
    result_destroy(&alone);
    return outcome;
}

/* ---- the rest of the batch ------------------------------------------------------------------------------------ */

/* Other numbers in every sequence but the first. */
static void change_others(struct instance *in)
{
    static const int changed[] = { OPERAND_Q, OPERAND_K, OPERAND_V };
    int64_t b, h, i, c;

    for (int n = 0; n < 3; n++) {
        struct operand *operand = &in->operand[changed[n]];

        for (b = 1; b < in->c->batch; b++)
            for (h = 0; h < operand->tensor.size[1]; h++)
                for (i = 0; i < (n == 0 ? case_query_rows(in->c, b) : case_keys(in->c, b)); i++) {
                    struct place at = n == 0 ? instance_query(in, b, i) : instance_key(in, b, i);

                    for (c = 0; c < operand->tensor.size[3]; c++)
                        number_store(operand->data, operand->tensor.dtype,
                                     instance_index(operand, at.batch, h, at.position, c),
                                     (float)((i + 3 * c) % 7) - 9.0f);
                }
    }
}

static enum outcome rest_of_batch(const struct target *target, struct instance *in, char *message)
{
    struct result before, after;
    enum outcome outcome = conform_run(target, in, &before, message);

    if (outcome != OUTCOME_PASSED)
        return outcome;
    change_others(in);
    outcome = conform_run(target, in, &after, message);
    if (outcome == OUTCOME_PASSED) {
        int64_t rows = result_row(in, 1, 0, 0);

        before.rows = after.rows = rows;
        outcome = same_bits(&before, &after, "other numbers in other sequences", message);
        result_destroy(&after);
    }
    result_destroy(&before);
    return outcome;
}

/* Every sequence alone, contiguous, without lengths or pages, has the bits that it has in the batch. */
static enum outcome sequences_alone(const struct target *target, struct instance *in, char *message)
{
    struct result whole;
    enum outcome outcome = conform_run(target, in, &whole, message);
    int64_t b;

    if (outcome != OUTCOME_PASSED)
        return outcome;
    for (b = 0; b < in->c->batch && outcome == OUTCOME_PASSED; b++)
        outcome = property_same_part(target, in, &whole, b, 0, case_query_rows(in->c, b), case_keys(in->c, b), message);
    result_destroy(&whole);
    return outcome;
}

/* Every row alone, with the keys up to its own, as a program that makes one token after the other does it. */
static enum outcome decode_as_prefill(const struct target *target, struct instance *in, char *message)
{
    struct result whole;
    enum outcome outcome;
    int64_t before = in->c->nk - in->c->nq, b, r;

    outcome = conform_run(target, in, &whole, message);
    if (outcome != OUTCOME_PASSED)
        return outcome;
    for (b = 0; b < in->c->batch; b++)
        for (r = 0; r < in->c->nq && outcome == OUTCOME_PASSED; r++)
            outcome = property_same_part(target, in, &whole, b, r, 1, before + r + 1, message);
    result_destroy(&whole);
    return outcome;
}

#define ANY                                                                                                            \
    "x/{b3/n70:130/h4:2/d64/{f32,f16},n1:5000/h8:2/d128/f16/causal,cuq65.3.0.129/cuk64.0.7.2000/h2/d40/f32/causal}"
const struct property properties_bits[] = {
    { "twice", twice, ANY },
    { "remnants", remnants, "x/{n65/h4:2/d{40,128,256}/f16/causal,n300:65/h2/d{80,128}/bf16}" },
    { "remnants", remnants, "x/n33/h8:1/d128/{f16,f32}/chunk16:1" },
    { "remnants", remnants, "x/{n1:33,n20:97}/h8:1/d128/f16/pat[summary(9,3) | last(2)]" },
    { "thread-counts", thread_counts, ANY },
    { "thread-counts", thread_counts,
      "x/n9:3000/used3000.0.65.1200/page16/h4:1/d64/f16/{causal,causal/window200:0/sink4}" },
    { "thread-counts", thread_counts,
      "x/{b2/n130/h4:2/d64/{f32,f16},n1:5000/h8:2/d128/f16,cuq65.3.0.129/cuk64.0.7.2000/h2/d40/f32}/"
      "pat[{causal & (last(40) | strided(17)),blocks(bm),band(20) | global(0, -1)}]" },
    { "two-at-once", two_at_once, ANY },
    { "two-at-once", two_at_once, "x/b2/n130/h4:2/d64/f32/pat[causal & (last(40) | strided(17))]" },
    { "rest-of-batch", rest_of_batch, ANY },
    { "rest-of-batch", rest_of_batch, "x/n9:3000/used3000.17.65.1200/page16/h4:1/d64/f16/causal" },
    { "sequences-alone", sequences_alone,
      "x/invariant/b3/n70:130/h4:2/d64/{f32,f16,bf16}/{full,causal,alibibatch/biasb11k}" },
    { "sequences-alone", sequences_alone,
      "x/invariant/cuq65.3.0.129/cuk64.0.7.2000/h4:2/d40/{f32,f16}/{causal,window20:20,sinklogit}" },
    { "sequences-alone", sequences_alone,
      "x/invariant/n9:3000/used3000.0.65.1200/page{1,16,64}/h4:1/d64/{f32,f16}/{full,causal}" },
    { "sequences-alone", sequences_alone,
      "x/invariant/cuq5.1.70/n1:300/used300.0.65/page3/h4:2/d64/f32/causal/{window20:0/sink3,view}" },
    { "sequences-alone", sequences_alone,
      "x/invariant/{cuq65.3.0.129/cuk64.0.7.2000,n9:3000/used3000.0.65.1200/page16}/h4:2/d40/f32/"
      "pat[{causal & (last(40) | strided(17)),segments(sg) | keys(0..2),heads(1: bits(bt); 2..3: full)}]" },
    { "decode-as-prefill", decode_as_prefill,
      "x/invariant/n{70,20:700}/h4:2/d40/f32/pat[causal & {strided(7),(last(20) | sink(3)),(chunk(16) | "
      "summary(16,3))}]" },
    { "decode-as-prefill", decode_as_prefill, "x/invariant/n130/h4:2/d64/{f32,f16,bf16}/causal" },
    { "decode-as-prefill", decode_as_prefill,
      "x/invariant/n70:200/h2/d40/f32/causal/{window20:0/sink3,chunk32:1,cap5,alibi,bshd}" },
    { "decode-as-prefill", decode_as_prefill,
      "x/invariant/n12:5000/h4:1/d64/{f32,f16}/causal/{full,sinklogit,window3000:0/sink4}" },
    { NULL, NULL, NULL },
};
