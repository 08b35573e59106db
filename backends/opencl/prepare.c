/* Makes what a plan keeps on an OpenCL device.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#include "config.h"

#include "prepare.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "integer.h"
#include "texts.h"

/* With fewer work-groups than this for a compute unit, chunks of a query tile are work-groups of their own. */
enum { GROUPS_A_UNIT = 4 };

/* The results of chunks may take this much memory. */
static const double MOST_PART_BYTES = 512.0 * 1024 * 1024;

static const attn_opencl_source source = {
    "forward.cl", { attn_opencl_text_shared, attn_opencl_text_storage, attn_opencl_text_forward }
};

int64_t attn_opencl_part_floats(const struct plan *p)
{
    return p->tile_rows * (p->dim_v + 2);
}

/* ---- the struct ------------------------------------------------------------------------------------------------- */

void attn_opencl_strides(WIDE stride[4], const attn_tensor *tensor)
{
    for (int d = 0; d < 4; d++)
        stride[d] = tensor->size[d] > 1 ? tensor->stride[d] : 0;
}

static void set_layouts(struct plan *p, const attn_problem *problem)
{
    attn_opencl_strides(p->q_stride, &problem->q);
    attn_opencl_strides(p->k_stride, &problem->k);
    attn_opencl_strides(p->v_stride, &problem->v);
    attn_opencl_strides(p->o_stride, &problem->o);
    attn_opencl_strides(p->lse_stride, &problem->lse);
    attn_opencl_strides(p->bias_stride, &problem->bias);
    attn_opencl_strides(p->alibi_stride, &problem->alibi);
    for (int d = 0; d < 4; d++)
        p->pages_stride[d] = problem->page_table.stride[d];
    p->sink_stride = problem->sink_logit.size[HEAD] > 1 ? problem->sink_logit.stride[HEAD] : 0;
    p->cu_q_stride = problem->cu_seqlens_q.stride[0];
    p->cu_k_stride = problem->cu_seqlens_k.stride[0];
    p->used_stride = problem->seqused_k.stride[0];
}

static void set_features(struct plan *p, const attn_problem *problem, const attn_shape *s)
{
    const float log2_e = 1.44269504088896340736f;
    p->ragged_q = s->ragged_q;
    p->ragged_k = s->ragged_k;
    p->paged = s->paged;
    p->page_size = s->paged ? s->rows_k : 1;
    p->has_used = attn_present(&problem->seqused_k);
    p->align_end = problem->alignment == ATTN_ALIGN_END;
    p->has_lse = attn_present(&problem->lse);
    p->has_alibi = attn_present(&problem->alibi);
    p->has_bias = attn_present(&problem->bias);
    p->has_sink = attn_present(&problem->sink_logit);
    p->has_softcap = problem->softcap > 0;
    p->softcap = problem->softcap * log2_e;
    p->scale = s->scale * (p->has_softcap ? 1 / problem->softcap : log2_e);
    p->q_type = problem->q.dtype;
    p->o_type = problem->o.dtype;
    p->bias_type = problem->bias.dtype;
}

static void set_terms(struct plan *p, const attn_visible *visible)
{
    p->terms = visible->count;
    for (int i = 0; i < visible->count; i++) {
        const attn_term *t = &visible->term[i];
        p->term[i] = (struct term){ t->left, t->right, t->begin, t->end, t->chunk, t->back, t->ahead };
    }
}

static void set_work(struct plan *p, const attn_plan *plan)
{
    const attn_shape *s = &plan->shape;
    const attn_forms *f = plan->forms;
    p->batch = s->batch;
    p->pack = f ? f->pack : s->group;
    p->units = s->heads_q / p->pack;
    p->group = s->group;
    p->max_q = s->max_q;
    p->max_k = s->max_k;
    p->dim = s->dim;
    p->dim_v = s->dim_v;
    p->tile_rows = f ? f->tile_q * f->pack : plan->kernel->tile_q;
    p->tiles = (s->max_q * p->pack + p->tile_rows - 1) / p->tile_rows;
    p->split_keys = plan->kernel->split_keys;
    p->chunks = attn_most(1, attn_ceil_divide(s->max_k, p->split_keys));
    p->listed = f != NULL;
    p->long_entries = f ? f->long_tiles : INT64_MAX;
    p->mask_rows = f ? f->tile_q : 1;
    set_terms(p, &s->visible);
}

