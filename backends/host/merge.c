/* Merge of partial results by log-sum-exp, in float64, in the order given.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#include "config.h"

#include <math.h>

#include "half.h"
#include "host.h"

enum { MAX_PARTS = 4096 };

/* Weights exp(lse_i - lse), 0 for empty parts; returns lse. */
static double weigh_parts(const attn_merge_args *a, int64_t b, int64_t h, int64_t n, double *weights)
{
    double most = -INFINITY, sum = 0;
    for (int i = 0; i < a->count; i++) {
        weights[i] = *(const float *)attn_host_element(&a->part_lse, a->parts_lse[i], b, h, n);
        most = fmax(most, weights[i]);
    }
    for (int i = 0; i < a->count; i++) {
        weights[i] = most == -INFINITY ? 0 : exp(weights[i] - most);
        sum += weights[i];
    }
    for (int i = 0; i < a->count && sum > 0; i++)
        weights[i] /= sum;
    return most + log(sum);
}

static void merge_row(const attn_merge_args *a, int64_t b, int64_t h, int64_t n)
{
    double weights[MAX_PARTS];
    double lse = weigh_parts(a, b, h, n, weights);
    double share = 1; /* of the keys beside the sink logit */
    if (attn_present(&a->sink_logit))
        share = 1 / (1 + exp(*(const float *)attn_host_element(&a->sink_logit, a->sink, 0, h, 0) - lse));
    char *o = attn_host_element(&a->o, a->out_o, b, h, n);
    for (int64_t c = 0; c < a->o.size[CHANNEL]; c++) {
        double sum = 0;
        for (int i = 0; i < a->count; i++)
            if (weights[i] > 0)
                sum +=
                    weights[i] * attn_load(a->part_o.dtype, attn_host_element(&a->part_o, a->parts_o[i], b, h, n), c);
        attn_store(a->o.dtype, o, c, lse == -INFINITY ? 0 : (float)(share * sum));
    }
    if (attn_present(&a->lse))
        *(float *)attn_host_element(&a->lse, a->out_lse, b, h, n) = (float)lse;
}

attn_status attn_host_merge(attn_device *device, const attn_merge_args *a, attn_queue *queue)
{
    (void)queue;
    int64_t heads = a->o.size[HEAD], positions = a->o.size[POSITION];
    int64_t rows = a->o.size[BATCH] * heads * positions;
    (void)device;
#pragma omp parallel for num_threads(device->threads) schedule(static) if (rows > 64)
    for (int64_t row = 0; row < rows; row++)
        merge_row(a, row / positions / heads, row / positions % heads, row % positions);
    return ATTN_OK;
}
