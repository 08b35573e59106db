/* Optional features of devices: asking for them and enabling them.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#ifndef ATTN_VULKAN_FEATURES_H
#define ATTN_VULKAN_FEATURES_H

#include "attn_vulkan.h"
#include "loader.h"

/* Bits beside those of attn_vulkan.h, which need no enabling; ATTN_VULKAN_WITHOUT calls them "subgroups" and "compact".
 * Subgroups vote, reduce, ballot and shuffle in compute shaders; the device is a CPU, whose compiler wants little code
 * (unroll.glsl). */
enum {
    ATTN_VULKAN_SUBGROUPS = 1 << 16,
    ATTN_VULKAN_COMPACT = 1 << 17,
    ATTN_VULKAN_OWN_FEATURES = ATTN_VULKAN_SUBGROUPS | ATTN_VULKAN_COMPACT
};

enum { ATTN_VULKAN_BLOCKS = 9, ATTN_VULKAN_MOST_FLAGS = 8 };

/* A struct of features, as Vulkan has them: flags behind a common head. */
typedef struct attn_vulkan_flags {
    VkStructureType sType;
    void *pNext;
    VkBool32 flags[ATTN_VULKAN_MOST_FLAGS];
} attn_vulkan_flags;

/* VkPhysicalDeviceFeatures2 and what hangs on it. Not to be copied: it points into itself. */
typedef struct attn_vulkan_features {
    VkPhysicalDeviceFeatures2 head;
    attn_vulkan_flags blocks[ATTN_VULKAN_BLOCKS];
    const char *extensions[ATTN_VULKAN_BLOCKS + 1]; /* that these blocks need, and room for another */
    uint32_t extension_count;
} attn_vulkan_features;

typedef struct attn_vulkan_extensions {
    VkExtensionProperties *list;
    uint32_t count;
} attn_vulkan_extensions;

int attn_vulkan_has_extension(const attn_vulkan_extensions *extensions, const char *name);

/* ATTN_VULKAN_..., of a device of this version (VK_MAKE_API_VERSION); ATTN_VULKAN_WITHOUT's are left out. */
unsigned attn_vulkan_ask_features(const attn_vulkan_instance *instance, VkPhysicalDevice id, uint32_t version,
                                  const attn_vulkan_extensions *extensions);

/* What enables `features` at vkCreateDevice: features->head is its pNext. */
void attn_vulkan_enable_features(unsigned features, uint32_t version, attn_vulkan_features *enabled);

/* The name of one of them, for messages. */
const char *attn_vulkan_feature_name(unsigned features);

/* `bits` without those that ATTN_VULKAN_WITHOUT names. */
unsigned attn_vulkan_mask_features(unsigned bits);

#endif
