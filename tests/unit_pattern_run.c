/*
 * Unit tests of runs with patterns by brute force: random expressions on device "cpu". All scores are 0, so
 * that a row's o is the mean of the values that it sees and its lse the logarithm of how many they are.
 *
 * ATTN_TEST_SEED=N starts at another seed, ATTN_TEST_COUNT=N runs another number of them: a failure names both.
 *
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE.
 */
#include "config.h"

#include <inttypes.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "numbers.h"
#include "oracle.h"
#include "pattern_random.h"

enum { COUNT = 4000, SHOWN = 5, MOST_BATCH = 3, MOST_LENGTH = 300, MOST_ROWS = MOST_BATCH * MOST_LENGTH };
enum { MOST_HEADS = 4, CHANNELS = 3 };

/* Ragged always: a batch of one sequence is one too. Rows of all sequences lie behind each other, [head][row]. */
struct trial {
    uint64_t seed;
    int64_t batch, hq, hk, rows, keys;
    int64_t len_q[MOST_BATCH], len_k[MOST_BATCH];
    int32_t cu_q[MOST_BATCH + 1], cu_k[MOST_BATCH + 1];
    int dense; /* one sequence, no cu_seqlens */
    struct expression *expression;
    attn_pattern *pattern;
    attn_problem problem;
    float q[MOST_HEADS * MOST_ROWS], k[MOST_HEADS * MOST_ROWS];
    float v[MOST_HEADS * MOST_ROWS * CHANNELS], o[MOST_HEADS * MOST_ROWS * CHANNELS], lse[MOST_HEADS * MOST_ROWS];
    char wrong[256];
};

/* ---- drawing --------------------------------------------------------------------------------------------------- */

static int64_t draw_length(struct draws *draws)
{
    static const int64_t corners[] = { 0, 1, 2, 63, 64, 65, 127, 128, 129, 300 };

    if (draw_below(draws, 4) == 0)
        return corners[draw_below(draws, sizeof corners / sizeof *corners)];
    return draw_below(draws, draw_below(draws, 2) ? 60 : MOST_LENGTH + 1);
}

static void draw_lengths(struct draws *draws, struct trial *t)
{
    t->batch = draw_below(draws, 3) > 0 ? 1 : 1 + draw_below(draws, MOST_BATCH);
    t->dense = t->batch == 1 && draw_below(draws, 2);
    for (int64_t b = 0; b < t->batch; b++) {
        int64_t way = draw_below(draws, 8);

        t->len_k[b] = draw_length(draws);
        t->len_q[b] = way == 0 ? 1 : way < 5 ? t->len_k[b] : draw_length(draws);
        t->cu_q[b + 1] = t->cu_q[b] + (int32_t)t->len_q[b];
        t->cu_k[b + 1] = t->cu_k[b] + (int32_t)t->len_k[b];
    }
    t->rows = t->cu_q[t->batch];
    t->keys = t->cu_k[t->batch];
}

/* None mostly: a mask holds beside the pattern. */
static void draw_mask(struct draws *draws, attn_mask *mask)
{
    mask->causal = draw_below(draws, 4) == 0;
    if (draw_below(draws, 5) == 0)
        mask->window_left = draw_below(draws, 100);
    if (draw_below(draws, 10) == 0)
        mask->chunk = 1 + draw_below(draws, 60);
    if (draw_below(draws, 10) == 0)
        mask->sink = draw_below(draws, 9);
}

static void set_problem(struct draws *draws, struct trial *t)
{
    const attn_problem none = ATTN_PROBLEM_INIT;
    attn_problem *p = &t->problem;

    *p = none;
    p->q = attn_bhsd(ATTN_F32, 1, t->hq, t->rows, 1);
    p->k = attn_bhsd(ATTN_F32, 1, t->hk, t->keys, 1);
    p->v = attn_bhsd(ATTN_F32, 1, t->hk, t->keys, CHANNELS);
    p->o = attn_bhsd(ATTN_F32, 1, t->hq, t->rows, CHANNELS);
    p->lse = attn_bhsd(ATTN_F32, 1, t->hq, t->rows, 1);
    p->alignment = draw_below(draws, 3) ? ATTN_ALIGN_END : ATTN_ALIGN_START;
    p->batch_invariant = draw_below(draws, 4) == 0;
    draw_mask(draws, &p->mask);
    if (t->dense)
        return;
    p->cu_seqlens_q = p->cu_seqlens_k = attn_vector(ATTN_I32, t->batch + 1);
    p->lengths_q = t->len_q;
    p->lengths_k = t->len_k;
}

static attn_lengths lengths_of(const struct trial *t, int64_t b)
{
    attn_lengths lengths = ATTN_LENGTHS_INIT;

    lengths.heads = t->hq;
    lengths.len_q = t->len_q[b];
    lengths.len_k = t->len_k[b];
    lengths.alignment = t->problem.alignment;
    return lengths;
}

static void draw_trial(struct trial *t, uint64_t seed)
{
    static const int64_t heads[][2] = { { 1, 1 }, { 2, 1 }, { 2, 2 }, { 4, 2 }, { 3, 1 } };
    struct draws draws = { seed, 2000000 };
    int64_t way = draw_below(&draws, 5);
    attn_lengths lengths;

    memset(t, 0, sizeof *t);
    t->seed = seed;
    t->hq = heads[way][0];
    t->hk = heads[way][1];
    draw_lengths(&draws, t);
    set_problem(&draws, t);
    lengths = lengths_of(t, 0);
    t->expression = expression_create(seed, &lengths, draw_below(&draws, 3) ? VOCABULARY_STEPS : VOCABULARY_ALL);
    assert_non_null(t->expression);
    for (int64_t i = 0; i < t->hk * t->keys * CHANNELS; i++)
        t->v[i] = (float)(number_hash(seed, (uint64_t)i) % 2001) * 0.001f - 1.0f;
    for (int64_t i = 0; i < t->hq * t->rows * CHANNELS; i++)
        t->o[i] = NAN;
}

