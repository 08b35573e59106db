/* kernel->run of the portable kernel.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#ifndef ATTN_OPENCL_FORWARD_H
#define ATTN_OPENCL_FORWARD_H

#include "backend.h"

attn_status attn_opencl_forward(const attn_plan *plan, const attn_args *args, attn_queue *queue);

#endif
