/* Unit tests of the OpenCL backend when the host's memory runs out.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#include "with_opencl.h"

#include "wrap_memory.h"

int main(void)
{
    return wrap_memory_tests("opencl_memory", with_opencl_setup, with_opencl_driver);
}
