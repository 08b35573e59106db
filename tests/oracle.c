/*
 * The definition of attention, transcribed literally. Slow on purpose: every pair is visited and asked.
 *
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE.
 */
#include "config.h"

#include "oracle.h"

#include <math.h>
#include <stdlib.h>

#include "numbers.h"

static int64_t floor_divide(int64_t a, int64_t b)
{
    return (int64_t)floor((double)a / (double)b);
}

/* causal & (sink | (window combine chunk)), as attn.h puts it. */
static int visible(const attn_mask *m, int64_t p, int64_t j)
{
    int has_window = m->window_left >= 0 || m->window_right >= 0;
    int has_chunk = m->chunk > 0;
    int window = (m->window_left < 0 || j >= p - m->window_left) && (m->window_right < 0 || j <= p + m->window_right);
    int chunk = !has_chunk || (floor_divide(p, m->chunk) - m->chunk_back <= floor_divide(j, m->chunk) &&
                               floor_divide(j, m->chunk) <= floor_divide(p, m->chunk));
    int local = has_window && has_chunk && m->combine == ATTN_UNION ? window || chunk : window && chunk;

    return (!m->causal || j <= p) && (j < m->sink || local);
}

int oracle_visible(const attn_problem *problem, int64_t rows, int64_t keys, int64_t r, int64_t j)
{
    return visible(&problem->mask, problem->alignment == ATTN_ALIGN_END ? r + keys - rows : r, j);
}

uint64_t oracle_word(const struct instance *in, int64_t b, int64_t h, int64_t r, int64_t j)
{
    attn_lengths lengths = case_pattern_lengths(in->c, b);
    uint64_t word = UINT64_MAX;
    int64_t first = j - j % 64, i;

    /* A pattern that cannot be asked hides everything, which no comparison takes for right. */
    if (in->problem.pattern != NULL && attn_pattern_word(in->problem.pattern, &lengths, h, r, first, &word))
        word = 0;
    for (i = 0; i < 64; i++)
        if (!oracle_visible(&in->problem, lengths.len_q, lengths.len_k, r, first + i))
            word &= ~(UINT64_C(1) << i);
    return word;
}

/* q, k and v in f32, which holds every element of their types exactly, where they stand in memory. */
struct inputs {
    const struct instance *in;
    float *values[OPERAND_V + 1];
};

static void inputs_destroy(struct inputs *inputs)
{
    int i;

    for (i = OPERAND_Q; i <= OPERAND_V; i++)
        free(inputs->values[i]);
}

static int inputs_create(struct inputs *inputs, const struct instance *in)
{
    int i;

    inputs->in = in;
    for (i = OPERAND_Q; i <= OPERAND_V; i++) {
        const struct operand *operand = &in->operand[i];
        size_t count = operand->bytes / attn_dtype_size(operand->tensor.dtype), at;

        inputs->values[i] = malloc((count + 1) * sizeof(float));
        for (at = 0; inputs->values[i] != NULL && at < count; at++)
            inputs->values[i][at] = (float)number_load(operand->data, operand->tensor.dtype, (int64_t)at);
    }
    return inputs->values[OPERAND_Q] == NULL || inputs->values[OPERAND_K] == NULL || inputs->values[OPERAND_V] == NULL;
}

static const float *row_of(const struct inputs *inputs, int operand, struct place place, int64_t head)
{
    return inputs->values[operand] +
           instance_index(&inputs->in->operand[operand], place.batch, head, place.position, 0);
}

/* One query row: sequence, head, row, position. */
struct query {
    int64_t b, h, kv_head, r, p;
};

static double score(const struct inputs *inputs, const struct query *q, int64_t j)
{
    const struct instance *in = inputs->in;
    const attn_problem *problem = &in->problem;
    const float *query = row_of(inputs, OPERAND_Q, instance_query(in, q->b, q->r), q->h);
    const float *key = row_of(inputs, OPERAND_K, instance_key(in, q->b, j), q->kv_head);
    /* The API's scale is a float, the default one too. */
    double scale = problem->scale != 0 ? (double)problem->scale : (double)(float)(1.0 / sqrt((double)in->c->d));
    double cap = (double)problem->softcap, s = 0;
    int64_t c;

    for (c = 0; c < in->c->d; c++)
        s += (double)query[c] * (double)key[c];
    s *= scale;
    if (cap > 0)
        s = cap * tanh(s / cap);
    s -= instance_value(in, OPERAND_ALIBI, q->b, q->h, 0, 0, 0) * fabs((double)(q->p - j));
    return s + instance_value(in, OPERAND_BIAS, q->b, q->h, q->r, j, 0);
}

/* o of one row, which is zero when it comes, and its lse. */
static double attend(const struct inputs *inputs, const struct query *q, double *o)
{
    const struct instance *in = inputs->in;
    int64_t keys = case_keys(in->c, q->b), j, c;
    double *s = malloc((size_t)(keys + 1) * sizeof *s), most = -INFINITY, sum = 0, lse, sink;
    uint64_t word = 0;

    if (s == NULL)
        return NAN;
    for (j = 0; j < keys; j++) {
        if (j % 64 == 0)
            word = oracle_word(in, q->b, q->h, q->r, j);
        s[j] = word >> j % 64 & 1 ? score(inputs, q, j) : -INFINITY;
        most = s[j] > most ? s[j] : most;
    }
    for (j = 0; j < keys && most > -INFINITY; j++)
        sum += exp(s[j] - most);
    lse = sum > 0 ? most + log(sum) : -INFINITY;
    sink = instance_value(in, OPERAND_SINK_LOGIT, 0, q->h, 0, 0, -INFINITY);
    for (j = 0; j < keys && sum > 0; j++) {
        const float *value = row_of(inputs, OPERAND_V, instance_key(in, q->b, j), q->kv_head);
        double weight = exp(s[j] - lse) / (1 + exp(sink - lse));

        for (c = 0; c < in->c->dv && weight > 0; c++)
            o[c] += weight * (double)value[c];
    }
    free(s);
    return lse;
}

static void attend_all(const struct inputs *inputs, struct result *result)
{
    const struct instance *in = inputs->in;
    int64_t row;

#ifdef _OPENMP
#pragma omp parallel for schedule(dynamic) if (oracle_work(in->c) > 1e6)
#endif
    for (row = 0; row < result->rows; row++) {
        struct query q;

        result_locate(in, row, &q.b, &q.h, &q.r);
        q.kv_head = q.h / (in->c->hq / in->c->hk);
        q.p = q.r;
        if (in->problem.alignment == ATTN_ALIGN_END)
            q.p += case_keys(in->c, q.b) - case_query_rows(in->c, q.b);
        result->lse[row] = attend(inputs, &q, result->o + row * result->dv);
    }
}

int oracle_definition(const struct instance *in, struct result *result)
{
    struct inputs inputs;
    int failed = inputs_create(&inputs, in) || result_create(in, result);

    if (!failed)
        attend_all(&inputs, result);
    inputs_destroy(&inputs);
    return failed ? -1 : 0;
}

double oracle_work(const struct attention_case *c)
{
    double work = 0;
    int64_t b;

    for (b = 0; b < c->batch; b++)
        work += (double)case_query_rows(c, b) * (double)case_keys(c, b) * (double)c->hq * (double)(c->d + c->dv);
    return work;
}
