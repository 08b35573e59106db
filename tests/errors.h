/*
 * Wrong arguments give the documented status, and a reason that names the argument.
 *
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE.
 */
#ifndef ATTN_TESTS_ERRORS_H
#define ATTN_TESTS_ERRORS_H

#include "report.h"

/* Checks named "error/..." that `wanted` accepts. */
void errors_check(struct report *report, const struct target *target, int (*wanted)(const char *name, void *context),
                  void *context);

/* A call that must fail. */
struct wrong_call {
    const char *name;
    attn_status (*call)(const struct target *target);
    attn_status expected;
    const char *reason; /* what attn_reason() must contain */
    int host_only;      /* only devices with host memory answer so */
};
extern const struct wrong_call wrong_calls[]; /* ended by name NULL */

#endif
