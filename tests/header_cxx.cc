/*
 * The public headers alone, as strict C++17: compiled by header.tap with every warning an error.
 *
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE.
 */
#include <attn.h>
#include <attn_cuda.h>
#include <attn_opencl.h>
#include <attn_pattern.h>
#include <attn_vulkan.h>

extern const attn_device_info info;
extern const attn_problem problem;
extern const attn_plan_info plan_info;
extern const attn_args args;
extern const attn_merge_args merge_args;
extern const attn_block_mask block_mask;
extern const attn_preset_info preset_info;
extern const attn_lengths lengths;
extern const attn_schedule_info schedule_info;
extern const attn_vulkan vulkan;

const attn_device_info info = ATTN_DEVICE_INFO_INIT;
const attn_problem problem = ATTN_PROBLEM_INIT;
const attn_plan_info plan_info = ATTN_PLAN_INFO_INIT;
const attn_args args = ATTN_ARGS_INIT;
const attn_merge_args merge_args = ATTN_MERGE_ARGS_INIT;
const attn_block_mask block_mask = ATTN_BLOCK_MASK_INIT;
const attn_preset_info preset_info = ATTN_PRESET_INFO_INIT;
const attn_lengths lengths = ATTN_LENGTHS_INIT;
const attn_schedule_info schedule_info = ATTN_SCHEDULE_INFO_INIT;
const attn_vulkan vulkan = ATTN_VULKAN_INIT;

int main()
{
    attn_tensor vector = attn_vector(ATTN_F32, 1);
    attn_memory memory = attn_host(&vector);
    return memory.handle == 0 || attn_version() == 0 || attn_preset_count() == 0;
}
