/* The library's own instance of Vulkan, and the list of its devices.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "lock.h"
#include "log.h"
#include "traits.h"

enum { MOST_DEVICES = 64 };

typedef struct device_list {
    attn_vulkan_instance instance;
    attn_vulkan_traits traits[MOST_DEVICES];
    int count;
} device_list;

static const char portability[] = "VK_KHR_portability_enumeration";

/* The loader shows devices of layered drivers only to those who ask. */
static int shows_portability(const attn_vulkan_library *vk)
{
    attn_vulkan_extensions known = { NULL, 0 };
    int shows = 0;
    if (vk->EnumerateInstanceExtensionProperties(NULL, &known.count, NULL))
        return 0;
    known.list = calloc((size_t)known.count + 1, sizeof *known.list);
    if (known.list && vk->EnumerateInstanceExtensionProperties(NULL, &known.count, known.list) >= 0)
        shows = attn_vulkan_has_extension(&known, portability);
    free(known.list);
    return shows;
}

static VkResult create_instance(const attn_vulkan_library *vk, VkInstance *instance)
{
    const char *const extensions[] = { portability };
    int shows = shows_portability(vk);
    const VkApplicationInfo program = {
        .sType = VK_STRUCTURE_TYPE_APPLICATION_INFO,
        .pEngineName = "libattn",
        .engineVersion = attn_version(),
        .apiVersion = ATTN_VULKAN_NEWEST,
    };
    const VkInstanceCreateInfo info = {
        .sType = VK_STRUCTURE_TYPE_INSTANCE_CREATE_INFO,
        .flags = shows ? VK_INSTANCE_CREATE_ENUMERATE_PORTABILITY_BIT_KHR : 0,
        .pApplicationInfo = &program,
        .enabledExtensionCount = shows ? 1 : 0,
        .ppEnabledExtensionNames = extensions,
    };
    return vk->CreateInstance(&info, NULL, instance);
}

static int type_order(const attn_vulkan_traits *t)
{
    static const int order[] = { [VK_PHYSICAL_DEVICE_TYPE_DISCRETE_GPU] = 0,
                                 [VK_PHYSICAL_DEVICE_TYPE_INTEGRATED_GPU] = 1,
                                 [VK_PHYSICAL_DEVICE_TYPE_VIRTUAL_GPU] = 2,
                                 [VK_PHYSICAL_DEVICE_TYPE_CPU] = 4 };
    int32_t type = t->properties.deviceType;
    return type > 0 && type <= VK_PHYSICAL_DEVICE_TYPE_CPU ? order[type] : 3;
}

/* Behind its equals, which keep the loader's order. */
static void insert(device_list *list, const attn_vulkan_traits *traits)
{
    int at = list->count++;
    for (; at > 0 && type_order(traits) < type_order(&list->traits[at - 1]); at--)
        list->traits[at] = list->traits[at - 1];
    list->traits[at] = *traits;
}

static void add_device(device_list *list, VkPhysicalDevice id)
{
    attn_vulkan_traits traits;
    attn_why why = { "" };
    if (attn_vulkan_ask(&list->instance, id, &traits, &why) == ATTN_OK)
        insert(list, &traits);
    else if (attn_log_level())
        attn_log_line("vulkan: device \"%s\" is not listed: %s", traits.properties.deviceName, why.text);
}

static void add_devices(device_list *list)
{
    VkPhysicalDevice ids[MOST_DEVICES];
    uint32_t count = MOST_DEVICES;
    VkResult code = list->instance.EnumeratePhysicalDevices(list->instance.handle, &count, ids);
    if (code < 0 && attn_log_level())
        attn_log_line("vulkan: vkEnumeratePhysicalDevices: %s (%d); no devices", attn_vulkan_code_name(code),
                      (int)code);
    for (uint32_t i = 0; code >= 0 && i < count; i++)
        add_device(list, ids[i]);
}

/* The instance stays until the process ends, as the library does. */
static int enumerate(void *made)
{
    device_list *list = made;
    const attn_vulkan_library *vk = attn_vulkan_load();
    VkInstance instance = NULL;
    if (!vk)
        return 0;
    VkResult code = create_instance(vk, &instance);
    if (code) {
        if (attn_log_level())
            attn_log_line("vulkan: vkCreateInstance: %s (%d); no devices", attn_vulkan_code_name(code), (int)code);
        return 0;
    }
    const char *missing = attn_vulkan_load_instance(vk->GetInstanceProcAddr, instance, &list->instance);
    if (!missing)
        add_devices(list);
    else if (attn_log_level())
        attn_log_line("vulkan: the instance has no %s; no devices", missing);
    return list->count;
}

int attn_vulkan_list(const attn_vulkan_traits **result, const attn_vulkan_instance **instance)
{
    static attn_once once = ATTN_ONCE_INIT;
    static device_list list;
    *result = list.traits;
    *instance = &list.instance;
    return attn_once_make(&once, enumerate, &list);
}
