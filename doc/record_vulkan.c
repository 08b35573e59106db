/*
 * Records attention into the program's own command buffer behind a command of its own, and submits once.
 *
 *     cc record_vulkan.c $(pkg-config --cflags --libs attn) -lvulkan -o record_vulkan && ./record_vulkan
 *
 * prints the sum over the channels of the last row of o, which is 4 here: every value is 1, and there are 4 channels.
 *
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE.
 */
#include <attn.h>
#include <attn_vulkan.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <vulkan/vulkan.h>

enum { HEADS = 2, ROWS = 100, CHANNELS = 4, BYTES = HEADS * ROWS * CHANNELS * (int)sizeof(float) };

static void check_vulkan(VkResult code, const char *call)
{
    if (!code)
        return;
    fprintf(stderr, "%s: VkResult %d\n", call, (int)code);
    exit(1);
}
#define VK(call) check_vulkan(call, #call)

static void check_attn(attn_status status, const char *call)
{
    if (!status)
        return;
    fprintf(stderr, "%s: %s: %s\n", call, attn_status_string(status), attn_reason());
    exit(1);
}
#define ATTN(call) check_attn(call, #call)

/* ---- what a program with Vulkan has already -------------------------------------------------------------------------------- */

static VkInstance instance;
static VkPhysicalDevice physical;
static VkDevice device;
static VkQueue queue;
static VkCommandPool pool;
static VkCommandBuffer commands;

/* The first device; its first queue family with compute. */
static uint32_t find_family(void)
{
    VkQueueFamilyProperties families[16];
    uint32_t count = 1, found = 0;
    if (vkEnumeratePhysicalDevices(instance, &count, &physical) < 0 || !count) {
        fprintf(stderr, "no device of Vulkan\n");
        exit(77);
    }
    count = 16;
    vkGetPhysicalDeviceQueueFamilyProperties(physical, &count, families);
    while (found + 1 < count && !(families[found].queueFlags & VK_QUEUE_COMPUTE_BIT))
        found++;
    return found;
}

/* With the two features that libattn needs. */
static void create_device(uint32_t family)
{
    const float priority = 1;
    VkPhysicalDeviceBufferDeviceAddressFeatures address = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_BUFFER_DEVICE_ADDRESS_FEATURES, .bufferDeviceAddress = VK_TRUE
    };
    const VkPhysicalDeviceFeatures features = { .shaderInt64 = VK_TRUE };
    const VkDeviceQueueCreateInfo queues = { .sType = VK_STRUCTURE_TYPE_DEVICE_QUEUE_CREATE_INFO,
                                             .queueFamilyIndex = family,
                                             .queueCount = 1,
                                             .pQueuePriorities = &priority };
    const VkDeviceCreateInfo info = { .sType = VK_STRUCTURE_TYPE_DEVICE_CREATE_INFO,
                                      .pNext = &address,
                                      .queueCreateInfoCount = 1,
                                      .pQueueCreateInfos = &queues,
                                      .pEnabledFeatures = &features };
    VK(vkCreateDevice(physical, &info, NULL, &device));
    vkGetDeviceQueue(device, family, 0, &queue);
}

static void create_commands(uint32_t family)
{
    const VkCommandPoolCreateInfo info = { .sType = VK_STRUCTURE_TYPE_COMMAND_POOL_CREATE_INFO,
                                           .queueFamilyIndex = family };
    VK(vkCreateCommandPool(device, &info, NULL, &pool));
    const VkCommandBufferAllocateInfo one = { .sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_ALLOCATE_INFO,
                                              .commandPool = pool,
                                              .commandBufferCount = 1 };
    VK(vkAllocateCommandBuffers(device, &one, &commands));
}

static uint32_t create_all(void)
{
    const VkApplicationInfo program = { .sType = VK_STRUCTURE_TYPE_APPLICATION_INFO, .apiVersion = VK_API_VERSION_1_2 };
    const VkInstanceCreateInfo info = { .sType = VK_STRUCTURE_TYPE_INSTANCE_CREATE_INFO, .pApplicationInfo = &program };
    if (vkCreateInstance(&info, NULL, &instance)) {
        fprintf(stderr, "no driver of Vulkan\n");
        exit(77);
    }
    uint32_t family = find_family();
    create_device(family);
    create_commands(family);
    return family;
}

