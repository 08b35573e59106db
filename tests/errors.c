/*
 * Wrong problems, wrong arguments of a run and of a merge, wrong contents of lengths and page tables: each row of a
 * table spoils one thing of what is right.
 *
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE.
 */
#include "config.h"

#include "errors.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* What is spoilt, and when it must be noticed: a field of attn_problem by attn_plan_create, a field of attn_args or
 * an i32 that a tensor holds by attn_run, an entry of lengths_q or lengths_k by attn_plan_create, a field of
 * attn_merge_args by attn_merge. */
enum spoilt { IN_PROBLEM, IN_ARGS, IN_DATA, IN_LENGTHS, IN_MERGE };
enum { LENGTHS_Q, LENGTHS_K };
enum kind { KIND_I64, KIND_INT, KIND_SIZE, KIND_FLOAT };

struct wrong {
    const char *name;
    const char *right; /* the case that is spoilt */
    enum spoilt spoilt;
    size_t at; /* offset of the field; operand for IN_DATA */
    enum kind kind;
    int64_t integer; /* KIND_FLOAT: unused */
    float number;
    int64_t element; /* IN_DATA: index */
    attn_status expected;
    const char *reason;
};

#define DENSE "x/b2/n7:9/h4:2/d8/f32/alibi/bias1hqk/sinklogit"
#define HALF "x/n7:9/h2/d8/f16"
#define RAGGED "x/cuq3.0.4/cuk5.1.3/h2/d8/f32"
#define USED "x/n3:9/used9.0.4/h2/d8/f32"
#define PAGED "x/n3:9/used9.0.4/page4/h2/d8/f32"
#define LISTED "/pat[causal & strided(3)]"

#define FIELD(right, field, value, reason)                                                                             \
    {                                                                                                                  \
        "problem/" #field "=" #value, right, IN_PROBLEM, offsetof(attn_problem, field), KIND_I64, value, 0, 0,         \
            ATTN_INVALID, reason                                                                                       \
    }
#define CHOICE(right, field, value, reason)                                                                            \
    {                                                                                                                  \
        "problem/" #field "=" #value, right, IN_PROBLEM, offsetof(attn_problem, field), KIND_INT, value, 0, 0,         \
            ATTN_INVALID, reason                                                                                       \
    }
#define NUMBER(right, field, value, reason)                                                                            \
    {                                                                                                                  \
        "problem/" #field "=" #value, right, IN_PROBLEM, offsetof(attn_problem, field), KIND_FLOAT, 0, value, 0,       \
            ATTN_INVALID, reason                                                                                       \
    }
#define STRUCT_SIZE(right, value, status, reason)                                                                      \
    {                                                                                                                  \
        "problem/size=" #value, right, IN_PROBLEM, offsetof(attn_problem, size), KIND_SIZE, value, 0, 0, status,       \
            reason                                                                                                     \
    }
#define ARGUMENT(right, field, kind, value, reason)                                                                    \
    {                                                                                                                  \
        "args/" #field "=" #value, right, IN_ARGS, offsetof(attn_args, field), kind, value, 0, 0, ATTN_INVALID, reason \
    }
#define DATA(right, operand, element, value, reason)                                                                   \
    {                                                                                                                  \
        "data/" #operand "[" #element "]=" #value, right, IN_DATA, operand, KIND_I64, value, 0, element, ATTN_INVALID, \
            reason                                                                                                     \
    }
#define ABSENT(right, field, status, reason)                                                                           \
    {                                                                                                                  \
        "problem/" #field "=NULL", right, IN_PROBLEM, offsetof(attn_problem, field), KIND_SIZE, 0, 0, 0, status,       \
            reason                                                                                                     \
    }
#define LENGTHS(right, which, element, value, reason)                                                                  \
    {                                                                                                                  \
        "lengths/" #which "[" #element "]=" #value, right, IN_LENGTHS, which, KIND_I64, value, 0, element,             \
            ATTN_INVALID, reason                                                                                       \
    }

