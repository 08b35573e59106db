/*
 * Properties of attn_merge: it agrees with its formula, and the parts of a row of keys merge into the whole, whether
 * cut from the keys or told by a pattern and its complement.
 *
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE.
 */
#include "config.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "numbers.h"
#include "properties.h"

enum { MOST_PARTS = 40 };

/* Parts and the merged output in a device's memory: two plain instances' worth of o and lse each. */
struct parts {
    attn_device *device;
    int count;
    attn_memory o[MOST_PARTS], lse[MOST_PARTS];
};

static int parts_create(struct parts *parts, attn_device *device, int count, const struct instance *like)
{
    int i, wrong = 0;

    memset(parts, 0, sizeof *parts);
    parts->device = device;
    parts->count = count;
    for (i = 0; i < count && !wrong; i++)
        wrong = attn_alloc(device, like->operand[OPERAND_O].bytes + 64, &parts->o[i]) ||
                attn_alloc(device, like->operand[OPERAND_LSE].bytes + 64, &parts->lse[i]);
    return wrong;
}

static void parts_free(struct parts *parts)
{
    for (int i = 0; i < parts->count; i++) {
        attn_free(parts->device, parts->o[i]);
        attn_free(parts->device, parts->lse[i]);
    }
}

/* Merges into the outputs of `image`. */
static attn_status merge_into(const struct target *target, const struct instance *in, const struct parts *parts,
                              struct image *image)
{
    attn_merge_args args = ATTN_MERGE_ARGS_INIT;
    attn_status status;

    args.count = parts->count;
    args.part_o = args.o = in->operand[OPERAND_O].tensor;
    args.part_lse = args.lse = in->operand[OPERAND_LSE].tensor;
    args.parts_o = parts->o;
    args.parts_lse = parts->lse;
    args.out_o = image->args.o;
    args.out_lse = image->args.lse;
    args.sink_logit = in->operand[OPERAND_SINK_LOGIT].tensor;
    args.sink = image->args.sink_logit;
    status = attn_merge(target->device, &args, target->queue);
    return status ? status : attn_queue_wait(target->queue);
}

/* Merges and reads back, guard words and gaps checked. */
static enum outcome merge_and_collect(const struct target *target, const struct instance *in, const struct parts *parts,
                                      struct image *image, struct result *result, char *message)
{
    attn_status status = merge_into(target, in, parts, image);

    if (status) {
        snprintf(message, MESSAGE, "attn_merge: %s: %s", attn_status_string(status), attn_reason());
        return status == ATTN_UNSUPPORTED ? OUTCOME_SKIPPED : OUTCOME_FAILED;
    }
    if (result_create(in, result) == 0) {
        if (image_collect(image, in, result, message) == 0)
            return OUTCOME_PASSED;
        result_destroy(result);
    }
    return OUTCOME_FAILED;
}

/* ---- the parts of a whole -------------------------------------------------------------------------------------- */

/* Keys begin .. end - 1 of a problem without causal mask, whose memory stays where it is. The sink logit is merge's. */
static void take_keys(int64_t begin, int64_t end, attn_problem *problem, attn_args *args)
{
    static const int along_keys[] = { OPERAND_K, OPERAND_V, OPERAND_BIAS };

    problem->sink_logit.dtype = ATTN_NONE;
    for (int i = 0; i < 3; i++) {
        attn_tensor *tensor = operand_tensor(problem, along_keys[i]);
        int axis = along_keys[i] == OPERAND_BIAS ? 3 : 2;

        if (tensor->dtype == ATTN_NONE || (along_keys[i] == OPERAND_BIAS && tensor->size[3] == 1))
            continue;
        tensor->size[axis] = end - begin;
        operand_memory(args, along_keys[i])->offset +=
            (uint64_t)(begin * tensor->stride[axis]) * attn_dtype_size(tensor->dtype);
    }
}

/* Runs one part, with a workspace of its own. */
static attn_status run_part(const struct target *target, const attn_problem *problem, attn_args args, attn_memory o,
                            attn_memory lse)
{
    attn_plan *plan = NULL;
    attn_status status;

    args.o = o;
    args.lse = lse;
    args.workspace.handle = args.workspace.offset = 0;
    status = target_plan(target, problem, &plan);
    if (status)
        return status;
    args.workspace_size = attn_plan_workspace(plan);
    status = attn_alloc(target->device, args.workspace_size + 64, &args.workspace);
    if (!status)
        status = attn_run(plan, &args, target->queue);
    if (!status)
        status = attn_queue_wait(target->queue);
    attn_free(target->device, args.workspace);
    attn_plan_destroy(plan);
    return status;
}

