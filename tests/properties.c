/*
 * Properties: the loop over all, what they share, and those about numbers.
 *
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE.
 */
#include "config.h"

#include "properties.h"

#include <math.h>
#include <string.h>

#include "numbers.h"

/* ---- shared -------------------------------------------------------------------------------------------------- */

double property_tolerance(const struct instance *in)
{
    static const double floors[] = { [ATTN_F32] = 3e-6, [ATTN_F16] = 2e-3, [ATTN_BF16] = 1.6e-2 };
    const attn_dtype types[] = { in->c->q, in->c->k, in->c->v, in->c->o };
    const double value_max = 3.5; /* of what fill_inputs makes */
    double most = 0;

    for (int i = 0; i < 4; i++)
        most = fmax(most, floors[types[i]]);
    return most * value_max;
}

enum outcome property_close(const struct instance *in, const struct result *a, const struct result *b, double lse_shift,
                            const char *what, char *message)
{
    double allowed = property_tolerance(in);
    int64_t i;

    for (i = 0; i < a->rows * a->dv; i++)
        if (!(fabs(a->o[i] - b->o[i]) <= allowed)) {
            snprintf(message, MESSAGE, "%s: o[row %lld, c=%lld] is %.9g, then %.9g; allowed difference %.3g", what,
                     (long long)(i / a->dv), (long long)(i % a->dv), a->o[i], b->o[i], allowed);
            return OUTCOME_FAILED;
        }
    for (i = 0; i < a->rows && !in->c->no_lse; i++)
        if (a->lse[i] != b->lse[i] && !(fabs(a->lse[i] + lse_shift - b->lse[i]) <= 2e-5)) {
            snprintf(message, MESSAGE, "%s: lse[row %lld] is %.9g, then %.9g, expected a shift of %g", what,
                     (long long)i, a->lse[i], b->lse[i], lse_shift);
            return OUTCOME_FAILED;
        }
    return OUTCOME_PASSED;
}

struct attention_case property_part(const struct attention_case *from, int64_t rows, int64_t keys)
{
    struct attention_case part = *from;

    part.batch = 1;
    part.nq = rows;
    part.nk = keys;
    part.ragged_q.count = part.ragged_k.count = part.used.count = 0;
    part.page_size = part.share = part.tail = part.bound = part.kv_shared = 0;
    return part;
}

static void copy_row(const struct operand *from, struct place at, struct operand *to, int64_t position, int64_t h)
{
    size_t size = attn_dtype_size(to->tensor.dtype), bytes = (size_t)to->tensor.size[3] * size;

    memcpy(to->data + (size_t)instance_index(to, 0, h, position, 0) * size,
           from->data + (size_t)instance_index(from, at.batch, h, at.position, 0) * size, bytes);
}

static void copy_bias(const struct instance *from, int64_t b, int64_t first, struct instance *part)
{
    struct operand *to = &part->operand[OPERAND_BIAS];
    const int64_t *size = to->tensor.size;
    int64_t h, r, j;

    for (h = 0; h < size[1]; h++)
        for (r = 0; r < size[2]; r++)
            for (j = 0; j < size[3]; j++)
                number_store(to->data, to->tensor.dtype, instance_index(to, 0, h, r, j),
                             (float)instance_value(from, OPERAND_BIAS, b, h, first + r, j, 0));
}

