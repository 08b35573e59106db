/* What a device is and offers.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#include "config.h"

#include "traits.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "error.h"

/* Bits of VkSubgroupFeatureFlagBits: basic, vote, arithmetic, ballot, shuffle. */
static const VkFlags SUBGROUP_OPERATIONS = 0x1f;

static attn_status ask_extensions(const attn_vulkan_instance *instance, VkPhysicalDevice id,
                                  attn_vulkan_extensions *extensions, attn_why *why)
{
    VkResult code = instance->EnumerateDeviceExtensionProperties(id, NULL, &extensions->count, NULL);
    if (!code)
        extensions->list = calloc((size_t)extensions->count + 1, sizeof *extensions->list);
    if (!code && !extensions->list)
        code = VK_ERROR_OUT_OF_HOST_MEMORY;
    if (!code)
        code = instance->EnumerateDeviceExtensionProperties(id, NULL, &extensions->count, extensions->list);
    if (!code || code == VK_INCOMPLETE)
        return ATTN_OK;
    attn_decline(why, "vkEnumerateDeviceExtensionProperties: %s (%d)", attn_vulkan_code_name(code), (int)code);
    return attn_vulkan_status(code);
}

/* ---- properties ------------------------------------------------------------------------------------------------- */

/* Answers that hang on VkPhysicalDeviceProperties2; those of extensions that the device lacks stay zero. */
typedef struct answers {
    VkPhysicalDeviceProperties2 head;
    VkPhysicalDeviceSubgroupProperties subgroup;
    VkPhysicalDeviceMaintenance3Properties maintenance;
    VkPhysicalDeviceDriverProperties driver;
    VkPhysicalDeviceSubgroupSizeControlProperties sizes;
    VkPhysicalDeviceShaderSMBuiltinsPropertiesNV nvidia;
    VkPhysicalDeviceShaderCorePropertiesAMD amd;
    VkPhysicalDeviceShaderCoreBuiltinsPropertiesARM arm;
} answers;

static const struct {
    VkStructureType type;
    size_t at;
    uint32_t core;         /* the version that has it; 0: none */
    const char *extension; /* NULL: none */
} questions[] = {
    { VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SUBGROUP_PROPERTIES, offsetof(answers, subgroup), VK_MAKE_API_VERSION(1, 1),
      NULL },
    { VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_MAINTENANCE_3_PROPERTIES, offsetof(answers, maintenance),
      VK_MAKE_API_VERSION(1, 1), NULL },
    { VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_DRIVER_PROPERTIES, offsetof(answers, driver), VK_MAKE_API_VERSION(1, 2),
      "VK_KHR_driver_properties" },
    { VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SUBGROUP_SIZE_CONTROL_PROPERTIES, offsetof(answers, sizes),
      VK_MAKE_API_VERSION(1, 3), "VK_EXT_subgroup_size_control" },
    { VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SHADER_SM_BUILTINS_PROPERTIES_NV, offsetof(answers, nvidia), 0,
      "VK_NV_shader_sm_builtins" },
    { VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SHADER_CORE_PROPERTIES_AMD, offsetof(answers, amd), 0,
      "VK_AMD_shader_core_properties" },
    { VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SHADER_CORE_BUILTINS_PROPERTIES_ARM, offsetof(answers, arm), 0,
      "VK_ARM_shader_core_builtins" },
};

static void ask_properties(const attn_vulkan_instance *instance, const attn_vulkan_traits *t,
                           const attn_vulkan_extensions *extensions, answers *a)
{
    *a = (answers){ .head.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PROPERTIES_2 };
    for (size_t i = 0; i < sizeof questions / sizeof questions[0]; i++) {
        VkBaseOutStructure *answer = (VkBaseOutStructure *)((char *)a + questions[i].at);
        int core = questions[i].core && t->version >= questions[i].core;
        if (!core && (!questions[i].extension || !attn_vulkan_has_extension(extensions, questions[i].extension)))
            continue;
        answer->sType = questions[i].type;
        answer->pNext = a->head.pNext;
        a->head.pNext = answer;
    }
    instance->GetPhysicalDeviceProperties2(t->id, &a->head);
}

