/* Codes of OpenCL as attn_status and text.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#ifndef ATTN_OPENCL_ERROR_H
#define ATTN_OPENCL_ERROR_H

#include "cl_min.h"
#include "status.h"

/* "CL_OUT_OF_RESOURCES"; "unknown code" for others. Never NULL. */
const char *attn_opencl_code_name(cl_int code);

/* NO_MEMORY where the code means that alone, else DRIVER. */
attn_status attn_opencl_status(cl_int code);

/* That status, with the reason "<call>: CL_NAME (code)". `call` is a format: the entry point and what it was for. */
attn_status attn_opencl_fail(cl_int code, const char *call, ...) ATTN_PRINTF(2, 3);

#endif
