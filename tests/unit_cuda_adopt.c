/* Unit tests of CUDA contexts and streams that the caller has made, on a stub driver: devices and queues that are adopted,
 * runs within a capture.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#include "with_cuda.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "attn_cuda.h"
#include "cuda/loader.h"

/* What a program that uses CUDA has. */
struct caller {
    const attn_cuda_api *cu;
    CUdevice device;
    CUcontext context, other_context; /* of the two devices */
    CUstream stream, of_other_context;
};

static struct caller caller;

static CUstream stream_of(CUcontext context)
{
    CUstream stream = NULL;
    CUcontext popped;

    assert_int_equal(caller.cu->cuCtxPushCurrent(context), CUDA_SUCCESS);
    assert_int_equal(caller.cu->cuStreamCreate(&stream, CU_STREAM_NON_BLOCKING), CUDA_SUCCESS);
    assert_int_equal(caller.cu->cuCtxPopCurrent(&popped), CUDA_SUCCESS);
    return stream;
}

static int make_objects(void **state)
{
    struct caller *c = &caller;
    CUdevice other;

    (void)state;
    life_reset(with.stub);
    c->cu = attn_cuda_load();
    assert_int_equal(c->cu->cuDeviceGet(&c->device, 0), CUDA_SUCCESS);
    assert_int_equal(c->cu->cuDeviceGet(&other, 1), CUDA_SUCCESS);
    assert_int_equal(c->cu->cuDevicePrimaryCtxRetain(&c->context, c->device), CUDA_SUCCESS);
    assert_int_equal(c->cu->cuDevicePrimaryCtxRetain(&c->other_context, other), CUDA_SUCCESS);
    c->stream = stream_of(c->context);
    c->of_other_context = stream_of(c->other_context);
    return 0;
}

/* Nothing is left behind when the caller has released what is his. */
static int check_released(void **state)
{
    struct caller *c = &caller;
    CUcontext current = NULL;

    (void)state;
    c->cu->cuCtxGetCurrent(&current);
    c->cu->cuCtxPushCurrent(c->context);
    c->cu->cuStreamDestroy(c->stream);
    c->cu->cuStreamDestroy(c->of_other_context);
    c->cu->cuCtxPopCurrent(&c->context);
    c->cu->cuDevicePrimaryCtxRelease(c->device);
    c->cu->cuDevicePrimaryCtxRelease(c->device + 1);
    if (current)
        print_error("a context is still current\n");
    if (with.stub->live)
        print_error("%ld objects live\n", with.stub->live);
    if (with.stub->misused)
        print_error("%s was misused\n", with.stub->misused);
    return current || with.stub->live || with.stub->misused;
}

static attn_device *adopt(CUstream stream)
{
    attn_device *device;

    assert_int_equal(attn_device_adopt_cuda(caller.context, stream, &device), ATTN_OK);
    return device;
}

/* ---- devices -------------------------------------------------------------------------------------------------------- */

static void device_is_described(void **state)
{
    attn_device_info info = ATTN_DEVICE_INFO_INIT;
    attn_device *device;

    (void)state;
    assert_int_equal(attn_device_adopt_cuda(caller.other_context, NULL, &device), ATTN_OK);
    assert_int_equal(attn_device_get_info(device, &info), ATTN_OK);
    assert_string_equal(info.name, "cuda:1");
    attn_device_close(device);
}

static void current_context_adopted(void **state)
{
    CUcontext popped;
    attn_device *device;

    (void)state;
    assert_int_equal(attn_device_adopt_cuda(NULL, NULL, &device), ATTN_INVALID);
    assert_string_equal(attn_reason(), "context is NULL, and no context is current to this thread");
    assert_int_equal(caller.cu->cuCtxPushCurrent(caller.context), CUDA_SUCCESS);
    assert_int_equal(attn_device_adopt_cuda(NULL, caller.stream, &device), ATTN_OK);
    assert_int_equal(caller.cu->cuCtxPopCurrent(&popped), CUDA_SUCCESS);
    assert_ptr_equal(popped, caller.context);
    attn_device_close(device);
}

static void wrong_devices_refused(void **state)
{
    attn_device *device = (attn_device *)&device;

    (void)state;
    assert_int_equal(attn_device_adopt_cuda(caller.context, caller.of_other_context, &device), ATTN_INVALID);
    assert_string_equal(attn_reason(), "stream belongs to another context");
    assert_null(device);
    assert_int_equal(attn_device_adopt_cuda(caller.context, NULL, NULL), ATTN_INVALID);
    assert_string_equal(attn_reason(), "adopted is NULL");
}

