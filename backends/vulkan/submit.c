/* Submissions to the one VkQueue of a device.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#include "config.h"

#include "submit.h"

#include "device.h"
#include "dispatch.h"

/* Submissions that keep the device busy; recordings that one has at most. */
enum { BUSY = 2, MOST_RECORDED = 64 };

static attn_status create_slots(attn_vulkan_device *d, VkCommandBuffer commands[])
{
    const VkFenceCreateInfo info = { .sType = VK_STRUCTURE_TYPE_FENCE_CREATE_INFO };
    for (int i = 0; i < ATTN_VULKAN_SLOTS; i++) {
        attn_vulkan_slot *s = &d->submissions.slots[i];
        s->commands = commands[i];
        VkResult code = d->vk.CreateFence(d->device, &info, NULL, &s->fence);
        if (code)
            return attn_vulkan_fail(code, "%s", "vkCreateFence");
    }
    return ATTN_OK;
}

static attn_status create_pool(attn_vulkan_device *d, VkCommandBuffer commands[])
{
    attn_vulkan_submissions *s = &d->submissions;
    const VkCommandPoolCreateInfo pool = {
        .sType = VK_STRUCTURE_TYPE_COMMAND_POOL_CREATE_INFO,
        .flags = VK_COMMAND_POOL_CREATE_RESET_COMMAND_BUFFER_BIT,
        .queueFamilyIndex = d->traits.family,
    };
    VkResult code = d->vk.CreateCommandPool(d->device, &pool, NULL, &s->pool);
    if (code)
        return attn_vulkan_fail(code, "%s", "vkCreateCommandPool");
    const VkCommandBufferAllocateInfo buffers = {
        .sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_ALLOCATE_INFO,
        .commandPool = s->pool,
        .level = VK_COMMAND_BUFFER_LEVEL_PRIMARY,
        .commandBufferCount = ATTN_VULKAN_SLOTS,
    };
    code = d->vk.AllocateCommandBuffers(d->device, &buffers, commands);
    return code ? attn_vulkan_fail(code, "%s", "vkAllocateCommandBuffers") : ATTN_OK;
}

attn_status attn_vulkan_submissions_create(attn_vulkan_device *d, VkQueue queue)
{
    VkCommandBuffer commands[ATTN_VULKAN_SLOTS];
    d->submissions.queue = queue;
    d->submissions.has_lock = attn_lock_create(&d->submissions.lock);
    if (!d->submissions.has_lock)
        return attn_fail(ATTN_NO_MEMORY, "no memory for a lock");
    ATTN_TRY(create_pool(d, commands));
    return create_slots(d, commands);
}

void attn_vulkan_submissions_destroy(attn_vulkan_device *d)
{
    attn_vulkan_submissions *s = &d->submissions;
    if (s->has_lock) {
        attn_vulkan_wait(d, attn_vulkan_last(d));
        attn_lock_destroy(&s->lock);
    }
    for (int i = 0; i < ATTN_VULKAN_SLOTS; i++)
        if (s->slots[i].fence)
            d->vk.DestroyFence(d->device, s->slots[i].fence, NULL);
    if (s->pool)
        d->vk.DestroyCommandPool(d->device, s->pool, NULL);
}

void attn_vulkan_wait_for_all_before(attn_vulkan_device *d, VkCommandBuffer commands)
{
    const VkMemoryBarrier barrier = {
        .sType = VK_STRUCTURE_TYPE_MEMORY_BARRIER,
        .srcAccessMask = VK_ACCESS_MEMORY_WRITE_BIT,
        .dstAccessMask = VK_ACCESS_MEMORY_READ_BIT | VK_ACCESS_MEMORY_WRITE_BIT,
    };
    d->vk.CmdPipelineBarrier(commands, VK_PIPELINE_STAGE_ALL_COMMANDS_BIT, VK_PIPELINE_STAGE_ALL_COMMANDS_BIT, 0, 1,
                             &barrier, 0, NULL, 0, NULL);
}

/* ---- with the lock --------------------------------------------------------------------------------------------------- */

/* A lost device's fences never signal, but nothing runs there any more. */
static void look(attn_vulkan_device *d)
{
    attn_vulkan_submissions *s = &d->submissions;
    for (int i = 0; i < ATTN_VULKAN_SLOTS && s->finished < s->last; i++)
        if (s->slots[i].number > s->finished && d->vk.GetFenceStatus(d->device, s->slots[i].fence) != VK_NOT_READY)
            s->finished = s->slots[i].number;
}

static attn_vulkan_slot *idle_slot(attn_vulkan_submissions *s)
{
    for (int i = 0; i < ATTN_VULKAN_SLOTS; i++)
        if (s->slots[i].number <= s->finished && !s->slots[i].waiting)
            return &s->slots[i];
    return NULL;
}

/* The slot of the first submission at `number` or behind. There is one until that has finished. */
static attn_vulkan_slot *slot_of(attn_vulkan_submissions *s, uint64_t number)
{
    attn_vulkan_slot *found = NULL;
    for (int i = 0; i < ATTN_VULKAN_SLOTS; i++)
        if (s->slots[i].number >= number && (!found || s->slots[i].number < found->number))
            found = &s->slots[i];
    return found;
}

