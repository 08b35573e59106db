/* How each kind of kernel divides work: what its shader is specialized with, and what a work-group takes.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#ifndef ATTN_VULKAN_GEOMETRY_H
#define ATTN_VULKAN_GEOMETRY_H

#include "modules.h"

enum { ATTN_VULKAN_MOST_CONSTANTS = 9 };

/* Constants 0 .. count - 1 of a shader; `subgroup`: the size that its subgroups must have, all of them full; 0: any. */
typedef struct attn_vulkan_special {
    int32_t constants[ATTN_VULKAN_MOST_CONSTANTS];
    int count;
    uint32_t subgroup;
} attn_vulkan_special;

typedef struct attn_vulkan_geometry {
    attn_vulkan_special special;
    uint32_t group, shared_memory; /* invocations and bytes of a work-group */
    int channels;                  /* of V and O that a work-group has; the rest are other work-groups' */
    int probed;                    /* of its constants, the first of those that attn_vulkan_probe tells; 0: none */
} attn_vulkan_geometry;

/* attn_kernel.variant. */
typedef struct attn_vulkan_variant {
    attn_vulkan_shader shader;
    unsigned features; /* that it needs beside those of every shader */
    int joins;         /* it knows LAUNCH_JOINED */
    /* 0, or 1: declines for a reason of its own; of what the kernel's table and the features allow. */
    int (*geometry)(const attn_kernel *kernel, const attn_vulkan_traits *traits, const attn_problem *problem,
                    const attn_shape *shape, attn_vulkan_geometry *geometry, attn_why *why);
} attn_vulkan_variant;

extern const attn_vulkan_variant attn_vulkan_variant_tiled, attn_vulkan_variant_few, attn_vulkan_variant_matrix,
    attn_vulkan_variant_matrix_2;

#endif
