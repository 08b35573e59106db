/* attn_backend.merge of Vulkan.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#ifndef ATTN_VULKAN_MERGE_H
#define ATTN_VULKAN_MERGE_H

#include "backend.h"

attn_status attn_vulkan_merge(attn_device *device, const attn_merge_args *args, attn_queue *queue);

#endif
