/*
 * attn explain: what its parts share.
 *
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE.
 */
#ifndef ATTN_TOOLS_EXPLAIN_H
#define ATTN_TOOLS_EXPLAIN_H

#include "attn.h"

enum { EXPLAIN_MOST_LAYERS = 1024 };

/* What the pattern of the problem saves and costs: work against the problem without masks, its schedule, and how far
 * the last position looks back through 1, 2, 4 .. `layers` layers. Returns an exit status. */
int explain_pattern(const attn_problem *problem, const attn_plan_info *info, int64_t layers);

#endif
