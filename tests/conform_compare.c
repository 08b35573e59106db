/*
 * How far a result may be from what is expected.
 *
 * The measure is the error that a plain computation of the same types makes on the same inputs: a device may have
 * twice that, in its worst element and in the root mean square (which single keys dropped from long rows show in,
 * where the worst element hides them). Since plain is exact by luck on some inputs, floors stand below:
 *
 *     o    floor x max|o|. f32: 1e-6, eight units of rounding: a tiled sum rounds in another order than a plain one,
 *          and an exp of 2 units error may be used. f16: 1e-3, two roundings of 2^-11 (P, o). bf16: 8e-3, two
 *          roundings of 2^-9 and their sum's. The coarsest of the four types counts. To this comes what rounding a
 *          score to f32 does to its exp: 2^-23 x the largest |lse|, which is about the largest score.
 *          Max |o| and not max |v|: the mean of many values is small, and so are the errors of its terms.
 *     lse  5e-6 x max(1, |lse|) for all types: scores and sums are f32 everywhere.
 *
 * Rows that see nothing are exactly 0 and -inf.
 *
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE.
 */
#include "config.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "conform.h"

static const double FACTOR = 2, LSE_FLOOR = 5e-6;

/* The mean square is judged when there are enough elements for it to be steady; its floor is a third of the worst
 * element's. */
enum { ENOUGH_ELEMENTS = 512 };

static double lse_scale(const struct result *exact)
{
    double most = 1;
    int64_t i;

    for (i = 0; i < exact->rows; i++)
        most = isinf(exact->lse[i]) ? most : fmax(most, fabs(exact->lse[i]));
    return most;
}

static double floor_of(const struct instance *in, const struct expectation *e)
{
    static const double floors[] = { [ATTN_F32] = 1e-6, [ATTN_F16] = 1e-3, [ATTN_BF16] = 8e-3 };
    const attn_dtype types[] = { in->c->q, in->c->k, in->c->v, in->problem.o.dtype };
    double most = 0;

    for (int i = 0; i < 4; i++)
        most = fmax(most, floors[types[i]]);
    return (most + 0x1p-23 * lse_scale(&e->plain)) * e->out_max;
}

static double difference(double a, double b)
{
    return a == b ? 0 : fabs(a - b); /* -inf equals itself */
}

/* Worst and mean error of a result. */
struct errors {
    double o_max, o_rms, lse_max;
    int64_t o_at, lse_at; /* element, row */
};

/* NaN counts as infinite. */
static double finite_or_worst(double error)
{
    return error == error ? error : INFINITY;
}

static struct errors measure(const struct result *got, const struct result *exact, int with_lse)
{
    struct errors e = { 0, 0, 0, 0, 0 };
    int64_t elements = exact->rows * exact->dv, i;
    double squares = 0;

    for (i = 0; i < elements; i++) {
        double error = finite_or_worst(difference(got->o[i], exact->o[i]));

        squares += error * error;
        if (error > e.o_max) {
            e.o_max = error;
            e.o_at = i;
        }
    }
    e.o_rms = elements > 0 ? sqrt(squares / (double)elements) : 0;
    for (i = 0; with_lse && i < exact->rows; i++) {
        double error = finite_or_worst(difference(got->lse[i], exact->lse[i]));

        if (error > e.lse_max) {
            e.lse_max = error;
            e.lse_at = i;
        }
    }
    return e;
}

/* ---- expectation -------------------------------------------------------------------------------------------- */

static double largest_output(const struct result *exact)
{
    double most = 0;

    for (int64_t i = 0; i < exact->rows * exact->dv; i++)
        most = fmax(most, fabs(exact->o[i]));
    return most;
}

/* Where plain overflows its types it excuses nothing. */
static double finite_or_none(double error)
{
    return isfinite(error) ? error : 0;
}

enum outcome expectation_create(struct expectation *e, const struct target *reference, struct instance *in,
                                char *message)
{
    attn_dtype type = in->problem.o.dtype;
    enum outcome outcome = OUTCOME_FAILED;
    struct errors plain;

    memset(e, 0, sizeof *e);
    snprintf(message, MESSAGE, "out of memory");
    if (instance_set_output(in, ATTN_F32) == 0)
        outcome = conform_run(reference, in, &e->exact, message);
    if (outcome != OUTCOME_PASSED || instance_set_output(in, type) || oracle_plain(in, &e->plain)) {
        if (outcome == OUTCOME_PASSED)
            result_destroy(&e->exact);
        return OUTCOME_FAILED;
    }
    plain = measure(&e->plain, &e->exact, !in->c->no_lse);
    e->out_max = largest_output(&e->exact);
    e->plain_max = finite_or_none(plain.o_max);
    e->plain_rms = finite_or_none(plain.o_rms);
    e->plain_lse = finite_or_none(plain.lse_max);
    return OUTCOME_PASSED;
}