#define MERGE(field, kind, value, reason)                                                                              \
    {                                                                                                                  \
        "merge/" #field "=" #value, "x/b2/n7/h4/d8/f16/sinklogit", IN_MERGE, offsetof(attn_merge_args, field), kind,   \
            value, 0, 0, ATTN_INVALID, reason                                                                          \
    }

/* Keeps the names of checks short. */
#define FAR INT64_MAX

static const struct wrong wrongs[] = {
    /* sizes */
    FIELD(DENSE, q.size[0], -1, "q.size[0]"),
    FIELD(DENSE, q.size[1], -4, "q.size[1]"),
    FIELD(DENSE, q.size[2], -1, "q.size[2]"),
    FIELD(DENSE, q.size[3], 0, "q.size[3]"),
    FIELD(DENSE, k.size[2], -9, "k.size[2]"),
    FIELD(DENSE, q.size[2], FAR, "q.size[2]"),
    FIELD(DENSE, k.size[2], FAR, "k.size[2]"),
    FIELD(DENSE, v.size[3], FAR, "v.size[3]"),
    FIELD(DENSE, q.size[1], 3, "q.size[1]"),
    FIELD(DENSE, k.size[1], 0, "k.size[1]"),
    FIELD(DENSE, k.size[1], 3, "k.size[1]"),
    FIELD(DENSE, k.size[0], 3, ".size[0]"),
    FIELD(DENSE, k.size[3], 7, "k.size[3]"),
    FIELD(DENSE, v.size[0], 1, "v.size[0]"),
    FIELD(DENSE, v.size[1], 4, "v.size[1]"),
    FIELD(DENSE, v.size[2], 8, "v.size[2]"),
    FIELD(DENSE, o.size[0], 1, "o.size[0]"),
    FIELD(DENSE, o.size[1], 2, "o.size[1]"),
    FIELD(DENSE, o.size[2], 6, "o.size[2]"),
    FIELD(DENSE, o.size[3], 7, "o.size[3]"),
    FIELD(DENSE, lse.size[0], 1, "lse.size[0]"),
    FIELD(DENSE, lse.size[1], 3, "lse.size[1]"),
    FIELD(DENSE, lse.size[2], 6, "lse.size[2]"),
    FIELD(DENSE, lse.size[3], 2, "lse.size[3]"),
    FIELD(DENSE, alibi.size[0], 3, "alibi.size[0]"),
    FIELD(DENSE, alibi.size[1], 2, "alibi.size[1]"),
    FIELD(DENSE, alibi.size[2], 2, "alibi.size[2]"),
    FIELD(DENSE, sink_logit.size[0], 2, "sink_logit.size[0]"),
    FIELD(DENSE, sink_logit.size[1], 5, "sink_logit.size[1]"),
    FIELD(DENSE, bias.size[0], 3, "bias.size[0]"),
    FIELD(DENSE, bias.size[1], 2, "bias.size[1]"),
    FIELD(DENSE, bias.size[2], 6, "bias.size[2]"),
    FIELD(DENSE, bias.size[3], 8, "bias.size[3]"),
    FIELD(DENSE, bias.size[3], -1, "bias.size[3]"),

    /* strides */
    FIELD(DENSE, q.stride[0], -1, "q.stride[0]"),
    FIELD(DENSE, q.stride[2], -8, "q.stride[2]"),
    FIELD(DENSE, k.stride[2], FAR, "k.stride[2]"),
    FIELD(DENSE, q.stride[3], 2, "q.stride[3]"),
    FIELD(DENSE, k.stride[3], 0, "k.stride[3]"),
    FIELD(DENSE, v.stride[3], 3, "v.stride[3]"),
    FIELD(DENSE, o.stride[3], 2, "o.stride[3]"),
    FIELD(DENSE, o.stride[0], 0, "o.stride["),
    FIELD(DENSE, o.stride[1], 0, "o.stride["),
    FIELD(DENSE, o.stride[2], 7, "o.stride[2]"),
    FIELD(DENSE, lse.stride[0], 0, "lse.stride["),
    FIELD(DENSE, lse.stride[2], 0, "lse.stride["),
    FIELD(DENSE, bias.stride[3], -1, "bias.stride[3]"),
    FIELD(DENSE, alibi.stride[1], -1, "alibi.stride[1]"),

    /* types */
    CHOICE(DENSE, q.dtype, 0, "q.dtype"),
    CHOICE(DENSE, k.dtype, 4, "k.dtype"),
    CHOICE(DENSE, v.dtype, 99, "v.dtype"),
    CHOICE(DENSE, v.dtype, -1, "v.dtype"),
    CHOICE(DENSE, o.dtype, 0, "o.dtype"),
    CHOICE(DENSE, o.dtype, 2, "o.dtype"),
    CHOICE(HALF, o.dtype, 3, "o.dtype"),
    CHOICE(DENSE, lse.dtype, 2, "lse.dtype"),
    CHOICE(DENSE, alibi.dtype, 2, "alibi.dtype"),
    CHOICE(DENSE, sink_logit.dtype, 3, "sink_logit.dtype"),
    CHOICE(DENSE, bias.dtype, 4, "bias.dtype"),
    CHOICE(RAGGED, cu_seqlens_q.dtype, 1, "cu_seqlens_q.dtype"),
    CHOICE(USED, seqused_k.dtype, 1, "seqused_k.dtype"),
    CHOICE(PAGED, page_table.dtype, 3, "page_table.dtype"),

    /* the logit, the mask */
    NUMBER(DENSE, scale, NAN, "scale"),
    NUMBER(DENSE, scale, INFINITY, "scale"),
    NUMBER(DENSE, softcap, NAN, "softcap"),
    NUMBER(DENSE, softcap, -1.0f, "softcap"),
    NUMBER(DENSE, softcap, INFINITY, "softcap"),
    CHOICE(DENSE, alignment, 2, "alignment"),
    CHOICE(DENSE, alignment, -1, "alignment"),
    CHOICE(DENSE, batch_invariant, 2, "batch_invariant"),
    CHOICE(DENSE, batch_invariant, -1, "batch_invariant"),
    CHOICE(DENSE, mask.causal, 2, "mask.causal"),
    FIELD(DENSE, mask.window_left, -2, "mask.window_left"),
    FIELD(DENSE, mask.window_right, -2, "mask.window_right"),
    FIELD(DENSE, mask.window_left, FAR, "mask.window_left"),
    FIELD(DENSE, mask.chunk, -1, "mask.chunk"),
    FIELD(DENSE, mask.chunk_back, -1, "mask.chunk_back"),
    FIELD(DENSE, mask.sink, -1, "mask.sink"),
    CHOICE(DENSE, mask.combine, 2, "mask.combine"),

    /* lengths and pages by shape */
    FIELD(RAGGED, cu_seqlens_q.size[0], 0, "cu_seqlens_q.size[0]"),
    FIELD(RAGGED, cu_seqlens_q.size[1], 2, "cu_seqlens_q.size[1]"),
    FIELD(RAGGED, cu_seqlens_k.size[0], 3, "k"),
    FIELD(RAGGED, q.size[0], 2, "size[0]"),
    FIELD(RAGGED, k.size[0], 3, "size[0]"),
    FIELD(RAGGED, max_q, -1, "max_q"),
    FIELD(RAGGED, max_q, 8, "max_q"),
    FIELD(RAGGED, max_k, 10, "max_k"),
    FIELD(DENSE, max_q, 7, "max_q"),
    FIELD(USED, seqused_k.size[0], 2, "seqused_k.size[0]"),
    FIELD(PAGED, page_table.size[0], 2, "page_table.size[0]"),
    FIELD(PAGED, page_table.size[1], FAR / 2, "page_table.size[1]"),
    FIELD(PAGED, page_table.size[2], 3, "page_table.size[2]"),
    FIELD(PAGED, max_k, 1000, "max_k"),

    /* lengths of a pattern; one of intervals needs none */
    ABSENT(RAGGED LISTED, lengths_q, ATTN_INVALID, "lengths_q"),
    ABSENT(RAGGED LISTED, lengths_k, ATTN_INVALID, "lengths_k"),
    ABSENT(USED LISTED, lengths_k, ATTN_INVALID, "lengths_k"),
    ABSENT(PAGED LISTED, lengths_k, ATTN_INVALID, "lengths_k"),
    ABSENT(RAGGED "/pat[causal & last(3)]", lengths_q, ATTN_OK, ""),
    ABSENT(PAGED "/pat[causal & (last(3) | sink(1))]", lengths_k, ATTN_OK, ""),
    ABSENT(DENSE LISTED, lengths_q, ATTN_OK, ""),
    LENGTHS(RAGGED LISTED, LENGTHS_Q, 1, -1, "lengths_q[1]"),
    LENGTHS(RAGGED LISTED, LENGTHS_Q, 2, 8, "lengths_q[2]"),
    LENGTHS(RAGGED LISTED, LENGTHS_K, 0, 10, "lengths_k[0]"),
    LENGTHS(RAGGED LISTED "/bound", LENGTHS_K, 0, 6, "lengths_k[0]"),
    LENGTHS(USED LISTED, LENGTHS_K, 2, -1, "lengths_k[2]"),
    LENGTHS(USED LISTED, LENGTHS_K, 2, 10, "lengths_k[2]"),
    LENGTHS(PAGED LISTED, LENGTHS_K, 0, FAR, "lengths_k[0]"),

    /* the struct itself */
    STRUCT_SIZE(DENSE, 0, ATTN_INVALID, "size"),
    STRUCT_SIZE(DENSE, 8, ATTN_INVALID, "size"),
    STRUCT_SIZE(DENSE, 1000000000, ATTN_INVALID, "size"),

    /* a run */
    ARGUMENT(DENSE, size, KIND_SIZE, 0, "size"),
    ARGUMENT(DENSE, size, KIND_SIZE, 1000000000, "size"),
    ARGUMENT(DENSE, q.handle, KIND_I64, 0, "args.q"),
    ARGUMENT(DENSE, k.handle, KIND_I64, 0, "args.k"),
    ARGUMENT(DENSE, v.handle, KIND_I64, 0, "args.v"),
    ARGUMENT(DENSE, o.handle, KIND_I64, 0, "args.o"),
    ARGUMENT(DENSE, lse.handle, KIND_I64, 0, "args.lse"),
    ARGUMENT(DENSE, alibi.handle, KIND_I64, 0, "args.alibi"),
    ARGUMENT(DENSE, bias.handle, KIND_I64, 0, "args.bias"),
    ARGUMENT(DENSE, sink_logit.handle, KIND_I64, 0, "args.sink_logit"),
    ARGUMENT(RAGGED, cu_seqlens_q.handle, KIND_I64, 0, "args.cu_seqlens_q"),
    ARGUMENT(RAGGED, cu_seqlens_k.handle, KIND_I64, 0, "args.cu_seqlens_k"),
    ARGUMENT(USED, seqused_k.handle, KIND_I64, 0, "args.seqused_k"),
    ARGUMENT(PAGED, page_table.handle, KIND_I64, 0, "args.page_table"),
    ARGUMENT(DENSE, workspace.handle, KIND_I64, 0, "workspace"),
    ARGUMENT(DENSE, workspace_size, KIND_SIZE, 0, "workspace_size"),
    ARGUMENT(DENSE, workspace.offset, KIND_I64, 8, "workspace"),
    ARGUMENT(DENSE, q.offset, KIND_I64, 2, "args.q.offset"),

    /* what lengths and page tables hold */
    DATA(RAGGED, OPERAND_CU_Q, 0, 1, "cu_seqlens_q[0]"),
    DATA(RAGGED, OPERAND_CU_Q, 0, -1, "cu_seqlens_q[0]"),
    DATA(RAGGED, OPERAND_CU_Q, 1, 5, "cu_seqlens_q[2]"),
    DATA(RAGGED, OPERAND_CU_Q, 3, 8, "cu_seqlens_q[3]"),
    DATA(RAGGED, OPERAND_CU_Q, 3, INT32_MAX, "cu_seqlens_q[3]"),
    DATA(RAGGED, OPERAND_CU_K, 0, 2, "cu_seqlens_k[0]"),
    DATA(RAGGED, OPERAND_CU_K, 2, 4, "cu_seqlens_k[2]"),
    DATA(RAGGED, OPERAND_CU_K, 3, 10, "cu_seqlens_k[3]"),
    DATA("x/cuq2.2.2/cuk5.1.3/h2/d8/f32/bound", OPERAND_CU_Q, 1, 0, "max_q"),
    DATA(RAGGED "/bound", OPERAND_CU_K, 1, 0, "max_k"),
    DATA(USED, OPERAND_USED, 0, 10, "seqused_k[0]"),
    DATA(USED, OPERAND_USED, 2, -1, "seqused_k[2]"),
    DATA(RAGGED "/used5.1.3", OPERAND_USED, 1, 2, "seqused_k[1]"),
    DATA(PAGED, OPERAND_USED, 0, 17, "seqused_k[0]"),
    DATA(PAGED, OPERAND_PAGES, 0, -1, "page_table[0][0]"),
    DATA(PAGED, OPERAND_PAGES, 2, 1000, "page_table[0][2]"),
    DATA(PAGED, OPERAND_PAGES, 8, INT32_MAX, "page_table[2][0]"),

    /* other lengths than the pattern was compiled for */
    DATA(RAGGED LISTED, OPERAND_CU_Q, 1, 2, "lengths_q[0]"),
    DATA(RAGGED LISTED, OPERAND_CU_K, 1, 4, "lengths_k[0]"),
    DATA(RAGGED LISTED, OPERAND_CU_K, 3, 8, "lengths_k[2]"),
    DATA(USED LISTED, OPERAND_USED, 0, 8, "lengths_k[0]"),
    DATA(PAGED LISTED, OPERAND_USED, 2, 3, "lengths_k[2]"),

    /* a merge */
    MERGE(size, KIND_SIZE, 0, "size"),
    MERGE(size, KIND_SIZE, 1000000000, "size"),
    MERGE(count, KIND_INT, 0, "count"),
    MERGE(count, KIND_INT, -1, "count"),
    MERGE(count, KIND_INT, 4097, "count"),
    MERGE(part_o.dtype, KIND_INT, 4, "part_o.dtype"),
    MERGE(part_o.dtype, KIND_INT, 0, "part_o.dtype"),
    MERGE(part_o.size[0], KIND_I64, 3, "part_o.size[0]"),
    MERGE(part_o.size[1], KIND_I64, 2, "part_o.size[1]"),
    MERGE(part_o.size[2], KIND_I64, 8, "part_o.size[2]"),
    MERGE(part_o.size[3], KIND_I64, 9, "part_o.size[3]"),
    MERGE(part_o.stride[2], KIND_I64, -8, "part_o.stride[2]"),
    MERGE(part_o.stride[3], KIND_I64, 2, "part_o.stride[3]"),
    MERGE(part_lse.dtype, KIND_INT, 2, "part_lse.dtype"),
    MERGE(part_lse.size[2], KIND_I64, 6, "part_lse.size[2]"),
    MERGE(part_lse.size[3], KIND_I64, 8, "part_lse.size[3]"),
    MERGE(parts_o, KIND_SIZE, 0, "parts_o"),
    MERGE(parts_lse, KIND_SIZE, 0, "parts_lse"),
    MERGE(o.dtype, KIND_INT, 0, "o.dtype"),
    MERGE(o.size[2], KIND_I64, -1, "o.size[2]"),
    MERGE(o.stride[1], KIND_I64, 0, "o.stride["),
    MERGE(o.stride[3], KIND_I64, 2, "o.stride[3]"),
    MERGE(lse.dtype, KIND_INT, 3, "lse.dtype"),
    MERGE(lse.size[1], KIND_I64, 1, "lse.size[1]"),
    MERGE(lse.stride[2], KIND_I64, 0, "lse.stride["),
    MERGE(out_o.handle, KIND_I64, 0, "out_o"),
    MERGE(out_lse.handle, KIND_I64, 0, "out_lse"),
    MERGE(sink_logit.size[1], KIND_I64, 2, "sink_logit.size[1]"),
    MERGE(sink_logit.dtype, KIND_INT, 2, "sink_logit.dtype"),
    MERGE(sink.handle, KIND_I64, 0, "sink"),
};

