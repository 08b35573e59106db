/* What a plan keeps on a device with memory of its own.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#include "config.h"

#include "problem.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "integer.h"

/* Work-groups that fill a compute unit, where the kernel does not know how many it has at once. With less than a quarter of them,
 * chunks of a query tile are work-groups too. */
enum { GROUPS_A_UNIT = 8 };

/* Chunks that are cut only to give all compute units the same have at least so many keys. */
enum { LEAST_EVEN_KEYS = 1024 };

/* The results of chunks may take this much memory. */
static const double MOST_PART_BYTES = 512.0 * 1024 * 1024;

int64_t attn_gpu_part_floats(const struct plan *p)
{
    return p->tile_rows * (p->dim_v + 2);
}

/* ---- the struct ------------------------------------------------------------------------------------------------- */

void attn_gpu_strides(WIDE stride[4], const attn_tensor *tensor)
{
    for (int d = 0; d < 4; d++)
        stride[d] = tensor->size[d] > 1 ? tensor->stride[d] : 0;
}

static void set_layouts(struct plan *p, const attn_problem *problem)
{
    attn_gpu_strides(p->q_stride, &problem->q);
    attn_gpu_strides(p->k_stride, &problem->k);
    attn_gpu_strides(p->v_stride, &problem->v);
    attn_gpu_strides(p->o_stride, &problem->o);
    attn_gpu_strides(p->lse_stride, &problem->lse);
    attn_gpu_strides(p->bias_stride, &problem->bias);
    attn_gpu_strides(p->alibi_stride, &problem->alibi);
    for (int d = 0; d < 4; d++)
        p->pages_stride[d] = problem->page_table.stride[d];
    p->sink_stride = problem->sink_logit.size[HEAD] > 1 ? problem->sink_logit.stride[HEAD] : 0;
    p->cu_q_stride = problem->cu_seqlens_q.stride[0];
    p->cu_k_stride = problem->cu_seqlens_k.stride[0];
    p->used_stride = problem->seqused_k.stride[0];
}

int attn_gpu_changes_scores(const attn_problem *problem, const attn_shape *shape)
{
    return problem->softcap > 0 || attn_present(&problem->alibi) || attn_present(&problem->bias) || !(shape->scale > 0);
}

