/* Lengths and addresses of each sequence, read from host memory at run time and checked there.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#include "config.h"

#include <inttypes.h>

#include "host.h"

static int64_t length_at(const attn_tensor *tensor, attn_memory memory, int64_t i)
{
    return ((const int32_t *)attn_host_pointer(memory))[i * tensor->stride[0]];
}

static attn_status check_cumulative(const char *name, const attn_tensor *tensor, attn_memory memory, int64_t rows,
                                    const char *bound_name, int64_t bound)
{
    int64_t before = length_at(tensor, memory, 0);
    if (before)
        return attn_fail(ATTN_INVALID, "%s[0] is %" PRId64 ", expected 0", name, before);
    for (int64_t i = 1; i < tensor->size[0]; i++) {
        int64_t next = length_at(tensor, memory, i);
        if (next < before || next > rows)
            return attn_fail(ATTN_INVALID, "%s[%" PRId64 "] is %" PRId64 ", expected %" PRId64 " .. %" PRId64, name, i,
                             next, before, rows);
        if (next - before > bound)
            return attn_fail(ATTN_INVALID,
                             "%s[%" PRId64 "] ends a sequence of length %" PRId64 ", expected at most %s = %" PRId64,
                             name, i, next - before, bound_name, bound);
        before = next;
    }
    return ATTN_OK;
}

/* Rows of K and V that a sequence owns, before seqused_k. */
static int64_t keys_available(const attn_plan *plan, const attn_args *args, int64_t batch)
{
    const attn_problem *p = &plan->problem;
    if (!plan->shape.ragged_k)
        return plan->shape.max_k;
    return length_at(&p->cu_seqlens_k, args->cu_seqlens_k, batch + 1) -
           length_at(&p->cu_seqlens_k, args->cu_seqlens_k, batch);
}

static attn_status check_used(const attn_plan *plan, const attn_args *args)
{
    for (int64_t b = 0; b < plan->shape.batch; b++) {
        int64_t used = length_at(&plan->problem.seqused_k, args->seqused_k, b), most = keys_available(plan, args, b);
        if (used < 0 || used > most)
            return attn_fail(ATTN_INVALID, "seqused_k[%" PRId64 "] is %" PRId64 ", expected 0 .. %" PRId64, b, used,
                             most);
    }
    return ATTN_OK;
}

static const int32_t *table_row(const attn_plan *plan, const attn_args *args, int64_t batch)
{
    return (const int32_t *)attn_host_element(&plan->problem.page_table, args->page_table, batch, 0, 0);
}

static attn_status check_page_table(const attn_plan *plan, const attn_args *args)
{
    const attn_shape *s = &plan->shape;
    for (int64_t b = 0; b < s->batch; b++) {
        const int32_t *table = table_row(plan, args, b);
        int64_t keys = attn_host_sequence(plan, args, b).len_k;
        for (int64_t i = 0; i * s->rows_k < keys; i++) {
            int64_t page = table[i * plan->problem.page_table.stride[1]];
            if (page < 0 || page >= s->pages)
                return attn_fail(ATTN_INVALID,
                                 "page_table[%" PRId64 "][%" PRId64 "] is %" PRId64 ", expected 0 .. %" PRId64, b, i,
                                 page, s->pages - 1);
        }
    }
    return ATTN_OK;
}

/* A compiled pattern holds for the lengths it was compiled for. */
static attn_status check_planned(const attn_plan *plan, const attn_args *args)
{
    const attn_forms *f = plan->forms;
    for (int64_t b = 0; b < plan->shape.batch; b++) {
        const attn_lengths *planned = &f->schedule[f->schedule_of[b]]->lengths;
        attn_sequence sequence = attn_host_sequence(plan, args, b);
        int rows = sequence.len_q != planned->len_q;
        if (rows || sequence.len_k != planned->len_k)
            return attn_fail(ATTN_INVALID,
                             "sequence %" PRId64 " has %" PRId64 " %s, expected problem.%s[%" PRId64 "] = %" PRId64, b,
                             rows ? sequence.len_q : sequence.len_k, rows ? "query rows" : "keys",
                             rows ? "lengths_q" : "lengths_k", b, rows ? planned->len_q : planned->len_k);
    }
    return ATTN_OK;
}

attn_status attn_host_check_lengths(const attn_plan *plan, const attn_args *args)
{
    const attn_problem *p = &plan->problem;
    const attn_shape *s = &plan->shape;
    if (s->ragged_q)
        ATTN_TRY(check_cumulative("cu_seqlens_q", &p->cu_seqlens_q, args->cu_seqlens_q, s->rows_q, "max_q", s->max_q));
    if (s->ragged_k)
        ATTN_TRY(check_cumulative("cu_seqlens_k", &p->cu_seqlens_k, args->cu_seqlens_k, s->rows_k, "max_k", s->max_k));
    if (attn_present(&p->seqused_k))
        ATTN_TRY(check_used(plan, args));
    if (plan->forms && plan->forms->lists)
        ATTN_TRY(check_planned(plan, args));
    return s->paged ? check_page_table(plan, args) : ATTN_OK;
}

attn_sequence attn_host_sequence(const attn_plan *plan, const attn_args *args, int64_t batch)
{
    const attn_problem *p = &plan->problem;
    const attn_shape *s = &plan->shape;
    attn_sequence sequence = { .batch = batch, .len_q = s->max_q, .batch_q = batch };
    if (s->ragged_q) {
        sequence.row_q = length_at(&p->cu_seqlens_q, args->cu_seqlens_q, batch);
        sequence.len_q = length_at(&p->cu_seqlens_q, args->cu_seqlens_q, batch + 1) - sequence.row_q;
        sequence.batch_q = 0;
    }
    if (s->ragged_k)
        sequence.row_k = length_at(&p->cu_seqlens_k, args->cu_seqlens_k, batch);
    sequence.len_k = attn_present(&p->seqused_k) ? length_at(&p->seqused_k, args->seqused_k, batch)
                                                 : keys_available(plan, args, batch);
    sequence.shift = p->alignment == ATTN_ALIGN_END ? sequence.len_k - sequence.len_q : 0;
    return sequence;
}

attn_rows attn_host_rows(const attn_plan *plan, const attn_args *args, const attn_tensor *tensor, attn_memory memory,
                         const attn_sequence *sequence, int64_t head)
{
    const attn_shape *s = &plan->shape;
    int64_t element = (int64_t)attn_dtype_size(tensor->dtype);
    int64_t batch = s->paged || s->ragged_k ? 0 : sequence->batch;
    attn_rows rows = { .step = 1, .stride = tensor->stride[POSITION] * element };
    rows.base = attn_host_pointer(memory) + (batch * tensor->stride[BATCH] + head * tensor->stride[HEAD] +
                                             sequence->row_k * tensor->stride[POSITION]) *
                                                element;
    if (s->paged) {
        rows.table = table_row(plan, args, sequence->batch);
        rows.table_stride = plan->problem.page_table.stride[1];
        rows.page_size = s->rows_k;
        rows.page_stride = tensor->stride[BATCH] * element;
    }
    return rows;
}
