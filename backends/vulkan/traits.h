/* What a device is and offers, asked once.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#ifndef ATTN_VULKAN_TRAITS_H
#define ATTN_VULKAN_TRAITS_H

#include "backend.h"
#include "features.h"

enum { ATTN_VULKAN_LARGEST_DIM = 576 };              /* of D and Dv; attn_device_info.max_dim */
enum { ATTN_VULKAN_MOST_MATRICES = 128 };            /* shapes that are kept */
#define ATTN_VULKAN_NEWEST VK_MAKE_API_VERSION(1, 3) /* what the backend knows how to ask */

#define ATTN_VULKAN_PORTABILITY "VK_KHR_portability_subset"

/* A shape of cooperative matrices. Types are VkComponentTypeKHR, scope VkScopeKHR. */
typedef struct attn_vulkan_matrix {
    uint32_t m, n, k;
    int32_t a, b, c, result, scope;
} attn_vulkan_matrix;

typedef struct attn_vulkan_traits {
    VkPhysicalDevice id;
    VkPhysicalDeviceProperties properties;
    char driver[160];    /* "NVIDIA 550.54", or the number of the version */
    uint32_t version;    /* of Vulkan, at most ATTN_VULKAN_NEWEST */
    unsigned features;   /* ATTN_VULKAN_... */
    int layered;         /* on another interface: has ATTN_VULKAN_PORTABILITY, which then is to be enabled */
    uint32_t family;     /* of its queue */
    uint64_t memory;     /* bytes of the largest heap of the device */
    uint64_t allocation; /* bytes that it promises to allocate at once */
    uint32_t compute_units;
    uint32_t subgroup; /* invocations of one, unless a pipeline asks for another size */
    int matrices;
    attn_vulkan_matrix matrix[ATTN_VULKAN_MOST_MATRICES];
} attn_vulkan_traits;

/* Asks the device. OK: it can serve; else `why` is set, and name and driver as far as they could be asked. */
attn_status attn_vulkan_ask(const attn_vulkan_instance *instance, VkPhysicalDevice id, attn_vulkan_traits *traits,
                            attn_why *why);

/* Devices of the system's drivers that can serve: discrete GPUs first, CPUs last, each in the order of the loader.
 * `instance` is theirs. Asked once. Thread-safe. */
int attn_vulkan_list(const attn_vulkan_traits **list, const attn_vulkan_instance **instance);

/* "vulkan:1" in an attn_device_info, for device `index` of the list; index -1: "vulkan", one of none. */
void attn_vulkan_describe(const attn_vulkan_traits *traits, int index, attn_device_info *info);

#endif
