/* Text that is written piece by piece into a buffer which may be too small, or absent.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#include "config.h"

#include "text.h"

#include <stdarg.h>
#include <stdio.h>

void attn_append(attn_text *to, const char *format, ...)
{
    size_t used = to->length < to->capacity ? to->length : to->capacity;
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(to->bytes ? to->bytes + used : NULL, to->bytes ? to->capacity - used : 0, format, arguments);
    va_end(arguments);
    if (length > 0)
        to->length += (size_t)length;
}
