/*
 * attn_vulkan.h: libattn on Vulkan objects that the caller has made.
 *
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE.
 *
 * A program that has a Vulkan device of its own hands it over, and records attention on its buffers into its command
 * buffers, so that it submits once a token or frame:
 *
 *     attn_device_adopt_vulkan(&vulkan, &attn)
 *     attn_queue_record_vulkan(attn, command_buffer, &queue)
 *     args.q.handle = (uint64_t)buffer;                    a VkBuffer; args.q.offset counts bytes from its start
 *     attn_run(plan, &args, queue)                         records; the caller submits
 *     attn_queue_destroy(queue)                            when the command buffer has executed
 *
 * Vulkan objects are passed as void *, so that this header includes no other; a VkInstance, VkPhysicalDevice, VkDevice,
 * VkQueue or VkCommandBuffer becomes one by itself.
 *
 * Buffers that kernels read or write are created with VK_BUFFER_USAGE_STORAGE_BUFFER_BIT and, on memory allocated with
 * VK_MEMORY_ALLOCATE_DEVICE_ADDRESS_BIT, VK_BUFFER_USAGE_SHADER_DEVICE_ADDRESS_BIT; those for attn_upload and
 * attn_download with VK_BUFFER_USAGE_TRANSFER_DST_BIT and _SRC_BIT. They are of the adopted device and exclusive to, or
 * shared with, its queue family.
 *
 * Submission: a VkQueue is one thread's at a time. libattn submits to its VkQueue in attn_run and attn_merge on queues that
 * do not record, and in attn_upload, attn_download and attn_plan_create, under a lock of its own; the caller of an adopted
 * device does not submit to that VkQueue while one of these runs. What was submitted to it before executes before. On a device
 * that attn_device_open opened, runs may be submitted together, at the latest when something waits for one of them.
 * attn_free may be called while submitted runs still use the memory: it is kept until they have finished.
 *
 * In a library built without Vulkan every function here gives ATTN_NO_DEVICE.
 */
#ifndef ATTN_VULKAN_H
#define ATTN_VULKAN_H

#include "attn.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Features that a VkDevice may have been created with, bits of attn_vulkan.features. Kernels need the first two; the others
 * make faster ones possible. The names in quotes, separated by commas, in the environment variable ATTN_VULKAN_WITHOUT
 * take features from every device. */
enum {
    ATTN_VULKAN_ADDRESS = 1 << 0,              /* "address": bufferDeviceAddress */
    ATTN_VULKAN_INT64 = 1 << 1,                /* "int64": shaderInt64 */
    ATTN_VULKAN_INT16 = 1 << 2,                /* "int16": shaderInt16 */
    ATTN_VULKAN_STORAGE16 = 1 << 3,            /* "storage16": storageBuffer16BitAccess */
    ATTN_VULKAN_STORAGE8 = 1 << 4,             /* "storage8": storageBuffer8BitAccess */
    ATTN_VULKAN_FLOAT16 = 1 << 5,              /* "float16": shaderFloat16 */
    ATTN_VULKAN_SUBGROUP_SIZE = 1 << 6,        /* "subgroup_size": subgroupSizeControl and computeFullSubgroups */
    ATTN_VULKAN_COOPERATIVE_MATRIX = 1 << 7,   /* "cooperative_matrix": cooperativeMatrix of VK_KHR_cooperative_matrix,
                                                  and vulkanMemoryModel */
    ATTN_VULKAN_COOPERATIVE_MATRIX_2 = 1 << 8, /* "cooperative_matrix_2": those, and all but cooperativeMatrixBlockLoads of
                                                  VK_NV_cooperative_matrix2 */
    ATTN_VULKAN_BFLOAT16 = 1 << 9              /* "bfloat16": those of COOPERATIVE_MATRIX, shaderBFloat16Type and
                                                  shaderBFloat16CooperativeMatrix of VK_KHR_shader_bfloat16 */
};

/* The caller's Vulkan objects. */
typedef struct attn_vulkan {
    size_t size;
    void *get_instance_proc_addr; /* PFN_vkGetInstanceProcAddr converted to void *; NULL: that of the libvulkan which libattn
                                     loads */
    void *instance, *physical_device, *device;
    void *queue; /* VkQueue of `device` with compute */
    uint32_t queue_family;
    uint32_t features; /* ATTN_VULKAN_..., of those that `device` was created with */
} attn_vulkan;
#define ATTN_VULKAN_INIT { sizeof(attn_vulkan), NULL, NULL, NULL, NULL, NULL, 0, 0 }

/* A device of libattn on the caller's objects, of Vulkan 1.1 or later. They must live until attn_device_close; nothing is
 * held. `queue` becomes its default queue, which attn_upload, attn_download, attn_plan_create and every NULL queue mean.
 * INVALID: a pointer is NULL or the queue family has no compute. UNSUPPORTED: the device is too old. NO_DEVICE: libvulkan
 * cannot be loaded, or an entry point is missing. Thread-safe. */
ATTN_API attn_status attn_device_adopt_vulkan(const attn_vulkan *vulkan, attn_device **adopted);

/* A queue that records into `command_buffer`, a VkCommandBuffer that is being recorded, outside of a render pass, of the
 * device's queue family; device may also be one that attn_device_open opened. attn_run and attn_merge on it record; the
 * caller ends, submits and waits. Each begins with a memory barrier from all commands before it; what reads the results
 * needs a barrier of its own, from VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT and VK_ACCESS_SHADER_WRITE_BIT. The bound compute
 * pipeline and the push constants are not what they were.
 * Until the command buffer has executed for the last time, these must live: the plans of its runs, the memory of their
 * arguments, workspaces among them, and this queue, which holds memory of merges. attn_queue_wait on it is INVALID: only the
 * caller knows what he submitted.
 * INVALID: a pointer is NULL or the device is not one of Vulkan. Thread-safe. */
ATTN_API attn_status attn_queue_record_vulkan(attn_device *device, void *command_buffer, attn_queue **queue);

#ifdef __cplusplus
}
#endif

#endif
