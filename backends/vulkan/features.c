/* Optional features of devices.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#include "config.h"

#include "features.h"

#include <string.h>

#include "environment.h"
#include "log.h"

enum { STORAGE16, STORAGE8, FLOAT16, ADDRESS, SUBGROUP_SIZE, MEMORY_MODEL, MATRIX, MATRIX_2, BFLOAT16, CORE };

/* Extensions become a part of a version; `core`: then they need not be named. 0: they have not. */
static const struct {
    VkStructureType type;
    const char *extension;
    uint32_t core;
} blocks[ATTN_VULKAN_BLOCKS] = {
    [STORAGE16] = { VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_16BIT_STORAGE_FEATURES, "VK_KHR_16bit_storage",
                    VK_MAKE_API_VERSION(1, 1) },
    [STORAGE8] = { VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_8BIT_STORAGE_FEATURES, "VK_KHR_8bit_storage",
                   VK_MAKE_API_VERSION(1, 2) },
    [FLOAT16] = { VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SHADER_FLOAT16_INT8_FEATURES, "VK_KHR_shader_float16_int8",
                  VK_MAKE_API_VERSION(1, 2) },
    [ADDRESS] = { VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_BUFFER_DEVICE_ADDRESS_FEATURES, "VK_KHR_buffer_device_address",
                  VK_MAKE_API_VERSION(1, 2) },
    [SUBGROUP_SIZE] = { VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SUBGROUP_SIZE_CONTROL_FEATURES,
                        "VK_EXT_subgroup_size_control", VK_MAKE_API_VERSION(1, 3) },
    [MEMORY_MODEL] = { VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_MEMORY_MODEL_FEATURES, "VK_KHR_vulkan_memory_model",
                       VK_MAKE_API_VERSION(1, 2) },
    [MATRIX] = { VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_COOPERATIVE_MATRIX_FEATURES_KHR, "VK_KHR_cooperative_matrix", 0 },
    [MATRIX_2] = { VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_COOPERATIVE_MATRIX_2_FEATURES_NV, "VK_NV_cooperative_matrix2", 0 },
    [BFLOAT16] = { VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SHADER_BFLOAT16_FEATURES_KHR, "VK_KHR_shader_bfloat16", 0 },
};

/* A feature is offered when all its flags are. */
static const struct {
    unsigned feature;
    int block, flag;
} flags[] = {
    { ATTN_VULKAN_ADDRESS, ADDRESS, 0 },
    { ATTN_VULKAN_INT64, CORE, VK_FEATURE_shaderInt64 },
    { ATTN_VULKAN_INT16, CORE, VK_FEATURE_shaderInt16 },
    { ATTN_VULKAN_STORAGE16, STORAGE16, 0 },
    { ATTN_VULKAN_STORAGE8, STORAGE8, 0 },
    { ATTN_VULKAN_FLOAT16, FLOAT16, 0 },
    { ATTN_VULKAN_SUBGROUP_SIZE, SUBGROUP_SIZE, 0 }, /* subgroupSizeControl */
    { ATTN_VULKAN_SUBGROUP_SIZE, SUBGROUP_SIZE, 1 }, /* computeFullSubgroups */
    { ATTN_VULKAN_COOPERATIVE_MATRIX, MEMORY_MODEL, 0 },
    { ATTN_VULKAN_COOPERATIVE_MATRIX, MATRIX, 0 },
    { ATTN_VULKAN_COOPERATIVE_MATRIX_2, MEMORY_MODEL, 0 },
    { ATTN_VULKAN_COOPERATIVE_MATRIX_2, MATRIX, 0 },
    { ATTN_VULKAN_COOPERATIVE_MATRIX_2, MATRIX_2, 0 }, /* work-group scope */
    { ATTN_VULKAN_COOPERATIVE_MATRIX_2, MATRIX_2, 1 }, /* flexible dimensions */
    { ATTN_VULKAN_COOPERATIVE_MATRIX_2, MATRIX_2, 2 }, /* reductions */
    { ATTN_VULKAN_COOPERATIVE_MATRIX_2, MATRIX_2, 3 }, /* conversions */
    { ATTN_VULKAN_COOPERATIVE_MATRIX_2, MATRIX_2, 4 }, /* operations on elements */
    { ATTN_VULKAN_COOPERATIVE_MATRIX_2, MATRIX_2, 5 }, /* tensor addressing */
    { ATTN_VULKAN_BFLOAT16, MEMORY_MODEL, 0 },
    { ATTN_VULKAN_BFLOAT16, MATRIX, 0 },
    { ATTN_VULKAN_BFLOAT16, BFLOAT16, 0 }, /* the type */
    { ATTN_VULKAN_BFLOAT16, BFLOAT16, 2 }, /* cooperative matrices of it */
};

