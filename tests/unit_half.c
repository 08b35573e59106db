/*
 * Unit tests of the conversions to and from f16 and bf16, over every value of 16 bits.
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

#include "half.h"
#include "numbers.h"

/* binary16 by its definition: sign, 5 bits of exponent, 10 of fraction. */
static double f16_by_definition(unsigned bits)
{
    int exponent = (int)(bits >> 10 & 31), fraction = (int)(bits & 1023);
    double value = exponent == 0 ? ldexp(fraction, -24) : ldexp(1024 + fraction, exponent - 25);

    if (exponent == 31)
        value = fraction ? NAN : INFINITY;
    return bits >> 15 ? -value : value;
}

static double bf16_by_definition(unsigned bits)
{
    int exponent = (int)(bits >> 7 & 255), fraction = (int)(bits & 127);
    double value = exponent == 0 ? ldexp(fraction, -133) : ldexp(128 + fraction, exponent - 134);

    if (exponent == 255)
        value = fraction ? NAN : INFINITY;
    return bits >> 15 ? -value : value;
}

static const struct {
    attn_dtype dtype;
    double (*definition)(unsigned bits);
} types[] = { { ATTN_F16, f16_by_definition }, { ATTN_BF16, bf16_by_definition } };
enum { TYPES = sizeof types / sizeof *types };

static int same(double a, double b)
{
    return isnan(a) ? isnan(b) : a == b && signbit(a) == signbit(b);
}

/* Both have room for an f32: inlined, the branch for it is compiled too. */
static unsigned stored(attn_dtype dtype, float value)
{
    uint16_t half[2];

    attn_store(dtype, half, 0, value);
    return half[0];
}

static float loaded(attn_dtype dtype, unsigned bits)
{
    uint16_t half[2] = { (uint16_t)bits, 0 };

    return attn_load(dtype, half, 0);
}

static void every_value_loads(void **state)
{
    (void)state;
    for (int t = 0; t < TYPES; t++)
        for (unsigned bits = 0; bits < 65536; bits++) {
            uint16_t half = (uint16_t)bits;
            double want = types[t].definition(bits);

            assert_true(same((double)loaded(types[t].dtype, bits), want));
            assert_true(same(number_load(&half, types[t].dtype, 0), want));
        }
}

static void every_value_comes_back(void **state)
{
    (void)state;
    for (int t = 0; t < TYPES; t++)
        for (unsigned bits = 0; bits < 65536; bits++) {
            float value = loaded(types[t].dtype, bits);
            unsigned again = stored(types[t].dtype, value);

            if (isnan(value))
                assert_true(isnan(loaded(types[t].dtype, again)));
            else
                assert_int_equal(again, bits);
        }
}

/* Between two neighbours: the middle goes to the even one, the floats beside it to the nearer one. */
static void middles_round_to_even(void **state)
{
    (void)state;
    for (int t = 0; t < TYPES; t++)
        for (unsigned bits = 0; bits + 1 < 32768 && isfinite(types[t].definition(bits + 1)); bits++) {
            float middle = (float)((types[t].definition(bits) + types[t].definition(bits + 1)) / 2);
            unsigned even = bits + (bits & 1);

            assert_int_equal(stored(types[t].dtype, middle), even);
            assert_int_equal(stored(types[t].dtype, -middle), even | 0x8000);
            assert_int_equal(stored(types[t].dtype, nextafterf(middle, 0.0f)), bits);
            assert_int_equal(stored(types[t].dtype, nextafterf(middle, INFINITY)), bits + 1);
        }
}

static void overflow_is_infinite(void **state)
{
    (void)state;
    assert_int_equal(stored(ATTN_F16, 65519.996f), 0x7bff);
    assert_int_equal(stored(ATTN_F16, 65520.0f), 0x7c00);
    assert_int_equal(stored(ATTN_F16, -1e30f), 0xfc00);
    assert_int_equal(stored(ATTN_F16, INFINITY), 0x7c00);
    assert_int_equal(stored(ATTN_BF16, 3.4028235e38f), 0x7f80);
    assert_int_equal(stored(ATTN_BF16, -INFINITY), 0xff80);
    assert_int_equal(stored(ATTN_F16, 1e-30f), 0);
    assert_int_equal(stored(ATTN_F16, -0.0f), 0x8000);
}

/* A NaN whose payload is only in the low bits must not become Inf. */
static void nan_stays_nan(void **state)
{
    static const uint32_t payloads[] = { 0x7f800001, 0x7fc00000, 0xff800001, 0x7fffffff, 0xffffffff };

    (void)state;
    for (int t = 0; t < TYPES; t++)
        for (size_t i = 0; i < sizeof payloads / sizeof *payloads; i++) {
            float nan;

            memcpy(&nan, &payloads[i], sizeof nan);
            assert_true(isnan(types[t].definition(stored(types[t].dtype, nan))));
        }
}

/* The library's rounding and the tests' own agree on floats of all magnitudes. */
static void agrees_with_the_tests(void **state)
{
    (void)state;
    for (uint64_t i = 0; i < 1000000; i++) {
        uint32_t bits = (uint32_t)number_hash(7, i);
        float value;

        memcpy(&value, &bits, sizeof value);
        for (int t = 0; t < TYPES && isfinite(value); t++) {
            uint16_t other;

            number_store(&other, types[t].dtype, 0, value);
            assert_int_equal(stored(types[t].dtype, value), other);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_value_loads),     cmocka_unit_test(every_value_comes_back),
        cmocka_unit_test(middles_round_to_even), cmocka_unit_test(overflow_is_infinite),
        cmocka_unit_test(nan_stays_nan),         cmocka_unit_test(agrees_with_the_tests),
    };
    return cmocka_run_group_tests_name("half", tests, NULL, NULL);
}
