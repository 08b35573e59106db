/* A stub of libOpenCL: one platform, a CPU and a GPU that compute nothing. Buffers hold what is written to them.
 *
 * With STUB_OPENCL_LACKS_EVENTS defined it lacks an entry point.
 *
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#include "config.h"

#include "stub_opencl_entry.h"

#include <string.h>

struct queue {
    cl_context context;
    cl_device_id device;
    cl_bitfield properties;
};

struct buffer {
    size_t size;
    unsigned char bytes[];
};

static int the_platform;

struct stub_opencl stub_opencl = {
    .device = {
        { "  Stub CPU ", "OpenCL 1.2 stub", "OpenCL C 1.2", "7.1", "FULL_PROFILE", "cl_khr_fp64", CL_DEVICE_TYPE_CPU, 1, 1, 1, 0 },
        { "Stub GPU", "OpenCL 3.0 stub", "OpenCL C 3.0", "7.1", "FULL_PROFILE", "cl_khr_fp16", CL_DEVICE_TYPE_GPU, 1, 1, 1, 0 },
    },
    .build_log = "",
};

void *stub_opencl_make(enum kind kind, size_t size, cl_int *code)
{
    void *made = stub_create((int)kind, size);

    *code = made ? CL_SUCCESS : CL_OUT_OF_HOST_MEMORY;
    return made;
}

cl_int stub_opencl_misuse(const char *entry, cl_int code)
{
    stub_misuse(entry);
    return code;
}

/* ---- answers ---------------------------------------------------------------------------------------------------- */

cl_int stub_opencl_answer(const struct fact *facts, size_t count, cl_uint what, size_t capacity, void *to,
                          size_t *needed)
{
    for (; count && facts->what != what; count--)
        facts++;
    if (!count || (to && capacity < facts->size))
        return CL_INVALID_VALUE;
    if (to)
        memcpy(to, facts->value, facts->size);
    if (needed)
        *needed = facts->size;
    return CL_SUCCESS;
}

/* ---- platform and devices --------------------------------------------------------------------------------------- */

cl_int clGetPlatformIDs(cl_uint capacity, cl_platform_id *platforms, cl_uint *count)
{
    ENTER();
    *count = !stub_opencl.no_platforms;
    if (!*count)
        return stub_opencl.no_platforms_code;
    if (capacity)
        platforms[0] = (cl_platform_id)&the_platform;
    return CL_SUCCESS;
}

cl_int clGetPlatformInfo(cl_platform_id platform, cl_uint what, size_t capacity, void *to, size_t *needed)
{
    ENTER();
    if (platform != (cl_platform_id)&the_platform)
        return stub_opencl_misuse(__func__, CL_INVALID_PLATFORM);
    const struct fact facts[] = { TEXT(CL_PLATFORM_NAME, "Stub platform") };
    return ANSWER(facts);
}

cl_int clGetDeviceIDs(cl_platform_id platform, cl_bitfield type, cl_uint capacity, cl_device_id *devices,
                      cl_uint *count)
{
    ENTER();
    if (platform != (cl_platform_id)&the_platform || type != CL_DEVICE_TYPE_ALL)
        return stub_opencl_misuse(__func__, CL_INVALID_PLATFORM);
    *count = stub_opencl.no_devices ? 0 : STUB_DEVICES;
    for (cl_uint i = 0; i < *count && i < capacity; i++)
        devices[i] = (cl_device_id)&stub_opencl.device[i];
    return *count ? CL_SUCCESS : CL_DEVICE_NOT_FOUND;
}

/* Its number; STUB_DEVICES: none of ours. */
int stub_opencl_number(cl_device_id id)
{
    int i = 0;

    while (i < STUB_DEVICES && id != (cl_device_id)&stub_opencl.device[i])
        i++;
    return i;
}

