/* Counts what a plan will visit, and explains how its pattern runs.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#include "config.h"

#include "plan_info.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "abi.h"
#include "backend.h"
#include "integer.h"
#include "schedule.h"

/* Of one unit of one sequence: tiles are the unit's, pairs one head's, keys those of touched tiles. */
typedef struct work {
    uint64_t full, partial, pairs;
    double keys, area; /* area: pairs in the tiles of one head */
} work;

static int64_t shift_of(const attn_plan *plan, int64_t rows, int64_t keys)
{
    return plan->problem.alignment == ATTN_ALIGN_END ? keys - rows : 0;
}

/* Keys in whole tiles that any row of a class may see. */
static double class_keys(const attn_plan *plan, const attn_class *c)
{
    attn_tile_rows all = { &c->visible, NULL, 0, c->shift, c->rows - 1 + c->shift, c->keys, plan->kernel->tile_k };
    if (!plan->kernel->tile_k || !c->rows)
        return c->rows ? (double)c->keys : 0;
    attn_tile_count count = attn_count_tiles(&all);
    double keys = (double)(count.full + count.partial) * plan->kernel->tile_k;
    return keys < (double)c->keys ? keys : (double)c->keys;
}

static void count_class(const attn_plan *plan, const attn_class *c, int64_t pack, work *sum)
{
    int64_t rows = c->rows * pack, tile_q = plan->kernel->tile_q;
    for (int64_t r = 0; r < c->rows; r++)
        sum->pairs += (uint64_t)attn_visible_count(&c->visible, r + c->shift, c->keys);
    for (int64_t row = 0; tile_q && row < rows; row += tile_q) {
        int64_t last = attn_least(row + tile_q, rows) - 1;
        attn_tile_rows tile = { &c->visible,         NULL, 0, row / pack + c->shift, last / pack + c->shift, c->keys,
                                plan->kernel->tile_k };
        attn_tile_count count = attn_count_tiles(&tile);
        sum->full += count.full;
        sum->partial += count.partial;
        sum->area +=
            (double)(count.full + count.partial) * plan->kernel->tile_k * (double)(last - row + 1) / (double)pack;
    }
    sum->keys += class_keys(plan, c);
}

static void count_view(const attn_plan *plan, const attn_view *view, int64_t pack, int64_t rows, int64_t keys,
                       work *sum)
{
    for (int64_t i = 0; i < attn_view_classes(view, rows); i++) {
        attn_class c = attn_view_class(view, i, rows, keys, shift_of(plan, rows, keys));
        count_class(plan, &c, pack, sum);
    }
}

/* Adds the keys of tiles that some list of a head names, and the area of all its tiles. */
static void count_area(const attn_schedule *s, int64_t head, work *sum)
{
    int64_t tiles = attn_ceil_divide(s->lengths.len_k, s->tile_k), touched = 0;
    unsigned char *seen = calloc((size_t)tiles + 1, 1);
    for (int64_t tile = 0; seen && tile < s->tiles; tile++) {
        int64_t count, rows = attn_least(s->tile_q, s->lengths.len_q - tile * s->tile_q);
        const attn_tile_entry *entry = attn_schedule_entries(s, head, tile, &count);
        for (int64_t i = 0; i < count; i++) {
            touched += !seen[entry[i].tile];
            seen[entry[i].tile] = 1;
        }
        sum->area += (double)count * (double)rows * s->tile_k;
    }
    free(seen);
    sum->keys += (double)attn_least(touched * s->tile_k, s->lengths.len_k);
}

static void count_lists(const attn_schedule *s, int64_t head, work *sum)
{
    attn_schedule_info info = ATTN_SCHEDULE_INFO_INIT;
    attn_schedule_count(s, head, &info);
    sum->full += info.full;
    sum->partial += info.partial;
    sum->pairs += info.pairs;
    count_area(s, head, sum);
}

