/* The CUDA driver's library, loaded at run time.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#include "config.h"

#include "loader.h"

#include "gpu/library.h"
#include "lock.h"

static const attn_library_entry entries[] = {
#define ENTRY(name, suffix, arguments) { #name #suffix, offsetof(attn_cuda_api, name), 0 },
    ATTN_CUDA_ENTRIES(ENTRY)
#undef ENTRY
#define ENTRY(name, suffix, arguments) { #name #suffix, offsetof(attn_cuda_api, name), 1 },
        ATTN_CUDA_OPTIONAL_ENTRIES(ENTRY)
#undef ENTRY
};

static const char *const names[] = {
#ifdef _WIN32
    "nvcuda.dll",
#endif
    "libcuda.so.1", "libcuda.so", NULL
};

static const attn_library library = { "cuda", "ATTN_CUDA_LIBRARY", names, entries, sizeof entries / sizeof entries[0] };

static int load(void *made)
{
    return attn_library_load(&library, made);
}

const attn_cuda_api *attn_cuda_load(void)
{
    static attn_once once = ATTN_ONCE_INIT;
    static attn_cuda_api api;
    return attn_once_make(&once, load, &api) ? &api : NULL;
}
