/* A stub of the CUDA driver: two devices that compute nothing. Memory holds what is copied to it.
 *
 * With STUB_CUDA_LACKS_LAUNCH defined it lacks an entry point; with STUB_CUDA_LACKS_POOLS those of memory in stream order and of
 * launches with attributes, as drivers before CUDA 11.2 do.
 *
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#include "config.h"

#include "stub_cuda.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cuda/loader.h"
#include "gpu/shared.h"

enum {
    CUDA_ERROR_INVALID_DEVICE = 101,
    CUDA_ERROR_INVALID_CONTEXT = 201,
    CUDA_ERROR_NOT_FOUND = 500,
    MOST_CURRENT = 8
};
enum kind { CONTEXT, STREAM, MEMORY, MODULE };

struct context {
    CUdevice device;
};

struct stream {
    CUcontext context;
};

struct module {
    char names[4][32];
};

/* The signatures are those of the loader's table. */
#define DECLARE(name, suffix, arguments) ATTN_API CUresult ATTN_CUDA_CALL name##suffix arguments;
ATTN_CUDA_ENTRIES(DECLARE)
ATTN_CUDA_OPTIONAL_ENTRIES(DECLARE)
#undef DECLARE

struct stub_cuda stub_cuda = {
    .version = 99000,
    .devices = STUB_CUDA_DEVICES,
    .device = { { "Stub GPU", 9, 0, 132, 232448, 1 }, { "Small stub GPU", 8, 6, 46, 101376, 0 } },
};

static CUcontext primary[STUB_CUDA_DEVICES], current[MOST_CURRENT];
static int depth;

/* What an entry point that may fail begins with. */
#define ENTER(entry)                                                                                                   \
    do {                                                                                                               \
        CUresult code_ = stub_call(entry);                                                                             \
        if (code_)                                                                                                     \
            return code_;                                                                                              \
    } while (0)

/* `code`, and the call was against the reference. */
static CUresult misuse(const char *entry, CUresult code)
{
    stub_misuse(entry);
    return code;
}

/* A context is current, and no capture forbids the call. Releases are tried after the driver failed to make one current. */
static CUresult needs_context(const char *entry, int in_captures)
{
    if (stub_cuda.capturing && !in_captures)
        return misuse(entry, CUDA_ERROR_INVALID_VALUE);
    if (depth)
        return CUDA_SUCCESS;
    return stub.failed ? CUDA_SUCCESS : misuse(entry, CUDA_ERROR_INVALID_CONTEXT);
}

#define NEEDS_CONTEXT(entry, in_captures)                                                                              \
    do {                                                                                                               \
        CUresult code_ = needs_context(entry, in_captures);                                                            \
        if (code_)                                                                                                     \
            return code_;                                                                                              \
    } while (0)

/* ---- the driver and its devices ----------------------------------------------------------------------------------- */

CUresult cuInit(unsigned flags)
{
    ENTER("cuInit");
    return flags ? misuse("cuInit", CUDA_ERROR_INVALID_VALUE) : stub_cuda.init;
}

CUresult cuDriverGetVersion(int *version)
{
    ENTER("cuDriverGetVersion");
    *version = stub_cuda.version;
    return CUDA_SUCCESS;
}

CUresult cuGetErrorName(CUresult code, const char **name)
{
    static const struct {
        CUresult code;
        const char *name;
    } names[] = {
        { CUDA_ERROR_INVALID_VALUE, "CUDA_ERROR_INVALID_VALUE" },
        { CUDA_ERROR_OUT_OF_MEMORY, "CUDA_ERROR_OUT_OF_MEMORY" },
        { CUDA_ERROR_NO_DEVICE, "CUDA_ERROR_NO_DEVICE" },
        { CUDA_ERROR_NOT_FOUND, "CUDA_ERROR_NOT_FOUND" },
        { 719, "CUDA_ERROR_LAUNCH_FAILED" },
    };

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (names[i].code == code) {
            *name = names[i].name;
            return CUDA_SUCCESS;
        }
    return CUDA_ERROR_INVALID_VALUE;
}