enum { FLAGS = sizeof flags / sizeof flags[0] };

/* What ATTN_VULKAN_WITHOUT takes, with all that is built on it. */
static const struct {
    const char *name;
    unsigned features;
} names[] = {
    { "address", ATTN_VULKAN_ADDRESS },
    { "int64", ATTN_VULKAN_INT64 },
    { "int16", ATTN_VULKAN_INT16 },
    { "storage16", ATTN_VULKAN_STORAGE16 },
    { "storage8", ATTN_VULKAN_STORAGE8 },
    { "float16", ATTN_VULKAN_FLOAT16 },
    { "subgroups", ATTN_VULKAN_SUBGROUPS },
    { "compact", ATTN_VULKAN_COMPACT },
    { "subgroup_size", ATTN_VULKAN_SUBGROUP_SIZE },
    { "cooperative_matrix", ATTN_VULKAN_COOPERATIVE_MATRIX | ATTN_VULKAN_COOPERATIVE_MATRIX_2 | ATTN_VULKAN_BFLOAT16 },
    { "cooperative_matrix_2", ATTN_VULKAN_COOPERATIVE_MATRIX_2 },
    { "bfloat16", ATTN_VULKAN_BFLOAT16 },
};

int attn_vulkan_has_extension(const attn_vulkan_extensions *extensions, const char *name)
{
    for (uint32_t i = 0; i < extensions->count; i++)
        if (!strcmp(extensions->list[i].extensionName, name))
            return 1;
    return 0;
}

static void begin_chain(attn_vulkan_features *f)
{
    *f = (attn_vulkan_features){ .head.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_FEATURES_2 };
}

static void add_block(attn_vulkan_features *f, int block)
{
    if (f->blocks[block].sType)
        return;
    f->blocks[block].sType = blocks[block].type;
    f->blocks[block].pNext = f->head.pNext;
    f->head.pNext = &f->blocks[block];
}

static VkBool32 *flag_of(attn_vulkan_features *f, int i)
{
    return flags[i].block == CORE ? &f->head.features[flags[i].flag] : &f->blocks[flags[i].block].flags[flags[i].flag];
}

static int in_core(int block, uint32_t version)
{
    return blocks[block].core && version >= blocks[block].core;
}

unsigned attn_vulkan_ask_features(const attn_vulkan_instance *instance, VkPhysicalDevice id, uint32_t version,
                                  const attn_vulkan_extensions *extensions)
{
    attn_vulkan_features f;
    unsigned offered = 0, missing = 0;
    begin_chain(&f);
    for (int b = 0; b < ATTN_VULKAN_BLOCKS; b++)
        if (in_core(b, version) || attn_vulkan_has_extension(extensions, blocks[b].extension))
            add_block(&f, b);
    instance->GetPhysicalDeviceFeatures2(id, &f.head);
    for (int i = 0; i < FLAGS; i++) {
        offered |= flags[i].feature;
        if (!*flag_of(&f, i))
            missing |= flags[i].feature;
    }
    return attn_vulkan_mask_features(offered & ~missing);
}

void attn_vulkan_enable_features(unsigned features, uint32_t version, attn_vulkan_features *enabled)
{
    begin_chain(enabled);
    for (int i = 0; i < FLAGS; i++) {
        int block = flags[i].block;
        if (!(features & flags[i].feature))
            continue;
        if (block != CORE && !enabled->blocks[block].sType && !in_core(block, version))
            enabled->extensions[enabled->extension_count++] = blocks[block].extension;
        if (block != CORE)
            add_block(enabled, block);
        *flag_of(enabled, i) = 1;
    }
}

static unsigned features_of(const char *name, size_t length)
{
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strlen(names[i].name) == length && !strncmp(names[i].name, name, length))
            return names[i].features;
    if (length && attn_log_level())
        attn_log_line("vulkan: ATTN_VULKAN_WITHOUT names no feature with \"%.*s\"", (int)length, name);
    return 0;
}

unsigned attn_vulkan_mask_features(unsigned bits)
{
    const char *at = attn_environment("ATTN_VULKAN_WITHOUT");
    while (at && *at) {
        size_t length = strcspn(at, ",");
        bits &= ~features_of(at, length);
        at += length + (at[length] == ',');
    }
    return bits;
}

const char *attn_vulkan_feature_name(unsigned features)
{
    size_t i = 0;
    while (i + 1 < sizeof names / sizeof names[0] && !(names[i].features & features))
        i++;
    return names[i].name;
}