/* ---- spoiling and asking ------------------------------------------------------------------------------------- */

static void spoil(void *base, const struct wrong *wrong)
{
    char *field = (char *)base + wrong->at;
    int choice = (int)wrong->integer;
    size_t size = (size_t)wrong->integer;

    if (wrong->kind == KIND_INT)
        memcpy(field, &choice, sizeof choice);
    else if (wrong->kind == KIND_SIZE)
        memcpy(field, &size, sizeof size);
    else if (wrong->kind == KIND_FLOAT)
        memcpy(field, &wrong->number, sizeof wrong->number);
    else
        memcpy(field, &wrong->integer, sizeof wrong->integer);
}

static enum outcome judge(attn_status got, attn_status expected, const char *reason, char *message)
{
    if (got != expected)
        snprintf(message, MESSAGE, "expected %s, got %s (%s)", attn_status_string(expected), attn_status_string(got),
                 got ? attn_reason() : "no reason");
    else if (strstr(attn_reason(), reason) == NULL)
        snprintf(message, MESSAGE, "%s, but the reason does not say \"%s\": %s", attn_status_string(got), reason,
                 attn_reason());
    else
        return OUTCOME_PASSED;
    return OUTCOME_FAILED;
}

static enum outcome spoilt_problem(const struct target *target, struct instance *in, const struct wrong *wrong,
                                   char *message)
{
    attn_plan *plan = NULL;
    enum outcome outcome;

    if (wrong->spoilt == IN_LENGTHS)
        (wrong->at == LENGTHS_Q ? in->pattern.lengths_q : in->pattern.lengths_k)[wrong->element] = wrong->integer;
    else
        spoil(&in->problem, wrong);
    outcome = judge(attn_plan_create(target->device, &in->problem, &plan), wrong->expected, wrong->reason, message);
    if (plan != NULL)
        attn_plan_destroy(plan);
    return outcome;
}

