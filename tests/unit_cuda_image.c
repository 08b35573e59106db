/* Unit tests of image.c of the CUDA backend: which devices machine code and PTX run on, which image serves which types.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "cuda/image.h"

static void codes(void **state)
{
    static const struct {
        const char *codes;
        int major, minor, level;
    } cases[] = {
        { "sm_80", 8, 0, 80 },        { "sm_80", 8, 6, 80 },       { "sm_86", 8, 0, 0 },
        { "sm_80", 9, 0, 0 },         { "sm_80", 7, 5, 0 },        { "sm_90a", 9, 0, 90 },
        { "sm_90a", 10, 0, 0 },       { "sm_100", 10, 3, 100 },    { "sm_100", 12, 0, 0 },
        { "compute_80", 8, 0, 80 },   { "compute_80", 12, 1, 80 }, { "compute_80", 7, 5, 0 },
        { "compute_90a", 9, 0, 90 },  { "compute_90a", 12, 0, 0 }, { "sm_80 sm_90a compute_80", 12, 0, 80 },
        { "sm_80 sm_90a", 9, 0, 90 }, { "sm_80 sm_90a", 7, 5, 0 }, { "sm_80 compute_90 compute_80", 12, 0, 90 },
    };
    int wrong = 0;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const attn_cuda_image image = { "kernel", ATTN_NONE, cases[i].codes, 0, NULL };

        if (attn_cuda_image_level(&image, cases[i].major, cases[i].minor) == cases[i].level)
            continue;
        print_error("%s on %d.%d: expected %d\n", cases[i].codes, cases[i].major, cases[i].minor, cases[i].level);
        wrong++;
    }
    assert_int_equal(wrong, 0);
}

static void types(void **state)
{
    const attn_cuda_image *f32 = attn_cuda_image_find("forward_8_64", ATTN_F32, ATTN_F32);
    const attn_cuda_image *mixed = attn_cuda_image_find("forward_8_64", ATTN_F32, ATTN_F16);

    (void)state;
    assert_non_null(f32);
    assert_int_equal(f32->type, ATTN_F32);
    assert_non_null(mixed);
    assert_int_equal(mixed->type, ATTN_NONE);
    assert_ptr_equal(mixed, attn_cuda_image_find("forward_8_64", ATTN_F16, ATTN_F16));
    assert_null(attn_cuda_image_find("forward", ATTN_F32, ATTN_F32));
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(codes), cmocka_unit_test(types) };

    return cmocka_run_group_tests_name("cuda_image", tests, NULL, NULL);
}
