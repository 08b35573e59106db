/* libvulkan, loaded at run time: one table of entry points for the library, one for an instance, one for a device.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#ifndef ATTN_VULKAN_LOADER_H
#define ATTN_VULKAN_LOADER_H

#include "vk_min.h"

/* X(result, name, arguments): what the backend calls, all of Vulkan 1.1. */
#define ATTN_VULKAN_GLOBAL_ENTRIES(X)                                                                                  \
    X(VkResult, EnumerateInstanceVersion, (uint32_t *))                                                                \
    X(VkResult, EnumerateInstanceExtensionProperties, (const char *, uint32_t *, VkExtensionProperties *))             \
    X(VkResult, CreateInstance, (const VkInstanceCreateInfo *, const void *, VkInstance *))

#define ATTN_VULKAN_INSTANCE_ENTRIES(X)                                                                                \
    X(VkResult, EnumeratePhysicalDevices, (VkInstance, uint32_t *, VkPhysicalDevice *))                                \
    X(VkResult, EnumerateDeviceExtensionProperties,                                                                    \
      (VkPhysicalDevice, const char *, uint32_t *, VkExtensionProperties *))                                           \
    X(void, GetPhysicalDeviceProperties, (VkPhysicalDevice, VkPhysicalDeviceProperties *))                             \
    X(void, GetPhysicalDeviceProperties2, (VkPhysicalDevice, VkPhysicalDeviceProperties2 *))                           \
    X(void, GetPhysicalDeviceFeatures2, (VkPhysicalDevice, VkPhysicalDeviceFeatures2 *))                               \
    X(void, GetPhysicalDeviceMemoryProperties, (VkPhysicalDevice, VkPhysicalDeviceMemoryProperties *))                 \
    X(void, GetPhysicalDeviceQueueFamilyProperties, (VkPhysicalDevice, uint32_t *, VkQueueFamilyProperties *))         \
    X(VkResult, CreateDevice, (VkPhysicalDevice, const VkDeviceCreateInfo *, const void *, VkDevice *))                \
    X(PFN_vkVoidFunction, GetDeviceProcAddr, (VkDevice, const char *))

