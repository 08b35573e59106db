/* One query tile: its queries, the totals of its rows, its results.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#include "config.h"

#include "item.h"

static const double LN_2 = 0.69314718055994530942;

void attn_cpu_load_query(const attn_cpu_item *item, const attn_cpu_scratch *scratch)
{
    const attn_problem *p = &item->plan->problem;
    for (int r = 0; r < item->rows; r++) {
        const char *row = attn_host_element(&p->q, item->args->q, item->sequence.batch_q, head_of(item, r),
                                            item->sequence.row_q + query_of(item, r));
        item->tile->load_query(row, p->q.dtype, item->operands.dim, scale_of(item), scratch->query,
                               item->operands.query_stride, r);
        if (item->few)
            item->tile->few_query(p->k.dtype, item->operands.dim, scratch->query + r * item->operands.query_stride);
    }
}

/* The unit's totals of a row: acc, max, sum. */
static float *total_of(const attn_cpu_item *item, int row)
{
    int64_t stride = item->geometry->dim_v + 2;
    return item->totals + (query_of(item, row) * item->pack + (item->first_row + row) % item->pack) * stride;
}

void attn_cpu_begin_total(const attn_cpu_item *item, const attn_softmax *total)
{
    if (!item->resume) {
        begin_empty(item, total);
        return;
    }
    for (int r = 0; r < item->rows; r++) {
        const float *kept = total_of(item, r);
        memcpy(total->acc + r * total->stride, kept, (size_t)total->stride * sizeof *kept);
        total->max[r] = kept[total->stride];
        total->sum[r] = kept[total->stride + 1];
    }
}

static void keep_total(const attn_cpu_item *item, const attn_softmax *total)
{
    for (int r = 0; r < item->rows; r++) {
        float *kept = total_of(item, r);
        memcpy(kept, total->acc + r * total->stride, (size_t)total->stride * sizeof *kept);
        kept[total->stride] = total->max[r];
        kept[total->stride + 1] = total->sum[r];
    }
}

/* Share of the keys beside a learned sink logit. */
static double sink_share(const attn_cpu_item *item, int row, double lse)
{
    const attn_tensor *t = &item->plan->problem.sink_logit;
    if (!attn_present(t))
        return 1;
    return 1 / (1 + exp(*(const float *)attn_host_element(t, item->args->sink_logit, 0, head_of(item, row), 0) - lse));
}

static void store_output(const attn_cpu_item *item, const attn_softmax *total)
{
    const attn_problem *p = &item->plan->problem;
    int wants_lse = attn_present(&p->lse) || attn_present(&p->sink_logit);
    for (int r = 0; r < item->rows; r++) {
        int64_t batch = item->sequence.batch_q, head = head_of(item, r),
                position = item->sequence.row_q + query_of(item, r);
        double sum = total->sum[r], lse = wants_lse ? total->max[r] * LN_2 + log(sum) : 0;
        double factor = sum == 0 ? 0 : sink_share(item, r, lse) / sum;
        float *acc = total->acc + r * total->stride;
        if (sum == 0)
            memset(acc, 0, (size_t)total->stride * sizeof *acc);
        item->tile->store_output(acc, item->plan->shape.dim_v, (float)factor, p->o.dtype,
                                 attn_host_element(&p->o, item->args->o, batch, head, position));
        if (attn_present(&p->lse))
            *(float *)attn_host_element(&p->lse, item->args->lse, batch, head, position) = (float)lse;
    }
}

void attn_cpu_end_total(const attn_cpu_item *item, const attn_softmax *total)
{
    if (item->keep)
        keep_total(item, total);
    else
        store_output(item, total);
}
