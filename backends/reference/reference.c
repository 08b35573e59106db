/* Device "reference": standard attention in float64 that materialises the score matrix of a head. The oracle of every
 * test and the "standard" row of every table; written to be read, and to share no mask or tile code with the others.
 *
 *     S = scale Q K^T (+ softcap, ALiBi, bias, mask and pattern)      P = softmax(S)      O = P V
 *
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#include "config.h"

#include <math.h>
#include <stdlib.h>

#include "half.h"
#include "host/host.h"
#include "pattern.h"

enum { BLOCK = 64, ROWS = 8 };

/* One head of one sequence. */
typedef struct head_view {
    const attn_plan *plan;
    const attn_args *args;
    attn_sequence sequence;
    int64_t head;          /* query head */
    double *keys, *values; /* [D][len_k], [len_k][Dv] */
    double *scores;        /* [len_q][len_k] */
} head_view;

static double *workspace_doubles(const attn_args *args)
{
    return (double *)(void *)attn_host_pointer(args->workspace);
}

static double workspace_bytes(const attn_shape *s)
{
    return 8.0 * (double)s->max_k * ((double)s->dim + (double)s->dim_v + (double)s->max_q);
}

static int64_t floor_divide(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

/* causal & (sink | (window combine chunk)), as attn.h states it. */
static int sees(const attn_mask *m, int64_t p, int64_t j)
{
    int window = (m->window_left < 0 || j >= p - m->window_left) && (m->window_right < 0 || j <= p + m->window_right);
    int chunk = 1;
    if (m->chunk > 0) {
        int64_t own = floor_divide(p, m->chunk), other = floor_divide(j, m->chunk);
        chunk = other <= own && own - other <= m->chunk_back;
    }
    int both_set = (m->window_left >= 0 || m->window_right >= 0) && m->chunk > 0;
    int local = both_set && m->combine == ATTN_UNION ? window || chunk : window && chunk;
    return (!m->causal || j <= p) && (j < m->sink || local);
}

/* The mask and the pattern must both let a key pass. */
static int hides(const head_view *h, const attn_lengths *lengths, int64_t r, int64_t j)
{
    const attn_pattern *pattern = h->plan->pattern;
    return !sees(&h->plan->problem.mask, r + h->sequence.shift, j) ||
           (pattern && !attn_pattern_sees(pattern, lengths, h->head, r, j));
}

static attn_lengths lengths_of(const head_view *h)
{
    attn_lengths lengths = ATTN_LENGTHS_INIT;
    lengths.heads = h->plan->shape.heads_q;
    lengths.len_q = h->sequence.len_q;
    lengths.len_k = h->sequence.len_k;
    lengths.alignment = h->plan->problem.alignment;
    return lengths;
}

static void widen_keys_and_values(const head_view *h)
{
    const attn_problem *p = &h->plan->problem;
    int64_t head = h->head / h->plan->shape.group, keys = h->sequence.len_k;
    attn_rows k = attn_host_rows(h->plan, h->args, &p->k, h->args->k, &h->sequence, head);
    attn_rows v = attn_host_rows(h->plan, h->args, &p->v, h->args->v, &h->sequence, head);
    for (int64_t j = 0; j < keys; j++) {
        const char *key = attn_host_row(&k, j), *value = attn_host_row(&v, j);
        for (int64_t c = 0; c < h->plan->shape.dim; c++)
            h->keys[c * keys + j] = attn_load(p->k.dtype, key, c);
        for (int64_t c = 0; c < h->plan->shape.dim_v; c++)
            h->values[j * h->plan->shape.dim_v + c] = attn_load(p->v.dtype, value, c);
    }
}

static double alibi_slope(const head_view *h)
{
    const attn_tensor *t = &h->plan->problem.alibi;
    return attn_present(t) ? *(const float *)attn_host_element(t, h->args->alibi, h->sequence.batch, h->head, 0) : 0;
}

/* The score of a key that is seen, of its product with the query. */
static double finish_score(const head_view *h, int64_t r, int64_t j, double slope, double product)
{
    const attn_problem *p = &h->plan->problem;
    double cap = p->softcap, s = product;
    if (cap > 0)
        s = cap * tanh(s / cap);
    s -= slope * (double)llabs(r + h->sequence.shift - j);
    if (attn_present(&p->bias))
        s += attn_load(p->bias.dtype, attn_host_element(&p->bias, h->args->bias, h->sequence.batch, h->head, r),
                       p->bias.size[CHANNEL] > 1 ? j * p->bias.stride[CHANNEL] : 0);
    return s;
}

/* Products of a query with `count` keys from `first` on. */
static void multiply_block(const head_view *h, int64_t r, int64_t first, int64_t count, double *product)
{
    const attn_problem *p = &h->plan->problem;
    const char *q = attn_host_element(&p->q, h->args->q, h->sequence.batch_q, h->head, h->sequence.row_q + r);
    const double *keys = h->keys + first;
    for (int64_t c = 0; c < h->plan->shape.dim; c++, keys += h->sequence.len_k) {
        double query = attn_load(p->q.dtype, q, c) * (double)h->plan->shape.scale;
#pragma omp simd
        for (int64_t j = 0; j < count; j++)
            product[j] += query * keys[j];
    }
}

/* Keys that are hidden are not multiplied when all of a block are. */
static void score_block(const head_view *h, int64_t r, int64_t first, int64_t count)
{
    double product[BLOCK] = { 0 }, slope = alibi_slope(h);
    double *s = h->scores + r * h->sequence.len_k + first;
    const attn_lengths lengths = lengths_of(h);
    int seen = 0;
    for (int64_t j = 0; j < count; j++) {
        s[j] = hides(h, &lengths, r, first + j) ? -INFINITY : 0;
        seen |= s[j] == 0;
    }
    if (!seen)
        return;
    multiply_block(h, r, first, count, product);
    for (int64_t j = 0; j < count; j++)
        if (s[j] == 0)
            s[j] = finish_score(h, r, first + j, slope, product[j]);
}

/* A few rows pass a block of keys together, so that it stays in a near cache. */
static void score_rows(const head_view *h, int64_t from, int64_t to)
{
    int64_t keys = h->sequence.len_k;
    for (int64_t first = 0; first < keys; first += BLOCK)
        for (int64_t r = from; r < to; r++)
            score_block(h, r, first, keys - first < BLOCK ? keys - first : BLOCK);
}

/* Turns scores into weights; returns the log-sum-exp. */
static double softmax_row(double *s, int64_t keys)
{
    double most = -INFINITY, sum = 0;
    for (int64_t j = 0; j < keys; j++)
        most = fmax(most, s[j]);
    for (int64_t j = 0; j < keys; j++)
        sum += s[j] = s[j] == -INFINITY ? 0 : exp(s[j] - most);
    for (int64_t j = 0; j < keys && sum > 0; j++)
        s[j] /= sum;
    return most + log(sum);
}

/* `count` channels of o from channel `first` on: their sums fit into registers and L1. */
static void output_block(const head_view *h, const double *weights, double share, int64_t first, int64_t count, char *o)
{
    double sum[BLOCK] = { 0 };
    for (int64_t j = 0; j < h->sequence.len_k; j++) {
        const double *value = h->values + j * h->plan->shape.dim_v + first;
        if (!(weights[j] > 0))
            continue;
#pragma omp simd
        for (int64_t c = 0; c < count; c++)
            sum[c] += weights[j] * value[c];
    }
    for (int64_t c = 0; c < count; c++)
        attn_store(h->plan->problem.o.dtype, o, first + c, (float)(share * sum[c]));
}

static void output_row(const head_view *h, int64_t r, const double *weights, double lse)
{
    const attn_problem *p = &h->plan->problem;
    int64_t dim_v = h->plan->shape.dim_v, row = h->sequence.row_q + r;
    double share = 1; /* of the keys beside the sink logit */
    if (attn_present(&p->sink_logit) && lse > -INFINITY)
        share =
            1 / (1 + exp(*(const float *)attn_host_element(&p->sink_logit, h->args->sink_logit, 0, h->head, 0) - lse));
    char *o = attn_host_element(&p->o, h->args->o, h->sequence.batch_q, h->head, row);
    for (int64_t first = 0; first < dim_v; first += BLOCK)
        output_block(h, weights, share, first, dim_v - first < BLOCK ? dim_v - first : BLOCK, o);
    if (attn_present(&p->lse))
        *(float *)attn_host_element(&p->lse, h->args->lse, h->sequence.batch_q, h->head, row) = (float)lse;
}

static void run_head(const head_view *h)
{
    int64_t keys = h->sequence.len_k, rows = h->sequence.len_q;
    widen_keys_and_values(h);
#pragma omp parallel for num_threads(h->plan->threads) schedule(static)
    for (int64_t r = 0; r < rows; r += ROWS)
        score_rows(h, r, r + ROWS < rows ? r + ROWS : rows);
#pragma omp parallel for num_threads(h->plan->threads) schedule(static)
    for (int64_t r = 0; r < rows; r++)
        output_row(h, r, h->scores + r * keys, softmax_row(h->scores + r * keys, keys));
}

static attn_status run(const attn_plan *plan, const attn_args *args, attn_queue *queue)
{
    (void)queue;
    const attn_shape *s = &plan->shape;
    ATTN_TRY(attn_host_check_lengths(plan, args));
    double *keys = workspace_doubles(args), *values = keys + s->max_k * s->dim, *scores = values + s->max_k * s->dim_v;
    for (int64_t b = 0; b < s->batch; b++) {
        attn_sequence sequence = attn_host_sequence(plan, args, b);
        for (int64_t head = 0; head < s->heads_q; head++)
            run_head(&(head_view){ plan, args, sequence, head, keys, values, scores });
    }
    return ATTN_OK;
}

static int why_not(const attn_kernel *kernel, const attn_device *device, const attn_problem *problem,
                   const attn_shape *shape, attn_why *why)
{
    (void)kernel, (void)device, (void)problem;
    double bytes = workspace_bytes(shape);
    if (bytes > 0x1p46)
        return attn_decline(why, "the score matrix of a head takes %.3g bytes, at most 2^46", bytes);
    return 0;
}

static size_t workspace(const attn_plan *plan)
{
    return (size_t)workspace_bytes(&plan->shape);
}

static int count(void)
{
    return 1;
}

static attn_status describe(int index, attn_device_info *info)
{
    (void)index;
    *info = (attn_device_info){
        .size = sizeof *info,
        .name = "reference",
        .description = "standard attention in float64 on the CPU, the score matrix in memory",
        .memory = attn_host_memory(),
        .threads = attn_host_threads(),
        .max_dim = 65536,
        .dtypes = ATTN_FLOATS,
        .host_memory = 1,
    };
    return ATTN_OK;
}

static attn_status open_device(int index, attn_device **device)
{
    (void)index;
    return attn_host_open(device);
}

static void close_device(attn_device *device)
{
    free(device);
}

static const attn_kernel kernels[] = {
    { .name = "standard-f64", .why_not = why_not, .workspace = workspace, .run = run },
};

extern const attn_backend attn_backend_reference;
const attn_backend attn_backend_reference = {
    .name = "reference",
    .count = count,
    .describe = describe,
    .open = open_device,
    .close = close_device,
    ATTN_HOST_MEMBERS,
    .kernels = kernels,
    .kernel_count = sizeof kernels / sizeof kernels[0],
};
