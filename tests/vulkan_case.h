/*
 * A small problem on a device of Vulkan, with the result that the reference gives.
 *
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE.
 */
#ifndef TESTS_VULKAN_CASE_H
#define TESTS_VULKAN_CASE_H

#include "attn.h"

enum { VULKAN_CASE_HEADS = 3, VULKAN_CASE_ROWS = 130, VULKAN_CASE_CHANNELS = 24 };
enum { VULKAN_CASE_ELEMENTS = VULKAN_CASE_HEADS * VULKAN_CASE_ROWS * VULKAN_CASE_CHANNELS };

typedef struct vulkan_case {
    attn_device *device;
    attn_plan *plan;
    attn_args args;
    float expected[VULKAN_CASE_ELEMENTS];
} vulkan_case;

/* Problems whose tensors have VULKAN_CASE_ELEMENTS or fewer: causal, all tensors alike; and one query row of heads that share their
 * keys, so many that they are cut. */
attn_problem vulkan_case_causal(void);
attn_problem vulkan_case_decode(void);

/* q, k, v and o of a device's memory. Whatever fails ends the program. */
void vulkan_case_create(vulkan_case *c, attn_device *device, attn_problem problem);
void vulkan_case_destroy(vulkan_case *c);

/* Overwrites o. */
void vulkan_case_clear(vulkan_case *c);

/* Behind all that was submitted. */
void vulkan_case_read(vulkan_case *c, float o[VULKAN_CASE_ELEMENTS]);

/* o is what it should be. */
int vulkan_case_equals(vulkan_case *c);
void vulkan_case_check(vulkan_case *c);

#endif
