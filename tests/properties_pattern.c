/*
 * Properties of patterns: what stands for the same pairs gives the same bits, and heads have nothing to do with each
 * other.
 *
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE.
 */
#include "config.h"

#include <string.h>

#include "properties.h"

/* ---- heads in another order ------------------------------------------------------------------------------------ */

/* One for each query head in turn. */
static const char *const patterns[] = { "causal",  "causal & last(9)",   "strided(5)", "full & !full",
                                        "sink(3)", "band(20) | keys(0)", "full",       "chunk(16, 1)" };
enum { PATTERNS = sizeof patterns / sizeof *patterns };

/* The head that takes the place of h: those that share a KV head are reversed. */
static int64_t other_head(const struct instance *in, int64_t h)
{
    int64_t group = in->c->hq / in->c->hk;

    return h / group * group + group - 1 - h % group;
}

/* The pattern of head h is patterns[h], or that of the head in its place. */
static attn_status make_heads(const struct instance *in, int reversed, attn_pattern **pattern)
{
    attn_pattern *parsed[PATTERNS] = { NULL };
    attn_head_pattern heads[PATTERNS];
    attn_status status = ATTN_OK;

    for (int64_t h = 0; h < in->c->hq && !status; h++) {
        status = attn_pattern_parse(patterns[reversed ? other_head(in, h) : h], NULL, 0, &parsed[h]);
        heads[h].first = heads[h].last = h;
        heads[h].pattern = parsed[h];
    }
    if (!status)
        status = attn_pattern_heads(heads, (int)in->c->hq, pattern);
    for (int i = 0; i < PATTERNS; i++)
        attn_pattern_release(parsed[i]);
    return status;
}

static void swap_bytes(unsigned char *a, unsigned char *b, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        unsigned char byte = a[i];

        a[i] = b[i];
        b[i] = byte;
    }
}

static void reverse_queries(struct instance *in)
{
    struct operand *q = &in->operand[OPERAND_Q];
    size_t size = attn_dtype_size(q->tensor.dtype);

    for (int64_t b = 0; b < in->c->batch; b++)
        for (int64_t h = 0; h < in->c->hq; h++)
            for (int64_t r = 0; r < case_query_rows(in->c, b) && h < other_head(in, h); r++) {
                struct place at = instance_query(in, b, r);
                int64_t a = instance_index(q, at.batch, h, at.position, 0);
                int64_t other = instance_index(q, at.batch, other_head(in, h), at.position, 0);

                swap_bytes(q->data + (size_t)a * size, q->data + (size_t)other * size, (size_t)in->c->d * size);
            }
}

static enum outcome same_reversed(const struct instance *in, const struct result *a, const struct result *b,
                                  char *message)
{
    size_t bytes = (size_t)a->dv * sizeof *a->o;

    for (int64_t row = 0; row < a->rows; row++) {
        int64_t s, h, r, other;

        result_locate(in, row, &s, &h, &r);
        other = result_row(in, s, other_head(in, h), r);
        if (memcmp(a->o + row * a->dv, b->o + other * b->dv, bytes) == 0 && a->lse[row] == b->lse[other])
            continue;
        snprintf(message, MESSAGE, "b=%lld, h=%lld, r=%lld: o[0] %.9g, with heads reversed %.9g", (long long)s,
                 (long long)h, (long long)r, a->o[row * a->dv], b->o[other * b->dv]);
        return OUTCOME_FAILED;
    }
    return OUTCOME_PASSED;
}

static enum outcome run_heads(const struct target *target, struct instance *in, int reversed, struct result *result,
                              char *message)
{
    attn_pattern *pattern = NULL;
    enum outcome outcome = OUTCOME_FAILED;

    if (make_heads(in, reversed, &pattern))
        snprintf(message, MESSAGE, "no pattern: %s", attn_reason());
    else {
        in->problem.pattern = pattern;
        outcome = conform_run(target, in, result, message);
    }
    in->problem.pattern = in->pattern.pattern;
    attn_pattern_release(pattern);
    return outcome;
}

static enum outcome reversed_heads(const struct target *target, struct instance *in, char *message)
{
    struct result before, after;
    enum outcome outcome = run_heads(target, in, 0, &before, message);

    if (outcome != OUTCOME_PASSED)
        return outcome;
    reverse_queries(in);
    outcome = run_heads(target, in, 1, &after, message);
    if (outcome == OUTCOME_PASSED) {
        outcome = same_reversed(in, &before, &after, message);
        result_destroy(&after);
    }
    result_destroy(&before);
    return outcome;
}

/* ---- the mask as a pattern -------------------------------------------------------------------------------------- */

/* The case's mask, and its pattern, which says the same, in place of it. */
static enum outcome mask_or_pattern(const struct target *target, struct instance *in, char *message)
{
    const attn_mask every_key = ATTN_MASK_INIT;
    struct result by_mask, by_pattern;
    enum outcome outcome;

    in->problem.pattern = NULL;
    outcome = conform_run(target, in, &by_mask, message);
    if (outcome != OUTCOME_PASSED)
        return outcome;
    in->problem.mask = every_key;
    in->problem.pattern = in->pattern.pattern;
    outcome = conform_run(target, in, &by_pattern, message);
    if (outcome == OUTCOME_PASSED) {
        if (!result_equal(&by_mask, &by_pattern, 1)) {
            snprintf(message, MESSAGE, "other bits by the pattern than by the mask; o[0] is %.9g, then %.9g",
                     by_mask.o[0], by_pattern.o[0]);
            outcome = OUTCOME_FAILED;
        }
        result_destroy(&by_pattern);
    }
    result_destroy(&by_mask);
    return outcome;
}

const struct property properties_pattern[] = {
    { "reversed-heads", reversed_heads,
      "x/{n130,b2/n5:200,n1:3000,n1:300/invariant,cuq65.3.0.129/cuk64.0.7.200,n9:150/used150.0.65/page16}/h{8:2,6:1}/"
      "d40/"
      "{f32,f16}/pat[full]" },
    { "mask-or-pattern", mask_or_pattern,
      "x/{n200,b2/n9:150,n200:70,cuq65.3.0.129/cuk64.0.7.2000,n1:3000/used3000/page16}/h4:2/d40/f32/invariant/"
      "{causal/pat[causal],causal/window19:0/sink3/pat[causal & (last(20) | sink(3))],window9:2/pat[window(9, 2)],"
      "chunk16:1/pat[chunk(16, 1)],causal/window8:0/chunk16/union/pat[causal & (window(8, 0) | chunk(16))],"
      "causal/window8:0/chunk16/pat[causal & last(9) & chunk(16)],causal/pat[causal & !strided(3) | causal & "
      "strided(3)]}" },
    { NULL, NULL, NULL },
};