static int splits(const attn_plan *plan, const struct plan *p)
{
    const attn_opencl_device *d = attn_opencl_of(plan->device);
    double groups = (double)p->batch * (double)p->units * (double)p->tiles;
    double bytes = groups * (double)p->chunks * (double)attn_opencl_part_floats(p) * sizeof(float);
    return !plan->forms && !plan->problem.batch_invariant && p->chunks > 1 &&
           groups < (double)GROUPS_A_UNIT * d->traits.compute_units && bytes <= MOST_PART_BYTES;
}

/* ---- schedules --------------------------------------------------------------------------------------------------- */

/* Arrays of all schedules, one behind the other. */
typedef struct flat {
    struct list_table *lists; /* [batch] */
    int32_t *table_of;
    WIDE *first;
    attn_tile_entry *entries;
    uint64_t *masks;
    int64_t heads, firsts, entry_count, mask_words;
} flat;

static int64_t entries_of(const attn_schedule *s)
{
    return s->first ? s->first[s->tables * s->tiles] : 0;
}

static int64_t firsts_of(const attn_schedule *s)
{
    return s->first ? s->tables * s->tiles + 1 : 0;
}

static void add_schedule(flat *all, const attn_schedule *s)
{
    if (all->table_of) {
        memcpy(all->table_of + all->heads, s->table_of_head, (size_t)s->heads * sizeof *all->table_of);
        if (s->first)
            memcpy(all->first + all->firsts, s->first, (size_t)firsts_of(s) * sizeof *all->first);
        memcpy(all->entries + all->entry_count, s->entry, (size_t)entries_of(s) * sizeof *all->entries);
        if (s->masks.count)
            memcpy(all->masks + all->mask_words, s->masks.word,
                   (size_t)(s->masks.count * s->masks.words) * sizeof *all->masks);
    }
    all->heads += s->heads;
    all->firsts += firsts_of(s);
    all->entry_count += entries_of(s);
    all->mask_words += s->masks.count * s->masks.words;
}

static void flatten(flat *all, const attn_plan *plan)
{
    const attn_forms *f = plan->forms;
    all->heads = all->firsts = all->entry_count = all->mask_words = 0;
    for (int64_t i = 0; i < f->schedules; i++) {
        for (int64_t b = 0; all->lists && b < plan->shape.batch; b++)
            if (f->schedule_of[b] == i)
                all->lists[b] = (struct list_table){ all->firsts, all->entry_count, all->mask_words, all->heads,
                                                     f->schedule[i]->tiles };
        add_schedule(all, f->schedule[i]);
    }
}

static void free_flat(flat *all)
{
    free(all->lists);
    free(all->table_of);
    free(all->first);
    free(all->entries);
    free(all->masks);
}

static attn_status upload(const attn_plan *plan, int which, const void *data, size_t bytes)
{
    attn_opencl_prepared *made = plan->prepared;
    attn_memory memory;
    ATTN_TRY(attn_opencl_alloc(plan->device, bytes, &memory));
    made->buffer[which] = attn_opencl_buffer(memory);
    return bytes ? attn_opencl_upload(plan->device, memory, data, bytes) : ATTN_OK;
}

static attn_status upload_flat(const attn_plan *plan, const flat *all)
{
    ATTN_TRY(upload(plan, ATTN_CL_LISTS, all->lists, (size_t)plan->shape.batch * sizeof *all->lists));
    ATTN_TRY(upload(plan, ATTN_CL_TABLE_OF, all->table_of, (size_t)all->heads * sizeof *all->table_of));
    ATTN_TRY(upload(plan, ATTN_CL_FIRST, all->first, (size_t)all->firsts * sizeof *all->first));
    ATTN_TRY(upload(plan, ATTN_CL_ENTRIES, all->entries, (size_t)all->entry_count * sizeof *all->entries));
    return upload(plan, ATTN_CL_MASKS, all->masks, (size_t)all->mask_words * sizeof *all->masks);
}

