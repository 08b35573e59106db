/* Why the kernels of this folder decline a problem, whatever the device.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#ifndef ATTN_GPU_DECLINE_H
#define ATTN_GPU_DECLINE_H

#include "backend.h"

/* Declines what tensor cores do not take: q, k and v that are not of one 16-bit type. 0: it is not so. */
int attn_gpu_decline_types(attn_why *why, const attn_problem *problem);

/* Declines numbers of rows of a KV head, queries x packed heads, outside of fewest .. most; and batch_invariant where there
 * is a most. */
int attn_gpu_decline_rows(attn_why *why, const attn_problem *problem, const attn_shape *shape, int fewest, int most);

#endif
