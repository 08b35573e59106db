/* Programs: source text and options, built once per device and kept; kernels of them.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#ifndef ATTN_OPENCL_PROGRAM_H
#define ATTN_OPENCL_PROGRAM_H

#include <stdatomic.h>

#include "device.h"

enum { ATTN_OPENCL_TEXTS = 11, ATTN_OPENCL_SPARE = 8 };

/* OpenCL C: the texts in this order, up to the first NULL. Lives as long as the library; known by its address. */
typedef struct attn_opencl_source {
    const char *name; /* for messages */
    const char *texts[ATTN_OPENCL_TEXTS];
} attn_opencl_source;

/* A function of a built program. cl_kernel holds its arguments, so it is for one thread at a time: a run takes a spare
 * one, or makes one when all are taken. Lives until the device is closed. */
typedef struct attn_opencl_kernel {
    struct attn_opencl_kernel *next;
    const attn_opencl_api *cl;
    cl_program program;
    _Atomic(cl_kernel) spare[ATTN_OPENCL_SPARE];
    size_t work_group, multiple;           /* most work-items of a group; what their number should be a multiple of */
    cl_ulong local_memory, private_memory; /* bytes, as compiled */
    char name[64];
} attn_opencl_kernel;

typedef struct attn_opencl_program {
    struct attn_opencl_program *next;
    const attn_opencl_source *source;
    cl_program program;
    attn_opencl_kernel *kernels;
    char options[]; /* the options it was built with */
} attn_opencl_program;

/* The kernel `name` of `source` built with `options`, such as "-DTILE=64 -cl-mad-enable". The first call for a source
 * and its options compiles, or reads the cache; later ones only look it up. For plans: it may take seconds. DRIVER: the
 * reason has the first lines of the compiler's log. Thread-safe. */
attn_status attn_opencl_kernel_get(attn_opencl_device *device, const attn_opencl_source *source, const char *options,
                                   const char *name, attn_opencl_kernel **kernel);

/* local_memory.c: bytes that kernels made for NVIDIA may take; what the device tells where it is not one. The first call may compile.
 * Thread-safe. */
cl_ulong attn_opencl_local_memory(attn_opencl_device *device);

/* Releases what the device has built; when it is closed. */
void attn_opencl_programs_release(attn_opencl_device *device);

/* One argument of a kernel; of local memory: its bytes, and NULL. */
typedef struct attn_opencl_arg {
    size_t size;
    const void *value;
} attn_opencl_arg;

#define ATTN_OPENCL_ARG(variable)                                                                                      \
    {                                                                                                                  \
        sizeof(variable), &(variable)                                                                                  \
    }
#define ATTN_OPENCL_LOCAL(bytes)                                                                                       \
    {                                                                                                                  \
        (bytes), NULL                                                                                                  \
    }

/* Work-items in all and in a group, each by dimension. */
typedef struct attn_opencl_grid {
    cl_uint dimensions;
    size_t global[3], local[3];
} attn_opencl_grid;

/* Enqueues the kernel; a queue of NULL is the device's default. Takes no lock; makes a cl_kernel only when more threads
 * are in here with this kernel than it has spare ones. Thread-safe. */
attn_status attn_opencl_enqueue(attn_opencl_device *device, attn_queue *queue, attn_opencl_kernel *kernel,
                                const attn_opencl_arg *args, int count, const attn_opencl_grid *grid);

/* kernel.c, for program.c: the first spare one is made here, so that a name that is not there fails the plan. */
attn_status attn_opencl_kernel_create(attn_opencl_device *device, cl_program program, const char *name,
                                      attn_opencl_kernel **kernel);
void attn_opencl_kernel_release(attn_opencl_kernel *kernel);

/* build.c, for program.c: compiles, or takes the cache's; the caller releases. */
attn_status attn_opencl_build(attn_opencl_device *device, const attn_opencl_source *source, const char *options,
                              cl_program *program);

#endif