/* A way to divide the keys of a problem. */
struct division {
    int count;
    attn_status (*run)(const struct target *target, const struct instance *in, const attn_args *args,
                       const struct parts *parts);
    const char *what;
};

/* Cuts at uneven places, one part empty. */
static const int64_t CUTS[] = { 0, 1, 64, 64, 100, 100000000 };
enum { PARTS = sizeof CUTS / sizeof *CUTS - 1 };

static int64_t cut(const struct instance *in, int i)
{
    return CUTS[i] < in->c->nk ? CUTS[i] : in->c->nk;
}

static attn_status run_cuts(const struct target *target, const struct instance *in, const attn_args *args,
                            const struct parts *parts)
{
    attn_status status = ATTN_OK;

    for (int i = 0; i < PARTS && !status; i++) {
        attn_problem problem = in->problem;
        attn_args own = *args;

        take_keys(cut(in, i), cut(in, i + 1), &problem, &own);
        status = run_part(target, &problem, own, parts->o[i], parts->lse[i]);
    }
    return status;
}

/* What the pattern lets pass, and what it does not. */
static attn_status run_complements(const struct target *target, const struct instance *in, const attn_args *args,
                                   const struct parts *parts)
{
    attn_problem problem = in->problem;
    attn_pattern *rest = NULL;
    attn_status status = attn_pattern_complement(in->pattern.pattern, &rest);

    problem.sink_logit.dtype = ATTN_NONE;
    problem.pattern = in->pattern.pattern;
    if (!status)
        status = run_part(target, &problem, *args, parts->o[0], parts->lse[0]);
    problem.pattern = rest;
    if (!status)
        status = run_part(target, &problem, *args, parts->o[1], parts->lse[1]);
    attn_pattern_release(rest);
    return status;
}

static enum outcome run_parts(const struct target *target, const struct instance *in, const struct division *division,
                              struct image *image, const struct parts *parts, struct result *merged, char *message)
{
    attn_status status = division->run(target, in, &image->args, parts);

    if (status) {
        snprintf(message, MESSAGE, "part: %s: %s", attn_status_string(status), attn_reason());
        return OUTCOME_FAILED;
    }
    return merge_and_collect(target, in, parts, image, merged, message);
}

static enum outcome merge_parts(const struct target *target, const struct instance *in, const struct division *division,
                                const struct result *whole, char *message)
{
    struct image image;
    struct parts parts;
    struct result merged;
    attn_plan *plan = NULL;
    enum outcome outcome = OUTCOME_FAILED;

    if (target_plan(target, &in->problem, &plan)) {
        snprintf(message, MESSAGE, "attn_plan_create: %s", attn_reason());
        return OUTCOME_FAILED;
    }
    snprintf(message, MESSAGE, "out of memory");
    if (!parts_create(&parts, target->device, division->count, in) && !image_create(&image, target->device, plan, in)) {
        outcome = run_parts(target, in, division, &image, &parts, &merged, message);
        if (outcome == OUTCOME_PASSED) {
            outcome = property_close(in, whole, &merged, 0, division->what, message);
            result_destroy(&merged);
        }
        image_free(&image);
    }
    parts_free(&parts);
    attn_plan_destroy(plan);
    return outcome;
}

static enum outcome divided_is_whole(const struct target *target, const struct instance *in,
                                     const struct division *division, char *message)
{
    struct result whole;
    enum outcome outcome = conform_run(target, in, &whole, message);

    if (outcome != OUTCOME_PASSED)
        return outcome;
    outcome = merge_parts(target, in, division, &whole, message);
    result_destroy(&whole);
    return outcome;
}

static enum outcome split_is_whole(const struct target *target, struct instance *in, char *message)
{
    static const struct division cuts = { PARTS, run_cuts, "whole, and merged from parts" };

    return divided_is_whole(target, in, &cuts, message);
}

static enum outcome complement_is_rest(const struct target *target, struct instance *in, char *message)
{
    static const struct division complements = { 2, run_complements, "whole, and merged from pattern and complement" };

    in->problem.pattern = NULL;
    return divided_is_whole(target, in, &complements, message);
}

/* ---- the formula ----------------------------------------------------------------------------------------------- */

/* Host copies of all parts' o and lse, laid out as the instance's outputs are. */
struct host_parts {
    int count;
    unsigned char *o[MOST_PARTS], *lse[MOST_PARTS];
};

