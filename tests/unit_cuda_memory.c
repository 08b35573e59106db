/* Unit tests of the CUDA backend when the host's memory runs out.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#include "with_cuda.h"

#include "wrap_memory.h"

int main(void)
{
    return wrap_memory_tests("cuda_memory", with_cuda_setup, with_cuda_driver);
}
