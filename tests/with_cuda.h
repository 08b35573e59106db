/* Unit tests of the CUDA backend on the stub of its driver.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#ifndef ATTN_TESTS_WITH_CUDA_H
#define ATTN_TESTS_WITH_CUDA_H

#include "config.h"

#include "life.h"
#include "stub_cuda.h"

/* Relative to the build folder, where tests run. */
#define STUB_CUDA_LIBRARY "tests/" LT_OBJDIR "stub_cuda.so"
#define STUB_CUDA_SHORT_LIBRARY "tests/" LT_OBJDIR "stub_cuda_short.so" /* lacks an entry point */
#define STUB_CUDA_OLD_LIBRARY "tests/" LT_OBJDIR "stub_cuda_old.so"     /* lacks optional ones */

/* What the stub exports. */
struct with_cuda {
    struct stub *stub;
    struct stub_cuda *says;
};

extern struct with_cuda with;

/* Before any call of the library: it loads the stub, and is not verbose. For cmocka; 0: done. */
int with_cuda_setup(void **state);

/* For life_fail_each: the first device, the codes that every call fails with, and what they mean. */
struct life_driver with_cuda_driver(void);

#endif
