/* The host's memory running out.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#include "config.h"

#include "wrap_memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

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

static struct life_driver (*driver_of)(void);

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

/* Every allocation of the driver's life fails in turn. */
static void each_allocation_fails(void **state)
{
    static const struct life_code code = { 1, "no memory", ATTN_NO_MEMORY };
    const struct life_driver driver = driver_of();
    const struct life_driver own = {
        .stub = &stub, .codes = &code, .code_count = 1, .open = driver.open, .also = driver.also
    };

    (void)state;
    assert_true(life_fail_each(&own));
    assert_int_equal(driver.stub->live, 0);
    assert_null(driver.stub->misused);
}

/* What the library has allocated goes too when a call of the driver fails. */
static void each_call_fails(void **state)
{
    const struct life_driver driver = driver_of();
    const long before = stub.live;

    (void)state;
    assert_true(life_fail_each(&driver));
    assert_int_equal(stub.live, before);
}

int wrap_memory_tests(const char *name, int (*setup)(void **state), struct life_driver (*driver)(void))
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_allocation_fails),
        cmocka_unit_test(each_call_fails),
    };

    driver_of = driver;
    return cmocka_run_group_tests_name(name, tests, setup, NULL);
}
