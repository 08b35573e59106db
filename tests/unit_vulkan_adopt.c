/*
 * Unit tests of adopted Vulkan devices and of recording, on the first device; skipped where there is none.
 *
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE.
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "attn_vulkan.h"
#include "vulkan/device.h"
#include "vulkan/prepare.h"
#include "vulkan_case.h"

/* A program's own objects: a device with the features of `vulkan.features`. */
static attn_vulkan vulkan = ATTN_VULKAN_INIT;
static attn_vulkan_api vk;
static VkCommandPool pool;
static VkCommandBuffer commands;

static VkDevice vk_device(void)
{
    return vulkan.device;
}

static int need_device(void)
{
    if (!vulkan.device)
        skip();
    return 0;
}

static void create_device(const attn_vulkan_instance *instance, const attn_vulkan_traits *traits)
{
    const float priority = 1;
    attn_vulkan_features features;
    VkDevice device;
    VkQueue queue;
    attn_vulkan_enable_features(traits->features, traits->version, &features);
    const VkDeviceQueueCreateInfo queues = { .sType = VK_STRUCTURE_TYPE_DEVICE_QUEUE_CREATE_INFO,
                                             .queueFamilyIndex = traits->family,
                                             .queueCount = 1,
                                             .pQueuePriorities = &priority };
    const VkDeviceCreateInfo info = { .sType = VK_STRUCTURE_TYPE_DEVICE_CREATE_INFO,
                                      .pNext = &features.head,
                                      .queueCreateInfoCount = 1,
                                      .pQueueCreateInfos = &queues,
                                      .enabledExtensionCount = features.extension_count,
                                      .ppEnabledExtensionNames = features.extensions };
    assert_int_equal(instance->CreateDevice(traits->id, &info, NULL, &device), VK_SUCCESS);
    assert_null(attn_vulkan_load_device(instance, device, &vk));
    vk.GetDeviceQueue(device, traits->family, 0, &queue);
    vulkan.instance = instance->handle;
    vulkan.physical_device = traits->id;
    vulkan.device = device;
    vulkan.queue = queue;
    vulkan.queue_family = traits->family;
    vulkan.features = traits->features;
}

static void create_commands(void)
{
    const VkCommandPoolCreateInfo info = { .sType = VK_STRUCTURE_TYPE_COMMAND_POOL_CREATE_INFO,
                                           .flags = VK_COMMAND_POOL_CREATE_RESET_COMMAND_BUFFER_BIT,
                                           .queueFamilyIndex = vulkan.queue_family };
    assert_int_equal(vk.CreateCommandPool(vk_device(), &info, NULL, &pool), VK_SUCCESS);
    const VkCommandBufferAllocateInfo one = { .sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_ALLOCATE_INFO,
                                              .commandPool = pool,
                                              .commandBufferCount = 1 };
    assert_int_equal(vk.AllocateCommandBuffers(vk_device(), &one, &commands), VK_SUCCESS);
}

static void begin_commands(void)
{
    const VkCommandBufferBeginInfo info = { .sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO };
    assert_int_equal(vk.BeginCommandBuffer(commands, &info), VK_SUCCESS);
}

static void submit_commands(void)
{
    const VkFenceCreateInfo info = { .sType = VK_STRUCTURE_TYPE_FENCE_CREATE_INFO };
    const VkSubmitInfo one = { .sType = VK_STRUCTURE_TYPE_SUBMIT_INFO,
                               .commandBufferCount = 1,
                               .pCommandBuffers = &commands };
    VkFence fence;
    assert_int_equal(vk.CreateFence(vk_device(), &info, NULL, &fence), VK_SUCCESS);
    assert_int_equal(vk.QueueSubmit(vulkan.queue, 1, &one, fence), VK_SUCCESS);
    assert_int_equal(vk.WaitForFences(vk_device(), 1, &fence, 1, UINT64_MAX), VK_SUCCESS);
    vk.DestroyFence(vk_device(), fence, NULL);
}

/* ---- adoption -------------------------------------------------------------------------------------------------------- */

static void adopted_device_computes(void **state)
{
    attn_device *device;
    vulkan_case c;
    (void)state;
    need_device();
    assert_int_equal(attn_device_adopt_vulkan(&vulkan, &device), ATTN_OK);
    vulkan_case_create(&c, device, vulkan_case_causal());
    assert_int_equal(attn_run(c.plan, &c.args, NULL), ATTN_OK);
    vulkan_case_check(&c);
    vulkan_case_destroy(&c);
    attn_device_close(device);
}