static enum outcome run_spoilt(const struct target *target, const attn_plan *plan, const struct instance *in,
                               const struct wrong *wrong, char *message)
{
    struct image image;
    struct result result;
    enum outcome outcome = OUTCOME_FAILED;

    if (image_create(&image, target->device, plan, in)) {
        snprintf(message, MESSAGE, "memory: %s", attn_reason());
    } else {
        if (wrong->spoilt == IN_ARGS)
            spoil(&image.args, wrong);
        outcome = judge(attn_run(plan, &image.args, target->queue), wrong->expected, wrong->reason, message);
        attn_queue_wait(target->queue);
        /* A refused run writes nothing it must not; its outputs are not looked at. */
        if (outcome == OUTCOME_PASSED && wrong->spoilt == IN_ARGS && result_create(in, &result) == 0) {
            if (image_collect(&image, in, &result, message))
                outcome = OUTCOME_FAILED;
            result_destroy(&result);
        }
    }
    image_free(&image);
    return outcome;
}

/* A workspace is only asked for when the plan needs one. */
static int needs_no_workspace(const struct wrong *wrong, const attn_plan *plan)
{
    return wrong->spoilt == IN_ARGS && strstr(wrong->reason, "workspace") != NULL && attn_plan_workspace(plan) == 0;
}

