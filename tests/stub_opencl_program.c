/* The stub of libOpenCL: programs, whose binaries are words, and kernels, which compute nothing.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#include "config.h"

#include "stub_opencl_entry.h"

#include <string.h>

struct program {
    struct context of;
    int from_source;
};

struct kernel {
    uint64_t set; /* a bit for each argument that has been set */
};

/* Each device has binaries of its own. */
static const char *binary_of(cl_device_id id)
{
    static const char *const binaries[STUB_DEVICES + 1] = { "binary of the CPU", "binary for the GPU", "" };

    return binaries[stub_opencl_number(id)];
}

static struct program *make_program(cl_context context, int from_source, cl_int *code, const char *entry)
{
    const struct context *of = stub_object(context, CONTEXT, entry);
    struct program *made = of ? stub_opencl_make(PROGRAM, sizeof *made, code) : NULL;

    if (made)
        *made = (struct program){ *of, from_source };
    return made;
}

cl_program clCreateProgramWithSource(cl_context context, cl_uint count, const char **texts, const size_t *lengths,
                                     cl_int *code)
{
    (void)lengths;
    ENTER_MAKER(code);
    for (cl_uint i = 0; i < count; i++)
        if (!texts[i] || !*texts[i])
            stub_misuse(__func__);
    return (cl_program)make_program(context, 1, code, __func__);
}

cl_program clCreateProgramWithBinary(cl_context context, cl_uint count, const cl_device_id *devices,
                                     const size_t *sizes, const unsigned char **bytes, cl_int *status, cl_int *code)
{
    (void)count;
    ENTER_MAKER(code);
    const char *expected = binary_of(devices[0]);
    if (sizes[0] != strlen(expected) || memcmp(bytes[0], expected, sizes[0])) {
        *code = stub_opencl_misuse(__func__, CL_INVALID_BINARY);
        return NULL;
    }
    *status = stub_opencl.binary_status;
    return (cl_program)make_program(context, 0, code, __func__);
}

cl_int clBuildProgram(cl_program program, cl_uint count, const cl_device_id *devices, const char *options,
                      attn_opencl_notify_program notify, void *user)
{
    (void)count, (void)devices, (void)options, (void)notify, (void)user;
    ENTER();
    const struct program *p = OBJECT(program, PROGRAM);
    if (!p)
        return CL_INVALID_VALUE;
    stub_opencl.compiled += p->from_source;
    stub_opencl.loaded += !p->from_source;
    return CL_SUCCESS;
}

/* Where the caller has room for them. */
static cl_int write_binaries(const struct context *of, unsigned char **to)
{
    for (cl_uint i = 0; i < of->count; i++)
        if (to[i])
            memcpy(to[i], binary_of(of->devices[i]), strlen(binary_of(of->devices[i])));
    return CL_SUCCESS;
}

cl_int clGetProgramInfo(cl_program program, cl_uint what, size_t capacity, void *to, size_t *needed)
{
    ENTER();
    const struct program *p = OBJECT(program, PROGRAM);
    size_t sizes[STUB_DEVICES];
    if (!p)
        return CL_INVALID_VALUE;
    if (what == CL_PROGRAM_BINARIES)
        return write_binaries(&p->of, to);
    for (cl_uint i = 0; i < p->of.count; i++)
        sizes[i] = strlen(binary_of(p->of.devices[i]));
    const struct fact facts[] = {
        FACT(CL_PROGRAM_NUM_DEVICES, p->of.count),
        { CL_PROGRAM_DEVICES, p->of.devices, p->of.count * sizeof p->of.devices[0] },
        { CL_PROGRAM_BINARY_SIZES, sizes, p->of.count * sizeof sizes[0] },
    };
    return ANSWER(facts);
}

cl_int clGetProgramBuildInfo(cl_program program, cl_device_id device, cl_uint what, size_t capacity, void *to,
                             size_t *needed)
{
    ENTER();
    if (!OBJECT(program, PROGRAM) || stub_opencl_number(device) == STUB_DEVICES)
        return stub_opencl_misuse(__func__, CL_INVALID_VALUE);
    const struct fact facts[] = { TEXT(CL_PROGRAM_BUILD_LOG, stub_opencl.build_log) };
    return ANSWER(facts);
}

cl_int clReleaseProgram(cl_program program)
{
    return stub_release(program, PROGRAM, __func__) ? CL_SUCCESS : CL_INVALID_VALUE;
}

cl_kernel clCreateKernel(cl_program program, const char *name, cl_int *code)
{
    ENTER_MAKER(code);
    if (!OBJECT(program, PROGRAM) || !*name) {
        *code = stub_opencl_misuse(__func__, CL_INVALID_KERNEL_NAME);
        return NULL;
    }
    return stub_opencl_make(KERNEL, sizeof(struct kernel), code);
}

cl_int clReleaseKernel(cl_kernel kernel)
{
    return stub_release(kernel, KERNEL, __func__) ? CL_SUCCESS : CL_INVALID_VALUE;
}

cl_int clSetKernelArg(cl_kernel kernel, cl_uint index, size_t size, const void *value)
{
    (void)value;
    ENTER();
    struct kernel *k = OBJECT(kernel, KERNEL);
    if (!k || index >= 64 || !size)
        return stub_opencl_misuse(__func__, CL_INVALID_VALUE);
    k->set |= (uint64_t)1 << index;
    return CL_SUCCESS;
}

cl_int clGetKernelWorkGroupInfo(cl_kernel kernel, cl_device_id device, cl_uint what, size_t capacity, void *to,
                                size_t *needed)
{
    ENTER();
    if (!OBJECT(kernel, KERNEL) || stub_opencl_number(device) == STUB_DEVICES)
        return CL_INVALID_VALUE;
    static const size_t group = LARGEST_GROUP, multiple = 32;
    static const cl_ulong none = 0;
    const cl_ulong local_memory = stub_opencl.local_memory;
    const struct fact facts[] = {
        FACT(CL_KERNEL_WORK_GROUP_SIZE, group),
        FACT(CL_KERNEL_PREFERRED_WORK_GROUP_SIZE_MULTIPLE, multiple),
        FACT(CL_KERNEL_LOCAL_MEM_SIZE, local_memory),
        FACT(CL_KERNEL_PRIVATE_MEM_SIZE, none),
    };
    return ANSWER(facts);
}

static int is_grid(cl_uint dimensions, const size_t *global, const size_t *local)
{
    size_t group = 1;

    for (cl_uint i = 0; i < dimensions; i++) {
        if (!local[i] || !global[i] || global[i] % local[i])
            return 0;
        group *= local[i];
    }
    return dimensions >= 1 && dimensions <= 3 && group <= LARGEST_GROUP;
}

/* The arguments 0 .. n - 1 of a kernel have been set, for some n. */
static int is_ready(const struct kernel *k)
{
    return k && k->set && !(k->set & (k->set + 1));
}

cl_int clEnqueueNDRangeKernel(cl_command_queue queue, cl_kernel kernel, cl_uint dimensions, const size_t *offset,
                              const size_t *global, const size_t *local, cl_uint count, const cl_event *wait,
                              cl_event *event)
{
    (void)offset, (void)count, (void)wait, (void)event;
    ENTER();
    if (!OBJECT(queue, QUEUE) || !is_ready(OBJECT(kernel, KERNEL)) || !is_grid(dimensions, global, local))
        return stub_opencl_misuse(__func__, CL_INVALID_VALUE);
    return CL_SUCCESS;
}
