/* The host's memory running out.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#include "config.h"

#include "wrap_memory.h"

#include <stdlib.h>

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

int wrap_memory_fail_each(const struct life_driver *driver)
{
    static const struct life_code code = { 1, "no memory", ATTN_NO_MEMORY };
    const struct life_driver own = {
        .stub = &stub, .codes = &code, .code_count = 1, .open = driver->open, .also = driver->also
    };

    return life_fail_each(&own) && !driver->stub->live && !driver->stub->misused;
}

int wrap_memory_fail_driver(const struct life_driver *driver)
{
    const long before = stub.live;

    return life_fail_each(driver) && stub.live == before;
}
