/* Unit tests of the OpenCL backend on the stub of libOpenCL.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#include "with_opencl.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct with_opencl with;

int with_opencl_setup(void **state)
{
    void *library = dlopen(STUB_OPENCL_LIBRARY, RTLD_NOW | RTLD_LOCAL);

    (void)state;
    if (!library) {
        fprintf(stderr, "%s\n", dlerror());
        return 1;
    }
    with.stub = dlsym(library, "stub");
    with.says = dlsym(library, "stub_opencl");
    unsetenv("ATTN_VERBOSE");
    return !with.stub || !with.says || setenv("ATTN_OPENCL_LIBRARY", STUB_OPENCL_LIBRARY, 1) ||
           setenv("ATTN_OPENCL_CACHE", "0", 1);
}

/* Only where a buffer is made does CL_OUT_OF_RESOURCES mean that memory is short. */
static attn_status expects(const struct life_code *code, const char *entry)
{
    return code->code == CL_OUT_OF_RESOURCES && !strcmp(entry, "clCreateBuffer") ? ATTN_NO_MEMORY : code->status;
}

static attn_status open_first(attn_device **device)
{
    return attn_device_open("opencl:0", device);
}

struct life_driver with_opencl_driver(void)
{
    static const struct life_code codes[] = {
        { CL_OUT_OF_HOST_MEMORY, "CL_OUT_OF_HOST_MEMORY (-6)", ATTN_NO_MEMORY },
        { CL_MEM_OBJECT_ALLOCATION_FAILURE, "CL_MEM_OBJECT_ALLOCATION_FAILURE (-4)", ATTN_NO_MEMORY },
        { CL_OUT_OF_RESOURCES, "CL_OUT_OF_RESOURCES (-5)", ATTN_DRIVER },
        { -2, "CL_DEVICE_NOT_AVAILABLE (-2)", ATTN_DRIVER },
        { -4711, "unknown code (-4711)", ATTN_DRIVER },
    };

    return (struct life_driver){ .stub = with.stub,
                                 .codes = codes,
                                 .code_count = sizeof codes / sizeof *codes,
                                 .open = open_first,
                                 .expects = expects };
}
