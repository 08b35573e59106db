/*
 * Unit tests of the tests: the language of cases, the list, the oracles against numbers worked out by hand, and that
 * a comparison notices what it is there to notice.
 *
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE.
 */
#include "config.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "conform.h"
#include "numbers.h"

static struct attention_case parse(const char *text)
{
    struct attention_case c;
    char error[256] = "";

    if (case_parse(text, &c, error, sizeof error))
        fail_msg("%s", error);
    return c;
}

static void language(void **state)
{
    struct attention_case c =
        parse("any/b2/h8:2/n7:65/d192:128/f16-f32/view/causal/window-1:9/chunk16:1/union/sink4/start");
    struct attention_case d =
        parse("any/f32-f16-bf16-f32/cap2.5/scale-0.5/biasb11k-f16/biasinf/alibibatch/sinklogit/nolse");
    struct attention_case e = parse("any/cuq5.0.63/used1.0.9/page16/n1:9/share/bound/outlier");
    struct attention_case f = parse("any/pat[causal & (keys(0..3, -1) | blocks(bm))]/bm16:64/bmof10/bmheads/nolengths");

    (void)state;
    assert_true(c.batch == 2 && c.hq == 8 && c.hk == 2 && c.nq == 7 && c.nk == 65 && c.d == 192 && c.dv == 128);
    assert_true(c.q == ATTN_F16 && c.k == ATTN_F16 && c.v == ATTN_F16 && c.o == ATTN_F32 && c.layout == LAYOUT_VIEW);
    assert_true(c.mask.causal && c.mask.window_left == -1 && c.mask.window_right == 9 && c.mask.chunk == 16);
    assert_true(c.mask.chunk_back == 1 && c.mask.combine == ATTN_UNION && c.mask.sink == 4 && c.align_start);
    assert_true(d.q == ATTN_F32 && d.k == ATTN_F16 && d.v == ATTN_BF16 && d.o == ATTN_F32);
    assert_true(d.softcap == 2.5 && d.scale == -0.5 && d.alibi == 2 && d.sink_logit && d.no_lse && d.bias_inf);
    assert_true(d.bias == (BIAS_PRESENT | BIAS_BATCH | BIAS_KEY) && d.bias_type == ATTN_F16);
    assert_true(e.batch == 3 && case_query_rows(&e, 2) == 63 && case_keys(&e, 2) == 9 && case_keys(&e, 1) == 0);
    assert_true(e.page_size == 16 && e.share && e.bound && e.inputs == INPUTS_OUTLIER);
    assert_string_equal(f.pattern, "causal & (keys(0..3, -1) | blocks(bm))");
    assert_true(f.block_q == 16 && f.block_k == 64 && f.block_heads && f.block_of == 10 && f.no_lengths && d.block_q == 32);
}

static void mistakes(void **state)
{
    static const char *const wrong[] = {
        "x/n",
        "x/n7:",
        "x/nx",
        "x/f17",
        "x/f16-",
        "x/f16-f16-f16",
        "x/bias1h",
        "x/bias2hqk",
        "x/causal1",
        "x/d0",
        "x/h3:2",
        "x/cuq",
        "x/cuq1.",
        "x/cuq1.2/cuk1.2.3",
        "x/page4/cuk1.2",
        "x/biasinf",
        "x/used100/n5",
        "x/what",
        "x/pat[]",
        "x/pat[causal",
        "x/pat[what]",
        "x/pat[blocks(sg)]",
        "x/bm0",
        "x/bm",
    };
    struct attention_case c;
    char error[256];

    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        if (case_parse(wrong[i], &c, error, sizeof error) == 0)
            fail_msg("accepted: %s", wrong[i]);
}

static int collect(const char *text, void *context)
{
    strcat(context, text);
    strcat(context, " ");
    return 0;
}

