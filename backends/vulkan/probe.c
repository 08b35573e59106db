/* Running probe_coopmat.comp.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#include "config.h"

#include "probe.h"

#include "dispatch.h"
#include "pipeline.h"

/* One work-group. */
static void set_first(void *bytes, int64_t x, int64_t y)
{
    (void)bytes, (void)x, (void)y;
}

static attn_status run(attn_vulkan_device *d, VkPipeline pipeline, attn_memory found)
{
    VkDeviceAddress address = attn_vulkan_address(d, found);
    const attn_vulkan_push push = { &address, sizeof address, set_first };
    static const int64_t one[] = { 1, 1, 1 };
    attn_vulkan_recording recording;
    ATTN_TRY(attn_vulkan_begin(d, NULL, &recording));
    attn_vulkan_dispatch(d, recording.commands, pipeline, &push, one);
    return attn_vulkan_end(d, NULL, &recording);
}

static attn_status ask(attn_vulkan_device *d, int *found)
{
    const attn_vulkan_special special = { { (int32_t)d->traits.subgroup }, 1, d->traits.subgroup };
    const attn_vulkan_module *module = attn_vulkan_module_of(&d->traits, ATTN_VULKAN_PROBE);
    VkPipeline pipeline;
    attn_memory memory;
    int32_t bits;
    ATTN_TRY(attn_vulkan_pipeline_get(d, module, &special, &pipeline));
    ATTN_TRY(attn_vulkan_alloc(&d->base, sizeof bits, &memory));
    attn_status status = run(d, pipeline, memory);
    if (!status)
        status = attn_vulkan_download(&d->base, &bits, memory, sizeof bits);
    attn_vulkan_free(&d->base, memory);
    if (!status)
        *found = bits;
    return status;
}

/* Two threads may both ask, and learn the same. */
attn_status attn_vulkan_probe(attn_vulkan_device *d, int *found)
{
    attn_lock_take(&d->lock);
    int known = d->probed;
    *found = d->found;
    attn_lock_give(&d->lock);
    if (known)
        return ATTN_OK;
    ATTN_TRY(ask(d, found));
    attn_lock_take(&d->lock);
    d->probed = 1;
    d->found = *found;
    attn_lock_give(&d->lock);
    return ATTN_OK;
}
