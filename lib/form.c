/* Finds the form of a program by its disjunctive normal form.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#include "config.h"

#include "form.h"

#include <stdio.h>
#include <string.h>

#include "integer.h"

/* A class of fewer keys than this is not worth a view of its own: the lists' tiles hold few enough others then. */
enum { LEAST_CLASS = 8 };

/* Beyond, lists are used: no pattern in use comes near. */
enum { MOST_CASES = 16, MOST_LEAVES = 24 };

/* A key is seen when its distance is a multiple of `modulus` and the term holds. */
typedef struct clause {
    int64_t modulus;
    attn_term term;
} clause;

/* A union of clauses. count -1: none that fits. */
typedef struct clauses {
    int count;
    clause list[MOST_CASES];
} clauses;

static int covers(const clause *a, const clause *b)
{
    const attn_term *s = &a->term, *t = &b->term;
    int same_chunk = s->chunk == 0 || (s->chunk == t->chunk && s->back >= t->back && s->ahead >= t->ahead);
    return b->modulus % a->modulus == 0 && s->left >= t->left && s->right >= t->right && s->begin <= t->begin &&
           s->end >= t->end && same_chunk;
}

static void add_clause(clauses *to, clause c)
{
    int kept = 0;
    if (to->count < 0 || attn_term_is_empty(&c.term))
        return;
    for (int i = 0; i < to->count; i++)
        if (covers(&to->list[i], &c))
            return;
    for (int i = 0; i < to->count; i++)
        if (!covers(&c, &to->list[i]))
            to->list[kept++] = to->list[i];
    to->count = kept;
    if (kept == MOST_CASES)
        to->count = -1;
    else
        to->list[to->count++] = c;
}

/* Terms that together see what `t` does not. 0: there are none such. */
static int complement(const attn_term *t, clauses *to)
{
    attn_term piece = ATTN_TERM_ALL;
    if (t->chunk > 0)
        return 0;
    if (t->left < ATTN_FAR) {
        piece.right = -(t->left + 1);
        add_clause(to, (clause){ 1, piece });
    }
    if (t->right < ATTN_FAR) {
        piece = ATTN_TERM_ALL;
        piece.left = -(t->right + 1);
        add_clause(to, (clause){ 1, piece });
    }
    piece = ATTN_TERM_ALL;
    piece.end = t->begin;
    add_clause(to, (clause){ 1, piece });
    piece = ATTN_TERM_ALL;
    piece.begin = t->end;
    if (t->end < ATTN_FAR)
        add_clause(to, (clause){ 1, piece });
    return 1;
}

static clauses of_leaf(const attn_leaf *leaf)
{
    clauses c = { .count = 0 };
    if (leaf->kind == &attn_leaf_interval && !leaf->negated)
        add_clause(&c, (clause){ 1, leaf->term });
    else if (leaf->kind == &attn_leaf_interval && complement(&leaf->term, &c))
        return c;
    else if (leaf->kind == &attn_leaf_periodic && leaf->moves && !leaf->negated)
        add_clause(&c, (clause){ leaf->modulus, ATTN_TERM_ALL });
    else
        c.count = -1;
    return c;
}