/* ---- running and comparing ------------------------------------------------------------------------------------- */

static attn_status run(struct trial *t, attn_device *device)
{
    attn_args args = ATTN_ARGS_INIT;

    t->problem.pattern = t->pattern;
    args.q = attn_host(t->q);
    args.k = attn_host(t->k);
    args.v = attn_host(t->v);
    args.o = attn_host(t->o);
    args.lse = attn_host(t->lse);
    args.cu_seqlens_q = attn_host(t->cu_q);
    args.cu_seqlens_k = attn_host(t->cu_k);
    return attn_attention(device, &t->problem, &args);
}

/* What row r of head h of sequence b must be; returns the number of keys that it sees. */
static int64_t expect(const struct trial *t, int64_t b, int64_t h, int64_t r, double mean[CHANNELS])
{
    attn_lengths lengths = lengths_of(t, b);
    const float *v = t->v + (h / (t->hq / t->hk) * t->keys + t->cu_k[b]) * CHANNELS;
    int64_t seen = 0;

    memset(mean, 0, CHANNELS * sizeof *mean);
    for (int64_t j = 0; j < lengths.len_k; j++) {
        if (!expression_sees(t->expression, &lengths, h, r, j) ||
            !oracle_visible(&t->problem, lengths.len_q, lengths.len_k, r, j))
            continue;
        seen++;
        for (int c = 0; c < CHANNELS; c++)
            mean[c] += (double)v[j * CHANNELS + c];
    }
    for (int c = 0; c < CHANNELS && seen > 0; c++)
        mean[c] /= (double)seen;
    return seen;
}

/* No key less and no key more moves both by less than this. */
static const double ALLOWED = 2e-5;

static int check_row(struct trial *t, int64_t b, int64_t h, int64_t r)
{
    int64_t row = h * t->rows + t->cu_q[b] + r;
    double mean[CHANNELS], lse = log((double)expect(t, b, h, r, mean));
    int right = lse == (double)t->lse[row] || fabs(lse - (double)t->lse[row]) <= ALLOWED;

    for (int c = 0; c < CHANNELS; c++)
        right &= fabs(mean[c] - (double)t->o[row * CHANNELS + c]) <= ALLOWED;
    if (!right)
        snprintf(t->wrong, sizeof t->wrong,
                 "sequence %" PRId64 ", head %" PRId64 ", row %" PRId64
                 ": o %.7g, lse %.7g (%.2f keys), expected %.7g, "
                 "%.7g (%.0f keys)",
                 b, h, r, (double)t->o[row * CHANNELS], (double)t->lse[row], exp((double)t->lse[row]), mean[0], lse,
                 exp(lse));
    return right;
}

static int check_rows(struct trial *t)
{
    for (int64_t b = 0; b < t->batch; b++)
        for (int64_t h = 0; h < t->hq; h++)
            for (int64_t r = 0; r < t->len_q[b]; r++)
                if (!check_row(t, b, h, r))
                    return 0;
    return 1;
}

static void print_trial(const struct trial *t)
{
    const attn_mask *m = &t->problem.mask;

    print_error("seed %" PRIu64 ": %s\n    %s\n    %s, %" PRId64 ":%" PRId64
                " heads, aligned at the %s, mask causal %d, "
                "window_left %" PRId64 ", chunk %" PRId64 ", sink %" PRId64 "; rows:keys",
                t->seed, t->wrong, expression_text(t->expression), t->dense ? "dense" : "ragged", t->hq, t->hk,
                t->problem.alignment == ATTN_ALIGN_END ? "end" : "start", m->causal, m->window_left, m->chunk, m->sink);
    for (int64_t b = 0; b < t->batch; b++)
        print_error(" %" PRId64 ":%" PRId64, t->len_q[b], t->len_k[b]);
    print_error("\n");
}

static int check_trial(struct trial *t, attn_device *device)
{
    int right = 0;

    if (expression_pattern(t->expression, &t->pattern) || run(t, device))
        snprintf(t->wrong, sizeof t->wrong, "%s", attn_reason());
    else
        right = check_rows(t);
    if (!right)
        print_trial(t);
    attn_pattern_release(t->pattern);
    expression_destroy(t->expression);
    return !right;
}

static void random_runs(void **state)
{
    uint64_t first = pattern_environment("ATTN_TEST_SEED", 1), count = pattern_environment("ATTN_TEST_COUNT", COUNT), seed;
    struct trial *t = malloc(sizeof *t);
    attn_device *device = NULL;
    int broken = 0;

    (void)state;
    assert_non_null(t);
    assert_int_equal(attn_device_open("cpu", &device), ATTN_OK);
    assert_int_equal(attn_device_set_threads(device, 1), ATTN_OK); /* runs are too short to wake others */
    for (seed = first; seed < first + count && broken < SHOWN; seed++) {
        draw_trial(t, seed);
        broken += check_trial(t, device);
    }
    attn_device_close(device);
    free(t);
    printf("# %" PRIu64 " runs, seeds %" PRIu64 "..%" PRIu64 "\n", seed - first, first, seed - 1);
    assert_int_equal(broken, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_runs),
    };
    return cmocka_run_group_tests_name("pattern_run", tests, NULL, NULL);
}
