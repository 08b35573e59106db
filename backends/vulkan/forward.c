/* Runs of forward.comp and merge_parts.comp.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#include "config.h"

#include "forward.h"

#include "dispatch.h"
#include "prepare.h"

/* Push constants, as plan.glsl reads them. */
typedef struct run {
    VkDeviceAddress q, k, v, o, lse, alibi, bias, sink, cu_q, cu_k, used, pages, workspace, plan;
    int32_t kind, first_tile, first_unit, reserved;
} run;

_Static_assert(sizeof(run) <= ATTN_VULKAN_PUSH_BYTES, "every device has so many bytes of push constants");

static run addresses(const attn_vulkan_device *d, const attn_args *a, attn_memory plan)
{
    return (run){
        .q = attn_vulkan_address(d, a->q),
        .k = attn_vulkan_address(d, a->k),
        .v = attn_vulkan_address(d, a->v),
        .o = attn_vulkan_address(d, a->o),
        .lse = attn_vulkan_address(d, a->lse),
        .alibi = attn_vulkan_address(d, a->alibi),
        .bias = attn_vulkan_address(d, a->bias),
        .sink = attn_vulkan_address(d, a->sink_logit),
        .cu_q = attn_vulkan_address(d, a->cu_seqlens_q),
        .cu_k = attn_vulkan_address(d, a->cu_seqlens_k),
        .used = attn_vulkan_address(d, a->seqused_k),
        .pages = attn_vulkan_address(d, a->page_table),
        .workspace = attn_vulkan_address(d, a->workspace),
        .plan = attn_vulkan_address(d, plan),
    };
}

static void set_first(void *bytes, int64_t x, int64_t y)
{
    run *r = bytes;
    r->first_tile = (int32_t)x;
    r->first_unit = (int32_t)y;
}

/* Plans with more work-groups than push constants can number are declined (kernels.c). */
static void record(const attn_plan *plan, const attn_args *args, VkCommandBuffer commands,
                   const attn_gpu_launch *launches, int count)
{
    const attn_vulkan_device *d = attn_vulkan_of(plan->device);
    const attn_vulkan_prepared *made = plan->prepared;
    run r = addresses(d, args, made->problem.memory[ATTN_GPU_PLAN]);
    const attn_vulkan_push push = { &r, sizeof r, set_first };
    for (int i = 0; i < count; i++) {
        r.kind = launches[i].kind;
        if (i)
            attn_vulkan_order(d, commands);
        attn_vulkan_dispatch(d, commands, launches[i].merges ? made->merge : made->forward, &push, launches[i].groups);
    }
}

/* Runs on the library's own queues come one behind the other, so they may share the plan's counters; recorded ones need not. */
static int join(const attn_plan *plan, const attn_vulkan_recording *recording, attn_gpu_launch launches[], int count)
{
    if (!recording->slot || !((const attn_vulkan_prepared *)plan->prepared)->joins)
        return count;
    launches[0].kind = LAUNCH_JOINED;
    return 1;
}

attn_status attn_vulkan_forward(const attn_plan *plan, const attn_args *args, attn_queue *queue)
{
    attn_vulkan_device *d = attn_vulkan_of(plan->device);
    attn_gpu_launch launches[ATTN_GPU_MOST_LAUNCHES];
    attn_vulkan_recording recording;
    int count = attn_gpu_launches(plan, launches);
    if (!count)
        return ATTN_OK;
    ATTN_TRY(attn_vulkan_begin(d, queue, &recording));
    record(plan, args, recording.commands, launches, join(plan, &recording, launches, count));
    return attn_vulkan_end(d, queue, &recording);
}