static enum outcome spoilt_run(const struct target *target, struct instance *in, const struct wrong *wrong,
                               char *message)
{
    attn_plan *plan = NULL;
    attn_status status = target_plan(target, &in->problem, &plan);
    enum outcome outcome = OUTCOME_SKIPPED;

    if (status) {
        snprintf(message, MESSAGE, "attn_plan_create: %s", attn_reason());
        return status == ATTN_UNSUPPORTED ? OUTCOME_SKIPPED : OUTCOME_FAILED;
    }
    if (wrong->spoilt == IN_DATA)
        ((int32_t *)in->operand[wrong->at].data)[wrong->element] = (int32_t)wrong->integer;
    if (wrong->spoilt == IN_DATA && !target->info.host_memory)
        snprintf(message, MESSAGE, "attn_run cannot look at device memory");
    else if (needs_no_workspace(wrong, plan))
        snprintf(message, MESSAGE, "the plan needs no workspace");
    else
        outcome = run_spoilt(target, plan, in, wrong, message);
    attn_plan_destroy(plan);
    return outcome;
}

/* Two parts, both in the memory of the outputs: a merge that is refused reads and writes nothing. */
static enum outcome spoilt_merge(const struct target *target, struct instance *in, const struct wrong *wrong,
                                 char *message)
{
    attn_merge_args args = ATTN_MERGE_ARGS_INIT;
    attn_memory memory = ATTN_MEMORY_INIT;
    enum outcome outcome;

    if (attn_alloc(target->device, 65536, &memory)) {
        snprintf(message, MESSAGE, "attn_alloc: %s", attn_reason());
        return OUTCOME_FAILED;
    }
    {
        const attn_memory parts[2] = { memory, memory };

        args.count = 2;
        args.part_o = args.o = in->problem.o;
        args.part_lse = args.lse = in->problem.lse;
        args.parts_o = args.parts_lse = parts;
        args.out_o = args.out_lse = args.sink = memory;
        args.sink_logit = in->problem.sink_logit;
        spoil(&args, wrong);
        outcome = judge(attn_merge(target->device, &args, target->queue), wrong->expected, wrong->reason, message);
    }
    attn_queue_wait(target->queue);
    attn_free(target->device, memory);
    return outcome;
}

