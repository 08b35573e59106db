/* attn_backend.merge of CUDA.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#ifndef ATTN_CUDA_MERGE_H
#define ATTN_CUDA_MERGE_H

#include "backend.h"

attn_status attn_cuda_merge(attn_device *device, const attn_merge_args *args, attn_queue *queue);

#endif