CUresult cuDeviceGetCount(int *count)
{
    ENTER("cuDeviceGetCount");
    *count = stub_cuda.devices;
    return CUDA_SUCCESS;
}

CUresult cuDeviceGet(CUdevice *device, int ordinal)
{
    ENTER("cuDeviceGet");
    if (ordinal < 0 || ordinal >= stub_cuda.devices)
        return misuse("cuDeviceGet", CUDA_ERROR_INVALID_DEVICE);
    *device = 10 + ordinal;
    return CUDA_SUCCESS;
}

static struct stub_cuda_device *device_of(CUdevice device, const char *entry)
{
    if (device >= 10 && device < 10 + stub_cuda.devices)
        return &stub_cuda.device[device - 10];
    stub_misuse(entry);
    return NULL;
}

CUresult cuDeviceGetName(char *name, int capacity, CUdevice device)
{
    const struct stub_cuda_device *d = device_of(device, "cuDeviceGetName");

    ENTER("cuDeviceGetName");
    if (!d || capacity < 1)
        return CUDA_ERROR_INVALID_DEVICE;
    snprintf(name, (size_t)capacity, "%s", d->name);
    return CUDA_SUCCESS;
}

CUresult cuDeviceTotalMem_v2(size_t *bytes, CUdevice device)
{
    ENTER("cuDeviceTotalMem");
    *bytes = (size_t)1 << 32;
    return device_of(device, "cuDeviceTotalMem") ? CUDA_SUCCESS : CUDA_ERROR_INVALID_DEVICE;
}

CUresult cuDeviceGetAttribute(int *value, int attribute, CUdevice device)
{
    const struct stub_cuda_device *d = device_of(device, "cuDeviceGetAttribute");

    ENTER("cuDeviceGetAttribute");
    if (!d)
        return CUDA_ERROR_INVALID_DEVICE;
    const struct {
        int attribute, value;
    } facts[] = {
        { CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT, d->multiprocessors },
        { CU_DEVICE_ATTRIBUTE_L2_CACHE_SIZE, 1 << 20 },
        { CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR, d->major },
        { CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR, d->minor },
        { CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK_OPTIN, d->shared_memory },
        { CU_DEVICE_ATTRIBUTE_MEMORY_POOLS_SUPPORTED, d->pools },
    };
    for (size_t i = 0; i < sizeof facts / sizeof *facts; i++)
        if (facts[i].attribute == attribute) {
            *value = facts[i].value;
            return CUDA_SUCCESS;
        }
    return misuse("cuDeviceGetAttribute", CUDA_ERROR_INVALID_VALUE);
}

/* ---- contexts ------------------------------------------------------------------------------------------------------- */

CUresult cuDevicePrimaryCtxRetain(CUcontext *context, CUdevice device)
{
    ENTER("cuDevicePrimaryCtxRetain");
    if (!device_of(device, "cuDevicePrimaryCtxRetain"))
        return CUDA_ERROR_INVALID_DEVICE;
    CUcontext *of = &primary[device - 10];
    if (stub_object(*of, CONTEXT, NULL)) {
        stub_retain(*of, CONTEXT, "cuDevicePrimaryCtxRetain");
    } else {
        struct context *made = stub_create(CONTEXT, sizeof *made);

        if (!made)
            return CUDA_ERROR_OUT_OF_MEMORY;
        made->device = device;
        *of = (CUcontext)made;
    }
    *context = *of;
    return CUDA_SUCCESS;
}

CUresult cuDevicePrimaryCtxRelease_v2(CUdevice device)
{
    if (!device_of(device, "cuDevicePrimaryCtxRelease") ||
        !stub_release(primary[device - 10], CONTEXT, "cuDevicePrimaryCtxRelease"))
        return CUDA_ERROR_INVALID_CONTEXT;
    if (!stub_object(primary[device - 10], CONTEXT, NULL))
        primary[device - 10] = NULL;
    return CUDA_SUCCESS;
}