cl_int clGetDeviceInfo(cl_device_id id, cl_uint what, size_t capacity, void *to, size_t *needed)
{
    ENTER();
    static const cl_ulong memory = 1 << 30, largest_buffer = 1 << 28, local_memory = 1 << 16;
    static const cl_ulong arithmetic = CL_FP_DENORM | CL_FP_FMA;
    static const cl_uint units = 64, bits = 64, one = 1, dimensions = 3, local_type = CL_LOCAL;
    static const size_t items[] = { LARGEST_GROUP, LARGEST_GROUP, 64 };
    const cl_platform_id platform = (cl_platform_id)&the_platform;
    int number = stub_opencl_number(id);
    if (number == STUB_DEVICES)
        return stub_opencl_misuse(__func__, CL_INVALID_DEVICE);
    const struct stub_opencl_device *d = &stub_opencl.device[number];
    const cl_uint major = d->nvidia_sm / 10, minor = d->nvidia_sm % 10;
    const struct fact facts[] = {
        TEXT(CL_DEVICE_NAME, d->name),
        TEXT(CL_DEVICE_VERSION, d->version),
        TEXT(CL_DEVICE_OPENCL_C_VERSION, d->language),
        TEXT(CL_DRIVER_VERSION, d->driver),
        TEXT(CL_DEVICE_PROFILE, d->profile),
        TEXT(CL_DEVICE_EXTENSIONS, d->extensions),
        FACT(CL_DEVICE_TYPE, d->type),
        FACT(CL_DEVICE_ENDIAN_LITTLE, d->little_endian),
        FACT(CL_DEVICE_AVAILABLE, d->available),
        FACT(CL_DEVICE_COMPILER_AVAILABLE, d->compiler),
        FACT(CL_DEVICE_PLATFORM, platform),
        FACT(CL_DEVICE_GLOBAL_MEM_SIZE, memory),
        FACT(CL_DEVICE_MAX_MEM_ALLOC_SIZE, largest_buffer),
        FACT(CL_DEVICE_LOCAL_MEM_SIZE, local_memory),
        FACT(CL_DEVICE_SINGLE_FP_CONFIG, arithmetic),
        FACT(CL_DEVICE_LOCAL_MEM_TYPE, local_type),
        FACT(CL_DEVICE_MAX_COMPUTE_UNITS, units),
        FACT(CL_DEVICE_ADDRESS_BITS, bits),
        FACT(CL_DEVICE_NATIVE_VECTOR_WIDTH_FLOAT, one),
        FACT(CL_DEVICE_MAX_WORK_ITEM_DIMENSIONS, dimensions),
        FACT(CL_DEVICE_MAX_WORK_ITEM_SIZES, items),
        FACT(CL_DEVICE_MAX_WORK_GROUP_SIZE, items[0]),
        FACT(CL_DEVICE_MAX_PARAMETER_SIZE, items[0]),
        FACT(CL_DEVICE_COMPUTE_CAPABILITY_MAJOR_NV, major),
        FACT(CL_DEVICE_COMPUTE_CAPABILITY_MINOR_NV, minor),
    };
    return ANSWER(facts);
}

/* ---- contexts and queues ---------------------------------------------------------------------------------------- */

cl_context clCreateContext(const cl_context_properties *properties, cl_uint count, const cl_device_id *devices,
                           attn_opencl_notify_context notify, void *user, cl_int *code)
{
    (void)properties, (void)notify, (void)user;
    ENTER_MAKER(code);
    struct context *made = stub_opencl_make(CONTEXT, sizeof *made, code);
    if (!made)
        return NULL;
    made->count = count < STUB_DEVICES ? count : STUB_DEVICES;
    memcpy(made->devices, devices, made->count * sizeof *devices);
    return (cl_context)made;
}

cl_int clRetainContext(cl_context context)
{
    ENTER();
    return stub_retain(context, CONTEXT, __func__) ? CL_SUCCESS : CL_INVALID_VALUE;
}

cl_int clReleaseContext(cl_context context)
{
    return stub_release(context, CONTEXT, __func__) ? CL_SUCCESS : CL_INVALID_VALUE;
}

cl_command_queue clCreateCommandQueue(cl_context context, cl_device_id device, cl_bitfield properties, cl_int *code)
{
    ENTER_MAKER(code);
    OBJECT(context, CONTEXT);
    struct queue *made = stub_opencl_make(QUEUE, sizeof *made, code);
    if (made)
        *made = (struct queue){ context, device, properties };
    return (cl_command_queue)made;
}

cl_int clRetainCommandQueue(cl_command_queue queue)
{
    ENTER();
    return stub_retain(queue, QUEUE, __func__) ? CL_SUCCESS : CL_INVALID_VALUE;
}

cl_int clReleaseCommandQueue(cl_command_queue queue)
{
    return stub_release(queue, QUEUE, __func__) ? CL_SUCCESS : CL_INVALID_VALUE;
}