static void host_parts_free(struct host_parts *host)
{
    for (int i = 0; i < host->count; i++) {
        free(host->o[i]);
        free(host->lse[i]);
    }
}

/* Part i of a row: lse is -inf in some parts, in every part of every eighth row, and o is then NaN; otherwise lse
 * ranges widely enough that some parts do not count. */
static void fill_part_row(const struct instance *in, struct host_parts *host, int i, int64_t row, struct place at,
                          int64_t h)
{
    const struct operand *o = &in->operand[OPERAND_O], *lse = &in->operand[OPERAND_LSE];
    uint64_t bits = number_hash(in->seed + (uint64_t)i, (uint64_t)row);
    int nothing = row % 8 == 7 || bits % 3 == 0;

    number_store(host->lse[i], ATTN_F32, instance_index(lse, at.batch, h, at.position, 0),
                 nothing ? -INFINITY : (float)(bits >> 40) * 0x1p-24f * 60.0f - 30.0f);
    for (int64_t c = 0; c < in->c->dv; c++)
        number_store(host->o[i], o->tensor.dtype, instance_index(o, at.batch, h, at.position, c),
                     nothing ? NAN : (float)(number_hash(bits, (uint64_t)c) % 2001) * 0.001f - 1.0f);
}

static int host_parts_create(const struct instance *in, struct host_parts *host, int count)
{
    int64_t rows = result_row(in, in->c->batch, 0, 0), row, b, h, r;

    host->count = count;
    for (int i = 0; i < count; i++) {
        host->o[i] = malloc(in->operand[OPERAND_O].bytes + 1);
        host->lse[i] = malloc(in->operand[OPERAND_LSE].bytes + 1);
        if (host->o[i] == NULL || host->lse[i] == NULL) {
            host->count = i + 1;
            return -1;
        }
        memcpy(host->o[i], in->operand[OPERAND_O].data, in->operand[OPERAND_O].bytes);
        memcpy(host->lse[i], in->operand[OPERAND_LSE].data, in->operand[OPERAND_LSE].bytes);
        for (row = 0; row < rows; row++) {
            result_locate(in, row, &b, &h, &r);
            fill_part_row(in, host, i, row, instance_query(in, b, r), h);
        }
    }
    return 0;
}

/* lse = ln sum_i exp(lse_i), o = sum_i exp(lse_i - lse) o_i / (1 + exp(sink - lse)), in float64. */
static void merged_row(const struct instance *in, const struct host_parts *host, int64_t row, struct result *want)
{
    const struct operand *out = &in->operand[OPERAND_O], *sums = &in->operand[OPERAND_LSE];
    int64_t b, h, r, c;
    double sum = 0, sink;
    struct place at;

    result_locate(in, row, &b, &h, &r);
    at = instance_query(in, b, r);
    for (int i = 0; i < host->count; i++)
        sum += exp(number_load(host->lse[i], ATTN_F32, instance_index(sums, at.batch, h, at.position, 0)));
    want->lse[row] = log(sum);
    sink = instance_value(in, OPERAND_SINK_LOGIT, 0, h, 0, 0, -INFINITY);
    for (int i = 0; i < host->count && sum > 0; i++) {
        double lse = number_load(host->lse[i], ATTN_F32, instance_index(sums, at.batch, h, at.position, 0));
        double weight = exp(lse - want->lse[row]) / (1 + exp(sink - want->lse[row]));

        for (c = 0; c < want->dv && weight > 0; c++)
            want->o[row * want->dv + c] +=
                weight * number_load(host->o[i], out->tensor.dtype, instance_index(out, at.batch, h, at.position, c));
    }
}

static attn_status upload_parts(const struct instance *in, const struct host_parts *host, const struct parts *parts)
{
    attn_status status = ATTN_OK;

    for (int i = 0; i < host->count && !status; i++) {
        status = attn_upload(parts->device, parts->o[i], host->o[i], in->operand[OPERAND_O].bytes);
        if (!status)
            status = attn_upload(parts->device, parts->lse[i], host->lse[i], in->operand[OPERAND_LSE].bytes);
    }
    return status;
}

/* Views begin some elements into their memory. */
static void skip_offsets(const struct instance *in, struct parts *parts)
{
    for (int i = 0; i < parts->count; i++) {
        parts->o[i].offset += in->operand[OPERAND_O].offset;
        parts->lse[i].offset += in->operand[OPERAND_LSE].offset;
    }
}

