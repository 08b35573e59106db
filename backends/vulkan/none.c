/* attn_vulkan.h in a library that was built without the backend: its functions are there and say so.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#include "config.h"

#include "attn_vulkan.h"

#include "status.h"

static attn_status absent(void)
{
    return attn_fail(ATTN_NO_DEVICE, "this libattn was built without Vulkan");
}

attn_status attn_device_adopt_vulkan(const attn_vulkan *vulkan, attn_device **adopted)
{
    (void)vulkan;
    if (adopted)
        *adopted = NULL;
    return absent();
}

attn_status attn_queue_record_vulkan(attn_device *device, void *command_buffer, attn_queue **queue)
{
    (void)device, (void)command_buffer;
    if (queue)
        *queue = NULL;
    return absent();
}