/* Gives the lock while it waits. */
static attn_status wait_for(attn_vulkan_device *d, attn_vulkan_slot *slot)
{
    attn_vulkan_submissions *s = &d->submissions;
    uint64_t number = slot->number;
    slot->waiting++;
    attn_lock_give(&s->lock);
    VkResult code = d->vk.WaitForFences(d->device, 1, &slot->fence, 1, UINT64_MAX);
    attn_lock_take(&s->lock);
    slot->waiting--;
    if (code)
        return attn_vulkan_fail(code, "vkWaitForFences of submission %llu", (unsigned long long)number);
    if (s->finished < number)
        s->finished = number;
    return ATTN_OK;
}

static attn_status begin_slot(attn_vulkan_device *d, attn_vulkan_slot *slot)
{
    const VkCommandBufferBeginInfo info = {
        .sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO,
        .flags = VK_COMMAND_BUFFER_USAGE_ONE_TIME_SUBMIT_BIT,
    };
    VkResult code = d->vk.BeginCommandBuffer(slot->commands, &info);
    if (code)
        return attn_vulkan_fail(code, "%s", "vkBeginCommandBuffer");
    d->submissions.open = slot;
    d->submissions.recorded = 0;
    return ATTN_OK;
}

/* Another thread may open one while this waits. */
static attn_status open_slot(attn_vulkan_device *d)
{
    attn_vulkan_submissions *s = &d->submissions;
    attn_vulkan_slot *slot = NULL;
    look(d);
    while (!s->open && !(slot = idle_slot(s)))
        ATTN_TRY(wait_for(d, slot_of(s, s->finished < s->last ? s->finished + 1 : 1)));
    return s->open ? ATTN_OK : begin_slot(d, slot);
}

static attn_status submit(attn_vulkan_device *d)
{
    attn_vulkan_slot *slot = d->submissions.open;
    const VkSubmitInfo info = {
        .sType = VK_STRUCTURE_TYPE_SUBMIT_INFO,
        .commandBufferCount = 1,
        .pCommandBuffers = &slot->commands,
    };
    d->submissions.open = NULL;
    VkResult code = d->vk.EndCommandBuffer(slot->commands);
    if (code)
        return attn_vulkan_fail(code, "%s", "vkEndCommandBuffer");
    code = d->vk.ResetFences(d->device, 1, &slot->fence);
    if (code)
        return attn_vulkan_fail(code, "%s", "vkResetFences");
    code = d->vk.QueueSubmit(d->submissions.queue, 1, &info, slot->fence);
    if (code)
        return attn_vulkan_fail(code, "%s", "vkQueueSubmit");
    slot->number = ++d->submissions.last;
    return ATTN_OK;
}

/* One submission executes while the next waits behind it: then the device has enough to do. */
static int has_enough(attn_vulkan_device *d)
{
    const attn_vulkan_submissions *s = &d->submissions;
    look(d);
    return s->last - s->finished >= BUSY && s->recorded < MOST_RECORDED;
}

/* ---- what others call ------------------------------------------------------------------------------------------------- */

attn_status attn_vulkan_submit_begin(attn_vulkan_device *d, attn_vulkan_recording *recording)
{
    attn_lock_take(&d->submissions.lock);
    attn_status status = open_slot(d);
    if (status) {
        attn_lock_give(&d->submissions.lock);
        return status;
    }
    *recording = (attn_vulkan_recording){ d->submissions.open->commands, d->submissions.open };
    if (d->owned) /* nothing else was recorded, and waiting for less takes 1 us less */
        attn_vulkan_order(d, recording->commands);
    else
        attn_vulkan_wait_for_all_before(d, recording->commands);
    return ATTN_OK;
}

attn_status attn_vulkan_submit_end(attn_vulkan_device *d, uint64_t *number)
{
    attn_vulkan_submissions *s = &d->submissions;
    *number = s->last + 1;
    s->recorded++;
    attn_status status = d->owned && has_enough(d) ? ATTN_OK : submit(d);
    attn_lock_give(&s->lock);
    return status;
}

/* What could not be submitted is not waited for. */
attn_status attn_vulkan_wait(attn_vulkan_device *d, uint64_t number)
{
    attn_vulkan_submissions *s = &d->submissions;
    attn_lock_take(&s->lock);
    attn_status status = number > s->last && s->open ? submit(d) : ATTN_OK;
    while (s->finished < number && number <= s->last && !status)
        status = wait_for(d, slot_of(s, number));
    attn_lock_give(&s->lock);
    return status;
}

uint64_t attn_vulkan_last(attn_vulkan_device *d)
{
    attn_lock_take(&d->submissions.lock);
    uint64_t last = d->submissions.last + (d->submissions.open != NULL);
    attn_lock_give(&d->submissions.lock);
    return last;
}

uint64_t attn_vulkan_finished(attn_vulkan_device *d)
{
    attn_lock_take(&d->submissions.lock);
    look(d);
    uint64_t finished = d->submissions.finished;
    attn_lock_give(&d->submissions.lock);
    return finished;
}