void expectation_destroy(struct expectation *e)
{
    result_destroy(&e->exact);
    result_destroy(&e->plain);
}

/* ---- comparison --------------------------------------------------------------------------------------------- */

double conform_tolerance(const struct instance *in, const struct expectation *e)
{
    return fmax(FACTOR * e->plain_max, floor_of(in, e));
}

static void locate(const struct instance *in, int64_t row, char *text, size_t capacity)
{
    int64_t b, h, r;

    result_locate(in, row, &b, &h, &r);
    snprintf(text, capacity, "b=%lld, h=%lld, r=%lld", (long long)b, (long long)h, (long long)r);
}

/* Rows that see nothing, by the expected lse (or, without it, an expected o of zeros). */
static int check_empty_rows(const struct instance *in, const struct expectation *e, const struct result *got,
                            char *message)
{
    char where[96];
    int64_t row, c;

    for (row = 0; row < got->rows && !in->c->no_lse; row++) {
        int wrong = 0;

        if (e->exact.lse[row] != -INFINITY)
            continue;
        for (c = 0; c < got->dv; c++)
            wrong |= got->o[row * got->dv + c] != 0;
        if (!wrong && got->lse[row] == -INFINITY)
            continue;
        locate(in, row, where, sizeof where);
        snprintf(message, MESSAGE, "row %s sees no key: expected o = 0 and lse = -inf, got o[0] = %g, lse = %g", where,
                 got->o[row * got->dv], got->lse[row]);
        return -1;
    }
    return 0;
}

static int check_o(const struct instance *in, const struct expectation *e, const struct result *got,
                   const struct errors *error, char *message)
{
    double allowed = conform_tolerance(in, e);
    double allowed_rms = fmax(FACTOR * e->plain_rms, floor_of(in, e) / 3);
    int64_t row = error->o_at / (got->dv > 0 ? got->dv : 1);
    char where[96];

    if (!(error->o_max <= allowed)) {
        locate(in, row, where, sizeof where);
        snprintf(message, MESSAGE,
                 "o[%s, c=%lld]: got %.9g, expected %.9g, error %.3g, allowed %.3g (plain error %.3g)", where,
                 (long long)(error->o_at % got->dv), got->o[error->o_at], e->exact.o[error->o_at], error->o_max,
                 allowed, e->plain_max);
        return -1;
    }
    if (got->rows * got->dv < ENOUGH_ELEMENTS || error->o_rms <= allowed_rms)
        return 0;
    locate(in, row, where, sizeof where);
    snprintf(message, MESSAGE, "o: root mean square error %.3g, allowed %.3g (plain %.3g); worst %.3g in row %s",
             error->o_rms, allowed_rms, e->plain_rms, error->o_max, where);
    return -1;
}

static int check_lse(const struct instance *in, const struct expectation *e, const struct result *got,
                     const struct errors *error, char *message)
{
    double allowed = fmax(FACTOR * e->plain_lse, LSE_FLOOR * lse_scale(&e->exact));
    char where[96];

    if (in->c->no_lse || error->lse_max <= allowed)
        return 0;
    locate(in, error->lse_at, where, sizeof where);
    snprintf(message, MESSAGE, "lse[%s]: got %.9g, expected %.9g, error %.3g, allowed %.3g (plain error %.3g)", where,
             got->lse[error->lse_at], e->exact.lse[error->lse_at], error->lse_max, allowed, e->plain_lse);
    return -1;
}

enum outcome conform_compare(const struct instance *in, const struct expectation *e, const struct result *got,
                             char *message)
{
    struct errors error = measure(got, &e->exact, !in->c->no_lse);

    if (check_empty_rows(in, e, got, message) || check_o(in, e, got, &error, message) ||
        check_lse(in, e, got, &error, message))
        return OUTCOME_FAILED;
    return OUTCOME_PASSED;
}

enum outcome conform_compare_definition(const struct instance *in, const struct result *exact,
                                        const struct result *definition, char *message)
{
    /* Both are float64; the reference's results are then stored as f32, and a score of 400 has an error of 1e-13. */
    struct expectation e = { *definition, *definition, largest_output(definition), 0, 0, 0 };
    struct errors error = measure(exact, definition, !in->c->no_lse);
    double allowed = fmax(1.2e-7 * e.out_max, FLT_MIN); /* o is f32: below, it has no digits left */

    if (check_empty_rows(in, &e, exact, message))
        return OUTCOME_FAILED;
    if (error.o_max <= allowed && error.lse_max <= 1.2e-7 * lse_scale(definition))
        return OUTCOME_PASSED;
    snprintf(message, MESSAGE, "the reference differs from the definition by %.3g in o (allowed %.3g), %.3g in lse",
             error.o_max, allowed, error.lse_max);
    return OUTCOME_FAILED;
}