/* The outputs of an image become part 0. */
static void alias_first(const struct image *image, struct parts *parts)
{
    parts->o[0] = image->args.o;
    parts->lse[0] = image->args.lse;
}

static enum outcome merge_host_parts(const struct target *target, struct instance *in, const struct host_parts *host,
                                     int in_place, struct result *got, char *message)
{
    struct parts parts, shifted;
    struct image image;
    attn_plan *plan = NULL;
    attn_status status = target_plan(target, &in->problem, &plan);
    enum outcome outcome = OUTCOME_FAILED;

    if (status) {
        snprintf(message, MESSAGE, "attn_plan_create: %s", attn_reason());
        return status == ATTN_UNSUPPORTED ? OUTCOME_SKIPPED : OUTCOME_FAILED;
    }
    status = image_create(&image, target->device, plan, in);
    if (!parts_create(&parts, target->device, host->count, in) && !status && !upload_parts(in, host, &parts)) {
        size_t bytes = in->operand[OPERAND_O].bytes - in->operand[OPERAND_O].offset;
        size_t lse_bytes = in->operand[OPERAND_LSE].bytes - in->operand[OPERAND_LSE].offset;

        shifted = parts;
        skip_offsets(in, &shifted);
        if (in_place && !attn_upload(target->device, image.args.o, host->o[0] + in->operand[OPERAND_O].offset, bytes) &&
            !attn_upload(target->device, image.args.lse, host->lse[0] + in->operand[OPERAND_LSE].offset, lse_bytes))
            alias_first(&image, &shifted);
        outcome = merge_and_collect(target, in, &shifted, &image, got, message);
    }
    parts_free(&parts);
    image_free(&image);
    attn_plan_destroy(plan);
    return outcome;
}

static enum outcome formula_of(const struct target *target, struct instance *in, int count, int in_place, char *message)
{
    struct host_parts host;
    struct result want, got;
    enum outcome outcome = OUTCOME_FAILED;
    char what[64];

    snprintf(message, MESSAGE, "out of memory");
    if (result_create(in, &want))
        return OUTCOME_FAILED;
    if (host_parts_create(in, &host, count) == 0) {
        for (int64_t row = 0; row < want.rows; row++)
            merged_row(in, &host, row, &want);
        outcome = merge_host_parts(target, in, &host, in_place, &got, message);
        if (outcome == OUTCOME_PASSED) {
            snprintf(what, sizeof what, "formula, and %d parts merged%s", count, in_place ? " in place" : "");
            outcome = property_close(in, &want, &got, 0, what, message);
            result_destroy(&got);
        }
    }
    host_parts_free(&host);
    result_destroy(&want);
    return outcome;
}

static enum outcome merge_formula(const struct target *target, struct instance *in, char *message)
{
    static const int counts[] = { 1, 2, 3, 17, MOST_PARTS };
    enum outcome outcome = OUTCOME_PASSED;

    for (int i = 0; i < 5 && outcome == OUTCOME_PASSED; i++)
        for (int in_place = 0; in_place < 2 && outcome == OUTCOME_PASSED; in_place++)
            outcome = formula_of(target, in, counts[i], in_place, message);
    return outcome;
}

const struct property properties_merge[] = {
    { "split-is-whole", split_is_whole, "x/b2/n70:200/h4:2/d64/{f32,f16,bf16-f32}/{full,sinklogit,biasb11k/biasinf}" },
    { "split-is-whole", split_is_whole,
      "x/{n3:5000/h4:1/d64/f32/sinklogit,b2/n9:70/h4:2/d40/f32/view/bias1hqk/biasinf/sinklogit}" },
    { "complement-is-rest", complement_is_rest,
      "x/b2/n130/h4:2/d64/{f32,f16}/{full,causal,sinklogit}/pat[{causal & (last(9) | strided(8)),blocks(bm),band(9),"
      "heads(0: full; 1: bits(bt); 3: random(16,2,3)),full,full & !full}]" },
    { "complement-is-rest", complement_is_rest,
      "x/{n3:5000/h4:1,cuq65.3.0.129/cuk64.0.7.200/h2,n9:150/used150.0.65/page16/h4:2,n200:70/h2/start}/d40/f32/"
      "pat[{last(40) | strided(17),chunk(16) & !keys(3..9)}]" },
    { "merge-formula", merge_formula, "x/b2/n40/h4/d72/{f32,f16,bf16,f16-f32}/{full,bshd,view}/{full,sinklogit}" },
    { NULL, NULL, NULL },
};
