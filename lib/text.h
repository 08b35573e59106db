/* Text that is written piece by piece into a buffer which may be too small, or absent.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#ifndef ATTN_LIB_TEXT_H
#define ATTN_LIB_TEXT_H

#include <stddef.h>

#include "status.h"

/* `length` counts the whole text; `bytes` holds what fits of it, terminated. bytes is NULL or has room for a byte. */
typedef struct attn_text {
    char *bytes;
    size_t capacity, length;
} attn_text;

void attn_append(attn_text *to, const char *format, ...) ATTN_PRINTF(2, 3);

#endif
