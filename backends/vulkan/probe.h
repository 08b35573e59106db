/* How a device lays out cooperative matrices of a subgroup, which no query tells.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#ifndef ATTN_VULKAN_PROBE_H
#define ATTN_VULKAN_PROBE_H

#include "device.h"

/* Runs probe_coopmat.comp, the first time: fills in flash_coopmat.comp's ROW_BITS and what follows. The device has what these
 * need. */
attn_status attn_vulkan_probe(attn_vulkan_device *device, int32_t found[ATTN_VULKAN_FOUND]);

#endif
