/* Unit tests of the CUDA backend on the stub of its driver.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#include "with_cuda.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>

struct with_cuda with;

int with_cuda_setup(void **state)
{
    void *library = dlopen(STUB_CUDA_LIBRARY, RTLD_NOW | RTLD_LOCAL);

    (void)state;
    if (!library) {
        fprintf(stderr, "%s\n", dlerror());
        return 1;
    }
    with.stub = dlsym(library, "stub");
    with.says = dlsym(library, "stub_cuda");
    unsetenv("ATTN_VERBOSE");
    return !with.stub || !with.says || setenv("ATTN_CUDA_LIBRARY", STUB_CUDA_LIBRARY, 1);
}

static attn_status open_first(attn_device **device)
{
    return attn_device_open("cuda:0", device);
}

struct life_driver with_cuda_driver(void)
{
    static const struct life_code codes[] = {
        { CUDA_ERROR_OUT_OF_MEMORY, "CUDA_ERROR_OUT_OF_MEMORY (2)", ATTN_NO_MEMORY },
        { 719, "CUDA_ERROR_LAUNCH_FAILED (719)", ATTN_DRIVER },
        { -4711, "unknown code (-4711)", ATTN_DRIVER },
    };

    return (struct life_driver){
        .stub = with.stub, .codes = codes, .code_count = sizeof codes / sizeof *codes, .open = open_first
    };
}