static int64_t common_divisor(int64_t a, int64_t b)
{
    while (b) {
        int64_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

static void intersect_clauses(clauses *to, const clause *a, const clause *b)
{
    clause both;
    int64_t factor = b->modulus / common_divisor(a->modulus, b->modulus);
    if (a->modulus > ATTN_PATTERN_LARGEST / factor || !attn_term_intersect(&a->term, &b->term, &both.term)) {
        to->count = -1;
        return;
    }
    both.modulus = a->modulus * factor;
    add_clause(to, both);
}

static clauses combine(attn_step_kind kind, const clauses *a, const clauses *b)
{
    clauses c = { .count = a->count < 0 || b->count < 0 ? -1 : 0 };
    for (int i = 0; c.count >= 0 && kind == ATTN_STEP_OR && i < a->count + b->count; i++)
        add_clause(&c, i < a->count ? a->list[i] : b->list[i - a->count]);
    for (int i = 0; c.count >= 0 && kind == ATTN_STEP_AND && i < a->count; i++)
        for (int j = 0; c.count >= 0 && j < b->count; j++)
            intersect_clauses(&c, &a->list[i], &b->list[j]);
    return c;
}

static clauses normal_form(const attn_program *program)
{
    clauses stack[MOST_LEAVES];
    int top = -1;
    if (program->leaves > MOST_LEAVES)
        return (clauses){ .count = -1 };
    for (int i = 0; i < program->steps; i++) {
        const attn_step *step = &program->step[i];
        if (step->kind == ATTN_STEP_LEAF) {
            stack[++top] = of_leaf(&program->leaf[step->leaf]);
        } else {
            top--;
            stack[top] = combine(step->kind, &stack[top], &stack[top + 1]);
        }
    }
    return stack[0];
}

/* ---- views ---------------------------------------------------------------------------------------------------- */

/* The term among the members of a class: p - j = modulus * t. 0: chunks that the classes cut. */
static int to_class(attn_term *t, int64_t modulus)
{
    if (t->chunk % modulus)
        return 0;
    t->left = t->left < ATTN_FAR ? attn_floor_divide(t->left, modulus) : ATTN_FAR;
    t->right = t->right < ATTN_FAR ? attn_floor_divide(t->right, modulus) : ATTN_FAR;
    t->chunk /= modulus;
    return 1;
}

/* The residue clauses less all that the intervals see: the parts must be disjoint. */
static clauses disjoint_classes(const clauses *all, int64_t modulus)
{
    clauses classes = { .count = 0 };
    for (int i = 0; i < all->count; i++) {
        clause c = { 1, all->list[i].term };
        if (all->list[i].modulus == 1)
            continue;
        if (!to_class(&c.term, modulus))
            return (clauses){ .count = -1 };
        add_clause(&classes, c);
    }
    for (int i = 0; i < all->count; i++) {
        clauses outside = { .count = 0 };
        attn_term t = all->list[i].term;
        if (all->list[i].modulus != 1)
            continue;
        if (!to_class(&t, modulus) || !complement(&t, &outside))
            return (clauses){ .count = -1 };
        classes = combine(ATTN_STEP_AND, &classes, &outside);
    }
    return classes;
}

static int to_visible(const clauses *c, int intervals_only, attn_visible *visible)
{
    visible->count = 0;
    for (int i = 0; i < c->count; i++) {
        if (intervals_only && c->list[i].modulus != 1)
            continue;
        if (visible->count == ATTN_MAX_TERMS)
            return 0;
        visible->term[visible->count++] = c->list[i].term;
    }
    return c->count >= 0;
}

/* The one modulus beside 1; 1: there is none; 0: there are several. */
static int64_t modulus_of(const clauses *all)
{
    int64_t modulus = 1;
    for (int i = 0; i < all->count; i++) {
        if (modulus != 1 && all->list[i].modulus != 1 && all->list[i].modulus != modulus)
            return 0;
        modulus = all->list[i].modulus != 1 ? all->list[i].modulus : modulus;
    }
    return modulus;
}

attn_form attn_form_of(const attn_program *program, int64_t keys, int steady)
{
    const attn_form lists = { 0 };
    attn_form form = { .parts = 1, .part = { { .modulus = 1 } } };
    clauses all = normal_form(program);
    int64_t modulus = all.count < 0 ? 0 : modulus_of(&all);
    if (modulus == 0 || !to_visible(&all, 1, &form.part[0].visible))
        return lists;
    if (modulus == 1)
        return form;
    if (!steady && modulus > keys / LEAST_CLASS)
        return lists;
    clauses classes = disjoint_classes(&all, modulus);
    form.parts = form.part[0].visible.count ? 2 : 1;
    form.part[form.parts - 1].modulus = modulus;
    return to_visible(&classes, 0, &form.part[form.parts - 1].visible) ? form : lists;
}

int attn_form_equal(const attn_form *a, const attn_form *b)
{
    if (a->parts != b->parts)
        return 0;
    for (int i = 0; i < a->parts; i++) {
        const attn_view *v = &a->part[i], *w = &b->part[i];
        if (v->modulus != w->modulus || v->visible.count != w->visible.count)
            return 0;
        for (int t = 0; t < v->visible.count; t++)
            if (!attn_term_equal(&v->visible.term[t], &w->visible.term[t]))
                return 0;
    }
    return 1;
}

void attn_form_describe(const attn_form *form, char *text, size_t capacity)
{
    const attn_view *last = &form->part[form->parts - 1];
    if (form->parts == 0)
        snprintf(text, capacity, "lists of tiles");
    else if (last->modulus == 1)
        snprintf(text, capacity, "intervals (%d)", last->visible.count);
    else
        snprintf(text, capacity, "%sviews of the classes modulo %lld",
                 form->parts == 2 ? "intervals, merged with " : "", (long long)last->modulus);
}

static attn_visible visible_of_class(const attn_view *view, int64_t first_key)
{
    attn_visible v = view->visible;
    for (int t = 0; t < v.count && view->modulus > 1; t++) {
        attn_term *term = &v.term[t];
        term->begin = attn_most(-attn_floor_divide(first_key - term->begin, view->modulus), 0);
        term->end = term->end < ATTN_FAR ? -attn_floor_divide(first_key - term->end, view->modulus) : ATTN_FAR;
    }
    return v;
}

int64_t attn_view_classes(const attn_view *view, int64_t rows)
{
    return attn_least(view->modulus, rows);
}

attn_class attn_view_class(const attn_view *view, int64_t number, int64_t rows, int64_t keys, int64_t shift)
{
    int64_t m = view->modulus;
    attn_class c = { .first_row = number, .first_key = attn_modulo(number + shift, m) };
    c.rows = rows > number ? attn_ceil_divide(rows - number, m) : 0;
    c.keys = keys > c.first_key ? attn_ceil_divide(keys - c.first_key, m) : 0;
    c.shift = (number + shift - c.first_key) / m;
    c.visible = visible_of_class(view, c.first_key);
    return c;
}
