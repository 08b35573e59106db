/* Unit tests of OpenCL objects that the caller has made, on a stub driver: contexts, devices and queues that are adopted,
 * events.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#include "with_opencl.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "attn_opencl.h"
#include "life.h"
#include "opencl/loader.h"

/* What a program that uses OpenCL has. */
struct caller {
    const attn_opencl_api *cl;
    cl_device_id device, other_device;
    cl_context context, other_context;
    cl_command_queue queue;        /* of context and device, in order */
    cl_command_queue out_of_order; /* of context and device */
    cl_command_queue of_other_device, of_other_context;
};

static struct caller caller;

static cl_command_queue queue_of(cl_context context, cl_device_id device, cl_bitfield properties)
{
    cl_int code;
    cl_command_queue queue = caller.cl->clCreateCommandQueue(context, device, properties, &code);

    assert_int_equal(code, CL_SUCCESS);
    return queue;
}

/* Both devices are of each context. */
static cl_context context_of(const cl_device_id devices[STUB_DEVICES])
{
    cl_int code;
    cl_context context = caller.cl->clCreateContext(NULL, STUB_DEVICES, devices, NULL, NULL, &code);

    assert_int_equal(code, CL_SUCCESS);
    return context;
}

static int make_objects(void **state)
{
    struct caller *c = &caller;

    (void)state;
    life_reset(with.stub);
    c->cl = attn_opencl_load();
    c->other_device = (cl_device_id)&with.says->device[0];
    c->device = (cl_device_id)&with.says->device[1];
    c->context = context_of((cl_device_id[]){ c->other_device, c->device });
    c->other_context = context_of((cl_device_id[]){ c->other_device, c->device });
    c->queue = queue_of(c->context, c->device, 0);
    c->out_of_order = queue_of(c->context, c->device, CL_QUEUE_OUT_OF_ORDER_EXEC_MODE_ENABLE);
    c->of_other_device = queue_of(c->context, c->other_device, 0);
    c->of_other_context = queue_of(c->other_context, c->device, 0);
    return 0;
}

static void release_objects(void)
{
    struct caller *c = &caller;
    const cl_command_queue queues[] = { c->queue, c->out_of_order, c->of_other_device, c->of_other_context };

    for (size_t i = 0; i < sizeof queues / sizeof *queues; i++)
        c->cl->clReleaseCommandQueue(queues[i]);
    c->cl->clReleaseContext(c->context);
    c->cl->clReleaseContext(c->other_context);
    c->context = NULL;
}

/* Nothing is left behind when the caller has released what is his. */
static int check_released(void **state)
{
    (void)state;
    if (caller.context)
        release_objects();
    if (with.stub->live)
        print_error("%ld objects live\n", with.stub->live);
    if (with.stub->misused)
        print_error("%s was misused\n", with.stub->misused);
    return with.stub->live || with.stub->misused;
}

static attn_device *adopt(cl_command_queue queue)
{
    attn_device *device;

    assert_int_equal(attn_device_adopt_opencl(caller.context, caller.device, queue, &device), ATTN_OK);
    return device;
}

/* ---- devices ---------------------------------------------------------------------------------------------------------- */

/* The device holds what it was given: the caller may release it before. */
static void device_holds_context_and_queue(void **state)
{
    attn_memory memory;
    attn_device *device = adopt(caller.queue);

    (void)state;
    release_objects();
    assert_int_equal(attn_alloc(device, 8, &memory), ATTN_OK);
    assert_int_equal(attn_upload(device, memory, "1234567", 8), ATTN_OK);
    attn_free(device, memory);
    attn_device_close(device);
}

/* It has the name of the one that is listed. */
static void device_is_described(void **state)
{
    attn_device_info info = ATTN_DEVICE_INFO_INIT;
    attn_device *device = adopt(NULL);

    (void)state;
    assert_int_equal(attn_device_get_info(device, &info), ATTN_OK);
    assert_string_equal(info.name, "opencl:0");
    assert_string_equal(info.description, "Stub GPU, Stub platform, driver 7.1");
    attn_device_close(device);
}

/* A buffer of the caller is memory of the device; what is none is told. */
static void buffers_are_memory(void **state)
{
    cl_int code;
    char bytes[8];
    attn_device *device = adopt(caller.queue);
    cl_mem buffer = caller.cl->clCreateBuffer(caller.context, CL_MEM_READ_WRITE, 16, NULL, &code);
    attn_memory memory = { (uint64_t)(uintptr_t)buffer, 8 };

    (void)state;
    assert_int_equal(attn_upload(device, memory, "1234567", 8), ATTN_OK);
    assert_int_equal(attn_download(device, bytes, memory, 8), ATTN_OK);
    assert_string_equal(bytes, "1234567");
    assert_int_equal(attn_upload(device, memory, "12345678", 9), ATTN_INVALID);
    assert_string_equal(attn_reason(), "to.offset is 8 with 9 bytes behind it, but the buffer has 16");
    memory.offset = UINT64_MAX;
    assert_int_equal(attn_download(device, bytes, memory, 1), ATTN_INVALID);
    assert_int_equal(attn_download(device, bytes, (attn_memory){ 1, 0 }, 1), ATTN_INVALID);
    assert_string_equal(attn_reason(), "from.handle is 0x1, expected a cl_mem");
    caller.cl->clReleaseMemObject(buffer);
    attn_device_close(device);
}