cl_int clGetCommandQueueInfo(cl_command_queue queue, cl_uint what, size_t capacity, void *to, size_t *needed)
{
    ENTER();
    const struct queue *q = OBJECT(queue, QUEUE);
    if (!q)
        return CL_INVALID_VALUE;
    const struct fact facts[] = {
        FACT(CL_QUEUE_CONTEXT, q->context),
        FACT(CL_QUEUE_DEVICE, q->device),
        FACT(CL_QUEUE_PROPERTIES, q->properties),
    };
    return ANSWER(facts);
}

cl_int clFlush(cl_command_queue queue)
{
    ENTER();
    return OBJECT(queue, QUEUE) ? CL_SUCCESS : CL_INVALID_VALUE;
}

cl_int clFinish(cl_command_queue queue)
{
    ENTER();
    return OBJECT(queue, QUEUE) ? CL_SUCCESS : CL_INVALID_VALUE;
}

cl_int clEnqueueMarkerWithWaitList(cl_command_queue queue, cl_uint count, const cl_event *wait, cl_event *event)
{
    (void)count, (void)wait;
    ENTER();
    cl_int code;
    OBJECT(queue, QUEUE);
    *event = stub_opencl_make(EVENT, 1, &code);
    return code;
}

#ifndef STUB_OPENCL_LACKS_EVENTS
cl_int clReleaseEvent(cl_event event)
{
    return stub_release(event, EVENT, __func__) ? CL_SUCCESS : CL_INVALID_VALUE;
}
#endif

/* ---- buffers ---------------------------------------------------------------------------------------------------- */

cl_mem clCreateBuffer(cl_context context, cl_bitfield flags, size_t size, void *host, cl_int *code)
{
    (void)host;
    ENTER_MAKER(code);
    if (!OBJECT(context, CONTEXT) || flags != CL_MEM_READ_WRITE || !size) {
        *code = stub_opencl_misuse(__func__, CL_INVALID_BUFFER_SIZE);
        return NULL;
    }
    struct buffer *made = stub_opencl_make(BUFFER, sizeof *made + size, code);
    if (made)
        made->size = size;
    return (cl_mem)made;
}

cl_int clReleaseMemObject(cl_mem buffer)
{
    return stub_release(buffer, BUFFER, __func__) ? CL_SUCCESS : CL_INVALID_MEM_OBJECT;
}

/* Of anything: this is how a handle is checked. */
cl_int clGetMemObjectInfo(cl_mem buffer, cl_uint what, size_t capacity, void *to, size_t *needed)
{
    ENTER();
    const struct buffer *b = stub_object(buffer, BUFFER, NULL);
    if (!b)
        return CL_INVALID_MEM_OBJECT;
    const struct fact facts[] = { FACT(CL_MEM_SIZE, b->size) };
    return ANSWER(facts);
}

/* The bytes at `offset`; NULL: the range is not within the buffer. */
static unsigned char *bytes_of(cl_mem buffer, size_t offset, size_t size, const char *entry)
{
    struct buffer *b = stub_object(buffer, BUFFER, entry);

    if (b && size && offset <= b->size && size <= b->size - offset)
        return b->bytes + offset;
    stub_misuse(entry);
    return NULL;
}

cl_int clEnqueueReadBuffer(cl_command_queue queue, cl_mem buffer, cl_bool blocking, size_t offset, size_t size,
                           void *to, cl_uint count, const cl_event *wait, cl_event *event)
{
    (void)blocking, (void)count, (void)wait, (void)event;
    ENTER();
    const unsigned char *bytes = bytes_of(buffer, offset, size, __func__);
    if (!OBJECT(queue, QUEUE) || !bytes)
        return CL_INVALID_VALUE;
    memcpy(to, bytes, size);
    return CL_SUCCESS;
}

cl_int clEnqueueWriteBuffer(cl_command_queue queue, cl_mem buffer, cl_bool blocking, size_t offset, size_t size,
                            const void *from, cl_uint count, const cl_event *wait, cl_event *event)
{
    (void)blocking, (void)count, (void)wait, (void)event;
    ENTER();
    unsigned char *bytes = bytes_of(buffer, offset, size, __func__);
    if (!OBJECT(queue, QUEUE) || !bytes)
        return CL_INVALID_VALUE;
    memcpy(bytes, from, size);
    return CL_SUCCESS;
}
