/* Compiling a pipeline: with what the cache has of it, or anew.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "gpu/cache.h"
#include "hash.h"
#include "log.h"
#include "pipeline.h"
#include "text.h"

static const size_t LARGEST_BINARY = (size_t)1 << 28;

/* One compilation. */
typedef struct compilation {
    attn_vulkan_device *device;
    attn_vulkan_pipeline *made;
    char constants[128];
    char key[1024]; /* of the file; "": not to be kept */
    attn_blob known;
} compilation;

static void describe_constants(compilation *c)
{
    attn_text to = { c->constants, sizeof c->constants, 0 };
    for (int i = 0; i < c->made->special.count; i++)
        attn_append(&to, "%s%d", i ? " " : "", (int)c->made->special.constants[i]);
    if (c->made->special.subgroup)
        attn_append(&to, ", subgroups of %u", c->made->special.subgroup);
}

/* Everything that the binary depends on. A driver also compares what it needs in its part of the file. */
static void make_key(compilation *c)
{
    const VkPhysicalDeviceProperties *p = &c->device->traits.properties;
    const attn_vulkan_module *m = c->made->module;
    attn_text to = { c->key, sizeof c->key, 0 };
    attn_append(&to, "libattn %u\n%s\n%u %u %u\n%s\n", attn_version(), p->deviceName, p->vendorID, p->deviceID,
                p->driverVersion, c->device->traits.driver);
    for (int i = 0; i < 16; i++)
        attn_append(&to, "%02x", p->pipelineCacheUUID[i]);
    attn_append(&to, "\n%s\n%s\n%zu bytes, hash %016llx\n", m->name, c->constants, m->bytes,
                (unsigned long long)attn_hash(0, m->words, m->bytes));
}

static VkResult create_pipeline(compilation *c, VkShaderModule module, VkPipelineCache cache)
{
    attn_vulkan_device *d = c->device;
    const attn_vulkan_special *s = &c->made->special;
    VkSpecializationMapEntry entries[ATTN_VULKAN_MOST_CONSTANTS];
    for (int i = 0; i < s->count; i++)
        entries[i] = (VkSpecializationMapEntry){ (uint32_t)i, (uint32_t)(i * (int)sizeof(int32_t)), sizeof(int32_t) };
    const VkSpecializationInfo constants = { (uint32_t)s->count, entries, (size_t)s->count * sizeof(int32_t),
                                             s->constants };
    VkPipelineShaderStageRequiredSubgroupSizeCreateInfo subgroup = {
        .sType = VK_STRUCTURE_TYPE_PIPELINE_SHADER_STAGE_REQUIRED_SUBGROUP_SIZE_CREATE_INFO,
        .requiredSubgroupSize = s->subgroup,
    };
    const VkComputePipelineCreateInfo info = {
        .sType = VK_STRUCTURE_TYPE_COMPUTE_PIPELINE_CREATE_INFO,
        .stage = { .sType = VK_STRUCTURE_TYPE_PIPELINE_SHADER_STAGE_CREATE_INFO,
                   .pNext = s->subgroup ? &subgroup : NULL,
                   .flags = s->subgroup ? VK_PIPELINE_SHADER_STAGE_CREATE_REQUIRE_FULL_SUBGROUPS_BIT : 0,
                   .stage = VK_SHADER_STAGE_COMPUTE_BIT,
                   .module = module,
                   .pName = "main",
                   .pSpecializationInfo = &constants },
        .layout = d->layout,
        .basePipelineIndex = -1,
    };
    return d->vk.CreateComputePipelines(d->device, cache, 1, &info, NULL, &c->made->pipeline);
}

/* What the driver has learnt, unless it had known it all. Whatever fails only means that nothing is kept. */
static void keep(const compilation *c, VkPipelineCache cache)
{
    attn_vulkan_device *d = c->device;
    size_t size = 0;
    if (!*c->key || d->vk.GetPipelineCacheData(d->device, cache, &size, NULL) || !size || size > LARGEST_BINARY)
        return;
    void *bytes = malloc(size);
    if (bytes && !d->vk.GetPipelineCacheData(d->device, cache, &size, bytes) &&
        (size != c->known.size || memcmp(bytes, c->known.bytes, size)))
        attn_cache_store("vulkan", c->key, d->base.verbose, bytes, size);
    free(bytes);
}

static attn_status compile_with(compilation *c, VkPipelineCache cache)
{
    attn_vulkan_device *d = c->device;
    const attn_vulkan_module *m = c->made->module;
    const VkShaderModuleCreateInfo info = {
        .sType = VK_STRUCTURE_TYPE_SHADER_MODULE_CREATE_INFO,
        .codeSize = m->bytes,
        .pCode = m->words,
    };
    VkShaderModule module;
    VkResult code = d->vk.CreateShaderModule(d->device, &info, NULL, &module);
    if (code)
        return attn_vulkan_fail(code, "vkCreateShaderModule of %s", m->name);
    code = create_pipeline(c, module, cache);
    d->vk.DestroyShaderModule(d->device, module, NULL);
    if (code)
        return attn_vulkan_fail(code, "vkCreateComputePipelines of %s with constants %s", m->name, c->constants);
    keep(c, cache);
    return ATTN_OK;
}

static attn_status compile(compilation *c)
{
    attn_vulkan_device *d = c->device;
    const VkPipelineCacheCreateInfo info = {
        .sType = VK_STRUCTURE_TYPE_PIPELINE_CACHE_CREATE_INFO,
        .initialDataSize = c->known.size,
        .pInitialData = c->known.bytes,
    };
    VkPipelineCache cache;
    VkResult code = d->vk.CreatePipelineCache(d->device, &info, NULL, &cache);
    if (code)
        return attn_vulkan_fail(code, "vkCreatePipelineCache of %zu bytes", c->known.size);
    attn_status status = compile_with(c, cache);
    d->vk.DestroyPipelineCache(d->device, cache, NULL);
    return status;
}

attn_status attn_vulkan_compile(attn_vulkan_device *device, attn_vulkan_pipeline *p)
{
    compilation c = { .device = device, .made = p };
    double begin = attn_log_clock();
    describe_constants(&c);
    if (device->caches)
        make_key(&c);
    if (*c.key && !attn_cache_load("vulkan", c.key, device->base.verbose, &c.known))
        c.known = (attn_blob){ NULL, NULL, 0 };
    attn_status status = compile(&c);
    if (!status && device->base.verbose)
        attn_log_line("device %s: shader %s compiled %sin %.3f s, constants %s", device->base.info.name,
                      p->module->name, c.known.size ? "with the cache " : "", attn_log_clock() - begin, c.constants);
    free(c.known.block);
    return status;
}
