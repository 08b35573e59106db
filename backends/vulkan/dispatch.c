/* Recording of dispatches.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#include "config.h"

#include "dispatch.h"

#include "integer.h"

void attn_vulkan_dispatch(const attn_vulkan_device *d, VkCommandBuffer commands, VkPipeline pipeline,
                          const attn_vulkan_push *push, const int64_t groups[3])
{
    const uint32_t *most = d->traits.properties.limits.maxComputeWorkGroupCount;
    const int64_t most_x = attn_least(most[0], INT32_MAX), most_y = attn_least(most[1], INT32_MAX);
    d->vk.CmdBindPipeline(commands, VK_PIPELINE_BIND_POINT_COMPUTE, pipeline);
    for (int64_t y = 0; y < groups[1]; y += most_y)
        for (int64_t x = 0; x < groups[0]; x += most_x) {
            push->set_first(push->bytes, x, y);
            d->vk.CmdPushConstants(commands, d->layout, VK_SHADER_STAGE_COMPUTE_BIT, 0, push->size, push->bytes);
            d->vk.CmdDispatch(commands, (uint32_t)attn_least(groups[0] - x, most_x),
                              (uint32_t)attn_least(groups[1] - y, most_y), (uint32_t)groups[2]);
        }
}

void attn_vulkan_order(const attn_vulkan_device *d, VkCommandBuffer commands)
{
    const VkMemoryBarrier barrier = {
        .sType = VK_STRUCTURE_TYPE_MEMORY_BARRIER,
        .srcAccessMask = VK_ACCESS_SHADER_WRITE_BIT | VK_ACCESS_TRANSFER_WRITE_BIT,
        .dstAccessMask = VK_ACCESS_SHADER_READ_BIT | VK_ACCESS_SHADER_WRITE_BIT | VK_ACCESS_TRANSFER_READ_BIT |
                         VK_ACCESS_TRANSFER_WRITE_BIT,
    };
    const VkFlags stages = VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT | VK_PIPELINE_STAGE_TRANSFER_BIT;
    d->vk.CmdPipelineBarrier(commands, stages, stages, 0, 1, &barrier, 0, NULL, 0, NULL);
}
