/* The table of kernels, fastest first.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#ifndef ATTN_VULKAN_KERNELS_H
#define ATTN_VULKAN_KERNELS_H

#include "traits.h"

enum { ATTN_VULKAN_KERNELS = 6 };
extern const attn_kernel attn_vulkan_kernels[ATTN_VULKAN_KERNELS];

/* 1: the device lacks what every shader needs, and why. */
int attn_vulkan_lacks_base(const attn_vulkan_traits *traits, attn_why *why);

#endif
