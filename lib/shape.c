/* Validates an attn_problem and derives its sizes. Pure functions.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#include "config.h"

#include "shape.h"

#include <inttypes.h>
#include <math.h>

#include "status.h"
#include "tensor.h"

/* The channels of q, k, v, o. No kernel of any backend comes near; it keeps scratch sizes in range. */
enum { LARGEST_DIM = 65536 };

/* query rows x keys x heads x batch stays countable in 64 bits, and so does every product of some of them. */
static const double LARGEST_PAIRS = 9e18;

static attn_status check_floats(const attn_problem *p)
{
    const struct {
        const char *name;
        const attn_tensor *tensor;
    } tensors[] = { { "q", &p->q }, { "k", &p->k }, { "v", &p->v }, { "o", &p->o } };
    for (size_t i = 0; i < sizeof tensors / sizeof tensors[0]; i++) {
        ATTN_TRY(attn_check_tensor(tensors[i].name, tensors[i].tensor, ATTN_FLOATS));
        ATTN_TRY(attn_check_channels(tensors[i].name, tensors[i].tensor));
        int64_t channels = tensors[i].tensor->size[CHANNEL];
        if (channels < 1 || channels > LARGEST_DIM)
            return attn_fail(ATTN_INVALID, "%s.size[3] is %" PRId64 ", expected 1 .. %d", tensors[i].name, channels,
                             LARGEST_DIM);
    }
    if (p->o.dtype != p->q.dtype && p->o.dtype != ATTN_F32)
        return attn_fail(ATTN_INVALID, "o.dtype is %s, expected q's (%s) or f32", attn_dtype_name(p->o.dtype),
                         attn_dtype_name(p->q.dtype));
    return attn_check_distinct("o", &p->o);
}

static attn_status check_heads(const attn_problem *p, attn_shape *s)
{
    s->heads_q = p->q.size[HEAD];
    s->heads_k = p->k.size[HEAD];
    if (s->heads_k < 1 || s->heads_q < 1 || s->heads_q % s->heads_k)
        return attn_fail(ATTN_INVALID, "q.size[1] is %" PRId64 ", expected a positive multiple of k.size[1] = %" PRId64,
                         s->heads_q, s->heads_k);
    s->group = s->heads_q / s->heads_k;
    s->dim = p->q.size[CHANNEL];
    s->dim_v = p->v.size[CHANNEL];
    ATTN_TRY(attn_check_size("k", &p->k, CHANNEL, s->dim));
    ATTN_TRY(attn_check_size("v", &p->v, HEAD, s->heads_k));
    ATTN_TRY(attn_check_size("v", &p->v, BATCH, p->k.size[BATCH]));
    ATTN_TRY(attn_check_size("v", &p->v, POSITION, p->k.size[POSITION]));
    ATTN_TRY(attn_check_size("o", &p->o, BATCH, p->q.size[BATCH]));
    ATTN_TRY(attn_check_size("o", &p->o, HEAD, s->heads_q));
    ATTN_TRY(attn_check_size("o", &p->o, POSITION, p->q.size[POSITION]));
    return attn_check_size("o", &p->o, CHANNEL, s->dim_v);
}

/* A vector or matrix of i32; rows of a page table may be padded. */
static attn_status check_integers(const char *name, const attn_tensor *tensor)
{
    ATTN_TRY(attn_check_tensor(name, tensor, 1u << ATTN_I32));
    ATTN_TRY(attn_check_size(name, tensor, POSITION, 1));
    return attn_check_size(name, tensor, CHANNEL, 1);
}

static attn_status check_bound(const char *name, int64_t bound, int64_t available, int64_t *result)
{
    if (bound < 0 || bound > available)
        return attn_fail(ATTN_INVALID, "%s is %" PRId64 ", expected 0 .. %" PRId64, name, bound, available);
    *result = bound ? bound : available;
    return ATTN_OK;
}