static void refuse(attn_vulkan wrong, const char *reason)
{
    attn_device *device = (attn_device *)&wrong;
    assert_int_equal(attn_device_adopt_vulkan(&wrong, &device), ATTN_INVALID);
    assert_non_null(strstr(attn_reason(), reason));
    assert_null(device);
}

static void wrong_objects_are_refused(void **state)
{
    attn_vulkan wrong = vulkan;
    (void)state;
    need_device();
    wrong.instance = NULL;
    refuse(wrong, "vulkan.instance is NULL");
    wrong = vulkan, wrong.physical_device = NULL;
    refuse(wrong, "vulkan.physical_device is NULL");
    wrong = vulkan, wrong.device = NULL;
    refuse(wrong, "vulkan.device is NULL");
    wrong = vulkan, wrong.queue = NULL;
    refuse(wrong, "vulkan.queue is NULL");
    wrong = vulkan, wrong.queue_family = 1000;
    refuse(wrong, "vulkan.queue_family is 1000");
    wrong = vulkan, wrong.size = 1;
    refuse(wrong, "size");
    assert_int_equal(attn_device_adopt_vulkan(&vulkan, NULL), ATTN_INVALID);
    assert_int_equal(attn_device_adopt_vulkan(NULL, (attn_device *[]){ NULL }), ATTN_INVALID);
}

/* A feature that the caller did not enable is none, whatever the device could do. */
static void features_are_the_callers(void **state)
{
    attn_vulkan less = vulkan;
    attn_device *device;
    attn_plan *plan;
    attn_problem problem = ATTN_PROBLEM_INIT;
    (void)state;
    need_device();
    problem.q = problem.k = problem.v = problem.o = attn_bhsd(ATTN_F32, 1, 1, 4, 4);
    less.features = ATTN_VULKAN_INT64;
    assert_int_equal(attn_device_adopt_vulkan(&less, &device), ATTN_OK);
    assert_int_equal(attn_plan_create(device, &problem, &plan), ATTN_UNSUPPORTED);
    assert_non_null(strstr(attn_reason(), "bufferDeviceAddress"));
    attn_device_close(device);
}

/* ---- recording --------------------------------------------------------------------------------------------------------- */

/* Nothing happens before the caller submits, and it happens as often as he does. */
static void runs_are_recorded(void **state)
{
    attn_device *device;
    attn_queue *queue;
    vulkan_case c;
    (void)state;
    need_device();
    assert_int_equal(attn_device_adopt_vulkan(&vulkan, &device), ATTN_OK);
    vulkan_case_create(&c, device, vulkan_case_causal());
    begin_commands();
    assert_int_equal(attn_queue_record_vulkan(device, commands, &queue), ATTN_OK);
    assert_int_equal(attn_run(c.plan, &c.args, queue), ATTN_OK);
    assert_int_equal(attn_run(c.plan, &c.args, queue), ATTN_OK);
    assert_int_equal(vk.EndCommandBuffer(commands), VK_SUCCESS);
    assert_false(vulkan_case_equals(&c));
    for (int i = 0; i < 2; i++) {
        vulkan_case_clear(&c);
        submit_commands();
        vulkan_case_check(&c);
    }
    assert_int_equal(attn_queue_wait(queue), ATTN_INVALID);
    attn_queue_destroy(queue);
    vulkan_case_destroy(&c);
    attn_device_close(device);
}

/* Runs on the library's queue make and merge parts in one dispatch, again and again; recorded ones in two. */
static void recorded_bits_are_alike(void **state)
{
    enum { RUNS = 4 };
    static float o[RUNS][VULKAN_CASE_ELEMENTS];
    attn_device *device;
    attn_queue *queue;
    vulkan_case c;
    (void)state;
    need_device();
    assert_int_equal(attn_device_adopt_vulkan(&vulkan, &device), ATTN_OK);
    vulkan_case_create(&c, device, vulkan_case_decode());
    assert_true(((const attn_vulkan_prepared *)c.plan->prepared)->joins);
    begin_commands();
    assert_int_equal(attn_queue_record_vulkan(device, commands, &queue), ATTN_OK);
    assert_int_equal(attn_run(c.plan, &c.args, queue), ATTN_OK);
    assert_int_equal(vk.EndCommandBuffer(commands), VK_SUCCESS);
    for (int i = 0; i < RUNS; i++) {
        vulkan_case_clear(&c);
        if (i == RUNS / 2)
            submit_commands();
        else
            assert_int_equal(attn_run(c.plan, &c.args, NULL), ATTN_OK);
        assert_true(vulkan_case_equals(&c));
        vulkan_case_read(&c, o[i]);
        assert_memory_equal(o[i], o[0], sizeof o[0]);
    }
    attn_queue_destroy(queue);
    vulkan_case_destroy(&c);
    attn_device_close(device);
}

