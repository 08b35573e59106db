/* Memory of a device: attn_backend's functions. A memory's handle is a VkBuffer.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#include "config.h"

#include <inttypes.h>

#include "device.h"

/* Vulkan has no empty buffers. */
attn_status attn_vulkan_alloc(attn_device *device, size_t bytes, attn_memory *memory)
{
    VkBuffer buffer;
    ATTN_TRY(attn_vulkan_heap_take(attn_vulkan_of(device), bytes ? bytes : 1, &buffer));
    *memory = (attn_memory){ buffer, 0 };
    return ATTN_OK;
}

void attn_vulkan_free(attn_device *device, attn_memory memory)
{
    attn_vulkan_heap_give(attn_vulkan_of(device), memory.handle);
}

/* The sizes of the caller's buffers are not to be had. */
static attn_status check_range(attn_vulkan_device *d, const char *name, attn_memory memory, uint64_t bytes)
{
    uint64_t size = attn_vulkan_heap_size(d, memory.handle);
    if (memory.offset > size || bytes > size - memory.offset)
        return attn_fail(ATTN_INVALID,
                         "%s.offset is %" PRIu64 " with %" PRIu64 " bytes behind it, but the buffer has %" PRIu64, name,
                         memory.offset, bytes, size);
    return ATTN_OK;
}

attn_status attn_vulkan_upload(attn_device *device, attn_memory to, const void *from, size_t bytes)
{
    attn_vulkan_device *d = attn_vulkan_of(device);
    ATTN_TRY(check_range(d, "to", to, bytes));
    return attn_vulkan_copy_in(d, to.handle, to.offset, from, bytes);
}

attn_status attn_vulkan_download(attn_device *device, void *to, attn_memory from, size_t bytes)
{
    attn_vulkan_device *d = attn_vulkan_of(device);
    ATTN_TRY(check_range(d, "from", from, bytes));
    return attn_vulkan_copy_out(d, to, from.handle, from.offset, bytes);
}

VkDeviceAddress attn_vulkan_address(const attn_vulkan_device *d, attn_memory memory)
{
    const VkBufferDeviceAddressInfo info = {
        .sType = VK_STRUCTURE_TYPE_BUFFER_DEVICE_ADDRESS_INFO,
        .buffer = memory.handle,
    };
    return memory.handle ? d->vk.GetBufferDeviceAddress(d->device, &info) + memory.offset : 0;
}
