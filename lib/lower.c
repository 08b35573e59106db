/* Lowers a pattern to a postfix program: set operations, and the primitives that are a few integers.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#include "config.h"

#include "lower.h"

#include <stdlib.h>
#include <string.h>

#include "lower_lists.h"

typedef struct lowering {
    const attn_lengths *lengths;
    int64_t head;
    attn_program *program;
} lowering;

static attn_status no_memory(void)
{
    return attn_fail(ATTN_NO_MEMORY, "no memory to compile the pattern");
}

static attn_status add_step(attn_program *p, attn_step_kind kind, int leaf)
{
    if (p->steps == p->step_capacity) {
        int capacity = p->step_capacity ? 2 * p->step_capacity : 16;
        attn_step *step = realloc(p->step, (size_t)capacity * sizeof *step);
        if (!step)
            return no_memory();
        p->step = step;
        p->step_capacity = capacity;
    }
    p->step[p->steps++] = (attn_step){ kind, leaf };
    return ATTN_OK;
}

/* Takes over the leaf's lists, failing or not. */
static attn_status add_leaf(attn_program *p, attn_leaf leaf, int negated)
{
    leaf.negated = negated;
    if (p->leaves == p->leaf_capacity) {
        int capacity = p->leaf_capacity ? 2 * p->leaf_capacity : 8;
        attn_leaf *grown = realloc(p->leaf, (size_t)capacity * sizeof *grown);
        if (!grown) {
            attn_lists_free(&leaf.lists);
            return no_memory();
        }
        p->leaf = grown;
        p->leaf_capacity = capacity;
    }
    p->leaf[p->leaves++] = leaf;
    return add_step(p, ATTN_STEP_LEAF, p->leaves - 1);
}

static attn_status add_term(const lowering *l, attn_term term, int negated)
{
    return add_leaf(l->program, (attn_leaf){ .kind = &attn_leaf_interval, .term = term }, negated);
}

static attn_status add_lists(const lowering *l, attn_lists_builder *builder, int negated)
{
    if (builder->failed) {
        attn_lists_free(&builder->lists);
        return no_memory();
    }
    return add_leaf(l->program, (attn_leaf){ .kind = &attn_leaf_listed, .lists = builder->lists }, negated);
}

/* The complement of an intersection is the union of the complements. */
static attn_status add_both(const lowering *l, attn_step_kind kind, int negated)
{
    return add_step(l->program, negated == (kind == ATTN_STEP_AND) ? ATTN_STEP_OR : ATTN_STEP_AND, 0);
}

/* ---- primitives of a few integers ------------------------------------------------------------------------------ */

static int64_t unlimited(int64_t distance)
{
    return distance < 0 ? ATTN_FAR : distance;
}

/* a * b, at most ATTN_FAR; both at least 0. */
static int64_t product(int64_t a, int64_t b)
{
    return b > 0 && a > ATTN_FAR / b ? ATTN_FAR : a * b;
}

static attn_status lower_term(const lowering *l, const attn_pattern *pattern, int negated)
{
    const int64_t *a = pattern->argument;
    attn_term t = ATTN_TERM_ALL;
    switch (pattern->kind) {
    case ATTN_P_CAUSAL:
        t.right = 0;
        break;
    case ATTN_P_WINDOW:
        t.left = unlimited(a[0]);
        t.right = unlimited(a[1]);
        break;
    case ATTN_P_LAST:
        t.left = a[0] - 1;
        t.right = 0;
        break;
    case ATTN_P_BAND:
        t.left = t.right = a[0] / 2;
        break;
    case ATTN_P_CHUNK:
        t.chunk = a[0];
        t.back = a[1] < ATTN_FAR / a[0] ? a[1] : ATTN_FAR / a[0];
        t.ahead = a[2] < ATTN_FAR / a[0] ? a[2] : ATTN_FAR / a[0];
        break;
    case ATTN_P_SINK:
        t.end = a[0];
        break;
    default:
        break;
    }
    return add_term(l, t, negated);
}

static attn_status add_periodic(const lowering *l, int64_t modulus, int64_t width, int moves, int negated)
{
    attn_term all = ATTN_TERM_ALL;
    if (width == 0)
        all.end = 0;
    if (width == 0 || width == modulus)
        return add_term(l, all, negated);
    return add_leaf(l->program,
                    (attn_leaf){ .kind = &attn_leaf_periodic, .modulus = modulus, .width = width, .moves = moves },
                    negated);
}

static attn_status lower_strided(const lowering *l, const attn_pattern *pattern, int negated)
{
    return add_periodic(l, pattern->argument[0], 1, 1, negated);
}

static attn_status lower_summary(const lowering *l, const attn_pattern *pattern, int negated)
{
    return add_periodic(l, pattern->argument[0], pattern->argument[1], 0, negated);
}

static attn_status lower_dilated(const lowering *l, const attn_pattern *pattern, int negated)
{
    attn_term t = ATTN_TERM_ALL;
    t.left = t.right = product(pattern->argument[0], pattern->argument[1]);
    ATTN_TRY(add_periodic(l, pattern->argument[0], 1, 1, negated));
    ATTN_TRY(add_term(l, t, negated));
    return add_both(l, ATTN_STEP_AND, negated);
}

/* ---- primitives with lists ------------------------------------------------------------------------------------- */

static attn_status lower_listed(const lowering *l, const attn_pattern *pattern, int negated)
{
    attn_lists_builder builder = { 0 };
    attn_status status = attn_lower_lists(pattern, l->lengths, l->head, &builder);
    if (status) {
        attn_lists_free(&builder.lists);
        return status;
    }
    return add_lists(l, &builder, negated);
}

