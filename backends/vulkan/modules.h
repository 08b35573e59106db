/* The shaders of shaders/ as SPIR-V, made by glslc. Most are there twice: with storage of 16 bits, and without;
 * large ones also compact (unroll.glsl).
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#ifndef ATTN_VULKAN_MODULES_H
#define ATTN_VULKAN_MODULES_H

#include "traits.h"

/* Known by its address. */
typedef struct attn_vulkan_module {
    const char *name;
    const uint32_t *words;
    size_t bytes;
} attn_vulkan_module;

typedef enum attn_vulkan_shader {
    ATTN_VULKAN_FORWARD,
    ATTN_VULKAN_FORWARD_FEW,
    ATTN_VULKAN_COOPMAT,
    ATTN_VULKAN_COOPMAT2,
    ATTN_VULKAN_PROBE,
    ATTN_VULKAN_MERGE_PARTS,
    ATTN_VULKAN_MERGE_ADD,
    ATTN_VULKAN_MERGE_END,
    ATTN_VULKAN_SHADERS
} attn_vulkan_shader;

/* As the device can run it; NULL: the compiler of this library's shaders did not know what it needs. */
const attn_vulkan_module *attn_vulkan_module_of(const attn_vulkan_traits *traits, attn_vulkan_shader shader);

#endif
