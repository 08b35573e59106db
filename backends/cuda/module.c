/* Images loaded on a device: a list under its lock, looked up by image.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#include "config.h"

#include "module.h"

#include <inttypes.h>
#include <stdlib.h>

#include "log.h"

/* A block needs a function attribute for more shared memory than this. */
enum { PLAIN_SHARED_MEMORY = 48 * 1024 };

/* What cuLaunchKernel takes. */
enum { MOST_X = INT32_MAX, MOST_YZ = 65535 };

typedef struct attn_cuda_module {
    struct attn_cuda_module *next;
    const attn_cuda_image *image;
    CUmodule module;
} attn_cuda_module;

static attn_cuda_module *find_module(attn_cuda_device *d, const attn_cuda_image *image)
{
    attn_cuda_module *m = d->modules;
    while (m && m->image != image)
        m = m->next;
    return m;
}

static attn_status load_module(attn_cuda_device *d, const attn_cuda_image *image, attn_cuda_module **result)
{
    attn_cuda_module *m = calloc(1, sizeof *m);
    if (!m)
        return attn_fail(ATTN_NO_MEMORY, "no memory for a module of %zu bytes", sizeof *m);
    double begin = attn_log_clock();
    CUresult code = d->cu->cuModuleLoadData(&m->module, image->bytes);
    if (code) {
        free(m);
        return attn_cuda_fail(d->cu, code, "cuModuleLoadData of %s for compute capability %d.%d", image->name,
                              d->traits.major, d->traits.minor);
    }
    if (d->base.verbose)
        attn_log_line("device %s: kernel %s loaded in %.3f s", d->base.info.name, image->name,
                      attn_log_clock() - begin);
    m->image = image;
    m->next = d->modules;
    d->modules = *result = m;
    return ATTN_OK;
}

static attn_status find_function(attn_cuda_device *d, CUmodule module, const char *name, int shared,
                                 CUfunction *function)
{
    CUresult code = d->cu->cuModuleGetFunction(function, module, name);
    if (code)
        return attn_cuda_fail(d->cu, code, "cuModuleGetFunction of %s", name);
    if (shared > PLAIN_SHARED_MEMORY)
        code = d->cu->cuFuncSetAttribute(*function, CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES, shared);
    return code ? attn_cuda_fail(d->cu, code, "cuFuncSetAttribute of %s, %d bytes of shared memory", name, shared)
                : ATTN_OK;
}

/* Loading is under the lock too: a second plan of the same kind would only load the same again. */
attn_status attn_cuda_function(attn_cuda_device *device, const attn_cuda_image *image, const char *name, int shared,
                               CUfunction *function)
{
    attn_status status = ATTN_OK;
    attn_lock_take(&device->lock);
    attn_cuda_module *m = find_module(device, image);
    if (!m)
        status = load_module(device, image, &m);
    if (!status)
        status = find_function(device, m->module, name, shared, function);
    attn_lock_give(&device->lock);
    return status;
}

void attn_cuda_modules_release(attn_cuda_device *device)
{
    while (device->modules) {
        attn_cuda_module *m = device->modules;
        device->modules = m->next;
        device->cu->cuModuleUnload(m->module);
        free(m);
    }
}

static CUresult launch_overlapping(const attn_cuda_api *cu, CUstream stream, CUfunction function,
                                   const attn_cuda_grid *grid, void *arguments[])
{
    CUlaunchAttribute overlaps = { .id = CU_LAUNCH_ATTRIBUTE_PROGRAMMATIC_STREAM_SERIALIZATION,
                                   .value.programmaticStreamSerializationAllowed = 1 };
    const CUlaunchConfig config = { (unsigned)grid->x,
                                    (unsigned)grid->y,
                                    (unsigned)grid->z,
                                    (unsigned)grid->threads,
                                    1,
                                    1,
                                    (unsigned)grid->shared,
                                    stream,
                                    &overlaps,
                                    1 };
    return cu->cuLaunchKernelEx(&config, function, arguments, NULL);
}

attn_status attn_cuda_launch(attn_cuda_device *device, CUstream stream, CUfunction function, const char *name,
                             const attn_cuda_grid *grid, void *arguments[])
{
    if (grid->x > MOST_X || grid->y > MOST_YZ || grid->z > MOST_YZ)
        return attn_fail(ATTN_UNSUPPORTED,
                         "%s needs %" PRId64 " x %" PRId64 " x %" PRId64 " blocks, at most %d x %d x %d", name, grid->x,
                         grid->y, grid->z, MOST_X, MOST_YZ, MOST_YZ);
    if (grid->overlaps) {
        CUresult code = launch_overlapping(device->cu, stream, function, grid, arguments);
        return code ? attn_cuda_fail(device->cu, code, "cuLaunchKernelEx of %s", name) : ATTN_OK;
    }
    CUresult code =
        device->cu->cuLaunchKernel(function, (unsigned)grid->x, (unsigned)grid->y, (unsigned)grid->z,
                                   (unsigned)grid->threads, 1, 1, (unsigned)grid->shared, stream, arguments, NULL);
    return code ? attn_cuda_fail(device->cu, code, "cuLaunchKernel of %s", name) : ATTN_OK;
}
