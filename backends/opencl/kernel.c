/* Kernels and their enqueueing.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>

#include "program.h"

/* A spare one, or a new one. */
static cl_kernel take(attn_opencl_kernel *k, cl_int *code)
{
    *code = CL_SUCCESS;
    for (int i = 0; i < ATTN_OPENCL_SPARE; i++) {
        cl_kernel taken = atomic_exchange_explicit(&k->spare[i], NULL, memory_order_acquire);
        if (taken)
            return taken;
    }
    return k->cl->clCreateKernel(k->program, k->name, code);
}

static void give(attn_opencl_kernel *k, cl_kernel taken)
{
    for (int i = 0; i < ATTN_OPENCL_SPARE; i++) {
        cl_kernel none = NULL;
        if (atomic_compare_exchange_strong_explicit(&k->spare[i], &none, taken, memory_order_release,
                                                    memory_order_relaxed))
            return;
    }
    k->cl->clReleaseKernel(taken);
}

static cl_int ask_limits(attn_opencl_kernel *k, cl_device_id id, cl_kernel of)
{
    const struct {
        cl_uint what;
        size_t size;
        void *value;
    } questions[] = {
        { CL_KERNEL_WORK_GROUP_SIZE, sizeof k->work_group, &k->work_group },
        { CL_KERNEL_PREFERRED_WORK_GROUP_SIZE_MULTIPLE, sizeof k->multiple, &k->multiple },
        { CL_KERNEL_LOCAL_MEM_SIZE, sizeof k->local_memory, &k->local_memory },
        { CL_KERNEL_PRIVATE_MEM_SIZE, sizeof k->private_memory, &k->private_memory },
    };
    cl_int code = CL_SUCCESS;
    for (size_t i = 0; i < sizeof questions / sizeof questions[0] && !code; i++)
        code = k->cl->clGetKernelWorkGroupInfo(of, id, questions[i].what, questions[i].size, questions[i].value, NULL);
    return code;
}

static attn_status make_first(attn_opencl_kernel *k, cl_device_id id)
{
    cl_int code;
    cl_kernel first = take(k, &code);
    if (code)
        return attn_opencl_fail(code, "clCreateKernel of %s", k->name);
    code = ask_limits(k, id, first);
    give(k, first);
    return code ? attn_opencl_fail(code, "clGetKernelWorkGroupInfo of %s", k->name) : ATTN_OK;
}

attn_status attn_opencl_kernel_create(attn_opencl_device *device, cl_program program, const char *name,
                                      attn_opencl_kernel **result)
{
    attn_opencl_kernel *k = calloc(1, sizeof *k);
    if (!k)
        return attn_fail(ATTN_NO_MEMORY, "no memory for a kernel of %zu bytes", sizeof *k);
    snprintf(k->name, sizeof k->name, "%s", name); /* one that is cut is not found in the program */
    k->cl = device->cl;
    k->program = program;
    for (int i = 0; i < ATTN_OPENCL_SPARE; i++)
        atomic_init(&k->spare[i], NULL);
    attn_status status = make_first(k, device->traits.id);
    if (status)
        attn_opencl_kernel_release(k);
    else
        *result = k;
    return status;
}

void attn_opencl_kernel_release(attn_opencl_kernel *k)
{
    for (int i = 0; i < ATTN_OPENCL_SPARE; i++) {
        cl_kernel spare = atomic_load_explicit(&k->spare[i], memory_order_acquire);
        if (spare)
            k->cl->clReleaseKernel(spare);
    }
    free(k);
}

/* Sets the arguments and enqueues; the driver has copied them when it returns. */
static attn_status launch(attn_opencl_kernel *k, cl_kernel taken, cl_command_queue queue, const attn_opencl_arg *args,
                          int count, const attn_opencl_grid *grid)
{
    for (int i = 0; i < count; i++) {
        cl_int code = k->cl->clSetKernelArg(taken, (cl_uint)i, args[i].size, args[i].value);
        if (code)
            return attn_opencl_fail(code, "clSetKernelArg %d of %s", i, k->name);
    }
    cl_int code =
        k->cl->clEnqueueNDRangeKernel(queue, taken, grid->dimensions, NULL, grid->global, grid->local, 0, NULL, NULL);
    return code ? attn_opencl_fail(code, "clEnqueueNDRangeKernel of %s", k->name) : ATTN_OK;
}

attn_status attn_opencl_enqueue(attn_opencl_device *device, attn_queue *queue, attn_opencl_kernel *kernel,
                                const attn_opencl_arg *args, int count, const attn_opencl_grid *grid)
{
    cl_int code;
    cl_kernel taken = take(kernel, &code);
    if (code)
        return attn_opencl_fail(code, "clCreateKernel of %s", kernel->name);
    attn_status status = launch(kernel, taken, attn_opencl_queue_of(device, queue), args, count, grid);
    give(kernel, taken);
    return status;
}
