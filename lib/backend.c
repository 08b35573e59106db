/* The ordered table of backends.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#include "config.h"

#include "backend.h"

#include <stdarg.h>
#include <stdio.h>

extern const attn_backend attn_backend_cpu, attn_backend_cuda, attn_backend_opencl, attn_backend_reference,
    attn_backend_vulkan;

/* "auto" opens the first device in this order; reference, the oracle, stays last. */
const attn_backend *const attn_backends[] = {
    &attn_backend_cpu,
#ifdef ATTN_BACKEND_CUDA
    &attn_backend_cuda,
#endif
#ifdef ATTN_BACKEND_OPENCL
    &attn_backend_opencl,
#endif
#ifdef ATTN_BACKEND_VULKAN
    &attn_backend_vulkan,
#endif
    &attn_backend_reference, NULL,
};

int attn_decline(attn_why *why, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(why->text, sizeof why->text, format, arguments);
    va_end(arguments);
    return 1;
}

int attn_decline_dims(attn_why *why, const attn_shape *shape, int most)
{
    int keys = shape->dim > most;
    if (!keys && shape->dim_v <= most)
        return 0;
    return attn_decline(why, "%s is %lld, at most %d", keys ? "q.size[3]" : "v.size[3]",
                        (long long)(keys ? shape->dim : shape->dim_v), most);
}