/* One range of keys is an interval, which needs no list. */
static attn_status lower_keys(const lowering *l, const attn_pattern *pattern, int negated)
{
    attn_lists_builder builder = { 0 };
    attn_status status = attn_lower_keys(pattern, l->lengths, &builder);
    if (!status && !builder.failed && builder.ranges <= 1) {
        attn_term t = ATTN_TERM_ALL;
        t.begin = builder.ranges ? builder.lists.range[0].begin : 0;
        t.end = builder.ranges ? builder.lists.range[0].end : 0;
        attn_lists_free(&builder.lists);
        return add_term(l, t, negated);
    }
    if (status) {
        attn_lists_free(&builder.lists);
        return status;
    }
    return add_lists(l, &builder, negated);
}

static attn_status lower_global(const lowering *l, const attn_pattern *pattern, int negated)
{
    ATTN_TRY(lower_keys(l, pattern, negated));
    ATTN_TRY(lower_listed(l, pattern, negated));
    return add_both(l, ATTN_STEP_OR, negated);
}

/* ---- set operations -------------------------------------------------------------------------------------------- */

static attn_status lower(const lowering *l, const attn_pattern *pattern, int negated);

static attn_status lower_pair(const lowering *l, const attn_pattern *pattern, int negated)
{
    ATTN_TRY(lower(l, pattern->child[0], negated));
    ATTN_TRY(lower(l, pattern->child[1], negated));
    return add_both(l, pattern->kind == ATTN_P_UNION ? ATTN_STEP_OR : ATTN_STEP_AND, negated);
}

static attn_status lower_complement(const lowering *l, const attn_pattern *pattern, int negated)
{
    return lower(l, pattern->child[0], !negated);
}

static attn_status lower_heads(const lowering *l, const attn_pattern *pattern, int negated)
{
    attn_term nothing = ATTN_TERM_ALL;
    nothing.end = 0;
    for (int i = 0; i < pattern->child_count; i++)
        if (pattern->range[i].first <= l->head && l->head <= pattern->range[i].last)
            return lower(l, pattern->child[i], negated);
    return add_term(l, nothing, negated);
}

static attn_status (*const lower_kind[])(const lowering *, const attn_pattern *, int) = {
    [ATTN_P_FULL] = lower_term,         [ATTN_P_CAUSAL] = lower_term,
    [ATTN_P_WINDOW] = lower_term,       [ATTN_P_LAST] = lower_term,
    [ATTN_P_BAND] = lower_term,         [ATTN_P_DILATED] = lower_dilated,
    [ATTN_P_STRIDED] = lower_strided,   [ATTN_P_SUMMARY] = lower_summary,
    [ATTN_P_CHUNK] = lower_term,        [ATTN_P_SINK] = lower_term,
    [ATTN_P_RANDOM] = lower_listed,     [ATTN_P_KEYS] = lower_keys,
    [ATTN_P_QUERIES] = lower_listed,    [ATTN_P_GLOBAL] = lower_global,
    [ATTN_P_BLOCKS] = lower_listed,     [ATTN_P_SEGMENTS] = lower_listed,
    [ATTN_P_BITS] = lower_listed,       [ATTN_P_UNION] = lower_pair,
    [ATTN_P_INTERSECTION] = lower_pair, [ATTN_P_COMPLEMENT] = lower_complement,
    [ATTN_P_HEADS] = lower_heads,
};

static attn_status lower(const lowering *l, const attn_pattern *pattern, int negated)
{
    return lower_kind[pattern->kind](l, pattern, negated);
}

static attn_status lower_mask(const lowering *l, const attn_visible *mask)
{
    for (int t = 0; t < mask->count; t++) {
        ATTN_TRY(add_term(l, mask->term[t], 0));
        if (t > 0)
            ATTN_TRY(add_step(l->program, ATTN_STEP_OR, 0));
    }
    return add_step(l->program, ATTN_STEP_AND, 0);
}

attn_status attn_lower(const attn_pattern *pattern, const attn_visible *mask, const attn_lengths *lengths, int64_t head,
                       attn_program *program)
{
    const lowering l = { lengths, head, program };
    *program = (attn_program){ 0 };
    attn_status status = lower(&l, pattern, 0);
    if (!status && mask)
        status = lower_mask(&l, mask);
    if (status)
        attn_program_free(program);
    return status;
}

void attn_program_free(attn_program *program)
{
    for (int i = 0; i < program->leaves; i++)
        attn_lists_free(&program->leaf[i].lists);
    free(program->leaf);
    free(program->step);
    *program = (attn_program){ 0 };
}

static int leaves_equal(const attn_leaf *a, const attn_leaf *b)
{
    return a->kind == b->kind && a->negated == b->negated && attn_term_equal(&a->term, &b->term) &&
           a->modulus == b->modulus && a->width == b->width && a->moves == b->moves &&
           attn_lists_equal(&a->lists, &b->lists);
}

int attn_program_equal(const attn_program *a, const attn_program *b)
{
    if (a->steps != b->steps || a->leaves != b->leaves)
        return 0;
    for (int i = 0; i < a->steps; i++)
        if (a->step[i].kind != b->step[i].kind || a->step[i].leaf != b->step[i].leaf)
            return 0;
    for (int i = 0; i < a->leaves; i++)
        if (!leaves_equal(&a->leaf[i], &b->leaf[i]))
            return 0;
    return 1;
}

int attn_pattern_is_headless(const attn_pattern *pattern)
{
    if (pattern->kind == ATTN_P_HEADS || (pattern->kind == ATTN_P_BLOCKS && pattern->data.blocks.heads > 1))
        return 0;
    for (int i = 0; i < pattern->child_count; i++)
        if (!attn_pattern_is_headless(pattern->child[i]))
            return 0;
    return 1;
}
