/* Codes of the CUDA driver as attn_status and text.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#include "config.h"

#include "error.h"

#include "gpu/code.h"

const char *attn_cuda_code_name(const attn_cuda_api *cu, CUresult code)
{
    const char *name = NULL;
    return !cu->cuGetErrorName(code, &name) && name ? name : "unknown code";
}

attn_status attn_cuda_fail(const attn_cuda_api *cu, CUresult code, const char *call, ...)
{
    va_list arguments;
    va_start(arguments, call);
    attn_status status = attn_fail_call(code == CUDA_ERROR_OUT_OF_MEMORY ? ATTN_NO_MEMORY : ATTN_DRIVER,
                                        attn_cuda_code_name(cu, code), code, call, arguments);
    va_end(arguments);
    return status;
}