/* Where no extension tells: what keeps devices of that kind busy, and small ones not overloaded. */
static uint32_t usual_compute_units(int32_t type)
{
    static const uint32_t units[] = { [VK_PHYSICAL_DEVICE_TYPE_INTEGRATED_GPU] = 16,
                                      [VK_PHYSICAL_DEVICE_TYPE_DISCRETE_GPU] = 64,
                                      [VK_PHYSICAL_DEVICE_TYPE_VIRTUAL_GPU] = 32,
                                      [VK_PHYSICAL_DEVICE_TYPE_CPU] = 4 };
    return type > 0 && type <= VK_PHYSICAL_DEVICE_TYPE_CPU ? units[type] : 8;
}

static uint32_t compute_units_of(const answers *a, int32_t type)
{
    uint32_t amd = a->amd.shaderEngineCount * a->amd.shaderArraysPerEngineCount * a->amd.computeUnitsPerShaderArray;
    uint32_t told = a->nvidia.shaderSMCount ? a->nvidia.shaderSMCount : amd ? amd : a->arm.shaderCoreCount;
    return told ? told : usual_compute_units(type);
}

static void take_properties(attn_vulkan_traits *t, const answers *a)
{
    int sizes = a->sizes.requiredSubgroupSizeStages & VK_SHADER_STAGE_COMPUTE_BIT;
    t->allocation = a->maintenance.maxMemoryAllocationSize;
    t->compute_units = compute_units_of(a, t->properties.deviceType);
    t->subgroup = a->subgroup.subgroupSize;
    if (a->subgroup.supportedStages & VK_SHADER_STAGE_COMPUTE_BIT &&
        (a->subgroup.supportedOperations & SUBGROUP_OPERATIONS) == SUBGROUP_OPERATIONS)
        t->features |= attn_vulkan_mask_features(ATTN_VULKAN_SUBGROUPS);
    if (t->properties.deviceType == VK_PHYSICAL_DEVICE_TYPE_CPU)
        t->features |= attn_vulkan_mask_features(ATTN_VULKAN_COMPACT);
    if (!sizes)
        t->features &= ~(unsigned)ATTN_VULKAN_SUBGROUP_SIZE;
    if (*a->driver.driverName)
        snprintf(t->driver, sizeof t->driver, "%.64s %.64s", a->driver.driverName, a->driver.driverInfo);
}

/* ---- queues and memory -------------------------------------------------------------------------------------------- */

enum { MOST_FAMILIES = 32 };

/* A family for compute alone leaves graphics undisturbed. -1: there is no compute. */
static int compute_family(const attn_vulkan_instance *instance, VkPhysicalDevice id)
{
    VkQueueFamilyProperties families[MOST_FAMILIES];
    uint32_t count = MOST_FAMILIES;
    int found = -1;
    instance->GetPhysicalDeviceQueueFamilyProperties(id, &count, families);
    for (int i = (int)count - 1; i >= 0; i--)
        if (families[i].queueFlags & VK_QUEUE_COMPUTE_BIT &&
            (found < 0 || !(families[i].queueFlags & VK_QUEUE_GRAPHICS_BIT) ||
             families[found].queueFlags & VK_QUEUE_GRAPHICS_BIT))
            found = i;
    return found;
}

static uint64_t largest_heap(const attn_vulkan_instance *instance, VkPhysicalDevice id)
{
    VkPhysicalDeviceMemoryProperties memory;
    uint64_t largest = 0;
    instance->GetPhysicalDeviceMemoryProperties(id, &memory);
    for (uint32_t i = 0; i < memory.memoryHeapCount; i++)
        if (memory.memoryHeaps[i].flags & VK_MEMORY_HEAP_DEVICE_LOCAL_BIT && memory.memoryHeaps[i].size > largest)
            largest = memory.memoryHeaps[i].size;
    return largest;
}

/* ---- cooperative matrices ------------------------------------------------------------------------------------------ */

