/* What the stub of OpenCL says of its platform and devices, for tests to change, and what it was asked to compile.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#ifndef ATTN_TESTS_STUB_OPENCL_H
#define ATTN_TESTS_STUB_OPENCL_H

#include "opencl/cl_min.h"
#include "stub.h"

enum { STUB_DEVICES = 2 };

struct stub_opencl_device {
    const char *name, *version, *language, *driver, *profile, *extensions;
    cl_bitfield type;
    cl_bool little_endian, available, compiler;
    cl_uint nvidia_sm; /* 90: sm_90, when extensions say that it is NVIDIA's */
};

struct stub_opencl {
    int no_platforms;         /* 1: there is none, instead of one */
    cl_int no_platforms_code; /* what clGetPlatformIDs returns then: loaders differ */
    int no_devices;           /* 1: the platform has none, instead of those below */
    struct stub_opencl_device device[STUB_DEVICES];
    const char *build_log;
    cl_int binary_status;  /* of clCreateProgramWithBinary for each device */
    int compiled, loaded;  /* programs built from source, from binaries */
    cl_ulong local_memory; /* of every kernel */
};

extern ATTN_API struct stub_opencl stub_opencl;

#endif
