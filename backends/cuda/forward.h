/* kernel->run of the kernels of backends/gpu.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#ifndef ATTN_CUDA_FORWARD_H
#define ATTN_CUDA_FORWARD_H

#include "backend.h"

attn_status attn_cuda_forward(const attn_plan *plan, const attn_args *args, attn_queue *queue);

#endif
