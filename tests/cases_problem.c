/*
 * The attn_problem that a case stands for.
 *
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE.
 */
#include "config.h"

#include "cases.h"

#include <string.h>

int64_t tensor_span(const attn_tensor *tensor)
{
    int64_t span = 1;
    int i;

    for (i = 0; i < 4; i++) {
        if (tensor->size[i] == 0)
            return 0;
        span += (tensor->size[i] - 1) * tensor->stride[i];
    }
    return span;
}

int64_t case_query_rows(const struct attention_case *c, int64_t b)
{
    return c->ragged_q.count > 0 ? c->ragged_q.value[b] : c->nq;
}

int64_t case_keys(const struct attention_case *c, int64_t b)
{
    if (c->used.count > 0)
        return c->used.value[b];
    return c->ragged_k.count > 0 ? c->ragged_k.value[b] : c->nk;
}

static int64_t total(const struct case_lengths *list)
{
    int64_t sum = 0, b;

    for (b = 0; b < list->count; b++)
        sum += list->value[b];
    return sum;
}

static int64_t largest(const struct case_lengths *list, int64_t otherwise)
{
    int64_t most = 0, b;

    if (list->count == 0)
        return otherwise;
    for (b = 0; b < list->count; b++)
        most = list->value[b] > most ? list->value[b] : most;
    return most;
}

/* Views have rows longer than their channels, heads longer than their rows, and so on: odd amounts, so that nothing
 * but elements is aligned. */
static attn_tensor view(attn_dtype type, const int64_t size[4], int64_t channel_stride)
{
    attn_tensor t;

    memset(&t, 0, sizeof t);
    t.dtype = type;
    memcpy(t.size, size, sizeof t.size);
    t.stride[3] = channel_stride;
    t.stride[2] = size[3] * channel_stride + 5;
    t.stride[1] = size[2] * t.stride[2] + 3;
    t.stride[0] = size[1] * t.stride[1] + 7;
    return t;
}

static attn_tensor laid_out(const struct attention_case *c, attn_dtype type, int64_t batch, int64_t heads,
                            int64_t positions, int64_t channels)
{
    const int64_t size[4] = { batch, heads, positions, channels };

    if (c->layout == LAYOUT_VIEW)
        return view(type, size, 1);
    if (c->layout == LAYOUT_BSHD)
        return attn_bshd(type, batch, heads, positions, channels);
    return attn_bhsd(type, batch, heads, positions, channels);
}

/* More pages than are in use, so that some hold nothing; one more column of the table than the longest sequence
 * needs, unless the table itself says how many keys there are. */
static int64_t page_columns(const struct attention_case *c)
{
    int64_t longest = largest(&c->used, c->nk);

    return (longest + c->page_size - 1) / c->page_size + (c->used.count > 0);
}

static void set_keys(const struct attention_case *c, attn_problem *p)
{
    int64_t batch = c->batch, positions = c->nk;

    if (c->ragged_k.count > 0) {
        batch = 1;
        positions = total(&c->ragged_k) + 3 * c->tail;
        p->cu_seqlens_k = attn_vector(ATTN_I32, c->batch + 1);
    }
    if (c->page_size > 0) {
        p->page_table = attn_matrix(ATTN_I32, c->batch, page_columns(c));
        if (c->layout == LAYOUT_VIEW)
            p->page_table.stride[0] += 3;
        batch = c->batch * page_columns(c) + 2;
        positions = c->page_size;
    }
    if (c->used.count > 0)
        p->seqused_k = attn_vector(ATTN_I32, c->batch);
    p->k = laid_out(c, c->k, batch, c->hk, positions, c->d);
    p->v = laid_out(c, c->v, batch, c->hk, positions, c->dv);
    if (c->kv_shared)
        p->k.stride[0] = p->v.stride[0] = 0;
}

static void set_queries(const struct attention_case *c, attn_problem *p)
{
    int64_t batch = c->batch, positions = c->nq;

    if (c->ragged_q.count > 0) {
        batch = 1;
        positions = total(&c->ragged_q) + 3 * c->tail;
        p->cu_seqlens_q = attn_vector(ATTN_I32, c->batch + 1);
    }
    p->q = laid_out(c, c->q, batch, c->hq, positions, c->d);
    p->o = laid_out(c, c->o, batch, c->hq, positions, c->dv);
    if (!c->no_lse)
        p->lse = laid_out(c, ATTN_F32, batch, c->hq, positions, 1);
}

/* Query rows and keys that max_q and max_k bound, which are the sizes of the bias too. */
static void set_bounds(const struct attention_case *c, attn_problem *p, int64_t *rows, int64_t *keys)
{
    *rows = p->q.size[2];
    *keys = p->k.size[2];
    if (c->page_size > 0)
        *keys = page_columns(c) * c->page_size;
    if (!c->bound)
        return;
    if (c->ragged_q.count > 0)
        p->max_q = *rows = largest(&c->ragged_q, 0);
    if (c->ragged_k.count > 0)
        p->max_k = *keys = largest(&c->ragged_k, 0);
    if (c->page_size > 0)
        p->max_k = *keys = largest(&c->used, c->nk);
}

static void set_bias(const struct attention_case *c, attn_problem *p, int64_t rows, int64_t keys)
{
    const int64_t size[4] = { c->bias & BIAS_BATCH ? c->batch : 1, c->bias & BIAS_HEAD ? c->hq : 1,
                              c->bias & BIAS_QUERY ? rows : 1, c->bias & BIAS_KEY ? keys : 1 };

    if (c->layout == LAYOUT_VIEW)
        p->bias = view(c->bias_type, size, 2);
    else
        p->bias = attn_bhsd(c->bias_type, size[0], size[1], size[2], size[3]);
}

void case_problem(const struct attention_case *c, attn_problem *problem)
{
    attn_problem p = ATTN_PROBLEM_INIT;
    int64_t rows, keys;

    set_queries(c, &p);
    set_keys(c, &p);
    set_bounds(c, &p, &rows, &keys);
    p.scale = (float)c->scale;
    p.softcap = (float)c->softcap;
    p.alignment = c->align_start ? ATTN_ALIGN_START : ATTN_ALIGN_END;
    p.mask = c->mask;
    p.batch_invariant = (int)c->invariant;
    if (c->alibi)
        p.alibi = attn_bhsd(ATTN_F32, c->alibi == 2 ? c->batch : 1, c->hq, 1, 1);
    if (c->bias)
        set_bias(c, &p, rows, keys);
    if (c->sink_logit)
        p.sink_logit = attn_per_head(c->hq);
    *problem = p;
}
