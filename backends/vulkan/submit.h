/* Submissions to the one VkQueue of a device: a few command buffers that are used in turn, each with its fence. Submissions have
 * numbers 1, 2, ... and execute in this order: a fence signals when its submission and all before it have finished.
 *
 * A submission costs more than a short run. So while the device has enough to do, what is recorded stays in an open command buffer, which
 * more may join; it is submitted when the device runs out of work, when it has many, or when somebody waits for it. On a caller's VkQueue, which
 * he may submit to himself, everything is submitted at once.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#ifndef ATTN_VULKAN_SUBMIT_H
#define ATTN_VULKAN_SUBMIT_H

#include "loader.h"
#include "lock.h"
#include "status.h"

struct attn_vulkan_device;

enum { ATTN_VULKAN_SLOTS = 64 };

typedef struct attn_vulkan_slot {
    VkCommandBuffer commands;
    VkFence fence;
    uint64_t number; /* of its submission; 0: none yet */
    int waiting;     /* threads that wait for the fence, which therefore must not be reset */
} attn_vulkan_slot;

typedef struct attn_vulkan_submissions {
    attn_lock lock; /* of all of this, the pool and the VkQueue */
    int has_lock;
    VkQueue queue;
    VkCommandPool pool;
    attn_vulkan_slot slots[ATTN_VULKAN_SLOTS];
    uint64_t last, finished; /* submitted; known to have finished */
    attn_vulkan_slot *open;  /* begun, and not yet submitted: will be last + 1; NULL: none */
    int recorded;            /* recordings in it */
} attn_vulkan_submissions;

/* Commands that are being recorded. */
typedef struct attn_vulkan_recording {
    VkCommandBuffer commands;
    attn_vulkan_slot *slot; /* NULL: the caller's command buffer */
} attn_vulkan_recording;

/* `d->device` is there; after a failure, destroy is still to be called. destroy waits for what is submitted. */
attn_status attn_vulkan_submissions_create(struct attn_vulkan_device *d, VkQueue queue);
void attn_vulkan_submissions_destroy(struct attn_vulkan_device *d);

/* Takes the open command buffer, or opens one, and the lock. When all are in use, waits for the oldest. The commands come behind all
 * that was recorded before, with all of its writes visible. */
attn_status attn_vulkan_submit_begin(struct attn_vulkan_device *d, attn_vulkan_recording *recording);

/* Submits it, or leaves it open, and gives the lock back, also after a failure. `number`: of its submission. */
attn_status attn_vulkan_submit_end(struct attn_vulkan_device *d, uint64_t *number);

/* Waits, asleep, until submission `number` has finished; submits it where it is open. */
attn_status attn_vulkan_wait(struct attn_vulkan_device *d, uint64_t number);

/* A barrier: what follows comes behind all commands before, and sees their writes. */
void attn_vulkan_wait_for_all_before(struct attn_vulkan_device *d, VkCommandBuffer commands);

/* The number of the last submission, which may be open. */
uint64_t attn_vulkan_last(struct attn_vulkan_device *d);
uint64_t attn_vulkan_finished(struct attn_vulkan_device *d);

#endif