static void alternatives(void **state)
{
    char all[256] = "", none[16] = "", patterns[256] = "";

    (void)state;
    assert_int_equal(case_expand("a{1,2{x,y},}b{3,4}", collect, all), 0);
    assert_string_equal(all, "a1b3 a1b4 a2xb3 a2xb4 a2yb3 a2yb4 ab3 ab4 ");
    assert_int_not_equal(case_expand("a{1,2", collect, none), 0);
    assert_int_equal(case_expand("{pat[keys(1, 2)],pat[{x(3,4),y({5,6})}]}", collect, patterns), 0);
    assert_string_equal(patterns, "pat[keys(1, 2)] pat[x(3,4)] pat[y(5)] pat[y(6)] ");
}

static void list_is_right(void **state)
{
    int count = cases_count(), quick = 0;

    (void)state;
    assert_true(count > 1000);
    for (int i = 0; i < count; i++) {
        struct attention_case again = parse(cases_get(i)->name);

        quick += cases_get(i)->level == CASE_QUICK;
        /* The name says everything. */
        again.level = cases_get(i)->level;
        again.feature = cases_get(i)->feature;
        assert_memory_equal(&again.batch, &cases_get(i)->batch, sizeof again - offsetof(struct attention_case, batch));
    }
    assert_true(quick > 500 && quick < 1500);
    for (int f = 0; f < case_feature_count(); f++) {
        int found = 0;

        for (int i = 0; i < count; i++)
            found += cases_get(i)->feature == case_feature_name(f);
        assert_true(found > 0);
    }
}

/* ---- the oracles ----------------------------------------------------------------------------------------------- */

static void set(struct instance *in, int operand, const float *values)
{
    struct operand *to = &in->operand[operand];
    int64_t count = (int64_t)(to->bytes / attn_dtype_size(to->tensor.dtype));

    for (int64_t i = 0; i < count; i++)
        number_store(to->data, to->tensor.dtype, i, values[i]);
}

/* Two keys with scores 0 and ln 3: weights 1/4 and 3/4. A sink logit of ln 4 then doubles the denominator. */
static void by_hand(void **state)
{
    static const float q[] = { 1 }, k[] = { 0, 1.0986123f }, v[] = { 8, 4 }, sink[] = { 1.3862944f };
    struct attention_case c = parse("x/n1:2/d1/f32/scale1"), with_sink = parse("x/n1:2/d1/f32/scale1/sinklogit");
    const struct attention_case *cases[2] = { &c, &with_sink };
    static const double want[2] = { 5, 2.5 };

    (void)state;
    for (int i = 0; i < 2; i++) {
        struct instance *in = instance_create(cases[i], 0);
        struct result exact, plain;

        set(in, OPERAND_Q, q);
        set(in, OPERAND_K, k);
        set(in, OPERAND_V, v);
        if (i == 1)
            set(in, OPERAND_SINK_LOGIT, sink);
        assert_int_equal(oracle_definition(in, &exact), 0);
        assert_int_equal(oracle_plain(in, &plain), 0);
        assert_float_equal(exact.o[0], want[i], 1e-6);
        assert_float_equal(exact.lse[0], log(4), 1e-6);
        assert_float_equal(plain.o[0], want[i], 1e-6);
        assert_float_equal(plain.lse[0], log(4), 1e-6);
        result_destroy(&exact);
        result_destroy(&plain);
        instance_destroy(in);
    }
}