static void ask_matrices(const attn_vulkan_instance *instance, attn_vulkan_traits *t)
{
    VkCooperativeMatrixPropertiesKHR shapes[ATTN_VULKAN_MOST_MATRICES] = { 0 };
    uint32_t count = ATTN_VULKAN_MOST_MATRICES;
    for (int i = 0; i < ATTN_VULKAN_MOST_MATRICES; i++)
        shapes[i].sType = VK_STRUCTURE_TYPE_COOPERATIVE_MATRIX_PROPERTIES_KHR;
    if (!instance->GetPhysicalDeviceCooperativeMatrixPropertiesKHR ||
        instance->GetPhysicalDeviceCooperativeMatrixPropertiesKHR(t->id, &count, shapes) < 0)
        return;
    for (uint32_t i = 0; i < count && t->matrices < ATTN_VULKAN_MOST_MATRICES; i++)
        if (!shapes[i].saturatingAccumulation)
            t->matrix[t->matrices++] =
                (attn_vulkan_matrix){ shapes[i].MSize, shapes[i].NSize, shapes[i].KSize,      shapes[i].AType,
                                      shapes[i].BType, shapes[i].CType, shapes[i].ResultType, shapes[i].scope };
}

/* ---- all of it ------------------------------------------------------------------------------------------------------- */

static void ask_rest(const attn_vulkan_instance *instance, const attn_vulkan_extensions *extensions,
                     attn_vulkan_traits *t)
{
    answers a;
    t->features = attn_vulkan_ask_features(instance, t->id, t->version, extensions);
    t->layered = attn_vulkan_has_extension(extensions, ATTN_VULKAN_PORTABILITY);
    ask_properties(instance, t, extensions, &a);
    take_properties(t, &a);
    t->memory = largest_heap(instance, t->id);
    if (t->features & ATTN_VULKAN_COOPERATIVE_MATRIX)
        ask_matrices(instance, t);
}

attn_status attn_vulkan_ask(const attn_vulkan_instance *instance, VkPhysicalDevice id, attn_vulkan_traits *t,
                            attn_why *why)
{
    attn_vulkan_extensions extensions = { NULL, 0 };
    *t = (attn_vulkan_traits){ .id = id };
    instance->GetPhysicalDeviceProperties(id, &t->properties);
    uint32_t version = t->properties.apiVersion, number = t->properties.driverVersion;
    t->version = version < ATTN_VULKAN_NEWEST ? version : ATTN_VULKAN_NEWEST;
    snprintf(t->driver, sizeof t->driver, "%u.%u.%u", number >> 22, number >> 12 & 0x3ff, number & 0xfff);
    int family = compute_family(instance, id);
    if (version < VK_MAKE_API_VERSION(1, 1))
        attn_decline(why, "its version is %u.%u, needs Vulkan 1.1", version >> 22, version >> 12 & 0x3ff);
    else if (family < 0)
        attn_decline(why, "it has no queue for compute");
    if (version < VK_MAKE_API_VERSION(1, 1) || family < 0)
        return ATTN_UNSUPPORTED;
    t->family = (uint32_t)family;
    attn_status status = ask_extensions(instance, id, &extensions, why);
    if (!status)
        ask_rest(instance, &extensions, t);
    free(extensions.list);
    return status;
}

void attn_vulkan_describe(const attn_vulkan_traits *t, int index, attn_device_info *info)
{
    *info = (attn_device_info){
        .size = sizeof *info,
        .name = "vulkan",
        .memory = t->memory,
        .threads = t->compute_units < INT_MAX ? (int)t->compute_units : INT_MAX,
        .max_dim = ATTN_VULKAN_LARGEST_DIM,
        .dtypes = ATTN_FLOATS,
        .host_memory = 0,
    };
    if (index >= 0)
        snprintf(info->name, sizeof info->name, "vulkan:%d", index);
    snprintf(info->description, sizeof info->description, "%.78s, Vulkan %u.%u, %.60s", t->properties.deviceName,
             t->properties.apiVersion >> 22, t->properties.apiVersion >> 12 & 0x3ff, t->driver);
}
