/* Codes of a driver's calls as text.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#ifndef ATTN_GPU_CODE_H
#define ATTN_GPU_CODE_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "status.h"

typedef struct attn_code {
    int32_t code;
    const char *name;
} attn_code;

/* "unknown code" for one that the list lacks. Never NULL. */
const char *attn_code_name(const attn_code *list, size_t count, int32_t code);

/* `status`, with the reason "<call>: NAME (code)". `call` is a format: the entry point and what it was for. */
attn_status attn_fail_call(attn_status status, const char *name, int32_t code, const char *call, va_list arguments);

#endif
