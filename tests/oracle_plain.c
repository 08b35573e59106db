/*
 * The plain computation of the same types: three steps, S and P materialised.
 *
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE.
 */
#include "config.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "numbers.h"
#include "oracle.h"

/* One sequence and head. */
struct head {
    const struct instance *in;
    int64_t b, h, kv_head, rows, keys;
    attn_dtype score_type, weight_type, out_type;
    float *q; /* [rows][d] */
    float *s; /* [rows][keys]: scores, then weights */
};

/* Keys whose values are converted at once. */
enum { BLOCK = 64 };

/* Fewer pairs of a head are not worth waking threads for. */
enum { PARALLEL_PAIRS = 100000 };

static void load_row(const struct instance *in, int index, struct place place, int64_t h, float *out)
{
    const struct operand *operand = &in->operand[index];
    int64_t first = instance_index(operand, place.batch, h, place.position, 0), c;

    for (c = 0; c < operand->tensor.size[3]; c++)
        out[c] = (float)number_load(operand->data, operand->tensor.dtype, first + c);
}

/* Dot products of a query row with a block of keys, [d][BLOCK]: each a single chain of f32 additions, channel by
 * channel, which is what a tile product does too. */
static void dot_block(const float *query, const float *block, int64_t d, float *sums)
{
    float sum[BLOCK] = { 0 };
    int64_t c;

    for (c = 0; c < d; c++)
        for (int j = 0; j < BLOCK; j++)
            sum[j] += query[c] * block[c * BLOCK + j];
    memcpy(sums, sum, sizeof sum);
}

static float finish_score(const struct head *head, int64_t r, int64_t j, float s)
{
    const struct instance *in = head->in;
    const attn_problem *problem = &in->problem;
    int64_t p = problem->alignment == ATTN_ALIGN_END ? r + head->keys - head->rows : r;
    float scaled = s * (problem->scale != 0 ? problem->scale : 1.0f / sqrtf((float)in->c->d));

    scaled = number_round(scaled, head->score_type);
    if (problem->softcap > 0)
        scaled = problem->softcap * tanhf(scaled / problem->softcap);
    if (in->c->alibi)
        scaled -= (float)instance_value(in, OPERAND_ALIBI, head->b, head->h, 0, 0, 0) * fabsf((float)(p - j));
    if (in->c->bias)
        scaled += (float)instance_value(in, OPERAND_BIAS, head->b, head->h, r, j, 0);
    return scaled;
}

/* Keys first .. first + count - 1 as [d][BLOCK]; what is behind them stays as it is. */
static void load_keys(const struct head *head, int64_t first, int64_t count, float *row, float *block)
{
    int64_t j, c;

    for (j = 0; j < count; j++) {
        load_row(head->in, OPERAND_K, instance_key(head->in, head->b, first + j), head->kv_head, row);
        for (c = 0; c < head->in->c->d; c++)
            block[c * BLOCK + j] = row[c];
    }
}

static void compute_scores(const struct head *head, float *row, float *block)
{
    int64_t d = head->in->c->d, first, j, r;

    for (first = 0; first < head->keys; first += BLOCK) {
        int64_t count = head->keys - first < BLOCK ? head->keys - first : BLOCK;

        load_keys(head, first, count, row, block);
#ifdef _OPENMP
#pragma omp parallel for private(j) if (head->rows > 16 && head->rows * head->keys > PARALLEL_PAIRS)
#endif
        for (r = 0; r < head->rows; r++) {
            float sums[BLOCK];

            if (oracle_word(head->in, head->b, head->h, r, first) == 0)
                continue; /* softmax_row asks again */
            dot_block(head->q + r * d, block, d, sums);
            for (j = 0; j < count; j++)
                head->s[r * head->keys + first + j] = finish_score(head, r, first + j, sums[j]);
        }
    }
}