/* ---- queues --------------------------------------------------------------------------------------------------------- */

static void wrong_queues_refused(void **state)
{
    attn_device *device = adopt(caller.stream), *cpu;
    attn_queue *queue = (attn_queue *)&queue;

    (void)state;
    assert_int_equal(attn_device_open("cpu", &cpu), ATTN_OK);
    assert_int_equal(attn_queue_adopt_cuda(NULL, NULL, &queue), ATTN_INVALID);
    assert_string_equal(attn_reason(), "device is NULL");
    assert_int_equal(attn_queue_adopt_cuda(device, NULL, NULL), ATTN_INVALID);
    assert_int_equal(attn_queue_adopt_cuda(cpu, NULL, &queue), ATTN_INVALID);
    assert_string_equal(attn_reason(), "device is cpu, expected one of CUDA");
    assert_int_equal(attn_queue_adopt_cuda(device, caller.of_other_context, &queue), ATTN_INVALID);
    assert_string_equal(attn_reason(), "stream belongs to another context");
    assert_null(queue);
    attn_device_close(cpu);
    attn_device_close(device);
}

/* ---- runs ----------------------------------------------------------------------------------------------------------- */

static attn_status run(const attn_plan *plan, attn_memory workspace, attn_queue *queue)
{
    attn_args args = ATTN_ARGS_INIT;

    args.q = args.k = args.v = args.o = workspace;
    args.workspace = workspace;
    args.workspace_size = attn_plan_workspace(plan);
    return attn_run(plan, &args, queue);
}

/* Of two launches: chunks, and their merge. */
static attn_plan *make_plan(attn_device *device)
{
    attn_problem problem = ATTN_PROBLEM_INIT;
    attn_plan *plan;

    problem.q = problem.k = problem.v = problem.o = attn_bhsd(ATTN_F32, 1, 1, 2048, 8);
    assert_int_equal(attn_plan_create(device, &problem, &plan), ATTN_OK);
    assert_true(attn_plan_workspace(plan) > 0);
    return plan;
}

/* In the stream of the queue; within a capture, where only launches are allowed. */
static void run_is_captured(void **state)
{
    attn_device *device = adopt(NULL);
    attn_plan *plan = make_plan(device);
    attn_memory workspace;
    attn_queue *queue;

    (void)state;
    assert_int_equal(attn_alloc(device, attn_plan_workspace(plan), &workspace), ATTN_OK);
    assert_int_equal(attn_queue_adopt_cuda(device, caller.stream, &queue), ATTN_OK);
    with.says->launches = 0;
    with.says->capturing = 1;
    assert_int_equal(run(plan, workspace, queue), ATTN_OK);
    assert_int_equal(run(plan, workspace, NULL), ATTN_OK);
    with.says->capturing = 0;
    assert_int_equal(with.says->launches, 4);
    for (int i = 0; i < 4; i++) {
        assert_string_equal(with.says->launch[i].function, i % 2 ? "merge_parts" : "forward");
        assert_ptr_equal(with.says->launch[i].stream, i < 2 ? caller.stream : NULL);
    }
    attn_queue_destroy(queue);
    attn_free(device, workspace);
    attn_plan_destroy(plan);
    attn_device_close(device);
}

/* ---- calls that fail ------------------------------------------------------------------------------------------------ */

static attn_status adopt_first(attn_device **device)
{
    return attn_device_adopt_cuda(caller.context, caller.stream, device);
}

static attn_status adopt_queue(attn_device *device, attn_queue *queue)
{
    attn_queue *adopted;
    attn_status status = attn_queue_adopt_cuda(device, caller.stream, &adopted);

    (void)queue;
    attn_queue_destroy(adopted);
    return status;
}

static void each_call_fails(void **state)
{
    struct life_driver driver = with_cuda_driver();

    (void)state;
    driver.open = adopt_first;
    driver.also = adopt_queue;
    assert_true(life_fail_each(&driver));
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, make_objects, check_released)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(device_is_described),  TEST(current_context_adopted), TEST(wrong_devices_refused),
        TEST(wrong_queues_refused), TEST(run_is_captured),         TEST(each_call_fails),
    };

    return cmocka_run_group_tests_name("cuda_adopt", tests, with_cuda_setup, NULL);
}
