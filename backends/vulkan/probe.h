/* How a device lays out cooperative matrices of a subgroup, which no query tells.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#ifndef ATTN_VULKAN_PROBE_H
#define ATTN_VULKAN_PROBE_H

#include "device.h"

/* What probe_coopmat.comp sets: a bit, and the constant ROW_BIT of flash_coopmat.comp. */
enum { ATTN_VULKAN_RESULTS_LIE_AS_LEFT = 1, ATTN_VULKAN_ROW_BIT = 2 | 4 };

/* Runs probe_coopmat.comp, the first time. The device has what flash_coopmat.comp needs. */
attn_status attn_vulkan_probe(attn_vulkan_device *device, int *found);

#endif