void property_transplant(const struct instance *from, int64_t b, int64_t first, struct instance *part)
{
    const struct attention_case *c = part->c;
    int64_t h, i;

    for (h = 0; h < c->hq; h++) {
        for (i = 0; i < c->nq; i++)
            copy_row(&from->operand[OPERAND_Q], instance_query(from, b, first + i), &part->operand[OPERAND_Q], i, h);
        if (c->alibi)
            number_store(part->operand[OPERAND_ALIBI].data, ATTN_F32,
                         instance_index(&part->operand[OPERAND_ALIBI], 0, h, 0, 0),
                         (float)instance_value(from, OPERAND_ALIBI, b, h, 0, 0, 0));
        if (c->sink_logit)
            number_store(part->operand[OPERAND_SINK_LOGIT].data, ATTN_F32,
                         instance_index(&part->operand[OPERAND_SINK_LOGIT], 0, h, 0, 0),
                         (float)instance_value(from, OPERAND_SINK_LOGIT, 0, h, 0, 0, 0));
    }
    for (h = 0; h < c->hk; h++)
        for (i = 0; i < c->nk; i++) {
            copy_row(&from->operand[OPERAND_K], instance_key(from, b, i), &part->operand[OPERAND_K], i, h);
            copy_row(&from->operand[OPERAND_V], instance_key(from, b, i), &part->operand[OPERAND_V], i, h);
        }
    if (c->bias)
        copy_bias(from, b, first, part);
}

/* Rows of `part` (one sequence) against rows first .. of sequence b. */
static int same_rows(const struct instance *whole, const struct result *expected, int64_t b, int64_t first,
                     const struct instance *part, const struct result *got, char *message)
{
    int64_t rows = part->c->nq, h, r;
    size_t bytes = (size_t)got->dv * sizeof *got->o;

    for (h = 0; h < whole->c->hq; h++)
        for (r = 0; r < rows; r++) {
            int64_t in_whole = result_row(whole, b, h, first + r), in_part = h * rows + r;

            if (memcmp(expected->o + in_whole * got->dv, got->o + in_part * got->dv, bytes) == 0 &&
                memcmp(&expected->lse[in_whole], &got->lse[in_part], sizeof *got->lse) == 0)
                continue;
            snprintf(message, MESSAGE,
                     "b=%lld, h=%lld, r=%lld: o[0] %.9g and lse %.9g in the whole, %.9g and %.9g alone", (long long)b,
                     (long long)h, (long long)(first + r), expected->o[in_whole * got->dv], expected->lse[in_whole],
                     got->o[in_part * got->dv], got->lse[in_part]);
            return 0;
        }
    return 1;
}

enum outcome property_same_part(const struct target *target, const struct instance *whole,
                                const struct result *expected, int64_t b, int64_t first, int64_t rows, int64_t keys,
                                char *message)
{
    struct attention_case c = property_part(whole->c, rows, keys);
    struct instance *part = instance_create(&c, 0);
    struct result result;
    enum outcome outcome = OUTCOME_FAILED;

    snprintf(message, MESSAGE, "out of memory");
    if (part == NULL)
        return outcome;
    property_transplant(whole, b, first, part);
    outcome = conform_run(target, part, &result, message);
    if (outcome == OUTCOME_PASSED) {
        outcome = same_rows(whole, expected, b, first, part, &result, message) ? OUTCOME_PASSED : OUTCOME_FAILED;
        result_destroy(&result);
    }
    instance_destroy(part);
    return outcome;
}

/* ---- numbers ------------------------------------------------------------------------------------------------- */

/* Runs `in` as it is, lets `change` alter it, runs it again and compares. */
static enum outcome before_and_after(const struct target *target, struct instance *in,
                                     void (*change)(struct instance *), double lse_shift, const char *what,
                                     char *message)
{
    struct result before, after;
    enum outcome outcome = conform_run(target, in, &before, message);

    if (outcome != OUTCOME_PASSED)
        return outcome;
    change(in);
    outcome = conform_run(target, in, &after, message);
    if (outcome == OUTCOME_PASSED) {
        outcome = property_close(in, &before, &after, lse_shift, what, message);
        result_destroy(&after);
    }
    result_destroy(&before);
    return outcome;
}

static void swap_rows(struct operand *operand, struct place a, struct place b, int64_t h)
{
    attn_dtype type = operand->tensor.dtype;
    int64_t c;

    for (c = 0; c < operand->tensor.size[3]; c++) {
        int64_t at_a = instance_index(operand, a.batch, h, a.position, c);
        int64_t at_b = instance_index(operand, b.batch, h, b.position, c);
        float value = (float)number_load(operand->data, type, at_a);

        number_store(operand->data, type, at_a, (float)number_load(operand->data, type, at_b));
        number_store(operand->data, type, at_b, value);
    }
}

