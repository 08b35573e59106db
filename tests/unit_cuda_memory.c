/* Unit tests of the CUDA backend when the host's memory runs out.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#include "with_cuda.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "wrap_memory.h"

static void each_allocation_fails(void **state)
{
    const struct life_driver driver = with_cuda_driver();

    (void)state;
    assert_true(wrap_memory_fail_each(&driver));
}

static void each_call_fails(void **state)
{
    const struct life_driver driver = with_cuda_driver();

    (void)state;
    assert_true(wrap_memory_fail_driver(&driver));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_allocation_fails),
        cmocka_unit_test(each_call_fails),
    };

    return cmocka_run_group_tests_name("cuda_memory", tests, with_cuda_setup, NULL);
}