/* A buffer that attention may read and write, on memory that the host sees. */
static VkBuffer create_buffer(VkDeviceMemory *memory, float **mapped)
{
    const VkFlags wanted = VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT | VK_MEMORY_PROPERTY_HOST_COHERENT_BIT;
    VkPhysicalDeviceMemoryProperties known;
    VkMemoryRequirements needs;
    VkBuffer buffer;
    uint32_t type = 0;
    const VkBufferCreateInfo info = { .sType = VK_STRUCTURE_TYPE_BUFFER_CREATE_INFO,
                                      .size = BYTES,
                                      .usage = VK_BUFFER_USAGE_STORAGE_BUFFER_BIT | VK_BUFFER_USAGE_TRANSFER_DST_BIT |
                                               VK_BUFFER_USAGE_SHADER_DEVICE_ADDRESS_BIT };
    VK(vkCreateBuffer(device, &info, NULL, &buffer));
    vkGetBufferMemoryRequirements(device, buffer, &needs);
    vkGetPhysicalDeviceMemoryProperties(physical, &known);
    while (!(needs.memoryTypeBits >> type & 1) || (known.memoryTypes[type].propertyFlags & wanted) != wanted)
        type++;
    const VkMemoryAllocateFlagsInfo flags = { .sType = VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_FLAGS_INFO,
                                              .flags = VK_MEMORY_ALLOCATE_DEVICE_ADDRESS_BIT };
    const VkMemoryAllocateInfo allocation = { .sType = VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO,
                                              .pNext = &flags,
                                              .allocationSize = needs.size,
                                              .memoryTypeIndex = type };
    VK(vkAllocateMemory(device, &allocation, NULL, memory));
    VK(vkBindBufferMemory(device, buffer, *memory, 0));
    VK(vkMapMemory(device, *memory, 0, VK_WHOLE_SIZE, 0, (void **)mapped));
    return buffer;
}

/* ---- attention in it ----------------------------------------------------------------------------------------------------------- */

static void record(attn_device *attn, const attn_plan *plan, const attn_args *args, VkBuffer v, attn_queue **recording)
{
    const VkCommandBufferBeginInfo begin = { .sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO };
    const VkMemoryBarrier results = { .sType = VK_STRUCTURE_TYPE_MEMORY_BARRIER,
                                      .srcAccessMask = VK_ACCESS_SHADER_WRITE_BIT,
                                      .dstAccessMask = VK_ACCESS_HOST_READ_BIT };
    const float one = 1;
    uint32_t bits;
    memcpy(&bits, &one, sizeof bits);
    VK(vkBeginCommandBuffer(commands, &begin));
    vkCmdFillBuffer(commands, v, 0, VK_WHOLE_SIZE, bits); /* attention waits for it by itself */
    ATTN(attn_queue_record_vulkan(attn, commands, recording));
    ATTN(attn_run(plan, args, *recording));
    vkCmdPipelineBarrier(commands, VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT, VK_PIPELINE_STAGE_HOST_BIT, 0, 1, &results, 0,
                         NULL, 0, NULL);
    VK(vkEndCommandBuffer(commands));
}

static void submit_and_wait(void)
{
    const VkSubmitInfo one = { .sType = VK_STRUCTURE_TYPE_SUBMIT_INFO,
                               .commandBufferCount = 1,
                               .pCommandBuffers = &commands };
    VK(vkQueueSubmit(queue, 1, &one, VK_NULL_HANDLE));
    VK(vkQueueWaitIdle(queue));
}

int main(void)
{
    enum { Q, K, V, O, BUFFERS };
    VkDeviceMemory memory[BUFFERS];
    VkBuffer buffer[BUFFERS];
    float *mapped[BUFFERS], sum = 0;
    attn_vulkan vulkan = ATTN_VULKAN_INIT;
    attn_problem problem = ATTN_PROBLEM_INIT;
    attn_args args = ATTN_ARGS_INIT;
    attn_memory *tensors[BUFFERS] = { &args.q, &args.k, &args.v, &args.o };
    attn_device *attn;
    attn_queue *recording;
    attn_plan *plan;

    vulkan.queue_family = create_all();
    vulkan.instance = instance, vulkan.physical_device = physical, vulkan.device = device, vulkan.queue = queue;
    vulkan.features = ATTN_VULKAN_ADDRESS | ATTN_VULKAN_INT64;
    ATTN(attn_device_adopt_vulkan(&vulkan, &attn));

    for (int i = 0; i < BUFFERS; i++) {
        buffer[i] = create_buffer(&memory[i], &mapped[i]);
        tensors[i]->handle = (uint64_t)buffer[i];
        for (int j = 0; j < HEADS * ROWS * CHANNELS; j++)
            mapped[i][j] = (float)(j * (i + 3) % 17) / 17;
    }
    problem.q = problem.k = problem.v = problem.o = attn_bhsd(ATTN_F32, 1, HEADS, ROWS, CHANNELS);
    problem.mask.causal = 1;
    ATTN(attn_plan_create(attn, &problem, &plan));
    args.workspace_size = attn_plan_workspace(plan);
    ATTN(attn_alloc(attn, args.workspace_size, &args.workspace));

    record(attn, plan, &args, buffer[V], &recording);
    submit_and_wait();
    for (int c = 0; c < CHANNELS; c++)
        sum += mapped[O][(HEADS * ROWS - 1) * CHANNELS + c];
    printf("%.4f\n", sum);

    /* What was recorded needed these until now. */
    attn_queue_destroy(recording);
    attn_free(attn, args.workspace);
    attn_plan_destroy(plan);
    attn_device_close(attn);
    for (int i = 0; i < BUFFERS; i++) {
        vkDestroyBuffer(device, buffer[i], NULL);
        vkFreeMemory(device, memory[i], NULL);
    }
    vkDestroyCommandPool(device, pool, NULL);
    vkDestroyDevice(device, NULL);
    vkDestroyInstance(instance, NULL);
    return 0;
}