static void refuse_device(void *context, void *device, void *queue, attn_status status, const char *reason)
{
    attn_device *adopted = NULL;

    assert_int_equal(attn_device_adopt_opencl(context, device, queue, &adopted), status);
    assert_string_equal(attn_reason(), reason);
    assert_null(adopted);
}

static void wrong_devices_refused(void **state)
{
    const struct caller *c = &caller;
    struct stub_opencl_device *d = &with.says->device[1];
    const char *version = d->version;

    (void)state;
    refuse_device(NULL, c->device, c->queue, ATTN_INVALID, "context is NULL");
    refuse_device(c->context, NULL, c->queue, ATTN_INVALID, "device is NULL");
    assert_int_equal(attn_device_adopt_opencl(c->context, c->device, c->queue, NULL), ATTN_INVALID);
    refuse_device(c->context, c->device, c->out_of_order, ATTN_INVALID,
                  "queue executes out of order, expected one in order");
    refuse_device(c->context, c->device, c->of_other_device, ATTN_INVALID, "queue belongs to another device");
    refuse_device(c->context, c->device, c->of_other_context, ATTN_INVALID, "queue belongs to another context");
    d->version = "OpenCL 1.1";
    refuse_device(c->context, c->device, c->queue, ATTN_UNSUPPORTED,
                  "device \"Stub GPU\" cannot be adopted: its version is \"OpenCL 1.1\", needs OpenCL 1.2");
    d->version = version;
}

/* ---- queues and events --------------------------------------------------------------------------------------------- */

static void queues_adopted(void **state)
{
    attn_device *device = adopt(NULL), *cpu;
    attn_queue *queue;

    (void)state;
    assert_int_equal(attn_queue_adopt_opencl(device, caller.queue, &queue), ATTN_OK);
    assert_int_equal(attn_queue_wait(queue), ATTN_OK);
    attn_queue_destroy(queue);
    assert_int_equal(attn_queue_adopt_opencl(device, caller.out_of_order, &queue), ATTN_INVALID);
    assert_null(queue);
    assert_int_equal(attn_queue_adopt_opencl(device, caller.of_other_device, &queue), ATTN_INVALID);
    assert_int_equal(attn_queue_adopt_opencl(device, caller.of_other_context, &queue), ATTN_INVALID);
    assert_int_equal(attn_queue_adopt_opencl(device, NULL, &queue), ATTN_INVALID);
    assert_int_equal(attn_queue_adopt_opencl(device, caller.queue, NULL), ATTN_INVALID);
    assert_int_equal(attn_queue_adopt_opencl(NULL, caller.queue, &queue), ATTN_INVALID);
    assert_int_equal(attn_device_open("cpu", &cpu), ATTN_OK);
    assert_int_equal(attn_queue_adopt_opencl(cpu, caller.queue, &queue), ATTN_INVALID);
    assert_string_equal(attn_reason(), "device is cpu, expected one of OpenCL");
    attn_device_close(cpu);
    attn_device_close(device);
}

static void events_given(void **state)
{
    attn_device *device = adopt(caller.queue), *other = adopt(NULL), *cpu;
    attn_queue *queue;
    void *event;

    (void)state;
    assert_int_equal(attn_queue_create(device, &queue), ATTN_OK);
    assert_int_equal(attn_queue_event_opencl(device, NULL, &event), ATTN_OK);
    assert_int_equal(caller.cl->clReleaseEvent(event), CL_SUCCESS);
    assert_int_equal(attn_queue_event_opencl(device, queue, &event), ATTN_OK);
    assert_int_equal(caller.cl->clReleaseEvent(event), CL_SUCCESS);
    assert_int_equal(attn_queue_event_opencl(other, queue, &event), ATTN_INVALID);
    assert_null(event);
    assert_int_equal(attn_queue_event_opencl(device, queue, NULL), ATTN_INVALID);
    assert_int_equal(attn_device_open("cpu", &cpu), ATTN_OK);
    assert_int_equal(attn_queue_event_opencl(cpu, NULL, &event), ATTN_INVALID);
    attn_device_close(cpu);
    attn_queue_destroy(queue);
    attn_device_close(other);
    attn_device_close(device);
}

/* ---- calls that fail ------------------------------------------------------------------------------------------------ */

static attn_status open_adopted(attn_device **device)
{
    return attn_device_adopt_opencl(caller.context, caller.device, caller.queue, device);
}

/* A queue of the caller, and an event of it. Both in one step: what the first makes is destroyed when the second fails. */
static attn_status adopt_queue(attn_device *device, attn_queue *unused)
{
    attn_queue *queue;
    void *event;
    attn_status status = attn_queue_adopt_opencl(device, caller.queue, &queue);

    (void)unused;
    if (status)
        return status;
    status = attn_queue_event_opencl(device, queue, &event);
    if (!status)
        caller.cl->clReleaseEvent(event);
    attn_queue_destroy(queue);
    return status;
}

static void each_call_fails(void **state)
{
    struct life_driver driver = with_opencl_driver();

    (void)state;
    driver.open = open_adopted;
    driver.also = adopt_queue;
    assert_true(life_fail_each(&driver));
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, make_objects, check_released)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(device_holds_context_and_queue),
        TEST(device_is_described),
        TEST(buffers_are_memory),
        TEST(wrong_devices_refused),
        TEST(queues_adopted),
        TEST(events_given),
        TEST(each_call_fails),
    };

    return cmocka_run_group_tests_name("opencl_adopt", tests, with_opencl_setup, NULL);
}
