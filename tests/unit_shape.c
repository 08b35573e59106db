/*
 * Unit tests of what a problem is turned into: sizes by name, defaults, the lengths and places of every sequence.
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

#include "host/host.h"
#include "instance.h"
#include "shape.h"

static attn_problem problem_of(const char *text)
{
    struct attention_case c;
    attn_problem problem;
    char error[256];

    assert_int_equal(case_parse(text, &c, error, sizeof error), 0);
    case_problem(&c, &problem);
    return problem;
}

static attn_shape shape_of(const char *text)
{
    attn_problem problem = problem_of(text);
    attn_shape shape;

    assert_int_equal(attn_shape_from_problem(&problem, &shape), ATTN_OK);
    return shape;
}

static void dense(void **state)
{
    attn_shape s = shape_of("x/b3/h12:4/n5:7/d40:24/f16");

    (void)state;
    assert_int_equal(s.batch, 3);
    assert_int_equal(s.heads_q, 12);
    assert_int_equal(s.heads_k, 4);
    assert_int_equal(s.group, 3);
    assert_int_equal(s.max_q, 5);
    assert_int_equal(s.max_k, 7);
    assert_int_equal(s.dim, 40);
    assert_int_equal(s.dim_v, 24);
    assert_int_equal(s.ragged_q + s.ragged_k + s.paged, 0);
    assert_float_equal(s.scale, 1 / sqrt(40), 1e-7);
    assert_float_equal(shape_of("x/scale0.25").scale, 0.25, 0);
}

static void ragged(void **state)
{
    attn_shape s = shape_of("x/cuq3.0.4/cuk5.1.3/d8"), bounded = shape_of("x/cuq3.0.4/cuk5.1.3/d8/bound");

    (void)state;
    assert_int_equal(s.batch, 3);
    assert_true(s.ragged_q && s.ragged_k && !s.paged);
    assert_int_equal(s.max_q, 7);
    assert_int_equal(s.max_k, 9);
    assert_int_equal(bounded.max_q, 4);
    assert_int_equal(bounded.max_k, 5);
}

static void paged(void **state)
{
    attn_shape s = shape_of("x/n3:9/used9.0.4/page4/d8"), bounded = shape_of("x/n3:9/used9.0.4/page4/d8/bound");

    (void)state;
    assert_int_equal(s.batch, 3);
    assert_true(s.paged && !s.ragged_q && !s.ragged_k);
    assert_int_equal(s.rows_k, 4);
    assert_int_equal(s.max_pages, 4);
    assert_int_equal(s.max_k, 16);
    assert_int_equal(bounded.max_k, 9);
    assert_int_equal(s.pages, problem_of("x/n3:9/used9.0.4/page4/d8").k.size[0]);
}

/* Every size and stride at its limit, one after the other: refused, or accepted without overflow. */
static void extremes(void **state)
{
    static const int64_t values[] = { INT64_MIN, -1, 0, 1, INT32_MAX, INT64_C(1) << 40, INT64_C(1) << 60, INT64_MAX };
    const attn_problem right = problem_of("x/b2/h4:2/n5:7/d8/alibi/bias1hqk/sinklogit");

    (void)state;
    for (int operand = OPERAND_Q; operand <= OPERAND_SINK_LOGIT; operand++)
        for (int d = 0; d < 8; d++)
            for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
                attn_problem problem = right;
                attn_tensor *tensor = operand_tensor(&problem, operand);
                attn_shape shape;
                attn_status status;

                *(d < 4 ? &tensor->size[d] : &tensor->stride[d - 4]) = values[i];
                status = attn_shape_from_problem(&problem, &shape);
                assert_true(status == ATTN_OK || status == ATTN_INVALID);
                assert_true(values[i] >= 0 || status == ATTN_INVALID);
            }
}

/* ---- sequences ------------------------------------------------------------------------------------------------- */

/* Every key and query row of every sequence is where the test says it is. */
static void check_places(const char *text)
{
    struct attention_case c;
    struct instance *in;
    attn_plan plan;
    attn_args args = ATTN_ARGS_INIT;
    char error[256];

    assert_int_equal(case_parse(text, &c, error, sizeof error), 0);
    in = instance_create(&c, 0);
    assert_non_null(in);
    memset(&plan, 0, sizeof plan);
    plan.problem = in->problem;
    assert_int_equal(attn_shape_from_problem(&plan.problem, &plan.shape), ATTN_OK);
    for (int i = 0; i < OPERANDS; i++)
        if (in->operand[i].data != NULL)
            *operand_memory(&args, i) = attn_host(in->operand[i].data + in->operand[i].offset);
    assert_int_equal(attn_host_check_lengths(&plan, &args), ATTN_OK);
    for (int64_t b = 0; b < c.batch; b++) {
        attn_sequence s = attn_host_sequence(&plan, &args, b);

        assert_int_equal(s.len_q, case_query_rows(&c, b));
        assert_int_equal(s.len_k, case_keys(&c, b));
        assert_int_equal(s.shift, c.align_start ? 0 : s.len_k - s.len_q);
        for (int64_t r = 0; r < s.len_q; r++) {
            struct place at = instance_query(in, b, r);

            assert_int_equal(at.batch, s.batch_q);
            assert_int_equal(at.position, s.row_q + r);
        }
        for (int64_t h = 0; h < c.hk; h++) {
            attn_rows rows = attn_host_rows(&plan, &args, &plan.problem.k, args.k, &s, h);

            for (int64_t j = 0; j < s.len_k; j++) {
                struct place at = instance_key(in, b, j);
                const struct operand *k = &in->operand[OPERAND_K];

                assert_ptr_equal(attn_host_row(&rows, j),
                                 k->data + (size_t)instance_index(k, at.batch, h, at.position, 0) *
                                               attn_dtype_size(k->tensor.dtype));
            }
        }
    }
    instance_destroy(in);
}

static void places(void **state)
{
    (void)state;
    check_places("x/b2/h4:2/n5:7/d8/f16");
    check_places("x/b2/h4:2/n5:7/d8/f32/view/start");
    check_places("x/cuq3.0.4/cuk5.1.3/h4:2/d8/bshd/tail");
    check_places("x/cuq3.0.4/cuk5.1.3/used4.0.3/h2/d8/view");
    check_places("x/n3:9/used9.0.4/page4/h2/d8/f16/view");
    check_places("x/n3:20/used20.0.9/page3/share/h2/d8/f32");
    check_places("x/cuq3.0.4/n1:9/used9.0.4/page1/h2/d8/f32/start");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dense),    cmocka_unit_test(ragged), cmocka_unit_test(paged),
        cmocka_unit_test(extremes), cmocka_unit_test(places),
    };
    return cmocka_run_group_tests_name("shape", tests, NULL, NULL);
}