CUresult cuCtxPushCurrent_v2(CUcontext context)
{
    ENTER("cuCtxPushCurrent");
    if (!stub_object(context, CONTEXT, "cuCtxPushCurrent") || depth == MOST_CURRENT)
        return misuse("cuCtxPushCurrent", CUDA_ERROR_INVALID_CONTEXT);
    current[depth++] = context;
    return CUDA_SUCCESS;
}

CUresult cuCtxPopCurrent_v2(CUcontext *context)
{
    if (!depth)
        return misuse("cuCtxPopCurrent", CUDA_ERROR_INVALID_CONTEXT);
    *context = current[--depth];
    return CUDA_SUCCESS;
}

CUresult cuCtxGetCurrent(CUcontext *context)
{
    ENTER("cuCtxGetCurrent");
    *context = depth ? current[depth - 1] : NULL;
    return CUDA_SUCCESS;
}

CUresult cuCtxGetDevice(CUdevice *device)
{
    ENTER("cuCtxGetDevice");
    NEEDS_CONTEXT("cuCtxGetDevice", 1);
    *device = ((const struct context *)current[depth - 1])->device;
    return CUDA_SUCCESS;
}

/* ---- streams -------------------------------------------------------------------------------------------------------- */

static CUresult check_stream(CUstream stream, const char *entry)
{
    return !stream || stub_object(stream, STREAM, entry) ? CUDA_SUCCESS : CUDA_ERROR_INVALID_VALUE;
}

CUresult cuStreamCreate(CUstream *stream, unsigned flags)
{
    ENTER("cuStreamCreate");
    NEEDS_CONTEXT("cuStreamCreate", 0);
    struct stream *made = flags == CU_STREAM_NON_BLOCKING ? stub_create(STREAM, sizeof *made) : NULL;
    if (!made)
        return CUDA_ERROR_OUT_OF_MEMORY;
    made->context = current[depth - 1];
    *stream = (CUstream)made;
    return CUDA_SUCCESS;
}

CUresult cuStreamDestroy_v2(CUstream stream)
{
    NEEDS_CONTEXT("cuStreamDestroy", 1);
    return stub_release(stream, STREAM, "cuStreamDestroy") ? CUDA_SUCCESS : CUDA_ERROR_INVALID_VALUE;
}

CUresult cuStreamGetCtx(CUstream stream, CUcontext *context)
{
    const struct stream *s = stub_object(stream, STREAM, "cuStreamGetCtx");

    ENTER("cuStreamGetCtx");
    *context = s ? s->context : NULL;
    return s ? CUDA_SUCCESS : CUDA_ERROR_INVALID_VALUE;
}

CUresult cuStreamSynchronize(CUstream stream)
{
    ENTER("cuStreamSynchronize");
    NEEDS_CONTEXT("cuStreamSynchronize", 0);
    return check_stream(stream, "cuStreamSynchronize");
}

/* ---- memory --------------------------------------------------------------------------------------------------------- */

struct memory {
    size_t size;
    max_align_t bytes[];
};

static CUresult allocate(CUdeviceptr *pointer, size_t bytes)
{
    struct memory *m = bytes ? stub_create(MEMORY, sizeof *m + bytes) : NULL;

    if (!m)
        return bytes ? CUDA_ERROR_OUT_OF_MEMORY : misuse("cuMemAlloc", CUDA_ERROR_INVALID_VALUE);
    m->size = bytes;
    *pointer = (uintptr_t)m->bytes;
    return CUDA_SUCCESS;
}

static struct memory *memory_of(CUdeviceptr pointer)
{
    return (struct memory *)((uintptr_t)pointer - offsetof(struct memory, bytes));
}

CUresult cuMemAlloc_v2(CUdeviceptr *pointer, size_t bytes)
{
    ENTER("cuMemAlloc");
    NEEDS_CONTEXT("cuMemAlloc", 0);
    return allocate(pointer, bytes);
}

