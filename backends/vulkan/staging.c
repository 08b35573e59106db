/* Copies between host and device memory.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#include "config.h"

#include "staging.h"

#include <string.h>

#include "device.h"

static const size_t STAGE = (size_t)4 << 20;

attn_status attn_vulkan_staging_create(attn_vulkan_device *d)
{
    d->staging.has_lock = attn_lock_create(&d->staging.lock);
    return d->staging.has_lock ? ATTN_OK : attn_fail(ATTN_NO_MEMORY, "no memory for a lock");
}

static void release(attn_vulkan_device *d)
{
    if (d->staging.buffer)
        d->vk.DestroyBuffer(d->device, d->staging.buffer, NULL);
    if (d->staging.memory)
        d->vk.FreeMemory(d->device, d->staging.memory, NULL);
    d->staging.buffer = d->staging.memory = 0;
}

void attn_vulkan_staging_destroy(attn_vulkan_device *d)
{
    release(d);
    if (d->staging.has_lock)
        attn_lock_destroy(&d->staging.lock);
}

/* Every device has memory that is host visible and coherent, and allows it for buffers. */
static VkResult make(attn_vulkan_device *d, attn_vulkan_staging *s)
{
    const VkFlags shared = VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT | VK_MEMORY_PROPERTY_HOST_COHERENT_BIT;
    VkMemoryRequirements needs;
    void *mapped = NULL;
    VkResult code = attn_vulkan_create_buffer(d, ATTN_VULKAN_STAGES * STAGE, &s->buffer, &needs);
    if (!code)
        code = attn_vulkan_allocate(
            d, needs.size,
            attn_vulkan_memory_type(d, needs.memoryTypeBits, shared | VK_MEMORY_PROPERTY_HOST_CACHED_BIT, shared),
            &s->memory);
    if (!code)
        code = d->vk.BindBufferMemory(d->device, s->buffer, s->memory, 0);
    if (!code)
        code = d->vk.MapMemory(d->device, s->memory, 0, VK_WHOLE_SIZE, 0, &mapped);
    if (code)
        release(d);
    s->bytes = mapped;
    return code;
}

static unsigned char *bytes_of(attn_vulkan_staging *s, int stage)
{
    return s->bytes + (size_t)stage * STAGE;
}

/* Waits for the stage's copy, and brings what it copied out to its place. */
static attn_status finish(attn_vulkan_device *d, int stage)
{
    attn_vulkan_stage *s = &d->staging.stages[stage];
    attn_status status = attn_vulkan_wait(d, s->number);
    if (!status && s->bytes)
        memcpy(s->to, bytes_of(&d->staging, stage), s->bytes);
    *s = (attn_vulkan_stage){ 0 };
    return status;
}

static void make_visible_to_host(attn_vulkan_device *d, VkCommandBuffer commands)
{
    const VkMemoryBarrier barrier = {
        .sType = VK_STRUCTURE_TYPE_MEMORY_BARRIER,
        .srcAccessMask = VK_ACCESS_TRANSFER_WRITE_BIT,
        .dstAccessMask = VK_ACCESS_HOST_READ_BIT,
    };
    d->vk.CmdPipelineBarrier(commands, VK_PIPELINE_STAGE_TRANSFER_BIT, VK_PIPELINE_STAGE_HOST_BIT, 0, 1, &barrier, 0,
                             NULL, 0, NULL);
}

static attn_status start_in(attn_vulkan_device *d, int stage, VkBuffer to, uint64_t offset, const void *from,
                            size_t bytes)
{
    attn_vulkan_recording r;
    const VkBufferCopy region = { (uint64_t)stage * STAGE, offset, bytes };
    memcpy(bytes_of(&d->staging, stage), from, bytes);
    ATTN_TRY(attn_vulkan_submit_begin(d, &r));
    d->vk.CmdCopyBuffer(r.commands, d->staging.buffer, to, 1, &region);
    return attn_vulkan_submit_end(d, &d->staging.stages[stage].number);
}

static attn_status start_out(attn_vulkan_device *d, int stage, unsigned char *to, VkBuffer from, uint64_t offset,
                             size_t bytes)
{
    attn_vulkan_recording r;
    const VkBufferCopy region = { offset, (uint64_t)stage * STAGE, bytes };
    ATTN_TRY(attn_vulkan_submit_begin(d, &r));
    d->vk.CmdCopyBuffer(r.commands, from, d->staging.buffer, 1, &region);
    make_visible_to_host(d, r.commands);
    ATTN_TRY(attn_vulkan_submit_end(d, &d->staging.stages[stage].number));
    d->staging.stages[stage].to = to;
    d->staging.stages[stage].bytes = bytes;
    return ATTN_OK;
}

/* One of `in` and `out` is NULL. Both stages are finished at the end, also after a failure. */
static attn_status copy(attn_vulkan_device *d, VkBuffer buffer, uint64_t offset, const unsigned char *in,
                        unsigned char *out, size_t bytes)
{
    attn_status status = ATTN_OK;
    int stage = 0;
    for (size_t at = 0; at < bytes && !status; at += STAGE, stage = (stage + 1) % ATTN_VULKAN_STAGES) {
        size_t here = bytes - at < STAGE ? bytes - at : STAGE;
        status = finish(d, stage);
        if (!status)
            status = in ? start_in(d, stage, buffer, offset + at, in + at, here)
                        : start_out(d, stage, out + at, buffer, offset + at, here);
    }
    for (int i = 0; i < ATTN_VULKAN_STAGES; i++) {
        attn_status ended = finish(d, i);
        status = status ? status : ended;
    }
    return status;
}

static attn_status copy_locked(attn_vulkan_device *d, VkBuffer buffer, uint64_t offset, const void *in, void *out,
                               size_t bytes)
{
    attn_lock_take(&d->staging.lock);
    VkResult code = d->staging.bytes ? VK_SUCCESS : make(d, &d->staging);
    attn_status status = code ? attn_vulkan_fail(code, "%zu bytes of staging memory", ATTN_VULKAN_STAGES * STAGE)
                              : copy(d, buffer, offset, in, out, bytes);
    attn_lock_give(&d->staging.lock);
    return status;
}

attn_status attn_vulkan_copy_in(attn_vulkan_device *d, VkBuffer to, uint64_t offset, const void *from, size_t bytes)
{
    return copy_locked(d, to, offset, from, NULL, bytes);
}

attn_status attn_vulkan_copy_out(attn_vulkan_device *d, void *to, VkBuffer from, uint64_t offset, size_t bytes)
{
    return copy_locked(d, from, offset, NULL, to, bytes);
}
