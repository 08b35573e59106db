/* Which kernel of its device a plan runs: the one that the problem names; else the one preferred for its class (tune.h); else
 * the first of the table. A kernel that declines is never chosen.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#ifndef ATTN_LIB_CHOOSE_H
#define ATTN_LIB_CHOOSE_H

#include "plan.h"
#include "text.h"

struct attn_backend;

/* NULL: the table has none of that name, of `length` bytes. */
const struct attn_kernel *attn_kernel_of_name(const struct attn_backend *backend, const char *name, size_t length);

/* INVALID: no kernel of the device has that name. UNSUPPORTED: it declines. */
attn_status attn_kernel_named(attn_device *device, const attn_problem *problem, const attn_shape *shape,
                              const char *name, const struct attn_kernel **kernel);

/* Sets plan->kernel and plan->choice; UNSUPPORTED with every reason when all decline. */
attn_status attn_choose_kernel(attn_plan *plan);

/* Why it was chosen, where it was not for its place; a line for each kernel before it, or for all when there is none, with
 * its reason to decline. */
void attn_explain_choice(attn_text *to, const attn_plan *plan);

#endif
