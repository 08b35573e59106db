/* Unit tests of the OpenCL backend on the stub of libOpenCL.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#ifndef ATTN_TESTS_WITH_OPENCL_H
#define ATTN_TESTS_WITH_OPENCL_H

#include "config.h"

#include "life.h"
#include "stub_opencl.h"

/* Relative to the build folder, where tests run. */
#define STUB_OPENCL_LIBRARY "tests/" LT_OBJDIR "stub_opencl.so"
#define STUB_OPENCL_SHORT_LIBRARY "tests/" LT_OBJDIR "stub_opencl_short.so" /* lacks an entry point */

/* What the stub exports. */
struct with_opencl {
    struct stub *stub;
    struct stub_opencl *says;
};

extern struct with_opencl with;

/* Before any call of the library: it loads the stub, keeps no programs in files, and is not verbose. For cmocka; 0: done. */
int with_opencl_setup(void **state);

/* For life_fail_each: the first device, the codes that every call fails with, and what they mean. */
struct life_driver with_opencl_driver(void);

#endif
