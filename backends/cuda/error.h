/* Codes of the CUDA driver as attn_status and text.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#ifndef ATTN_CUDA_ERROR_H
#define ATTN_CUDA_ERROR_H

#include "loader.h"
#include "status.h"

/* "CUDA_ERROR_OUT_OF_MEMORY", as the driver names it; "unknown code" where it does not. Never NULL. */
const char *attn_cuda_code_name(const attn_cuda_api *cu, CUresult code);

/* NO_MEMORY where the code means that alone, else DRIVER; the reason is "<call>: CUDA_NAME (code)". `call` is a format: the
 * entry point and what it was for. */
attn_status attn_cuda_fail(const attn_cuda_api *cu, CUresult code, const char *call, ...) ATTN_PRINTF(3, 4);

#endif