static enum outcome check_wrong(const struct target *target, const struct wrong *wrong, char *message)
{
    static enum outcome (*const checks[])(const struct target *, struct instance *, const struct wrong *, char *) = {
        [IN_PROBLEM] = spoilt_problem, [IN_ARGS] = spoilt_run,    [IN_DATA] = spoilt_run,
        [IN_LENGTHS] = spoilt_problem, [IN_MERGE] = spoilt_merge,
    };
    struct attention_case c;
    struct instance *in;
    enum outcome outcome;

    if (case_parse(wrong->right, &c, message, MESSAGE))
        return OUTCOME_FAILED;
    in = instance_create(&c, 0);
    if (in == NULL)
        return OUTCOME_FAILED;
    outcome = checks[wrong->spoilt](target, in, wrong, message);
    instance_destroy(in);
    return outcome;
}

/* The reference compiles no pattern, and takes any lengths. */
static int applies(const struct target *target, const struct wrong *wrong)
{
    int of_lengths = strncmp(wrong->reason, "lengths_", strlen("lengths_")) == 0;

    return !of_lengths || strcmp(target->info.name, "reference") != 0;
}

static void check_calls(struct report *report, const struct target *target, const struct wrong_call *call,
                        int (*wanted)(const char *name, void *context), void *context)
{
    char message[MESSAGE];

    for (; call->name != NULL; call++) {
        attn_status status;

        if (wanted != NULL && !wanted(call->name, context))
            continue;
        if (call->host_only && !target->info.host_memory) {
            report_check(report, target->label, call->name, OUTCOME_SKIPPED, "for devices with host memory");
            continue;
        }
        status = call->call(target);
        report_check(report, target->label, call->name, judge(status, call->expected, call->reason, message), message);
    }
}

void errors_check(struct report *report, const struct target *target, int (*wanted)(const char *name, void *context),
                  void *context)
{
    size_t i;

    for (i = 0; i < sizeof wrongs / sizeof *wrongs; i++) {
        char name[2 * CASE_NAME], message[MESSAGE] = "";

        snprintf(name, sizeof name, "error/%s in %s", wrongs[i].name, strchr(wrongs[i].right, '/') + 1);
        if (applies(target, &wrongs[i]) && (wanted == NULL || wanted(name, context))) {
            enum outcome outcome = check_wrong(target, &wrongs[i], message);

            report_check(report, target->label, name, outcome, message);
        }
    }
    check_calls(report, target, wrong_calls, wanted, context);
}
