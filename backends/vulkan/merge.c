/* attn_merge on Vulkan.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#include "config.h"

#include "merge.h"

#include "dispatch.h"
#include "gpu/problem.h"
#include "kernels.h"
#include "pipeline.h"

/* Push constants, as merge.glsl reads them. */
typedef struct run {
    VkDeviceAddress part_o, part_lse, o, lse, sink, sums, merge;
    int64_t first_row;
    int32_t first, reserved;
} run;

_Static_assert(sizeof(run) <= ATTN_VULKAN_PUSH_BYTES, "every device has so many bytes of push constants");

typedef struct merging {
    attn_vulkan_device *device;
    const attn_merge_args *args;
    VkPipeline add, end;
    attn_memory layouts, sums; /* struct merge, and the sums behind it */
} merging;

static void set_first(void *bytes, int64_t x, int64_t y)
{
    (void)y;
    ((run *)bytes)->first_row = x;
}

static void record_part(const merging *m, VkCommandBuffer commands, run *r, int part)
{
    const attn_vulkan_push push = { r, sizeof *r, set_first };
    const int64_t groups[3] = { (int64_t)attn_gpu_merge_rows(m->args), 1, 1 };
    r->part_o = attn_vulkan_address(m->device, m->args->parts_o[part]);
    r->part_lse = attn_vulkan_address(m->device, m->args->parts_lse[part]);
    r->first = part == 0;
    attn_vulkan_dispatch(m->device, commands, m->add, &push, groups);
    attn_vulkan_order(m->device, commands);
}

static void record(const merging *m, VkCommandBuffer commands)
{
    const attn_merge_args *a = m->args;
    const struct merge layouts = attn_gpu_merge(a, 0);
    run r = {
        .o = attn_vulkan_address(m->device, a->out_o),
        .lse = attn_vulkan_address(m->device, a->out_lse),
        .sink = attn_vulkan_address(m->device, a->sink),
        .sums = attn_vulkan_address(m->device, m->sums),
        .merge = attn_vulkan_address(m->device, m->layouts),
    };
    const attn_vulkan_push push = { &r, sizeof r, set_first };
    const int64_t groups[3] = { (int64_t)attn_gpu_merge_rows(a), 1, 1 };
    m->device->vk.CmdUpdateBuffer(commands, m->layouts.handle, 0, sizeof layouts, &layouts);
    attn_vulkan_order(m->device, commands);
    for (int part = 0; part < a->count; part++)
        record_part(m, commands, &r, part);
    attn_vulkan_dispatch(m->device, commands, m->end, &push, groups);
}

static attn_status run_with(const merging *m, attn_queue *queue)
{
    attn_vulkan_recording recording;
    ATTN_TRY(attn_vulkan_begin(m->device, queue, &recording));
    record(m, recording.commands);
    return attn_vulkan_end(m->device, queue, &recording);
}

static attn_status get_pipelines(merging *m)
{
    const attn_vulkan_traits *t = &m->device->traits;
    ATTN_TRY(attn_vulkan_pipeline_get(m->device, attn_vulkan_module_of(t, ATTN_VULKAN_MERGE_ADD), NULL, &m->add));
    return attn_vulkan_pipeline_get(m->device, attn_vulkan_module_of(t, ATTN_VULKAN_MERGE_END), NULL, &m->end);
}

attn_status attn_vulkan_merge(attn_device *device, const attn_merge_args *args, attn_queue *queue)
{
    merging m = { .device = attn_vulkan_of(device), .args = args };
    attn_why why;
    if (attn_vulkan_lacks_base(&m.device->traits, &why))
        return attn_fail(ATTN_UNSUPPORTED, "device %s cannot merge: %s", device->info.name, why.text);
    ATTN_TRY(get_pipelines(&m));
    ATTN_TRY(attn_vulkan_scratch_take(m.device, queue, sizeof(struct merge) + attn_gpu_merge_bytes(args), &m.layouts));
    m.sums = (attn_memory){ m.layouts.handle, sizeof(struct merge) };
    attn_status status = run_with(&m, queue);
    attn_vulkan_scratch_give(m.device, queue, m.layouts);
    return status;
}
