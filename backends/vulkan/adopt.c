/* Devices and command buffers that the caller has made.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#include "config.h"

#include "attn_vulkan.h"

#include <stdlib.h>
#include <string.h>

#include "abi.h"
#include "device.h"
#include "log.h"

/* Size of attn_vulkan in the first release that had it. */
static const size_t LEAST = offsetof(attn_vulkan, features) + sizeof(uint32_t);

enum { MOST_FAMILIES = 32 };

static attn_status check(const attn_vulkan *v)
{
    const struct {
        const char *name;
        const void *value;
    } pointers[] = {
        { "instance", v->instance },
        { "physical_device", v->physical_device },
        { "device", v->device },
        { "queue", v->queue },
    };
    for (size_t i = 0; i < sizeof pointers / sizeof pointers[0]; i++)
        if (!pointers[i].value)
            return attn_fail(ATTN_INVALID, "vulkan.%s is NULL", pointers[i].name);
    return ATTN_OK;
}

static attn_status load_instance(const attn_vulkan *v, attn_vulkan_instance *instance)
{
    const attn_vulkan_library *library = v->get_instance_proc_addr ? NULL : attn_vulkan_load();
    attn_vulkan_proc_addr get = library ? library->GetInstanceProcAddr : NULL;
    if (v->get_instance_proc_addr) /* as in gpu/library.c */
        memcpy(&get, &v->get_instance_proc_addr, sizeof get);
    if (!get)
        return attn_fail(ATTN_NO_DEVICE, "the Vulkan library cannot be loaded; ATTN_VERBOSE=1 says why");
    const char *missing = attn_vulkan_load_instance(get, v->instance, instance);
    return missing ? attn_fail(ATTN_NO_DEVICE, "the instance has no %s, needs Vulkan 1.1", missing) : ATTN_OK;
}

static attn_status check_family(const attn_vulkan_instance *instance, const attn_vulkan *v)
{
    VkQueueFamilyProperties families[MOST_FAMILIES];
    uint32_t count = MOST_FAMILIES;
    instance->GetPhysicalDeviceQueueFamilyProperties(v->physical_device, &count, families);
    if (v->queue_family >= count)
        return attn_fail(ATTN_INVALID, "vulkan.queue_family is %u, but the device has %u", v->queue_family, count);
    if (!(families[v->queue_family].queueFlags & VK_QUEUE_COMPUTE_BIT))
        return attn_fail(ATTN_INVALID, "vulkan.queue_family is %u, which has no compute", v->queue_family);
    return ATTN_OK;
}

static attn_status ask_device(const attn_vulkan_instance *instance, const attn_vulkan *v, attn_vulkan_traits *traits)
{
    attn_why why;
    attn_status status = attn_vulkan_ask(instance, v->physical_device, traits, &why);
    if (status)
        return attn_fail(status, "device \"%s\" cannot be adopted: %s", traits->properties.deviceName, why.text);
    traits->family = v->queue_family;
    traits->features &= v->features | ATTN_VULKAN_OWN_FEATURES;
    return ATTN_OK;
}

attn_status attn_device_adopt_vulkan(const attn_vulkan *vulkan, attn_device **adopted)
{
    attn_vulkan own = ATTN_VULKAN_INIT;
    attn_vulkan_instance instance;
    attn_vulkan_traits traits;
    attn_vulkan_device *opened;
    if (!adopted)
        return attn_fail(ATTN_INVALID, "adopted is NULL");
    *adopted = NULL;
    ATTN_TRY(attn_read_struct("vulkan", &own, sizeof own, vulkan, LEAST));
    ATTN_TRY(check(&own));
    ATTN_TRY(load_instance(&own, &instance));
    ATTN_TRY(check_family(&instance, &own));
    ATTN_TRY(ask_device(&instance, &own, &traits));
    ATTN_TRY(attn_vulkan_open(&instance, &traits, own.device, own.queue, &opened));
    opened->base.backend = &attn_backend_vulkan;
    opened->base.verbose = attn_log_level();
    attn_vulkan_describe(&traits, -1, &opened->base.info);
    *adopted = &opened->base;
    return ATTN_OK;
}

attn_status attn_queue_record_vulkan(attn_device *device, void *command_buffer, attn_queue **queue)
{
    if (!device || !command_buffer || !queue)
        return attn_fail(ATTN_INVALID, "%s is NULL", !device ? "device" : queue ? "command_buffer" : "queue");
    *queue = NULL;
    if (device->backend != &attn_backend_vulkan)
        return attn_fail(ATTN_INVALID, "device is %s, expected one of Vulkan", device->info.name);
    ATTN_TRY(attn_vulkan_queue_create(device, queue));
    ((attn_vulkan_queue *)*queue)->commands = command_buffer;
    return ATTN_OK;
}