#define ATTN_VULKAN_DEVICE_ENTRIES(X)                                                                                  \
    X(void, DestroyDevice, (VkDevice, const void *))                                                                   \
    X(void, GetDeviceQueue, (VkDevice, uint32_t, uint32_t, VkQueue *))                                                 \
    X(VkResult, QueueSubmit, (VkQueue, uint32_t, const VkSubmitInfo *, VkFence))                                       \
    X(VkResult, CreateFence, (VkDevice, const VkFenceCreateInfo *, const void *, VkFence *))                           \
    X(void, DestroyFence, (VkDevice, VkFence, const void *))                                                           \
    X(VkResult, ResetFences, (VkDevice, uint32_t, const VkFence *))                                                    \
    X(VkResult, GetFenceStatus, (VkDevice, VkFence))                                                                   \
    X(VkResult, WaitForFences, (VkDevice, uint32_t, const VkFence *, VkBool32, uint64_t))                              \
    X(VkResult, CreateCommandPool, (VkDevice, const VkCommandPoolCreateInfo *, const void *, VkCommandPool *))         \
    X(void, DestroyCommandPool, (VkDevice, VkCommandPool, const void *))                                               \
    X(VkResult, AllocateCommandBuffers, (VkDevice, const VkCommandBufferAllocateInfo *, VkCommandBuffer *))            \
    X(VkResult, BeginCommandBuffer, (VkCommandBuffer, const VkCommandBufferBeginInfo *))                               \
    X(VkResult, EndCommandBuffer, (VkCommandBuffer))                                                                   \
    X(void, CmdBindPipeline, (VkCommandBuffer, int32_t, VkPipeline))                                                   \
    X(void, CmdPushConstants, (VkCommandBuffer, VkPipelineLayout, VkFlags, uint32_t, uint32_t, const void *))          \
    X(void, CmdDispatch, (VkCommandBuffer, uint32_t, uint32_t, uint32_t))                                              \
    X(void, CmdCopyBuffer, (VkCommandBuffer, VkBuffer, VkBuffer, uint32_t, const VkBufferCopy *))                      \
    X(void, CmdUpdateBuffer, (VkCommandBuffer, VkBuffer, VkDeviceSize, VkDeviceSize, const void *))                    \
    X(void, CmdPipelineBarrier,                                                                                        \
      (VkCommandBuffer, VkFlags, VkFlags, VkFlags, uint32_t, const VkMemoryBarrier *, uint32_t, const void *,          \
       uint32_t, const void *))                                                                                        \
    X(VkResult, CreateBuffer, (VkDevice, const VkBufferCreateInfo *, const void *, VkBuffer *))                        \
    X(void, DestroyBuffer, (VkDevice, VkBuffer, const void *))                                                         \
    X(void, GetBufferMemoryRequirements, (VkDevice, VkBuffer, VkMemoryRequirements *))                                 \
    X(VkResult, BindBufferMemory, (VkDevice, VkBuffer, VkDeviceMemory, VkDeviceSize))                                  \
    X(VkResult, AllocateMemory, (VkDevice, const VkMemoryAllocateInfo *, const void *, VkDeviceMemory *))              \
    X(void, FreeMemory, (VkDevice, VkDeviceMemory, const void *))                                                      \
    X(VkResult, MapMemory, (VkDevice, VkDeviceMemory, VkDeviceSize, VkDeviceSize, VkFlags, void **))                   \
    X(VkResult, CreateShaderModule, (VkDevice, const VkShaderModuleCreateInfo *, const void *, VkShaderModule *))      \
    X(void, DestroyShaderModule, (VkDevice, VkShaderModule, const void *))                                             \
    X(VkResult, CreatePipelineLayout,                                                                                  \
      (VkDevice, const VkPipelineLayoutCreateInfo *, const void *, VkPipelineLayout *))                                \
    X(void, DestroyPipelineLayout, (VkDevice, VkPipelineLayout, const void *))                                         \
    X(VkResult, CreatePipelineCache, (VkDevice, const VkPipelineCacheCreateInfo *, const void *, VkPipelineCache *))   \
    X(void, DestroyPipelineCache, (VkDevice, VkPipelineCache, const void *))                                           \
    X(VkResult, GetPipelineCacheData, (VkDevice, VkPipelineCache, size_t *, void *))                                   \
    X(VkResult, CreateComputePipelines,                                                                                \
      (VkDevice, VkPipelineCache, uint32_t, const VkComputePipelineCreateInfo *, const void *, VkPipeline *))          \
    X(void, DestroyPipeline, (VkDevice, VkPipeline, const void *))

#define ATTN_VULKAN_MEMBER(result, name, arguments) result(ATTN_VK_CALL *name) arguments;

typedef PFN_vkVoidFunction(ATTN_VK_CALL *attn_vulkan_proc_addr)(VkInstance, const char *);

typedef struct attn_vulkan_library {
    attn_vulkan_proc_addr GetInstanceProcAddr;
    ATTN_VULKAN_GLOBAL_ENTRIES(ATTN_VULKAN_MEMBER)
} attn_vulkan_library;

/* The members without an extension's name are there; the others may be NULL. */
typedef struct attn_vulkan_instance {
    VkInstance handle;
    ATTN_VULKAN_INSTANCE_ENTRIES(ATTN_VULKAN_MEMBER)
    VkResult(ATTN_VK_CALL *GetPhysicalDeviceCooperativeMatrixPropertiesKHR)(VkPhysicalDevice, uint32_t *,
                                                                            VkCooperativeMatrixPropertiesKHR *);
} attn_vulkan_instance;

typedef struct attn_vulkan_api {
    ATTN_VULKAN_DEVICE_ENTRIES(ATTN_VULKAN_MEMBER)
    VkDeviceAddress(ATTN_VK_CALL *GetBufferDeviceAddress)(VkDevice, const VkBufferDeviceAddressInfo *);
} attn_vulkan_api;

/* The library that ATTN_VULKAN_LIBRARY names, or the system's; NULL: there is none, or it is older than Vulkan 1.1
 * (ATTN_VERBOSE says which). Loaded by the first call and kept until the process ends. Thread-safe. */
const attn_vulkan_library *attn_vulkan_load(void);

/* Fill the tables of an instance and of a device. NULL, or the name of an entry point that is missing. */
const char *attn_vulkan_load_instance(attn_vulkan_proc_addr get, VkInstance handle, attn_vulkan_instance *instance);
const char *attn_vulkan_load_device(const attn_vulkan_instance *instance, VkDevice device, attn_vulkan_api *api);

#endif
