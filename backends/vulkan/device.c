/* Devices "vulkan:0", "vulkan:1", ...: the backend's table, opening and closing.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#include "config.h"

#include "device.h"

#include <stdlib.h>

#include "environment.h"
#include "kernels.h"
#include "merge.h"
#include "pipeline.h"

static int count(void)
{
    const attn_vulkan_traits *list;
    const attn_vulkan_instance *instance;
    return attn_vulkan_list(&list, &instance);
}

static attn_status describe(int index, attn_device_info *info)
{
    const attn_vulkan_traits *list;
    const attn_vulkan_instance *instance;
    attn_vulkan_list(&list, &instance);
    attn_vulkan_describe(&list[index], index, info);
    return ATTN_OK;
}

static attn_status create_device(attn_vulkan_device *d)
{
    static const float priority = 1;
    attn_vulkan_features features;
    attn_vulkan_enable_features(d->traits.features, d->traits.version, &features);
    if (d->traits.layered)
        features.extensions[features.extension_count++] = ATTN_VULKAN_PORTABILITY;
    const VkDeviceQueueCreateInfo queue = {
        .sType = VK_STRUCTURE_TYPE_DEVICE_QUEUE_CREATE_INFO,
        .queueFamilyIndex = d->traits.family,
        .queueCount = 1,
        .pQueuePriorities = &priority,
    };
    const VkDeviceCreateInfo info = {
        .sType = VK_STRUCTURE_TYPE_DEVICE_CREATE_INFO,
        .pNext = &features.head,
        .queueCreateInfoCount = 1,
        .pQueueCreateInfos = &queue,
        .enabledExtensionCount = features.extension_count,
        .ppEnabledExtensionNames = features.extensions,
    };
    VkResult code = d->instance.CreateDevice(d->traits.id, &info, NULL, &d->device);
    return code ? attn_vulkan_fail(code, "vkCreateDevice of %s", d->traits.properties.deviceName) : ATTN_OK;
}

static attn_status create_layout(attn_vulkan_device *d)
{
    const VkPushConstantRange range = { VK_SHADER_STAGE_COMPUTE_BIT, 0, ATTN_VULKAN_PUSH_BYTES };
    const VkPipelineLayoutCreateInfo info = {
        .sType = VK_STRUCTURE_TYPE_PIPELINE_LAYOUT_CREATE_INFO,
        .pushConstantRangeCount = 1,
        .pPushConstantRanges = &range,
    };
    VkResult code = d->vk.CreatePipelineLayout(d->device, &info, NULL, &d->layout);
    return code ? attn_vulkan_fail(code, "%s", "vkCreatePipelineLayout") : ATTN_OK;
}

static attn_status load_device(attn_vulkan_device *d)
{
    const char *missing = attn_vulkan_load_device(&d->instance, d->device, &d->vk);
    if (missing)
        return attn_fail(ATTN_DRIVER, "device \"%s\" has no %s", d->traits.properties.deviceName, missing);
    if (!d->vk.GetBufferDeviceAddress)
        d->traits.features &= ~(unsigned)ATTN_VULKAN_ADDRESS;
    return ATTN_OK;
}

static attn_status build(attn_vulkan_device *d, VkQueue queue)
{
    ATTN_TRY(load_device(d));
    if (!queue)
        d->vk.GetDeviceQueue(d->device, d->traits.family, 0, &queue);
    ATTN_TRY(attn_vulkan_submissions_create(d, queue));
    ATTN_TRY(attn_vulkan_heap_create(d));
    ATTN_TRY(attn_vulkan_staging_create(d));
    return create_layout(d);
}

/* Also of one that is open in part: without DestroyDevice, nothing could be made. */
static void close_device(attn_device *device)
{
    attn_vulkan_device *d = attn_vulkan_of(device);
    if (d->vk.DestroyDevice) {
        attn_vulkan_submissions_destroy(d);
        attn_vulkan_pipelines_destroy(d);
        attn_vulkan_staging_destroy(d);
        attn_vulkan_heap_destroy(d);
        if (d->layout)
            d->vk.DestroyPipelineLayout(d->device, d->layout, NULL);
        if (d->owned)
            d->vk.DestroyDevice(d->device, NULL);
    }
    attn_lock_destroy(&d->lock);
    free(d);
}

attn_status attn_vulkan_open(const attn_vulkan_instance *instance, const attn_vulkan_traits *traits, VkDevice device,
                             VkQueue queue, attn_vulkan_device **opened)
{
    attn_vulkan_device *d = calloc(1, sizeof *d);
    if (!d || !attn_lock_create(&d->lock)) {
        free(d);
        return attn_fail(ATTN_NO_MEMORY, "no memory for a device of %zu bytes", sizeof *d);
    }
    d->instance = *instance;
    d->traits = *traits;
    d->device = device;
    d->owned = !device;
    d->caches = !attn_environment_off("ATTN_VULKAN_CACHE");
    attn_status status = device ? ATTN_OK : create_device(d);
    if (!status)
        status = build(d, queue);
    if (status)
        close_device(&d->base);
    else
        *opened = d;
    return status;
}

static attn_status open_device(int index, attn_device **device)
{
    const attn_vulkan_traits *list;
    const attn_vulkan_instance *instance;
    attn_vulkan_device *opened;
    attn_vulkan_list(&list, &instance);
    ATTN_TRY(attn_vulkan_open(instance, &list[index], NULL, NULL, &opened));
    *device = &opened->base;
    return ATTN_OK;
}

const attn_backend attn_backend_vulkan = {
    .name = "vulkan",
    .count = count,
    .describe = describe,
    .open = open_device,
    .close = close_device,
    .alloc = attn_vulkan_alloc,
    .free = attn_vulkan_free,
    .upload = attn_vulkan_upload,
    .download = attn_vulkan_download,
    .queue_create = attn_vulkan_queue_create,
    .queue_wait = attn_vulkan_queue_wait,
    .queue_destroy = attn_vulkan_queue_destroy,
    .merge = attn_vulkan_merge,
    .kernels = attn_vulkan_kernels,
    .kernel_count = ATTN_VULKAN_KERNELS,
};