static attn_status upload_long(const attn_plan *plan)
{
    const attn_forms *f = plan->forms;
    struct long_chunk *chunks = malloc((size_t)(f->chunks + 1) * sizeof *chunks);
    struct long_list *lists = malloc((size_t)(f->long_lists + 1) * sizeof *lists);
    attn_status status = chunks && lists ? ATTN_OK : attn_fail(ATTN_NO_MEMORY, "no memory for the plan's work items");
    for (int64_t i = 0; i < f->long_lists && !status; i++) {
        const attn_long_list *l = &f->long_list[i];
        lists[i] = (struct long_list){ l->sequence * f->units + l->unit, l->tile, l->first_part, l->parts };
    }
    for (int64_t i = 0; i < f->chunks && !status; i++) {
        const struct long_list *l = &lists[f->chunk[i].list];
        chunks[i] = (struct long_chunk){ l->unit, l->tile, f->chunk[i].chunk };
    }
    if (!status)
        status = upload(plan, ATTN_CL_CHUNKS, chunks, (size_t)f->chunks * sizeof *chunks);
    if (!status)
        status = upload(plan, ATTN_CL_LONG_LISTS, lists, (size_t)f->long_lists * sizeof *lists);
    free(chunks);
    free(lists);
    return status;
}

static attn_status upload_schedules(const attn_plan *plan)
{
    flat all = { 0 };
    flatten(&all, plan);
    all.lists = malloc((size_t)(plan->shape.batch + 1) * sizeof *all.lists);
    all.first = malloc((size_t)(all.firsts + 1) * sizeof *all.first);
    all.entries = malloc((size_t)(all.entry_count + 1) * sizeof *all.entries);
    all.masks = malloc((size_t)(all.mask_words + 1) * sizeof *all.masks);
    all.table_of = malloc((size_t)(all.heads + 1) * sizeof *all.table_of);
    attn_status status = ATTN_OK;
    if (!all.lists || !all.first || !all.entries || !all.masks || !all.table_of)
        status = attn_fail(ATTN_NO_MEMORY, "no memory for the plan's schedules");
    if (!status) {
        flatten(&all, plan);
        status = upload_flat(plan, &all);
    }
    free_flat(&all);
    return status ? status : upload_long(plan);
}

/* ---- all of it ---------------------------------------------------------------------------------------------------- */

static attn_status build(const attn_plan *plan, attn_opencl_prepared *made)
{
    attn_opencl_device *d = attn_opencl_of(plan->device);
    char options[128];
    snprintf(options, sizeof options, "-DK_TYPE=%d -DV_TYPE=%d -DTILE_ROWS=%d -DGROUP_SIZE=%d",
             (int)plan->problem.k.dtype, (int)plan->problem.v.dtype, plan->kernel->tile_q, 2 * plan->kernel->tile_q);
    ATTN_TRY(attn_opencl_kernel_get(d, &source, options, "forward", &made->forward));
    return attn_opencl_kernel_get(d, &source, options, "merge_parts", &made->merge);
}

static attn_status fill(attn_plan *plan, attn_opencl_prepared *made)
{
    struct plan *p = &made->plan;
    set_layouts(p, &plan->problem);
    set_features(p, &plan->problem, &plan->shape);
    set_work(p, plan);
    made->split = splits(plan, p);
    ATTN_TRY(build(plan, made));
    ATTN_TRY(upload(plan, ATTN_CL_PLAN, p, sizeof *p));
    return plan->forms ? upload_schedules(plan) : ATTN_OK;
}

attn_status attn_opencl_prepare(attn_plan *plan)
{
    plan->prepared = calloc(1, sizeof(attn_opencl_prepared));
    if (!plan->prepared)
        return attn_fail(ATTN_NO_MEMORY, "no memory for a plan of %zu bytes", sizeof(attn_opencl_prepared));
    return fill(plan, plan->prepared);
}

void attn_opencl_release(attn_plan *plan)
{
    attn_opencl_prepared *made = plan->prepared;
    for (int i = 0; made && i < ATTN_CL_BUFFERS; i++)
        if (made->buffer[i])
            attn_opencl_of(plan->device)->cl->clReleaseMemObject(made->buffer[i]);
    free(made);
}

size_t attn_opencl_workspace(const attn_plan *plan)
{
    const attn_opencl_prepared *made = plan->prepared;
    const struct plan *p = &made->plan;
    int64_t parts = plan->forms ? plan->forms->chunks : 0;
    if (made->split)
        parts = p->batch * p->units * p->tiles * p->chunks;
    return (size_t)(parts * attn_opencl_part_floats(p)) * sizeof(float);
}
