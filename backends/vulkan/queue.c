/* Queues: each call is submitted, or recorded into the caller's command buffer.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#include "config.h"

#include <stdlib.h>

#include "device.h"

attn_status attn_vulkan_queue_create(attn_device *device, attn_queue **queue)
{
    attn_vulkan_queue *created = calloc(1, sizeof *created);
    if (!created)
        return attn_fail(ATTN_NO_MEMORY, "no memory for a queue of %zu bytes", sizeof *created);
    created->base.device = device;
    *queue = &created->base;
    return ATTN_OK;
}

attn_status attn_vulkan_queue_wait(attn_queue *queue)
{
    attn_vulkan_queue *own = (attn_vulkan_queue *)queue;
    if (own->commands)
        return attn_fail(ATTN_INVALID, "queue records into a command buffer, which only its caller submits");
    return attn_vulkan_wait(attn_vulkan_of(queue->device), own->last);
}

void attn_vulkan_queue_destroy(attn_queue *queue)
{
    attn_vulkan_queue *own = (attn_vulkan_queue *)queue;
    while (own->held) {
        attn_vulkan_held *held = own->held;
        own->held = held->next;
        attn_vulkan_free(queue->device, held->memory);
        free(held);
    }
    free(own);
}

static int records(attn_queue *queue)
{
    return queue && ((attn_vulkan_queue *)queue)->commands;
}

attn_status attn_vulkan_begin(attn_vulkan_device *device, attn_queue *queue, attn_vulkan_recording *recording)
{
    if (!records(queue))
        return attn_vulkan_submit_begin(device, recording);
    *recording = (attn_vulkan_recording){ ((attn_vulkan_queue *)queue)->commands, NULL };
    attn_vulkan_wait_for_all_before(device, recording->commands);
    return ATTN_OK;
}

attn_status attn_vulkan_end(attn_vulkan_device *device, attn_queue *queue, attn_vulkan_recording *recording)
{
    uint64_t number;
    if (!recording->slot)
        return ATTN_OK;
    attn_status status = attn_vulkan_submit_end(device, &number);
    if (queue)
        ((attn_vulkan_queue *)queue)->last = number;
    return status;
}

static attn_status hold(attn_vulkan_queue *queue, attn_memory memory)
{
    attn_vulkan_held *held = malloc(sizeof *held);
    if (!held)
        return attn_fail(ATTN_NO_MEMORY, "no memory to hold what a merge uses");
    *held = (attn_vulkan_held){ queue->held, memory };
    queue->held = held;
    return ATTN_OK;
}

attn_status attn_vulkan_scratch_take(attn_vulkan_device *device, attn_queue *queue, size_t bytes, attn_memory *memory)
{
    ATTN_TRY(attn_vulkan_alloc(&device->base, bytes, memory));
    attn_status status = records(queue) ? hold((attn_vulkan_queue *)queue, *memory) : ATTN_OK;
    if (status)
        attn_vulkan_free(&device->base, *memory);
    return status;
}

void attn_vulkan_scratch_give(attn_vulkan_device *device, attn_queue *queue, attn_memory memory)
{
    if (!records(queue))
        attn_vulkan_free(&device->base, memory);
}