/* Kernels then take 16 bytes at once, and rows apart by a number of 32 bits. */
static int is_wide(const attn_tensor *tensor)
{
    int64_t elements = 16 / (int64_t)attn_dtype_size(tensor->dtype);
    int wide = 1;
    for (int d = BATCH; d < CHANNEL; d++)
        wide &= tensor->size[d] <= 1 || tensor->stride[d] % elements == 0;
    return wide && (tensor->size[POSITION] <= 1 || tensor->stride[POSITION] <= INT32_MAX);
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
    p->changes_scores = attn_gpu_changes_scores(problem, s);
    p->wide = is_wide(&problem->q) && is_wide(&problem->k) && is_wide(&problem->v);
    p->o_wide = is_wide(&problem->o) && problem->o.size[CHANNEL] * (int64_t)attn_dtype_size(problem->o.dtype) % 16 == 0;
    p->softcap = problem->softcap * log2_e;
    p->scale = s->scale * (p->has_softcap ? 1 / problem->softcap : log2_e);
    p->q_type = problem->q.dtype;
    p->k_type = problem->k.dtype;
    p->v_type = problem->v.dtype;
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

/* As a decode step does, also under a causal mask: its one row is the last. Positions are between -max_q and max_q + max_k. */
static int sees_all(const struct plan *p)
{
    const struct term *t = &p->term[0];
    const int64_t far = p->max_q + p->max_k;
    const int is_last = p->max_q == 1 && p->align_end && t->right >= 0;
    return p->terms == 1 && t->begin <= 0 && t->end >= p->max_k && t->chunk == 0 && t->left >= far &&
           (t->right >= far || is_last);
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
    p->sees_all = sees_all(p);
}

/* Work of all compute units over the work that they had time for, when those with most have ended. */
static double share_of_busy(double groups, double units)
{
    return groups / (units * ceil(groups / units));
}

/* Of a query tile, for kernels that keep a compute unit busy with any number of work-groups: as many chunks as are under way at
 * once, or as many more as give all units about the same, unless that makes chunks so short that their merge takes longer. */
static double parts_to_fill(const attn_gpu_problem *made, double units, double groups)
{
    const double most = (double)made->plan.max_k / LEAST_EVEN_KEYS;
    double parts = fmax(1, floor(made->resident * units / groups));
    if (groups > 0.75 * units)
        parts = 1;
    while (parts < most && share_of_busy(groups * parts, units) < 0.9)
        parts++;
    return parts;
}

/* Chunks of a query tile that fill the device. */
static double wanted_parts(const attn_gpu_problem *made, double units, double groups)
{
    if (made->resident)
        return parts_to_fill(made, units, groups);
    return groups > GROUPS_A_UNIT * units / 4 ? 1 : ceil(GROUPS_A_UNIT * units / groups);
}

/* Cuts the keys of every query tile, when there are too few of those to fill the device: into chunks of a multiple of the
 * kernel's split_keys, so that each gives the same bits in every run. */
static int split(attn_gpu_problem *made, const attn_plan *plan)
{
    struct plan *p = &made->plan;
    const double groups = (double)p->batch * (double)p->units * (double)p->tiles;
    if (plan->forms || plan->problem.batch_invariant || groups < 1)
        return 0;
    const double wanted = wanted_parts(made, plan->device->info.threads, groups);
    if (wanted < 2)
        return 0;
    const int64_t parts = attn_least(p->chunks, (int64_t)wanted);
    p->split_keys *= attn_ceil_divide(p->chunks, parts);
    p->chunks = attn_most(1, attn_ceil_divide(p->max_k, p->split_keys));
    return p->chunks > 1 &&
           groups * (double)p->chunks * (double)attn_gpu_part_floats(p) * sizeof(float) <= MOST_PART_BYTES;
}

/* ---- what backends call ------------------------------------------------------------------------------------------ */

attn_status attn_gpu_upload(const attn_plan *plan, attn_gpu_problem *made, int which, const void *data, size_t bytes)
{
    const attn_backend *backend = plan->device->backend;
    ATTN_TRY(backend->alloc(plan->device, bytes, &made->memory[which]));
    return bytes ? backend->upload(plan->device, made->memory[which], data, bytes) : ATTN_OK;
}

attn_status attn_gpu_prepare(attn_plan *plan, size_t bytes)
{
    plan->prepared = calloc(1, bytes);
    return plan->prepared ? ATTN_OK : attn_fail(ATTN_NO_MEMORY, "no memory for a plan of %zu bytes", bytes);
}

attn_status attn_gpu_problem_create(const attn_plan *plan, attn_gpu_problem *made)
{
    struct plan *p = &made->plan;
    set_layouts(p, &plan->problem);
    set_features(p, &plan->problem, &plan->shape);
    set_work(p, plan);
    made->split = split(made, plan);
    if (!made->plan_by_value)
        ATTN_TRY(attn_gpu_upload(plan, made, ATTN_GPU_PLAN, p, sizeof *p));
    return plan->forms ? attn_gpu_upload_schedules(plan, made) : ATTN_OK;
}

void attn_gpu_release(attn_plan *plan)
{
    const attn_gpu_problem *made = plan->prepared;
    for (int i = 0; made && i < ATTN_GPU_ARRAYS; i++)
        if (made->memory[i].handle)
            plan->device->backend->free(plan->device, made->memory[i]);
    free(plan->prepared);
}

size_t attn_gpu_workspace(const attn_plan *plan)
{
    const attn_gpu_problem *made = plan->prepared;
    const struct plan *p = &made->plan;
    int64_t parts = plan->forms ? plan->forms->chunks : 0;
    if (made->split)
        parts = p->batch * p->units * p->tiles * p->chunks;
    return (size_t)(parts * attn_gpu_part_floats(p)) * sizeof(float);
}

static attn_gpu_launch computes(const attn_gpu_problem *made, int kind, int64_t tiles, int64_t units)
{
    return (attn_gpu_launch){ kind, 0, { tiles, units, attn_ceil_divide(made->plan.dim_v, made->channels) } };
}

static attn_gpu_launch merges(const attn_gpu_problem *made, int kind, int64_t tiles, int64_t units)
{
    return (attn_gpu_launch){ kind, 1, { tiles * made->plan.tile_rows, units, 1 } };
}

int attn_gpu_launches(const attn_plan *plan, attn_gpu_launch launches[])
{
    const attn_gpu_problem *made = plan->prepared;
    const struct plan *p = &made->plan;
    const int64_t units = p->batch * p->units;
    int count = 0;
    if (p->tiles == 0 || units == 0)
        return 0;
    if (made->split) {
        launches[count++] = computes(made, LAUNCH_SPLIT, p->tiles * p->chunks, units);
        launches[count++] = merges(made, LAUNCH_SPLIT, p->tiles, units);
        return count;
    }
    if (plan->forms && plan->forms->long_lists) {
        launches[count++] = computes(made, LAUNCH_LONG, plan->forms->chunks, 1);
        launches[count++] = merges(made, LAUNCH_LONG, plan->forms->long_lists, 1);
    }
    launches[count++] = computes(made, LAUNCH_WHOLE, p->tiles, units);
    return count;
}

struct offsets attn_gpu_offsets(const attn_args *a)
{
    return (struct offsets){
        (WIDE)a->q.offset,
        (WIDE)a->k.offset,
        (WIDE)a->v.offset,
        (WIDE)a->o.offset,
        (WIDE)a->lse.offset,
        (WIDE)a->alibi.offset,
        (WIDE)a->bias.offset,
        (WIDE)a->sink_logit.offset,
        (WIDE)a->cu_seqlens_q.offset,
        (WIDE)a->cu_seqlens_k.offset,
        (WIDE)a->seqused_k.offset,
        (WIDE)a->page_table.offset,
        (WIDE)a->workspace.offset,
        0,
    };
}

static int arguments_of_merge(const attn_args *a, const attn_gpu_problem *made, attn_memory list[])
{
    const attn_memory own[] = {
        a->o,
        a->lse,
        a->sink_logit,
        a->cu_seqlens_q,
        a->cu_seqlens_k,
        a->seqused_k,
        made->memory[ATTN_GPU_LONG_LISTS],
        a->workspace,
    };
    memcpy(list, own, sizeof own);
    return sizeof own / sizeof own[0];
}

int attn_gpu_arguments(const attn_gpu_launch *launch, const attn_args *a, const attn_gpu_problem *made,
                       attn_memory list[ATTN_GPU_MOST_ARGUMENTS])
{
    const attn_memory own[] = {
        a->q,
        a->k,
        a->v,
        a->o,
        a->lse,
        a->alibi,
        a->bias,
        a->sink_logit,
        a->cu_seqlens_q,
        a->cu_seqlens_k,
        a->seqused_k,
        a->page_table,
        made->memory[ATTN_GPU_LISTS],
        made->memory[ATTN_GPU_TABLE_OF],
        made->memory[ATTN_GPU_FIRST],
        made->memory[ATTN_GPU_ENTRIES],
        made->memory[ATTN_GPU_MASKS],
        made->memory[ATTN_GPU_CHUNKS],
        a->workspace,
    };
    _Static_assert(sizeof own / sizeof own[0] == ATTN_GPU_MOST_ARGUMENTS, "FORWARD_PARAMETERS of item.cl");
    if (launch->merges)
        return arguments_of_merge(a, made, list);
    memcpy(list, own, sizeof own);
    return ATTN_GPU_MOST_ARGUMENTS;
}

/* ---- attn_merge ------------------------------------------------------------------------------------------------- */

struct merge attn_gpu_merge(const attn_merge_args *a, int part)
{
    struct merge m = { .heads = a->o.size[HEAD], .positions = a->o.size[POSITION], .channels = a->o.size[CHANNEL] };
    m.first = part == 0;
    m.part_o_type = a->part_o.dtype;
    m.o_type = a->o.dtype;
    m.has_lse = attn_present(&a->lse);
    m.has_sink = attn_present(&a->sink_logit);
    attn_gpu_strides(m.part_o_stride, &a->part_o);
    attn_gpu_strides(m.part_lse_stride, &a->part_lse);
    attn_gpu_strides(m.o_stride, &a->o);
    attn_gpu_strides(m.lse_stride, &a->lse);
    m.sink_stride = a->sink_logit.size[HEAD] > 1 ? a->sink_logit.stride[HEAD] : 0;
    m.part_o_offset = (WIDE)a->parts_o[part].offset;
    m.part_lse_offset = (WIDE)a->parts_lse[part].offset;
    m.o_offset = (WIDE)a->out_o.offset;
    m.lse_offset = (WIDE)a->out_lse.offset;
    m.sink_offset = (WIDE)a->sink.offset;
    return m;
}

size_t attn_gpu_merge_rows(const attn_merge_args *a)
{
    return (size_t)(a->o.size[BATCH] * a->o.size[HEAD] * a->o.size[POSITION]);
}

size_t attn_gpu_merge_bytes(const attn_merge_args *a)
{
    return attn_gpu_merge_rows(a) * (size_t)(a->o.size[CHANNEL] + 2) * sizeof(float);
}