/* Two equal parts: the result is the part. The merge's memory lives as long as the queue. */
static void merges_are_recorded(void **state)
{
    enum { ROWS = 6, CHANNELS = 5 };
    float part[ROWS * CHANNELS], lse[ROWS] = { 0 }, o[ROWS * CHANNELS] = { 0 };
    attn_device *device;
    attn_queue *queue;
    attn_memory memory[3];
    (void)state;
    need_device();
    for (int i = 0; i < ROWS * CHANNELS; i++)
        part[i] = (float)i;
    assert_int_equal(attn_device_adopt_vulkan(&vulkan, &device), ATTN_OK);
    assert_int_equal(attn_alloc(device, sizeof part, &memory[0]), ATTN_OK);
    assert_int_equal(attn_alloc(device, sizeof lse, &memory[1]), ATTN_OK);
    assert_int_equal(attn_alloc(device, sizeof o, &memory[2]), ATTN_OK);
    assert_int_equal(attn_upload(device, memory[0], part, sizeof part), ATTN_OK);
    assert_int_equal(attn_upload(device, memory[1], lse, sizeof lse), ATTN_OK);
    attn_merge_args args = ATTN_MERGE_ARGS_INIT;
    args.count = 2;
    args.part_o = args.o = attn_bhsd(ATTN_F32, 1, 2, ROWS / 2, CHANNELS);
    args.part_lse = attn_bhsd(ATTN_F32, 1, 2, ROWS / 2, 1);
    args.parts_o = (attn_memory[]){ memory[0], memory[0] };
    args.parts_lse = (attn_memory[]){ memory[1], memory[1] };
    args.out_o = memory[2];
    begin_commands();
    assert_int_equal(attn_queue_record_vulkan(device, commands, &queue), ATTN_OK);
    assert_int_equal(attn_merge(device, &args, queue), ATTN_OK);
    assert_int_equal(vk.EndCommandBuffer(commands), VK_SUCCESS);
    assert_non_null(((attn_vulkan_queue *)queue)->held);
    submit_commands();
    assert_int_equal(attn_download(device, o, memory[2], sizeof o), ATTN_OK);
    for (int i = 0; i < ROWS * CHANNELS; i++)
        assert_float_equal(o[i], part[i], 1e-5f);
    attn_queue_destroy(queue);
    for (int i = 0; i < 3; i++)
        attn_free(device, memory[i]);
    attn_device_close(device);
}

static void wrong_recordings_are_refused(void **state)
{
    attn_device *cpu;
    attn_queue *queue;
    (void)state;
    assert_int_equal(attn_device_open("cpu", &cpu), ATTN_OK);
    assert_int_equal(attn_queue_record_vulkan(NULL, &queue, &queue), ATTN_INVALID);
    assert_int_equal(attn_queue_record_vulkan(cpu, NULL, &queue), ATTN_INVALID);
    assert_int_equal(attn_queue_record_vulkan(cpu, &queue, NULL), ATTN_INVALID);
    assert_int_equal(attn_queue_record_vulkan(cpu, &queue, &queue), ATTN_INVALID);
    assert_non_null(strstr(attn_reason(), "device is cpu, expected one of Vulkan"));
    attn_device_close(cpu);
}

static int set_up(void **state)
{
    const attn_vulkan_traits *list;
    const attn_vulkan_instance *instance;
    (void)state;
    if (!attn_vulkan_list(&list, &instance))
        return 0;
    create_device(instance, &list[0]);
    create_commands();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    if (!vulkan.device)
        return 0;
    vk.DestroyCommandPool(vk_device(), pool, NULL);
    vk.DestroyDevice(vk_device(), NULL);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(adopted_device_computes),      cmocka_unit_test(wrong_objects_are_refused),
        cmocka_unit_test(features_are_the_callers),     cmocka_unit_test(runs_are_recorded),
        cmocka_unit_test(recorded_bits_are_alike),      cmocka_unit_test(merges_are_recorded),
        cmocka_unit_test(wrong_recordings_are_refused),
    };
    if (attn_backend_vulkan.count() == 0) {
        puts("1..0 # SKIP no device of Vulkan");
        return 0;
    }
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
