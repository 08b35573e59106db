/* Codes of a driver's calls as text.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#include "config.h"

#include "code.h"

#include <stdio.h>

const char *attn_code_name(const attn_code *list, size_t count, int32_t code)
{
    for (size_t i = 0; i < count; i++)
        if (list[i].code == code)
            return list[i].name;
    return "unknown code";
}

attn_status attn_fail_call(attn_status status, const char *name, int32_t code, const char *call, va_list arguments)
{
    char text[256];
    vsnprintf(text, sizeof text, call, arguments);
    return attn_fail(status, "%s: %s (%d)", text, name, (int)code);
}
