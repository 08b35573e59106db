/* Types of Q, K and V: constants of a pipeline. A COMPACT kernel reads them from the plan, so that one pipeline serves all.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#ifndef ATTN_TYPES_GLSL
#define ATTN_TYPES_GLSL

#include "plan.glsl"

#ifdef COMPACT
int Q_TYPE = int(run.block.plan.q_type), K_TYPE = int(run.block.plan.k_type), V_TYPE = int(run.block.plan.v_type);
#else
layout(constant_id = 0) const int Q_TYPE = 1;
layout(constant_id = 1) const int K_TYPE = 1;
layout(constant_id = 2) const int V_TYPE = 1;
#endif

#endif
