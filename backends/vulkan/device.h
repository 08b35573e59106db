/* An open device, its queues, and what its kernels are built from and run by.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#ifndef ATTN_VULKAN_DEVICE_H
#define ATTN_VULKAN_DEVICE_H

#include "backend.h"
#include "error.h"
#include "heap.h"
#include "loader.h"
#include "lock.h"
#include "staging.h"
#include "submit.h"
#include "traits.h"

struct attn_vulkan_pipeline;

typedef struct attn_vulkan_device {
    attn_device base;
    attn_vulkan_instance instance;
    attn_vulkan_traits traits; /* features: those that are enabled */
    attn_vulkan_api vk;
    VkDevice device;
    int owned;  /* the VkDevice is the library's */
    int caches; /* compiled pipelines are kept in files */
    attn_vulkan_heap heap;
    attn_vulkan_submissions submissions;
    attn_vulkan_staging staging;
    VkPipelineLayout layout;                /* push constants only; of all pipelines */
    attn_lock lock;                         /* of what follows */
    struct attn_vulkan_pipeline *pipelines; /* compiled so far */
    int probed, found;                      /* what attn_vulkan_probe knows */
} attn_vulkan_device;

/* Memory that a recorded merge uses. */
typedef struct attn_vulkan_held {
    struct attn_vulkan_held *next;
    attn_memory memory;
} attn_vulkan_held;

typedef struct attn_vulkan_queue {
    attn_queue base;
    VkCommandBuffer commands; /* the caller's, to record into; NULL: each call is submitted */
    uint64_t last;            /* number of its last submission */
    attn_vulkan_held *held;
} attn_vulkan_queue;

extern const attn_backend attn_backend_vulkan;

/* A device on `device` and `queue` of traits->family; NULL: of its own. lib fills in the head, or the adopter does. */
attn_status attn_vulkan_open(const attn_vulkan_instance *instance, const attn_vulkan_traits *traits, VkDevice device,
                             VkQueue queue, attn_vulkan_device **opened);

static inline attn_vulkan_device *attn_vulkan_of(attn_device *device)
{
    return (attn_vulkan_device *)device;
}

/* Members of attn_backend: memory.c. */
attn_status attn_vulkan_alloc(attn_device *device, size_t bytes, attn_memory *memory);
void attn_vulkan_free(attn_device *device, attn_memory memory);
attn_status attn_vulkan_upload(attn_device *device, attn_memory to, const void *from, size_t bytes);
attn_status attn_vulkan_download(attn_device *device, void *to, attn_memory from, size_t bytes);

/* What shaders know `memory` by; 0 without a handle. */
VkDeviceAddress attn_vulkan_address(const attn_vulkan_device *device, attn_memory memory);

/* Members of attn_backend: queue.c. */
attn_status attn_vulkan_queue_create(attn_device *device, attn_queue **queue);
attn_status attn_vulkan_queue_wait(attn_queue *queue);
void attn_vulkan_queue_destroy(attn_queue *queue);

/* Commands behind all that the queue was given before; NULL: the default queue. After begin, end follows, with nothing but
 * vkCmd... between them: a lock may be held. */
attn_status attn_vulkan_begin(attn_vulkan_device *device, attn_queue *queue, attn_vulkan_recording *recording);
attn_status attn_vulkan_end(attn_vulkan_device *device, attn_queue *queue, attn_vulkan_recording *recording);

/* Memory for what is begun and ended on the queue after take and before give. */
attn_status attn_vulkan_scratch_take(attn_vulkan_device *device, attn_queue *queue, size_t bytes, attn_memory *memory);
void attn_vulkan_scratch_give(attn_vulkan_device *device, attn_queue *queue, attn_memory memory);

#endif
