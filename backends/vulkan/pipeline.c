/* The pipelines of a device: a list under its lock, looked up by shader and constants.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#include "config.h"

#include "pipeline.h"

#include <stdlib.h>
#include <string.h>

static attn_vulkan_pipeline *find(const attn_vulkan_device *d, const attn_vulkan_pipeline *like)
{
    attn_vulkan_pipeline *p = d->pipelines;
    while (p && (p->module != like->module || memcmp(&p->special, &like->special, sizeof p->special)))
        p = p->next;
    return p;
}

static attn_status add(attn_vulkan_device *d, const attn_vulkan_pipeline *like, attn_vulkan_pipeline **added)
{
    attn_vulkan_pipeline *p = malloc(sizeof *p);
    if (!p)
        return attn_fail(ATTN_NO_MEMORY, "no memory for a pipeline of %zu bytes", sizeof *p);
    *p = *like;
    attn_status status = attn_vulkan_compile(d, p);
    if (status) {
        free(p);
        return status;
    }
    p->next = d->pipelines;
    d->pipelines = *added = p;
    return ATTN_OK;
}

/* Compiling is under the lock too: a second plan of the same kind would only compile the same again. */
attn_status attn_vulkan_pipeline_get(attn_vulkan_device *d, const attn_vulkan_module *module,
                                     const attn_vulkan_special *special, VkPipeline *pipeline)
{
    attn_vulkan_pipeline like = { .module = module };
    if (special)
        like.special = *special;
    attn_lock_take(&d->lock);
    attn_vulkan_pipeline *p = find(d, &like);
    attn_status status = p ? ATTN_OK : add(d, &like, &p);
    attn_lock_give(&d->lock);
    if (!status)
        *pipeline = p->pipeline;
    return status;
}

void attn_vulkan_pipelines_destroy(attn_vulkan_device *d)
{
    while (d->pipelines) {
        attn_vulkan_pipeline *p = d->pipelines;
        d->pipelines = p->next;
        d->vk.DestroyPipeline(d->device, p->pipeline, NULL);
        free(p);
    }
}
