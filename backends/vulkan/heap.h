/* Device memory for buffers: blocks of VkDeviceMemory, cut into pieces with a VkBuffer each. Large buffers have a block alone.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#ifndef ATTN_VULKAN_HEAP_H
#define ATTN_VULKAN_HEAP_H

#include "loader.h"
#include "lock.h"
#include "status.h"

struct attn_vulkan_device;

enum { ATTN_VULKAN_BUCKETS = 512 };

typedef struct attn_vulkan_piece {
    struct attn_vulkan_piece *behind; /* in its block, by offset */
    struct attn_vulkan_piece *other;  /* in its bucket, or among the retired */
    struct attn_vulkan_block *block;
    VkBuffer buffer;
    uint64_t offset, end; /* in the block */
    uint64_t bytes;       /* as asked for */
    uint64_t after;       /* retired: the submission that may still use it */
} attn_vulkan_piece;

typedef struct attn_vulkan_block {
    struct attn_vulkan_block *next;
    VkDeviceMemory memory;
    uint64_t size;
    uint32_t type;
    attn_vulkan_piece *pieces;
} attn_vulkan_block;

typedef struct attn_vulkan_heap {
    attn_lock lock;
    int has_lock;
    uint64_t block_size;
    VkPhysicalDeviceMemoryProperties types;
    attn_vulkan_block *blocks;
    attn_vulkan_piece *buckets[ATTN_VULKAN_BUCKETS]; /* by buffer */
    attn_vulkan_piece *retired;
} attn_vulkan_heap;

/* After a failure, destroy is still to be called. */
attn_status attn_vulkan_heap_create(struct attn_vulkan_device *d);
void attn_vulkan_heap_destroy(struct attn_vulkan_device *d);

attn_status attn_vulkan_heap_take(struct attn_vulkan_device *d, uint64_t bytes, VkBuffer *buffer);

/* Gives it back when all that is submitted by now has finished. Buffers of others are left alone. */
void attn_vulkan_heap_give(struct attn_vulkan_device *d, VkBuffer buffer);

/* Bytes of a buffer of this heap; UINT64_MAX: it is another's. */
uint64_t attn_vulkan_heap_size(struct attn_vulkan_device *d, VkBuffer buffer);

/* A buffer, and memory for one: for the heap and for staging. The type of the memory is one of `types` with all the properties
 * in `wanted`, or else in `needed`; -1: there is none. */
VkResult attn_vulkan_create_buffer(struct attn_vulkan_device *d, uint64_t bytes, VkBuffer *buffer,
                                   VkMemoryRequirements *needs);
int attn_vulkan_memory_type(const struct attn_vulkan_device *d, uint32_t types, VkFlags wanted, VkFlags needed);
VkResult attn_vulkan_allocate(struct attn_vulkan_device *d, uint64_t bytes, int type, VkDeviceMemory *memory);

#endif
