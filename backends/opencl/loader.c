/* libOpenCL, loaded at run time.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#include "config.h"

#include "loader.h"

#include "gpu/library.h"
#include "lock.h"

static const attn_library_entry entries[] = {
#define ENTRY(result, name, arguments) { #name, offsetof(attn_opencl_api, name), 0 },
    ATTN_OPENCL_ENTRIES(ENTRY)
#undef ENTRY
};

static const char *const names[] = {
#ifdef _WIN32
    "OpenCL.dll",
#elif defined __APPLE__
    "/System/Library/Frameworks/OpenCL.framework/OpenCL",
#endif
    "libOpenCL.so.1", "libOpenCL.so", NULL
};

static const attn_library library = { "opencl", "ATTN_OPENCL_LIBRARY", names, entries,
                                      sizeof entries / sizeof entries[0] };

static int load(void *made)
{
    return attn_library_load(&library, made);
}

const attn_opencl_api *attn_opencl_load(void)
{
    static attn_once once = ATTN_ONCE_INIT;
    static attn_opencl_api api;
    return attn_once_make(&once, load, &api) ? &api : NULL;
}