/* The mask of the two is one transcription; that of a few pairs is written out here. */
static void masks_by_hand(void **state)
{
    static const struct {
        const char *text;
        const char *rows[5]; /* queries 0 .. 4 of 5, keys 0 .. 4 */
    } masks[] = {
        { "x/n5/causal", { "10000", "11000", "11100", "11110", "11111" } },
        { "x/n5/window1:2", { "11100", "11110", "01111", "00111", "00011" } },
        { "x/n5/causal/window1:-1/sink1", { "10000", "11000", "11100", "10110", "10011" } },
        { "x/n5/chunk2", { "11000", "11000", "00110", "00110", "00001" } },
        { "x/n5/chunk2:1", { "11000", "11000", "11110", "11110", "00111" } },
        { "x/n5/chunk2/window1:0", { "10000", "11000", "00100", "00110", "00001" } },
        { "x/n5/chunk2/window1:0/union", { "11000", "11000", "01110", "00110", "00011" } },
        { "x/n5/chunk2/sink1/causal", { "10000", "11000", "10100", "10110", "10001" } },
    };

    (void)state;
    for (size_t i = 0; i < sizeof masks / sizeof *masks; i++) {
        struct attention_case c = parse(masks[i].text);
        attn_problem problem;

        case_problem(&c, &problem);
        for (int64_t r = 0; r < 5; r++)
            for (int64_t j = 0; j < 5; j++)
                assert_int_equal(oracle_visible(&problem, 5, 5, r, j), masks[i].rows[r][j] == '1');
    }
    {
        struct attention_case c = parse("x/n2:5/causal"), s = parse("x/n2:5/causal/start");
        attn_problem end, start;

        case_problem(&c, &end);
        case_problem(&s, &start);
        assert_true(oracle_visible(&end, 2, 5, 0, 3) && !oracle_visible(&end, 2, 5, 0, 4));
        assert_true(oracle_visible(&start, 2, 5, 0, 0) && !oracle_visible(&start, 2, 5, 0, 1));
        assert_true(!oracle_visible(&end, 5, 2, 2, 0) && oracle_visible(&end, 5, 2, 3, 0));
    }
}

/* ---- the comparison -------------------------------------------------------------------------------------------- */

/* What a wrong answer may look like. */
static void nothing(struct result *r)
{
    (void)r;
}
static void one_element(struct result *r)
{
    r->o[100] += 1e-4;
}
static void one_nan(struct result *r)
{
    r->o[7] = NAN;
}
static void one_lse(struct result *r)
{
    r->lse[3] += 1e-3;
}
static void lse_nan(struct result *r)
{
    r->lse[0] = NAN;
}
static void empty_row(struct result *r)
{
    r->o[r->dv * (r->rows - 1)] = 1e-30;
}
static void empty_lse(struct result *r)
{
    r->lse[r->rows - 1] = -1e30;
}
static void seen_as_empty(struct result *r)
{
    r->lse[1] = -INFINITY;
}
static void all_a_little(struct result *r)
{
    for (int64_t i = 0; i < r->rows * r->dv; i++)
        r->o[i] += i % 2 ? 1.7e-6 : -1.7e-6;
}

static void comparison_notices(void **state)
{
    static void (*const spoil[])(struct result *) = { nothing,   one_element, one_nan,       one_lse,     lse_nan,
                                                      empty_row, empty_lse,   seen_as_empty, all_a_little };
    struct attention_case c = parse("x/n20:33/d64/f32");
    struct instance *in = instance_create(&c, 0);
    struct expectation e;
    char message[MESSAGE];

    (void)state;
    memset(&e, 0, sizeof e);
    assert_int_equal(oracle_definition(in, &e.exact), 0);
    assert_int_equal(oracle_plain(in, &e.plain), 0);
    e.out_max = 3.5;
    e.exact.lse[19] = -INFINITY;
    memset(e.exact.o + 19 * 64, 0, 64 * sizeof(double));
    for (size_t i = 0; i < sizeof spoil / sizeof *spoil; i++) {
        struct result got;

        assert_int_equal(result_create(in, &got), 0);
        memcpy(got.o, e.exact.o, 20 * 64 * sizeof(double));
        memcpy(got.lse, e.exact.lse, 20 * sizeof(double));
        spoil[i](&got);
        assert_int_equal(conform_compare(in, &e, &got, message), i == 0 ? OUTCOME_PASSED : OUTCOME_FAILED);
        result_destroy(&got);
    }
    expectation_destroy(&e);
    instance_destroy(in);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(language),           cmocka_unit_test(mistakes), cmocka_unit_test(alternatives),
        cmocka_unit_test(list_is_right),      cmocka_unit_test(by_hand),  cmocka_unit_test(masks_by_hand),
        cmocka_unit_test(comparison_notices),
    };
    return cmocka_run_group_tests_name("cases", tests, NULL, NULL);
}