static void count_form(const attn_plan *plan, const attn_form *form, int64_t pack, int64_t rows, int64_t keys,
                       work *sum)
{
    for (int i = 0; i < form->parts; i++)
        count_view(plan, &form->part[i], pack, rows, keys, sum);
    sum->keys = sum->keys < (double)keys ? sum->keys : (double)keys;
}

static void add_work(const work *unit, int64_t pack, int64_t times, attn_plan_info *info, double *keys)
{
    info->tiles_full += unit->full * (uint64_t)times;
    info->tiles_partial += unit->partial * (uint64_t)times;
    info->pairs += unit->pairs * (uint64_t)(times * pack);
    info->area += unit->area * (double)(times * pack);
    *keys += unit->keys * (double)times;
}

/* Without forms: intervals, the same for every head. A kernel that reads the pattern itself has its pairs counted here. */
static attn_status count_plain(const attn_plan *plan, attn_plan_info *info, double *keys)
{
    const attn_shape *s = &plan->shape;
    const attn_form form = { 1, { { 1, s->visible } } };
    work unit = { 0 };
    count_form(plan, &form, s->group, s->max_q, s->max_k, &unit);
    add_work(&unit, s->group, s->batch * s->heads_k, info, keys);
    if (!plan->pattern || plan->kernel->list_rows)
        return ATTN_OK;
    attn_schedule *schedule;
    attn_lengths lengths = { sizeof lengths, s->heads_q, s->max_q, s->max_k, plan->problem.alignment };
    attn_schedule_info counted = ATTN_SCHEDULE_INFO_INIT;
    ATTN_TRY(attn_compile(plan->pattern, &s->visible, &lengths, NULL, 64, 64, &schedule));
    for (int64_t head = 0; head < s->heads_q; head++)
        attn_schedule_count(schedule, head, &counted);
    attn_schedule_destroy(schedule);
    info->pairs = counted.pairs * (uint64_t)s->batch;
    return ATTN_OK;
}

static void count_units(const attn_plan *plan, attn_plan_info *info, double *keys)
{
    const attn_forms *f = plan->forms;
    for (int64_t b = 0; b < plan->shape.batch; b++)
        for (int64_t u = 0; u < f->units; u++) {
            const attn_form *form = &f->form[f->unit[u].form];
            work unit = { 0 };
            if (form->parts)
                count_form(plan, form, f->pack, plan->shape.max_q, plan->shape.max_k, &unit);
            else
                count_lists(f->schedule[f->schedule_of[b]], f->unit[u].head_q, &unit);
            add_work(&unit, f->pack, 1, info, keys);
        }
    *keys = *keys * f->pack / (double)plan->shape.group;
}

static double tensor_bytes(const attn_tensor *tensor)
{
    double bytes = (double)attn_dtype_size(tensor->dtype);
    for (int d = 0; d < 4; d++)
        bytes *= (double)tensor->size[d];
    return bytes;
}

attn_status attn_plan_get_info(const attn_plan *plan, attn_plan_info *info)
{
    if (!plan)
        return attn_fail(ATTN_INVALID, "plan is NULL");
    const attn_shape *s = &plan->shape;
    const attn_problem *p = &plan->problem;
    attn_plan_info own = ATTN_PLAN_INFO_INIT;
    double keys = 0;
    snprintf(own.device, sizeof own.device, "%s", plan->device->info.name);
    snprintf(own.kernel, sizeof own.kernel, "%s", plan->kernel->name);
    own.tile_q = plan->kernel->tile_q;
    own.tile_k = plan->kernel->tile_k;
    own.split_keys = plan->kernel->split_keys;
    own.workspace = plan->workspace;
    if (plan->forms)
        count_units(plan, &own, &keys);
    else
        ATTN_TRY(count_plain(plan, &own, &keys));
    own.flops = 2.0 * (double)own.pairs * (double)(s->dim + s->dim_v);
    double key_bytes =
        (double)s->dim * (double)attn_dtype_size(p->k.dtype) + (double)s->dim_v * (double)attn_dtype_size(p->v.dtype);
    own.bytes = tensor_bytes(&p->q) + tensor_bytes(&p->o) + tensor_bytes(&p->lse) + key_bytes * keys;
    return attn_write_struct("info", info, &own, sizeof own);
}

