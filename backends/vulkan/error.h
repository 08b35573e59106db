/* Codes of Vulkan as attn_status and text.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#ifndef ATTN_VULKAN_ERROR_H
#define ATTN_VULKAN_ERROR_H

#include "status.h"
#include "vk_min.h"

/* "VK_ERROR_DEVICE_LOST"; "unknown code" for others. Never NULL. */
const char *attn_vulkan_code_name(VkResult code);

/* NO_MEMORY where the code means that, else DRIVER. */
attn_status attn_vulkan_status(VkResult code);

/* That status, with the reason "<call>: VK_NAME (code)". `call` is a format: the entry point and what it was for. */
attn_status attn_vulkan_fail(VkResult code, const char *call, ...) ATTN_PRINTF(2, 3);

#endif
