/* Compute pipelines: a shader and its specialization constants, compiled once per device and kept.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#ifndef ATTN_VULKAN_PIPELINE_H
#define ATTN_VULKAN_PIPELINE_H

#include "device.h"
#include "geometry.h"

enum { ATTN_VULKAN_PUSH_BYTES = 128 };

typedef struct attn_vulkan_pipeline {
    struct attn_vulkan_pipeline *next;
    const attn_vulkan_module *module;
    attn_vulkan_special special;
    VkPipeline pipeline;
} attn_vulkan_pipeline;

/* The pipeline of `module`; a `special` of NULL has nothing. The first call for both compiles, or reads the cache; later ones
 * only look it up. It lives until the device is closed. Thread-safe. */
attn_status attn_vulkan_pipeline_get(attn_vulkan_device *device, const attn_vulkan_module *module,
                                     const attn_vulkan_special *special, VkPipeline *pipeline);

/* Destroys what the device has compiled; when it is closed. */
void attn_vulkan_pipelines_destroy(attn_vulkan_device *device);

/* compile.c, for pipeline.c. */
attn_status attn_vulkan_compile(attn_vulkan_device *device, attn_vulkan_pipeline *p);

#endif
