/* Failure reporting: a status plus a per-thread reason text.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#ifndef ATTN_LIB_STATUS_H
#define ATTN_LIB_STATUS_H

#include "attn.h"

#if defined(__GNUC__)
#define ATTN_PRINTF(text, first) __attribute__((format(printf, text, first)))
#else
#define ATTN_PRINTF(text, first)
#endif

/* Sets this thread's reason and returns `status`, so that a check reads `return attn_fail(...)`. */
attn_status attn_fail(attn_status status, const char *format, ...) ATTN_PRINTF(2, 3);

/* INVALID unless low <= value <= high; `name` is the argument's. */
attn_status attn_check_value(const char *name, int64_t value, int64_t low, int64_t high);

/* Returns from the caller when `call` fails. */
#define ATTN_TRY(call)                                                                                                 \
    do {                                                                                                               \
        attn_status status_ = (call);                                                                                  \
        if (status_)                                                                                                   \
            return status_;                                                                                            \
    } while (0)

#endif