/* Fisher-Yates; every head of a sequence the same. */
static void permute_keys(struct instance *in)
{
    int64_t b, h, j;

    for (b = 0; b < in->c->batch; b++)
        for (j = case_keys(in->c, b) - 1; j > 0; j--) {
            int64_t other = (int64_t)(number_hash(in->seed, (uint64_t)j) % (uint64_t)(j + 1));

            for (h = 0; h < in->c->hk; h++) {
                swap_rows(&in->operand[OPERAND_K], instance_key(in, b, j), instance_key(in, b, other), h);
                swap_rows(&in->operand[OPERAND_V], instance_key(in, b, j), instance_key(in, b, other), h);
            }
        }
}

static enum outcome permuted_keys(const struct target *target, struct instance *in, char *message)
{
    return before_and_after(target, in, permute_keys, 0, "keys permuted with their values", message);
}

enum { SHIFT = 3 };

static void shift_bias(struct instance *in)
{
    struct operand *bias = &in->operand[OPERAND_BIAS];
    const int64_t *size = bias->tensor.size;
    int64_t b, h, r, j;

    for (b = 0; b < size[0]; b++)
        for (h = 0; h < size[1]; h++)
            for (r = 0; r < size[2]; r++)
                for (j = 0; j < size[3]; j++) {
                    int64_t at = instance_index(bias, b, h, r, j);

                    number_store(bias->data, bias->tensor.dtype, at,
                                 (float)number_load(bias->data, bias->tensor.dtype, at) + SHIFT);
                }
}

static enum outcome shifted_logits(const struct target *target, struct instance *in, char *message)
{
    return before_and_after(target, in, shift_bias, SHIFT, "3 added to every logit", message);
}

static void set_row(struct operand *operand, struct place at, int64_t h, int64_t hot, float value, float otherwise)
{
    int64_t c;

    for (c = 0; c < operand->tensor.size[3]; c++)
        number_store(operand->data, operand->tensor.dtype, instance_index(operand, at.batch, h, at.position, c),
                     c == hot ? value : otherwise);
}

/* V constant, or (with `identity`) row j of V one in channel j and zero elsewhere. */
static void set_values(struct instance *in, int identity)
{
    int64_t b, h, j;

    for (b = 0; b < in->c->batch; b++)
        for (h = 0; h < in->c->hk; h++)
            for (j = 0; j < case_keys(in->c, b); j++)
                set_row(&in->operand[OPERAND_V], instance_key(in, b, j), h, identity ? j : -1, 1.0f,
                        identity ? 0.0f : 1.5f);
}

static enum outcome constant_values(const struct target *target, struct instance *in, char *message)
{
    static const double allowed[] = { [ATTN_F32] = 2e-6, [ATTN_F16] = 1e-3, [ATTN_BF16] = 8e-3 };
    struct result result;
    enum outcome outcome;
    int64_t i;

    set_values(in, 0);
    outcome = conform_run(target, in, &result, message);
    for (i = 0; outcome == OUTCOME_PASSED && i < result.rows * result.dv; i++) {
        double want = result.lse[i / result.dv] == -INFINITY ? 0 : 1.5;

        if (fabs(result.o[i] - want) <= 1.5 * allowed[in->c->v])
            continue;
        snprintf(message, MESSAGE, "V is 1.5 everywhere, but o[row %lld, c=%lld] is %.9g", (long long)(i / result.dv),
                 (long long)(i % result.dv), result.o[i]);
        result_destroy(&result);
        return OUTCOME_FAILED;
    }
    if (outcome == OUTCOME_PASSED)
        result_destroy(&result);
    return outcome;
}

/* With V the identity, o of a row is its weights exp(s - lse): what softmax(QK^T) and lse say of each other. */
static enum outcome weights_and_lse(const struct target *target, struct instance *in, char *message)
{
    enum outcome outcome = OUTCOME_PASSED;
    struct result result, exact;
    int64_t row, b, h, r, j;

