/* Decides how a plan with a pattern is executed.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#include "config.h"

#include "forms.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "backend.h"
#include "forms_cut.h"
#include "integer.h"

typedef struct maker {
    const attn_pattern *pattern;
    const attn_problem *problem;
    const attn_shape *shape;
    const attn_kernel *kernel;
    const attn_visible *mask; /* NULL: sees everything */
    int64_t heads;            /* with programs of their own; 1: all are alike */
    attn_program *program;    /* [heads] */
    attn_forms *forms;
} maker;

static attn_status no_memory(void)
{
    return attn_fail(ATTN_NO_MEMORY, "no memory for a plan with a pattern");
}

/* ---- lengths --------------------------------------------------------------------------------------------------- */

int64_t attn_planned_rows(const attn_problem *problem, const attn_shape *shape, int64_t sequence)
{
    return shape->ragged_q ? problem->lengths_q[sequence] : shape->max_q;
}

static int keys_vary(const attn_problem *problem, const attn_shape *shape)
{
    return shape->ragged_k || attn_present(&problem->seqused_k);
}

int64_t attn_planned_keys(const attn_problem *problem, const attn_shape *shape, int64_t sequence)
{
    return keys_vary(problem, shape) ? problem->lengths_k[sequence] : shape->max_k;
}

static attn_status check_lengths(const char *name, const int64_t *lengths, int64_t count, int64_t bound)
{
    if (!lengths)
        return attn_fail(ATTN_INVALID,
                         "%s is NULL, expected the length of each sequence: the pattern is compiled for it", name);
    for (int64_t b = 0; b < count; b++)
        if (lengths[b] < 0 || lengths[b] > bound)
            return attn_fail(ATTN_INVALID, "%s[%" PRId64 "] is %" PRId64 ", expected 0 .. %" PRId64, name, b,
                             lengths[b], bound);
    return ATTN_OK;
}

static attn_status check_all_lengths(const maker *m)
{
    if (m->shape->ragged_q)
        ATTN_TRY(check_lengths("lengths_q", m->problem->lengths_q, m->shape->batch, m->shape->max_q));
    if (keys_vary(m->problem, m->shape))
        ATTN_TRY(check_lengths("lengths_k", m->problem->lengths_k, m->shape->batch, m->shape->max_k));
    return ATTN_OK;
}

/* A negative end of a range or the number of random's blocks. */
static int depends_on_lengths(const attn_pattern *pattern)
{
    int ranges = pattern->kind == ATTN_P_KEYS || pattern->kind == ATTN_P_QUERIES || pattern->kind == ATTN_P_GLOBAL;
    for (int i = 0; ranges && i < pattern->range_count; i++)
        if (pattern->range[i].first < 0 || pattern->range[i].last < 0)
            return 1;
    for (int i = 0; i < pattern->child_count; i++)
        if (depends_on_lengths(pattern->child[i]))
            return 1;
    return pattern->kind == ATTN_P_RANDOM;
}

/* ---- forms of heads -------------------------------------------------------------------------------------------- */

static attn_status lower_heads(maker *m)
{
    attn_lengths lengths = ATTN_LENGTHS_INIT;
    lengths.heads = m->shape->heads_q;
    lengths.len_q = m->shape->max_q;
    lengths.len_k = m->shape->max_k;
    lengths.alignment = m->problem->alignment;
    m->heads = attn_pattern_is_headless(m->pattern) ? 1 : m->shape->heads_q;
    m->program = calloc((size_t)m->heads, sizeof *m->program);
    if (!m->program)
        return no_memory();
    for (int64_t head = 0; head < m->heads; head++)
        ATTN_TRY(attn_lower(m->pattern, m->mask, &lengths, head, &m->program[head]));
    return ATTN_OK;
}

/* The number of an equal form, or of a new one. */
static int form_number(attn_forms *f, const attn_form *form)
{
    for (int i = 0; i < f->forms; i++)
        if (attn_form_equal(&f->form[i], form))
            return i;
    f->form[f->forms] = *form;
    f->lists |= form->parts == 0;
    return f->forms++;
}

static int is_view(const attn_form *form)
{
    return form->parts > 1 || (form->parts == 1 && form->part[0].modulus > 1);
}

static void use_lists(const maker *m, int *form_of_head)
{
    m->forms->form[0] = (attn_form){ 0 };
    m->forms->forms = m->forms->lists = 1;
    for (int64_t head = 0; head < m->heads; head++)
        form_of_head[head] = 0;
}

static attn_status find_forms(const maker *m, int *form_of_head)
{
    attn_forms *f = m->forms;
    int varying = (m->shape->ragged_q || keys_vary(m->problem, m->shape)) && depends_on_lengths(m->pattern);
    f->form = calloc((size_t)m->heads, sizeof *f->form);
    if (!f->form)
        return no_memory();
    for (int64_t head = 0; head < m->heads; head++) {
        attn_form form = { 0 };
        if (!varying)
            form = attn_form_of(&m->program[head], m->shape->max_k, m->problem->batch_invariant);
        form_of_head[head] = form_number(f, &form);
    }
    if (!m->kernel->views && (f->forms > 1 || is_view(&f->form[0])))
        use_lists(m, form_of_head);
    return ATTN_OK;
}

/* ---- units ------------------------------------------------------------------------------------------------------ */

static int groups_agree(const maker *m)
{
    int64_t group = m->shape->group;
    for (int64_t head = 0; m->heads > 1 && head < m->heads; head++)
        if (!attn_program_equal(&m->program[head], &m->program[head / group * group]))
            return 0;
    return 1;
}