CUresult cuMemFree_v2(CUdeviceptr pointer)
{
    NEEDS_CONTEXT("cuMemFree", 0);
    return stub_release(memory_of(pointer), MEMORY, "cuMemFree") ? CUDA_SUCCESS : CUDA_ERROR_INVALID_VALUE;
}

#ifndef STUB_CUDA_LACKS_POOLS
CUresult cuMemAllocAsync(CUdeviceptr *pointer, size_t bytes, CUstream stream)
{
    ENTER("cuMemAllocAsync");
    NEEDS_CONTEXT("cuMemAllocAsync", 1);
    CUresult code = check_stream(stream, "cuMemAllocAsync");
    return code ? code : allocate(pointer, bytes);
}

CUresult cuMemFreeAsync(CUdeviceptr pointer, CUstream stream)
{
    NEEDS_CONTEXT("cuMemFreeAsync", 1);
    CUresult code = check_stream(stream, "cuMemFreeAsync");
    if (!code && !stub_release(memory_of(pointer), MEMORY, "cuMemFreeAsync"))
        code = CUDA_ERROR_INVALID_VALUE;
    return code;
}
#endif

/* The driver looks whether the bytes lie within one of its blocks; here they may begin in the first 64 of one. */
static unsigned char *range(CUdeviceptr pointer, size_t bytes)
{
    for (size_t at = 0; at < 64; at++) {
        const struct memory *m = stub_object(memory_of(pointer - at), MEMORY, NULL);

        if (m)
            return at + bytes <= m->size ? (unsigned char *)(uintptr_t)pointer : NULL;
    }
    return NULL;
}

CUresult cuMemcpyHtoDAsync_v2(CUdeviceptr to, const void *from, size_t bytes, CUstream stream)
{
    unsigned char *own = range(to, bytes);

    ENTER("cuMemcpyHtoDAsync");
    NEEDS_CONTEXT("cuMemcpyHtoDAsync", 0);
    if (!own || check_stream(stream, "cuMemcpyHtoDAsync"))
        return CUDA_ERROR_INVALID_VALUE;
    memcpy(own, from, bytes);
    return CUDA_SUCCESS;
}

CUresult cuMemcpyDtoHAsync_v2(void *to, CUdeviceptr from, size_t bytes, CUstream stream)
{
    const unsigned char *own = range(from, bytes);

    ENTER("cuMemcpyDtoHAsync");
    NEEDS_CONTEXT("cuMemcpyDtoHAsync", 0);
    if (!own || check_stream(stream, "cuMemcpyDtoHAsync"))
        return CUDA_ERROR_INVALID_VALUE;
    memcpy(to, own, bytes);
    return CUDA_SUCCESS;
}

/* ---- modules -------------------------------------------------------------------------------------------------------- */

/* A fat binary begins with this number. */
static const uint32_t FAT_BINARY = 0xba55ed50;

CUresult cuModuleLoadData(CUmodule *module, const void *image)
{
    uint32_t magic;

    ENTER("cuModuleLoadData");
    NEEDS_CONTEXT("cuModuleLoadData", 0);
    memcpy(&magic, image, sizeof magic);
    if (magic != FAT_BINARY || (uintptr_t)image % 8)
        return misuse("cuModuleLoadData", CUDA_ERROR_INVALID_VALUE);
    *module = stub_create(MODULE, sizeof(struct module));
    stub_cuda.modules++;
    return *module ? CUDA_SUCCESS : CUDA_ERROR_OUT_OF_MEMORY;
}

CUresult cuModuleUnload(CUmodule module)
{
    NEEDS_CONTEXT("cuModuleUnload", 0);
    return stub_release(module, MODULE, "cuModuleUnload") ? CUDA_SUCCESS : CUDA_ERROR_INVALID_VALUE;
}

