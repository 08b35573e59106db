/* What a plan keeps on a Vulkan device: its pipelines and the problem's arrays.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#ifndef ATTN_VULKAN_PREPARE_H
#define ATTN_VULKAN_PREPARE_H

#include "gpu/problem.h"
#include "pipeline.h"

/* In device memory, as plan.glsl reads it. */
typedef struct attn_vulkan_block_of_plan {
    VkDeviceAddress arrays[ATTN_GPU_ARRAYS - ATTN_GPU_LISTS];
    int64_t counters; /* where they begin in the block */
    struct plan plan;
    uint32_t counter[]; /* 0 between runs: work-groups of a query tile that have left their parts */
} attn_vulkan_block_of_plan;

typedef struct attn_vulkan_prepared {
    attn_gpu_problem problem;
    VkPipeline forward, merge;
    int joins; /* one dispatch makes parts and merges them, where no other run of the plan may be under way */
} attn_vulkan_prepared;

/* kernel->prepare. */
attn_status attn_vulkan_prepare(attn_plan *plan);

#endif