/* ---- explanation ------------------------------------------------------------------------------------------------ */

/* Beyond so many pairs of tiles the lists that were not chosen are not compiled just to be counted. */
static const double MOST_COUNTED = 0x1p24;

static void explain_lists(attn_text *to, const attn_plan *plan, int64_t head)
{
    const attn_shape *s = &plan->shape;
    int tile_q = plan->kernel->list_rows / plan->forms->pack, tile_k = plan->kernel->tile_k;
    attn_lengths lengths = { sizeof lengths, s->heads_q, s->max_q, s->max_k, plan->problem.alignment };
    attn_schedule *schedule = NULL;
    work lists = { 0 };
    unsigned char *use = calloc((size_t)s->heads_q, 1);
    if ((double)(s->max_q / tile_q + 1) * (double)(s->max_k / tile_k + 1) <= MOST_COUNTED && use) {
        use[head] = 1;
        attn_compile(plan->pattern, &s->visible, &lengths, use, tile_q, tile_k, &schedule);
    }
    free(use);
    if (schedule)
        count_lists(schedule, head, &lists);
    if (schedule)
        attn_append(to, "; as lists: %llu tiles of %d x %d", (unsigned long long)(lists.full + lists.partial),
                    tile_q * plan->forms->pack, tile_k);
    else
        attn_append(to, "; as lists: not counted");
    attn_schedule_destroy(schedule);
}

static void explain_unit(attn_text *to, const attn_plan *plan, const attn_unit *unit)
{
    const attn_forms *f = plan->forms;
    const attn_form *form = &f->form[unit->form];
    char name[96];
    work w = { 0 };
    attn_form_describe(form, name, sizeof name);
    attn_append(to, "\n  pattern: head %lld and heads like it run as %s", (long long)unit->head_q, name);
    if (form->parts) {
        count_form(plan, form, f->pack, plan->shape.max_q, plan->shape.max_k, &w);
        attn_append(to, ": %llu tiles of %d x %d", (unsigned long long)(w.full + w.partial), plan->kernel->tile_q,
                    plan->kernel->tile_k);
        explain_lists(to, plan, unit->head_q);
        return;
    }
    const attn_schedule *s = f->schedule[f->schedule_of[0]];
    count_lists(s, unit->head_q, &w);
    attn_append(to, ": %llu tiles of %d x %d, %llu of them full; %lld masks, %zu bytes",
                (unsigned long long)(w.full + w.partial), s->tile_q * f->pack, s->tile_k, (unsigned long long)w.full,
                (long long)s->masks.count, attn_schedule_bytes(s));
}

/* Each form once, by its first unit. */
static void explain_forms(attn_text *to, const attn_plan *plan)
{
    const attn_forms *f = plan->forms;
    for (int form = 0; form < f->forms; form++) {
        int64_t u = 0;
        while (u < f->units && f->unit[u].form != form)
            u++;
        if (u < f->units && (f->form[form].parts || plan->shape.batch > 0))
            explain_unit(to, plan, &f->unit[u]);
    }
    if (f->lists)
        attn_append(to, "\n  pattern: %lld schedules, %lld lists cut into %lld chunks", (long long)f->schedules,
                    (long long)f->long_lists, (long long)f->chunks);
}

void attn_explain_pattern(attn_text *to, const attn_plan *plan)
{
    char expression[256];
    size_t length = attn_pattern_print(plan->pattern, expression, sizeof expression);
    attn_append(to, "\n  pattern: %s%s", expression, length < sizeof expression ? "" : " ...");
    if (plan->forms)
        explain_forms(to, plan);
    else if (plan->kernel->list_rows)
        attn_append(to, "\n  pattern: runs as intervals (%d), nothing is compiled", plan->shape.visible.count);
}
