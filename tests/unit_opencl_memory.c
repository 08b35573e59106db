/* Unit tests of the OpenCL backend when the host's memory runs out: every allocation of a whole life fails in turn. The linker
 * puts the functions below in the place of the library's malloc and its like (--wrap); those of libc and of the stub driver
 * stay as they are. An allocation is a call of one more stub.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#include "with_opencl.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "life.h"

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *block, size_t size);
void __real_free(void *block);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *block, size_t size);
void __wrap_free(void *block);

/* As reasons call it. */
static const char MEMORY[] = "memory";

static void *counted(void *made)
{
    stub.live += made != NULL;
    return made;
}

void *__wrap_malloc(size_t size)
{
    return stub_call(MEMORY) ? NULL : counted(__real_malloc(size));
}

void *__wrap_calloc(size_t count, size_t size)
{
    return stub_call(MEMORY) ? NULL : counted(__real_calloc(count, size));
}

void *__wrap_realloc(void *block, size_t size)
{
    if (stub_call(MEMORY))
        return NULL;
    return block ? __real_realloc(block, size) : counted(__real_realloc(NULL, size));
}

void __wrap_free(void *block)
{
    stub.live -= block != NULL;
    __real_free(block);
}

static void each_allocation_fails(void **state)
{
    static const struct life_code code = { 1, "no memory", ATTN_NO_MEMORY };
    struct life_driver driver = with_opencl_driver();

    (void)state;
    driver.stub = &stub;
    driver.codes = &code;
    driver.code_count = 1;
    driver.expects = NULL;
    assert_true(life_fail_each(&driver));
    assert_int_equal(with.stub->live, 0);
    assert_null(with.stub->misused);
}

/* What the library has allocated goes too when a call of the driver fails. */
static void each_call_fails(void **state)
{
    const struct life_driver driver = with_opencl_driver();
    long before = stub.live;

    (void)state;
    assert_true(life_fail_each(&driver));
    assert_int_equal(stub.live, before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_allocation_fails),
        cmocka_unit_test(each_call_fails),
    };

    return cmocka_run_group_tests_name("opencl_memory", tests, with_opencl_setup, NULL);
}
