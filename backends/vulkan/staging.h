/* Copies between host and device memory, piece by piece through buffers that both see.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#ifndef ATTN_VULKAN_STAGING_H
#define ATTN_VULKAN_STAGING_H

#include "loader.h"
#include "lock.h"
#include "status.h"

struct attn_vulkan_device;

/* Two, so that one is filled while the other is copied. */
enum { ATTN_VULKAN_STAGES = 2 };

typedef struct attn_vulkan_stage {
    uint64_t number; /* of the submission that copies it; 0: none */
    unsigned char *to;
    size_t bytes; /* to bring there then; 0: nothing */
} attn_vulkan_stage;

/* Made by the first copy. */
typedef struct attn_vulkan_staging {
    attn_lock lock;
    int has_lock;
    VkBuffer buffer;
    VkDeviceMemory memory;
    unsigned char *bytes;
    attn_vulkan_stage stages[ATTN_VULKAN_STAGES];
} attn_vulkan_staging;

attn_status attn_vulkan_staging_create(struct attn_vulkan_device *d);
void attn_vulkan_staging_destroy(struct attn_vulkan_device *d);

/* Behind all that was submitted before; return when the copy is done. */
attn_status attn_vulkan_copy_in(struct attn_vulkan_device *d, VkBuffer to, uint64_t offset, const void *from,
                                size_t bytes);
attn_status attn_vulkan_copy_out(struct attn_vulkan_device *d, void *to, VkBuffer from, uint64_t offset, size_t bytes);

#endif