    set_values(in, 1);
    if (oracle_definition(in, &exact))
        return OUTCOME_FAILED;
    outcome = conform_run(target, in, &result, message);
    for (row = 0; outcome == OUTCOME_PASSED && row < result.rows; row++) {
        result_locate(in, row, &b, &h, &r);
        for (j = 0; j < case_keys(in->c, b) && outcome == OUTCOME_PASSED; j++) {
            /* s of the definition is ln(weight) + lse, where the weight is not zero. */
            double weight = exact.o[row * exact.dv + j], s = log(weight) + exact.lse[row];
            double again = log(result.o[row * result.dv + j]) + result.lse[row];

            if (weight == 0 ? result.o[row * result.dv + j] == 0 : fabs(s - again) <= 2e-5)
                continue;
            snprintf(message, MESSAGE, "b=%lld, h=%lld, r=%lld, j=%lld: score %.9g, but ln(weight) + lse = %.9g",
                     (long long)b, (long long)h, (long long)r, (long long)j, s, again);
            outcome = OUTCOME_FAILED;
        }
    }
    result_destroy(&exact);
    if (row > 0)
        result_destroy(&result);
    return outcome;
}

const struct property properties_numeric[] = {
    { "constant-v", constant_values, "x/b2/n130/h4:2/d64/{f32,f16,bf16}/{full,causal,window5:5/chunk16,cap5/alibi}" },
    { "constant-v", constant_values, "x/{n1:5000/h8:2/d128/f32,cuq5.0.63/cuk70.3.0/d40/f32,n200:70/causal/d64/f16}" },
    { "permuted-keys", permuted_keys, "x/b2/n70:200/h4:2/d64/{f32,f16,bf16}" },
    { "permuted-keys", permuted_keys, "x/{n1:5000/h8:2/d128/f32,n9:150/used150.0.65/page16/d64/f16}" },
    { "shifted-logits", shifted_logits,
      "x/b2/n70:200/h4:2/d64/{f32/bias1111,f32/bias1hqk/causal,f16/bias11qk/window9:9}" },
    { "weights-and-lse", weights_and_lse,
      "x/n40:65/h4:2/d32:65/f32/{full,causal,window9:3/sink2,cap2,alibi,bias1hqk}" },
    { NULL, NULL, NULL },
};

/* ---- the loop ------------------------------------------------------------------------------------------------ */

struct walk {
    struct report *report;
    const struct target *target;
    uint64_t seed;
    int (*wanted)(const char *name, void *context);
    void *context;
    const struct property *property;
};

static int check_one(const char *text, void *context)
{
    const struct walk *walk = context;
    const struct property *property = walk->property;
    struct attention_case c;
    struct instance *in;
    char name[2 * CASE_NAME], message[MESSAGE] = "";
    enum outcome outcome = OUTCOME_FAILED;

    snprintf(name, sizeof name, "property/%s%s", property->name, strchr(text, '/'));
    if (walk->wanted != NULL && !walk->wanted(name, walk->context))
        return 0;
    if (case_parse(text, &c, message, sizeof message) == 0) {
        in = instance_create(&c, walk->seed);
        if (in != NULL)
            outcome = property->check(walk->target, in, message);
        instance_destroy(in);
    }
    report_check(walk->report, walk->target->label, name, outcome, message);
    return 0;
}

void properties_check(struct report *report, const struct target *target, uint64_t seed,
                      int (*wanted)(const char *name, void *context), void *context)
{
    static const struct property *const all[] = { properties_numeric, properties_bits, properties_merge,
                                                  properties_pattern };
    struct walk walk = { report, target, seed, wanted, context, NULL };
    size_t i;

    for (i = 0; i < sizeof all / sizeof *all; i++)
        for (walk.property = all[i]; walk.property->name != NULL; walk.property++)
            case_expand(walk.property->cases, check_one, &walk);
}
