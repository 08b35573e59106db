/* kernel->run of the kernels that have forward.comp's interface.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#ifndef ATTN_VULKAN_FORWARD_H
#define ATTN_VULKAN_FORWARD_H

#include "backend.h"

attn_status attn_vulkan_forward(const attn_plan *plan, const attn_args *args, attn_queue *queue);

#endif