/* A function is a place in its module: the name that it was asked for under. */
CUresult cuModuleGetFunction(CUfunction *function, CUmodule module, const char *name)
{
    struct module *m = stub_object(module, MODULE, "cuModuleGetFunction");
    size_t i = 0;

    ENTER("cuModuleGetFunction");
    NEEDS_CONTEXT("cuModuleGetFunction", 1);
    if (!m)
        return CUDA_ERROR_INVALID_VALUE;
    while (*m->names[i] && strcmp(m->names[i], name))
        if (++i == sizeof m->names / sizeof *m->names)
            return misuse("cuModuleGetFunction", CUDA_ERROR_NOT_FOUND);
    snprintf(m->names[i], sizeof m->names[i], "%s", name);
    *function = (CUfunction)m->names[i];
    return CUDA_SUCCESS;
}

CUresult cuFuncSetAttribute(CUfunction function, int attribute, int value)
{
    ENTER("cuFuncSetAttribute");
    NEEDS_CONTEXT("cuFuncSetAttribute", 1);
    if (!function || attribute != CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES)
        return misuse("cuFuncSetAttribute", CUDA_ERROR_INVALID_VALUE);
    stub_cuda.shared_set = value;
    return CUDA_SUCCESS;
}

#ifndef STUB_CUDA_LACKS_LAUNCH
static struct stub_cuda_launch *note_launch(CUfunction function)
{
    struct stub_cuda_launch *l = &stub_cuda.launch[stub_cuda.launches++ % STUB_CUDA_CALLS];

    memset(l, 0, sizeof *l);
    snprintf(l->function, sizeof l->function, "%s", (const char *)function);
    return l;
}

/* Forward kernels and merge_parts begin alike: plan, offsets, kind, buffers. */
static void note_arguments(struct stub_cuda_launch *l, void **arguments)
{
    struct offsets offsets;

    if (!strcmp(l->function, "merge_add") || !strcmp(l->function, "merge_end"))
        return;
    memcpy(&offsets, arguments[1], sizeof offsets);
    memcpy(&l->argument, arguments[3], sizeof l->argument);
    l->offset = offsets.q;
    l->first_unit = offsets.first_unit;
}

CUresult cuLaunchKernel(CUfunction function, unsigned x, unsigned y, unsigned z, unsigned threads_x, unsigned threads_y,
                        unsigned threads_z, unsigned shared, CUstream stream, void **arguments, void **extra)
{
    ENTER("cuLaunchKernel");
    NEEDS_CONTEXT("cuLaunchKernel", 1);
    if (!function || !x || !y || !z || x > INT32_MAX || y > 65535 || z > 65535 || !threads_x || threads_x > 1024 ||
        threads_y != 1 || threads_z != 1 || extra || check_stream(stream, "cuLaunchKernel"))
        return misuse("cuLaunchKernel", CUDA_ERROR_INVALID_VALUE);
    struct stub_cuda_launch *l = note_launch(function);
    l->grid[0] = x;
    l->grid[1] = y;
    l->grid[2] = z;
    l->threads = threads_x;
    l->shared = shared;
    l->stream = stream;
    note_arguments(l, arguments);
    return CUDA_SUCCESS;
}

#ifndef STUB_CUDA_LACKS_POOLS
CUresult cuLaunchKernelEx(const CUlaunchConfig *c, CUfunction function, void **arguments, void **extra)
{
    ENTER("cuLaunchKernelEx");
    if (c->numAttrs != 1 || c->attrs->id != CU_LAUNCH_ATTRIBUTE_PROGRAMMATIC_STREAM_SERIALIZATION)
        return misuse("cuLaunchKernelEx", CUDA_ERROR_INVALID_VALUE);
    CUresult code = cuLaunchKernel(function, c->gridDimX, c->gridDimY, c->gridDimZ, c->blockDimX, c->blockDimY,
                                   c->blockDimZ, c->sharedMemBytes, c->hStream, arguments, extra);
    if (!code)
        stub_cuda.launch[(stub_cuda.launches - 1) % STUB_CUDA_CALLS].overlaps =
            c->attrs->value.programmaticStreamSerializationAllowed;
    return code;
}
#endif
#endif
