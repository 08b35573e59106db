/* Recording of dispatches. What a shader is told fits push constants: addresses of tensors, since a run must write to no memory
 * that another run in flight reads.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#ifndef ATTN_VULKAN_DISPATCH_H
#define ATTN_VULKAN_DISPATCH_H

#include "device.h"

/* Push constants, and which of their members tell a dispatch the number of its first work-group: a grid with more of them in x and y
 * than the device takes becomes several dispatches. */
typedef struct attn_vulkan_push {
    void *bytes;
    uint32_t size;
    void (*set_first)(void *bytes, int64_t x, int64_t y);
} attn_vulkan_push;

void attn_vulkan_dispatch(const attn_vulkan_device *device, VkCommandBuffer commands, VkPipeline pipeline,
                          const attn_vulkan_push *push, const int64_t groups[3]);

/* A barrier between what the library records: dispatches, copies and updates of buffers. */
void attn_vulkan_order(const attn_vulkan_device *device, VkCommandBuffer commands);

#endif