/* Number of sequences by a cu_seqlens tensor, which needs packed tensors of batch 1. */
static attn_status check_ragged(const char *name, const attn_tensor *cu_seqlens, const char *packed_name,
                                const attn_tensor *packed, int64_t *batch)
{
    ATTN_TRY(check_integers(name, cu_seqlens));
    ATTN_TRY(attn_check_size(name, cu_seqlens, HEAD, 1));
    if (cu_seqlens->size[0] < 1)
        return attn_fail(ATTN_INVALID, "%s.size[0] is 0, expected sequences + 1", name);
    if (packed->size[BATCH] != 1)
        return attn_fail(ATTN_INVALID, "%s.size[0] is %" PRId64 ", expected 1 with %s", packed_name,
                         packed->size[BATCH], name);
    *batch = cu_seqlens->size[0] - 1;
    return ATTN_OK;
}

static attn_status check_queries(const attn_problem *p, attn_shape *s)
{
    s->rows_q = p->q.size[POSITION];
    s->ragged_q = attn_present(&p->cu_seqlens_q);
    s->batch = p->q.size[BATCH];
    if (!s->ragged_q && p->max_q)
        return attn_fail(ATTN_INVALID, "max_q is %" PRId64 ", expected 0 without cu_seqlens_q", p->max_q);
    if (s->ragged_q)
        ATTN_TRY(check_ragged("cu_seqlens_q", &p->cu_seqlens_q, "q", &p->q, &s->batch));
    return check_bound("max_q", p->max_q, s->rows_q, &s->max_q);
}

static attn_status check_pages(const attn_problem *p, attn_shape *s)
{
    ATTN_TRY(check_integers("page_table", &p->page_table));
    ATTN_TRY(attn_check_size("page_table", &p->page_table, 0, s->batch));
    if (s->ragged_k)
        return attn_fail(ATTN_INVALID, "page_table and cu_seqlens_k are both present, expected one at most");
    s->pages = p->k.size[BATCH];
    s->max_pages = p->page_table.size[1];
    if (s->rows_k < 1)
        return attn_fail(ATTN_INVALID, "k.size[2] is 0, expected a page size of 1 or more with page_table");
    if (s->max_pages > ATTN_MAX_SIZE / s->rows_k)
        return attn_fail(ATTN_INVALID, "page_table.size[1] is %" PRId64 ": more than 2^40 keys of page size %" PRId64,
                         s->max_pages, s->rows_k);
    return check_bound("max_k", p->max_k, s->max_pages * s->rows_k, &s->max_k);
}

static attn_status check_keys(const attn_problem *p, attn_shape *s)
{
    int64_t batch = p->k.size[BATCH];
    s->rows_k = p->k.size[POSITION];
    s->ragged_k = attn_present(&p->cu_seqlens_k);
    s->paged = attn_present(&p->page_table);
    s->pages = s->max_pages = 0;
    if (attn_present(&p->seqused_k)) {
        ATTN_TRY(check_integers("seqused_k", &p->seqused_k));
        ATTN_TRY(attn_check_size("seqused_k", &p->seqused_k, 0, s->batch));
        ATTN_TRY(attn_check_size("seqused_k", &p->seqused_k, HEAD, 1));
    }
    if (s->paged)
        return check_pages(p, s);
    if (s->ragged_k)
        ATTN_TRY(check_ragged("cu_seqlens_k", &p->cu_seqlens_k, "k", &p->k, &batch));
    if (batch != s->batch)
        return attn_fail(ATTN_INVALID, "k has %" PRId64 " sequences, expected q's %" PRId64, batch, s->batch);
    if (!s->ragged_k && p->max_k && !attn_present(&p->seqused_k))
        return attn_fail(ATTN_INVALID, "max_k is %" PRId64 ", expected 0 without cu_seqlens_k, seqused_k or page_table",
                         p->max_k);
    return check_bound("max_k", p->max_k, s->rows_k, &s->max_k);
}

