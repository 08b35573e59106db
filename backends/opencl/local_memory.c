/* How much local memory a work-group may have.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#include "config.h"

#include <stdio.h>

#include "program.h"

/* NVIDIA's driver reports the 48 KiB that every GPU has, whatever the compute capability, but takes programs with more: 227 KiB were
 * taken for sm_90. What it takes is asked by building one. */
enum { LEAST_SM = 80, MOST_LOCAL_MEMORY = 100000 };

static const attn_opencl_source probe = {
    "local memory",
    { "__kernel void take(__global int *a)\n"
      "{\n"
      "    __local int memory[BYTES / 4];\n"
      "    memory[get_local_id(0)] = a[get_local_id(0)];\n"
      "    barrier(CLK_LOCAL_MEM_FENCE);\n"
      "    a[get_local_id(0)] = memory[a[0]];\n"
      "}\n" },
};

static cl_ulong ask(attn_opencl_device *d)
{
    const attn_opencl_traits *t = &d->traits;
    char options[32];
    attn_opencl_kernel *kernel;
    if (!(t->offers & ATTN_OPENCL_NVIDIA) || t->nvidia_sm < LEAST_SM)
        return t->local_memory;
    snprintf(options, sizeof options, "-DBYTES=%d", MOST_LOCAL_MEMORY);
    if (attn_opencl_kernel_get(d, &probe, options, "take", &kernel) || kernel->local_memory < MOST_LOCAL_MEMORY)
        return t->local_memory;
    return MOST_LOCAL_MEMORY;
}

/* Threads that come first together all ask, and get the same answer. */
cl_ulong attn_opencl_local_memory(attn_opencl_device *d)
{
    cl_ulong bytes = atomic_load_explicit(&d->local_memory, memory_order_relaxed);
    if (!bytes) {
        bytes = ask(d);
        atomic_store_explicit(&d->local_memory, bytes, memory_order_relaxed);
    }
    return bytes;
}
