/* Codes of Vulkan as attn_status and text.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#include "config.h"

#include "error.h"

#include "gpu/code.h"

/* Those that compute can give. */
static const attn_code names[] = {
    { 0, "VK_SUCCESS" },
    { 1, "VK_NOT_READY" },
    { 2, "VK_TIMEOUT" },
    { 5, "VK_INCOMPLETE" },
    { -1, "VK_ERROR_OUT_OF_HOST_MEMORY" },
    { -2, "VK_ERROR_OUT_OF_DEVICE_MEMORY" },
    { -3, "VK_ERROR_INITIALIZATION_FAILED" },
    { -4, "VK_ERROR_DEVICE_LOST" },
    { -5, "VK_ERROR_MEMORY_MAP_FAILED" },
    { -6, "VK_ERROR_LAYER_NOT_PRESENT" },
    { -7, "VK_ERROR_EXTENSION_NOT_PRESENT" },
    { -8, "VK_ERROR_FEATURE_NOT_PRESENT" },
    { -9, "VK_ERROR_INCOMPATIBLE_DRIVER" },
    { -10, "VK_ERROR_TOO_MANY_OBJECTS" },
    { -12, "VK_ERROR_FRAGMENTED_POOL" },
    { -13, "VK_ERROR_UNKNOWN" },
    { -1000012000, "VK_ERROR_INVALID_SHADER_NV" },
    { -1000069000, "VK_ERROR_OUT_OF_POOL_MEMORY" },
    { -1000257000, "VK_ERROR_INVALID_OPAQUE_CAPTURE_ADDRESS" },
    { 1000297000, "VK_PIPELINE_COMPILE_REQUIRED" },
};

const char *attn_vulkan_code_name(VkResult code)
{
    return attn_code_name(names, sizeof names / sizeof names[0], code);
}

attn_status attn_vulkan_status(VkResult code)
{
    return code == VK_ERROR_OUT_OF_HOST_MEMORY || code == VK_ERROR_OUT_OF_DEVICE_MEMORY ? ATTN_NO_MEMORY : ATTN_DRIVER;
}

attn_status attn_vulkan_fail(VkResult code, const char *call, ...)
{
    va_list arguments;
    va_start(arguments, call);
    attn_status status = attn_fail_call(attn_vulkan_status(code), attn_vulkan_code_name(code), code, call, arguments);
    va_end(arguments);
    return status;
}
