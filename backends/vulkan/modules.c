/* The shaders as SPIR-V.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#include "config.h"

#include "modules.h"

/* glslc writes numbers alone, separated by commas. */
static const uint32_t forward[] = {
#include "spirv/forward.inc"
};
static const uint32_t forward_words[] = {
#include "spirv/forward_words.inc"
};
static const uint32_t forward_compact[] = {
#include "spirv/forward_compact.inc"
};
static const uint32_t forward_compact_words[] = {
#include "spirv/forward_compact_words.inc"
};
static const uint32_t forward_few[] = {
#include "spirv/forward_few.inc"
};
static const uint32_t forward_few_words[] = {
#include "spirv/forward_few_words.inc"
};
static const uint32_t forward_few_compact[] = {
#include "spirv/forward_few_compact.inc"
};
static const uint32_t forward_few_compact_words[] = {
#include "spirv/forward_few_compact_words.inc"
};
#ifdef ATTN_SPIRV_COOPMAT
static const uint32_t flash_coopmat[] = {
#include "spirv/flash_coopmat.inc"
};
static const uint32_t probe_coopmat[] = {
#include "spirv/probe_coopmat.inc"
};
#endif
#ifdef ATTN_SPIRV_COOPMAT2
static const uint32_t flash_coopmat2[] = {
#include "spirv/flash_coopmat2.inc"
};
#endif
static const uint32_t merge_parts[] = {
#include "spirv/merge_parts.inc"
};
static const uint32_t merge_parts_words[] = {
#include "spirv/merge_parts_words.inc"
};
static const uint32_t merge_add[] = {
#include "spirv/merge_add.inc"
};
static const uint32_t merge_end[] = {
#include "spirv/merge_end.inc"
};
static const uint32_t merge_end_words[] = {
#include "spirv/merge_end_words.inc"
};

#define MODULE(words)                                                                                                  \
    {                                                                                                                  \
#words, words, sizeof words                                                                                    \
    }

#define NONE                                                                                                           \
    {                                                                                                                  \
        NULL, NULL, 0                                                                                                  \
    }

/* By shader; then without and with storage of 16 bits. merge_add stores no halves. */
static const attn_vulkan_module modules[ATTN_VULKAN_SHADERS][2] = {
    [ATTN_VULKAN_FORWARD] = { MODULE(forward_words), MODULE(forward) },
    [ATTN_VULKAN_FORWARD_FEW] = { MODULE(forward_few_words), MODULE(forward_few) },
#ifdef ATTN_SPIRV_COOPMAT
    [ATTN_VULKAN_COOPMAT] = { NONE, MODULE(flash_coopmat) },
    [ATTN_VULKAN_PROBE] = { NONE, MODULE(probe_coopmat) },
#endif
#ifdef ATTN_SPIRV_COOPMAT2
    [ATTN_VULKAN_COOPMAT2] = { NONE, MODULE(flash_coopmat2) },
#endif
    [ATTN_VULKAN_MERGE_PARTS] = { MODULE(merge_parts_words), MODULE(merge_parts) },
    [ATTN_VULKAN_MERGE_ADD] = { MODULE(merge_add), MODULE(merge_add) },
    [ATTN_VULKAN_MERGE_END] = { MODULE(merge_end_words), MODULE(merge_end) },
};

static const attn_vulkan_module compact[ATTN_VULKAN_SHADERS][2] = {
    [ATTN_VULKAN_FORWARD] = { MODULE(forward_compact_words), MODULE(forward_compact) },
    [ATTN_VULKAN_FORWARD_FEW] = { MODULE(forward_few_compact_words), MODULE(forward_few_compact) },
};

const attn_vulkan_module *attn_vulkan_module_of(const attn_vulkan_traits *traits, attn_vulkan_shader shader)
{
    const int stores16 = (traits->features & ATTN_VULKAN_STORAGE16) != 0;
    const attn_vulkan_module *module = &modules[shader][stores16];
    if (traits->features & ATTN_VULKAN_COMPACT && compact[shader][stores16].words)
        module = &compact[shader][stores16];
    return module->words ? module : NULL;
}