/* Scores of row r become weights; returns the row's lse. */
static float softmax_row(const struct head *head, int64_t r)
{
    float *s = head->s + r * head->keys, most = -INFINITY, sum = 0, sink, lse;
    uint64_t word = 0;
    int64_t j;

    for (j = 0; j < head->keys; j++) {
        if (j % 64 == 0)
            word = oracle_word(head->in, head->b, head->h, r, j);
        if (!(word >> j % 64 & 1))
            s[j] = -INFINITY;
        most = s[j] > most ? s[j] : most;
    }
    for (j = 0; j < head->keys; j++) {
        s[j] = s[j] > -INFINITY ? expf(s[j] - most) : 0.0f;
        sum += s[j];
    }
    lse = sum > 0 ? most + logf(sum) : -INFINITY;
    sink = (float)instance_value(head->in, OPERAND_SINK_LOGIT, 0, head->h, 0, 0, -INFINITY);
    for (j = 0; j < head->keys && sum > 0; j++)
        s[j] = number_round(s[j] / (sum * (1.0f + expf(sink - lse))), head->weight_type);
    return lse;
}

/* A weight of 0, such as that of a hidden key, adds nothing: values within the lengths are finite. */
static void add_value(float weight, const float *value, int64_t dv, float *o)
{
    int64_t c;

    if (weight == 0)
        return;
#ifdef _OPENMP
#pragma omp simd
#endif
    for (c = 0; c < dv; c++)
        o[c] += weight * value[c];
}

/* o += P V for a block of keys; o is [rows][dv] of f32. */
static void accumulate(const struct head *head, float *block, float *o)
{
    int64_t dv = head->in->c->dv, first, j, r;

    for (first = 0; first < head->keys; first += BLOCK) {
        int64_t count = head->keys - first < BLOCK ? head->keys - first : BLOCK;

        for (j = 0; j < count; j++)
            load_row(head->in, OPERAND_V, instance_key(head->in, head->b, first + j), head->kv_head, block + j * dv);
#ifdef _OPENMP
#pragma omp parallel for private(j) if (head->rows > 16 && head->rows * head->keys > PARALLEL_PAIRS)
#endif
        for (r = 0; r < head->rows; r++)
            for (j = 0; j < count; j++)
                add_value(head->s[r * head->keys + first + j], block + j * dv, dv, o + r * dv);
    }
}

static void compute_head(const struct head *head, float *block, float *o, struct result *result)
{
    int64_t dv = head->in->c->dv, row = result_row(head->in, head->b, head->h, 0), r, c;

    for (r = 0; r < head->rows; r++)
        load_row(head->in, OPERAND_Q, instance_query(head->in, head->b, r), head->h, head->q + r * head->in->c->d);
    compute_scores(head, o, block);
#ifdef _OPENMP
#pragma omp parallel for if (head->rows > 16 && head->rows * head->keys > PARALLEL_PAIRS)
#endif
    for (r = 0; r < head->rows; r++)
        result->lse[row + r] = (double)softmax_row(head, r);
    memset(o, 0, (size_t)(head->rows * dv) * sizeof *o);
    accumulate(head, block, o);
    for (r = 0; r < head->rows; r++)
        for (c = 0; c < dv; c++)
            result->o[(row + r) * dv + c] = (double)number_round(o[r * dv + c], head->out_type);
}

/* All heads of sequence b. */
static int compute_sequence(const struct instance *in, int64_t b, struct result *result)
{
    const struct attention_case *c = in->c;
    struct head head = { in,
                         b,
                         0,
                         0,
                         case_query_rows(c, b),
                         case_keys(c, b),
                         c->q != ATTN_F32 ? c->q : c->k,
                         c->v,
                         in->problem.o.dtype,
                         NULL,
                         NULL };
    int64_t widest = c->d > c->dv ? c->d : c->dv;
    float *block = calloc((size_t)(BLOCK * widest), sizeof *block);
    float *o = malloc((size_t)(head.rows * c->dv + c->d) * sizeof *o);
    int broken;

    head.q = malloc((size_t)(head.rows * c->d + 1) * sizeof *head.q);
    head.s = malloc((size_t)(head.rows * head.keys + 1) * sizeof *head.s);
    broken = block == NULL || o == NULL || head.q == NULL || head.s == NULL;
    for (; !broken && head.h < c->hq; head.h++) {
        head.kv_head = head.h / (c->hq / c->hk);
        compute_head(&head, block, o, result);
    }
    free(block);
    free(o);
    free(head.q);
    free(head.s);
    return broken ? -1 : 0;
}

int oracle_plain(const struct instance *in, struct result *result)
{
    int64_t b;

    if (result_create(in, result))
        return -1;
    for (b = 0; b < in->c->batch; b++)
        if (compute_sequence(in, b, result)) {
            result_destroy(result);
            return -1;
        }
    return 0;
}
