/*
 * The public header alone, as strict C++17: compiled by header.tap with every warning an error.
 *
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE.
 */
#include <attn.h>

extern const attn_device_info info;
extern const attn_problem problem;
extern const attn_plan_info plan_info;
extern const attn_args args;
extern const attn_merge_args merge_args;

const attn_device_info info = ATTN_DEVICE_INFO_INIT;
const attn_problem problem = ATTN_PROBLEM_INIT;
const attn_plan_info plan_info = ATTN_PLAN_INFO_INIT;
const attn_args args = ATTN_ARGS_INIT;
const attn_merge_args merge_args = ATTN_MERGE_ARGS_INIT;

int main()
{
    attn_tensor vector = attn_vector(ATTN_F32, 1);
    attn_memory memory = attn_host(&vector);
    return memory.handle == 0 || attn_version() == 0;
}