static attn_status check_lse(const attn_problem *p, const attn_shape *s)
{
    if (!attn_present(&p->lse))
        return ATTN_OK;
    ATTN_TRY(attn_check_tensor("lse", &p->lse, 1u << ATTN_F32));
    ATTN_TRY(attn_check_size("lse", &p->lse, BATCH, p->q.size[BATCH]));
    ATTN_TRY(attn_check_size("lse", &p->lse, HEAD, s->heads_q));
    ATTN_TRY(attn_check_size("lse", &p->lse, POSITION, s->rows_q));
    ATTN_TRY(attn_check_size("lse", &p->lse, CHANNEL, 1));
    return attn_check_distinct("lse", &p->lse);
}

static attn_status check_head_vector(const char *name, const attn_tensor *tensor, const attn_shape *s, int64_t batch)
{
    if (!attn_present(tensor))
        return ATTN_OK;
    ATTN_TRY(attn_check_tensor(name, tensor, 1u << ATTN_F32));
    if (tensor->size[BATCH] != 1)
        ATTN_TRY(attn_check_size(name, tensor, BATCH, batch));
    ATTN_TRY(attn_check_size(name, tensor, HEAD, s->heads_q));
    ATTN_TRY(attn_check_size(name, tensor, POSITION, 1));
    return attn_check_size(name, tensor, CHANNEL, 1);
}

/* Rows and columns of a bias may exceed what the longest sequence needs. */
static attn_status check_bias(const attn_problem *p, const attn_shape *s)
{
    if (!attn_present(&p->bias))
        return ATTN_OK;
    ATTN_TRY(attn_check_tensor("bias", &p->bias, ATTN_FLOATS));
    const int64_t needed[4] = { s->batch, s->heads_q, s->max_q, s->max_k };
    for (int d = 0; d < 4; d++) {
        int64_t size = p->bias.size[d];
        int fits = d < 2 ? size == needed[d] : size >= needed[d];
        if (size != 1 && !fits)
            return attn_fail(ATTN_INVALID, "bias.size[%d] is %" PRId64 ", expected 1 or %" PRId64 "%s", d, size,
                             needed[d], d < 2 ? "" : " or more");
    }
    return ATTN_OK;
}

static attn_status check_scores(const attn_problem *p, attn_shape *s)
{
    if (!isfinite(p->scale))
        return attn_fail(ATTN_INVALID, "scale is %g, expected a finite number", (double)p->scale);
    if (!isfinite(p->softcap) || p->softcap < 0)
        return attn_fail(ATTN_INVALID, "softcap is %g, expected 0 (off) or a positive number", (double)p->softcap);
    if (p->alignment != ATTN_ALIGN_END && p->alignment != ATTN_ALIGN_START)
        return attn_fail(ATTN_INVALID, "alignment is %d, expected ATTN_ALIGN_END or ATTN_ALIGN_START",
                         (int)p->alignment);
    if (p->batch_invariant != 0 && p->batch_invariant != 1)
        return attn_fail(ATTN_INVALID, "batch_invariant is %d, expected 0 or 1", p->batch_invariant);
    s->scale = p->scale != 0 ? p->scale : (float)(1 / sqrt((double)s->dim));
    ATTN_TRY(attn_visible_from_mask(&p->mask, &s->visible));
    ATTN_TRY(check_head_vector("alibi", &p->alibi, s, s->batch));
    ATTN_TRY(check_head_vector("sink_logit", &p->sink_logit, s, 1));
    return check_bias(p, s);
}

attn_status attn_shape_from_problem(const attn_problem *p, attn_shape *s)
{
    ATTN_TRY(check_floats(p));
    ATTN_TRY(check_heads(p, s));
    ATTN_TRY(check_queries(p, s));
    ATTN_TRY(check_keys(p, s));
    ATTN_TRY(check_lse(p, s));
    ATTN_TRY(check_scores(p, s));
    double pairs =
        fmax(1, (double)s->batch) * (double)s->heads_q * fmax(1, (double)s->max_q) * fmax(1, (double)s->max_k);
    if (pairs > LARGEST_PAIRS)
        return attn_fail(ATTN_INVALID, "q and k make %g pairs of query and key, expected at most %g", pairs,
                         LARGEST_PAIRS);
    return ATTN_OK;
}
