/* What a plan will do and cost.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#ifndef ATTN_LIB_PLAN_INFO_H
#define ATTN_LIB_PLAN_INFO_H

#include "plan.h"
#include "text.h"

/* Lines about the pattern: its text, how it runs, and what the other way would visit. */
void attn_explain_pattern(attn_text *to, const attn_plan *plan);

#endif