static attn_status make_units(const maker *m, const int *form_of_head)
{
    attn_forms *f = m->forms;
    int64_t group = m->shape->group;
    f->pack = groups_agree(m) && group <= m->kernel->list_rows ? (int)group : 1;
    f->tile_q = m->kernel->list_rows / f->pack;
    f->units = m->shape->heads_q / f->pack;
    f->unit = malloc((size_t)f->units * sizeof *f->unit);
    if (!f->unit)
        return no_memory();
    for (int64_t u = 0; u < f->units; u++) {
        int64_t head = u * f->pack;
        f->unit[u] = (attn_unit){ head / group, head, form_of_head[m->heads > 1 ? head : 0] };
    }
    return ATTN_OK;
}

/* ---- schedules -------------------------------------------------------------------------------------------------- */

static attn_status compile_for(const maker *m, const unsigned char *use, int64_t rows, int64_t keys)
{
    attn_forms *f = m->forms;
    attn_lengths lengths = ATTN_LENGTHS_INIT;
    lengths.heads = m->shape->heads_q;
    lengths.len_q = rows;
    lengths.len_k = keys;
    lengths.alignment = m->problem->alignment;
    ATTN_TRY(
        attn_compile(m->pattern, m->mask, &lengths, use, f->tile_q, m->kernel->tile_k, &f->schedule[f->schedules]));
    f->schedules++;
    return ATTN_OK;
}

static int64_t schedule_for(const attn_forms *f, int64_t rows, int64_t keys)
{
    for (int64_t i = f->schedules - 1; i >= 0; i--)
        if (f->schedule[i]->lengths.len_q == rows && f->schedule[i]->lengths.len_k == keys)
            return i;
    return -1;
}

/* One schedule for each pair of lengths in the batch. */
static attn_status compile_all(const maker *m, const int *form_of_head)
{
    attn_forms *f = m->forms;
    int64_t batch = m->shape->batch;
    unsigned char *use = calloc((size_t)m->shape->heads_q, 1);
    f->schedule = calloc((size_t)batch, sizeof(attn_schedule *));
    f->schedule_of = calloc((size_t)batch, sizeof *f->schedule_of);
    attn_status status = use && f->schedule && f->schedule_of ? ATTN_OK : no_memory();
    for (int64_t head = 0; !status && head < m->shape->heads_q; head++)
        use[head] = f->form[form_of_head[m->heads > 1 ? head : 0]].parts == 0;
    for (int64_t b = 0; !status && b < batch; b++) {
        int64_t rows = attn_planned_rows(m->problem, m->shape, b), keys = attn_planned_keys(m->problem, m->shape, b);
        if (schedule_for(f, rows, keys) < 0)
            status = compile_for(m, use, rows, keys);
        f->schedule_of[b] = status ? 0 : schedule_for(f, rows, keys);
    }
    free(use);
    return status;
}

/* ---- all of it -------------------------------------------------------------------------------------------------- */

static int sees_everything(const attn_visible *visible)
{
    const attn_term all = ATTN_TERM_ALL;
    return visible->count == 1 && attn_term_equal(&visible->term[0], &all);
}

static attn_status make(maker *m, int threads, attn_visible *visible)
{
    attn_forms *f = m->forms;
    ATTN_TRY(lower_heads(m));
    int *form_of_head = calloc((size_t)m->heads, sizeof *form_of_head);
    attn_status status = form_of_head ? find_forms(m, form_of_head) : no_memory();
    const attn_form *only = f->form;
    if (!status && f->forms == 1 && only->parts == 1 && only->part[0].modulus == 1) {
        *visible = only->part[0].visible;
        attn_forms_destroy(f);
        m->forms = NULL;
        free(form_of_head);
        return ATTN_OK;
    }
    if (!status)
        status = make_units(m, form_of_head);
    if (!status && f->lists)
        status = check_all_lengths(m);
    if (!status && f->lists)
        status = compile_all(m, form_of_head);
    int cut = m->kernel->merges_chunks || !m->problem->batch_invariant;
    if (!status && f->lists)
        status = attn_forms_cut(f, m->shape, m->kernel, cut ? threads : 1);
    free(form_of_head);
    return status;
}

attn_status attn_forms_create(const attn_pattern *pattern, const attn_problem *problem, const attn_shape *shape,
                              const attn_kernel *kernel, int threads, attn_visible *visible, attn_forms **forms)
{
    maker m = { pattern, problem, shape, kernel, sees_everything(visible) ? NULL : visible, 0, NULL, NULL };
    *forms = NULL;
    m.forms = calloc(1, sizeof *m.forms);
    if (!m.forms)
        return no_memory();
    attn_visible mask = *visible;
    m.mask = m.mask ? &mask : NULL;
    attn_status status = make(&m, threads, visible);
    for (int64_t head = 0; m.program && head < m.heads; head++)
        attn_program_free(&m.program[head]);
    free(m.program);
    if (status)
        attn_forms_destroy(m.forms);
    else
        *forms = m.forms;
    return status;
}

void attn_forms_destroy(attn_forms *f)
{
    if (!f)
        return;
    for (int64_t i = 0; i < f->schedules; i++)
        attn_schedule_destroy(f->schedule[i]);
    free(f->schedule);
    free(f->schedule_of);
    free(f->unit);
    free(f->form);
    free(f->long_list);
    free(f->chunk);
    free(f);
}
