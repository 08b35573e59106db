/* Why the kernels of this folder decline a problem, or do not suit it, whatever the device.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#ifndef ATTN_GPU_DECLINE_H
#define ATTN_GPU_DECLINE_H

#include "backend.h"

/* Declines what tensor cores do not take: q, k and v that are not of one 16-bit type. 0: it is not so. */
int attn_gpu_decline_types(attn_why *why, const attn_problem *problem);

/* Declines batch_invariant when a kernel is made for at most `most` rows of a KV head. */
int attn_gpu_decline_invariant(attn_why *why, const attn_problem *problem, int most);

/* For attn_kernel.suits: 1 when the rows of a KV head, queries x packed heads, are fewest .. most; 0: `why` is set. */
int attn_gpu_suits_rows(attn_why *why, const attn_problem *problem, const attn_shape *shape, int fewest, int most);

#endif
