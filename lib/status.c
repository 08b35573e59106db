/* Status names, the per-thread reason, the version.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#include "config.h"

#include "status.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

/* Room for one line from every kernel of the largest backend. */
static _Thread_local char reason[2048];

attn_status attn_fail(attn_status status, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(reason, sizeof reason, format, arguments);
    va_end(arguments);
    return status;
}

attn_status attn_check_value(const char *name, int64_t value, int64_t low, int64_t high)
{
    if (value < low || value > high)
        return attn_fail(ATTN_INVALID, "%s is %" PRId64 ", expected %" PRId64 " .. %" PRId64, name, value, low, high);
    return ATTN_OK;
}

const char *attn_reason(void)
{
    return reason;
}

const char *attn_status_string(attn_status status)
{
    static const char *const names[] = {
        [ATTN_OK] = "ATTN_OK",
        [ATTN_INVALID] = "ATTN_INVALID",
        [ATTN_UNSUPPORTED] = "ATTN_UNSUPPORTED",
        [ATTN_NO_DEVICE] = "ATTN_NO_DEVICE",
        [ATTN_NO_MEMORY] = "ATTN_NO_MEMORY",
        [ATTN_DRIVER] = "ATTN_DRIVER",
    };
    unsigned index = (unsigned)status;
    return index < sizeof names / sizeof names[0] ? names[index] : "unknown attn_status";
}

unsigned attn_version(void)
{
    return ATTN_VERSION_MAJOR << 16 | ATTN_VERSION_MINOR << 8 | ATTN_VERSION_PATCH;
}
