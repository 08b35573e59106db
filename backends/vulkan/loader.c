/* libvulkan, loaded at run time. Only vkGetInstanceProcAddr is looked up in the library: what it gives goes straight to the
 * driver, and is right for layers.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#include "config.h"

#include "loader.h"

#include <string.h>

#include "gpu/library.h"
#include "lock.h"
#include "log.h"

static const attn_library_entry entries[] = {
    { "vkGetInstanceProcAddr", offsetof(attn_vulkan_library, GetInstanceProcAddr), 0 },
};

static const char *const names[] = {
#ifdef _WIN32
    "vulkan-1.dll",
#elif defined __APPLE__
    "libvulkan.1.dylib", "libMoltenVK.dylib",
#endif
    "libvulkan.so.1", "libvulkan.so", NULL
};

static const attn_library library = { "vulkan", "ATTN_VULKAN_LIBRARY", names, entries,
                                      sizeof entries / sizeof entries[0] };

/* An entry point as a member of a table. */
typedef struct member {
    const char *name;
    size_t at;
} member;

#define GLOBAL_ENTRY(result, name, arguments) { "vk" #name, offsetof(attn_vulkan_library, name) },
#define INSTANCE_ENTRY(result, name, arguments) { "vk" #name, offsetof(attn_vulkan_instance, name) },
#define DEVICE_ENTRY(result, name, arguments) { "vk" #name, offsetof(attn_vulkan_api, name) },

static const member global_members[] = { ATTN_VULKAN_GLOBAL_ENTRIES(GLOBAL_ENTRY) };
static const member instance_members[] = { ATTN_VULKAN_INSTANCE_ENTRIES(INSTANCE_ENTRY) };
static const member device_members[] = { ATTN_VULKAN_DEVICE_ENTRIES(DEVICE_ENTRY) };

/* Those of extensions. */
static const member more_instance_members[] = {
    { "vkGetPhysicalDeviceCooperativeMatrixPropertiesKHR",
      offsetof(attn_vulkan_instance, GetPhysicalDeviceCooperativeMatrixPropertiesKHR) },
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const char *put(void *table, const member *m, PFN_vkVoidFunction entry)
{
    memcpy((char *)table + m->at, &entry, sizeof entry);
    return entry ? NULL : m->name;
}

static int fill_globals(attn_vulkan_library *made)
{
    const char *missing = NULL;
    for (size_t i = 0; i < COUNT(global_members) && !missing; i++)
        missing = put(made, &global_members[i], made->GetInstanceProcAddr(NULL, global_members[i].name));
    if (missing && attn_log_level())
        attn_log_line("vulkan: the library has no %s, needs Vulkan 1.1; no devices", missing);
    return !missing;
}

static int load(void *made)
{
    return attn_library_load(&library, made) && fill_globals(made);
}

const attn_vulkan_library *attn_vulkan_load(void)
{
    static attn_once once = ATTN_ONCE_INIT;
    static attn_vulkan_library vk;
    return attn_once_make(&once, load, &vk) ? &vk : NULL;
}

const char *attn_vulkan_load_instance(attn_vulkan_proc_addr get, VkInstance handle, attn_vulkan_instance *instance)
{
    const char *missing = NULL;
    instance->handle = handle;
    for (size_t i = 0; i < COUNT(instance_members) && !missing; i++)
        missing = put(instance, &instance_members[i], get(handle, instance_members[i].name));
    for (size_t i = 0; i < COUNT(more_instance_members) && !missing; i++)
        put(instance, &more_instance_members[i], get(handle, more_instance_members[i].name));
    return missing;
}

/* The addresses of buffers have two names, by the version of the device. */
const char *attn_vulkan_load_device(const attn_vulkan_instance *instance, VkDevice device, attn_vulkan_api *api)
{
    static const member address[] = {
        { "vkGetBufferDeviceAddress", offsetof(attn_vulkan_api, GetBufferDeviceAddress) },
        { "vkGetBufferDeviceAddressKHR", offsetof(attn_vulkan_api, GetBufferDeviceAddress) },
    };
    const char *missing = NULL;
    for (size_t i = 0; i < COUNT(device_members) && !missing; i++)
        missing = put(api, &device_members[i], instance->GetDeviceProcAddr(device, device_members[i].name));
    for (size_t i = 0; i < COUNT(address) && !missing && !api->GetBufferDeviceAddress; i++)
        put(api, &address[i], instance->GetDeviceProcAddr(device, address[i].name));
    return missing;
}
