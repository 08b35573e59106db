/* The programs of a device: a list under its lock, looked up by source and options.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#include "config.h"

#include "program.h"

#include <stdlib.h>
#include <string.h>

static attn_opencl_program *find_program(attn_opencl_device *d, const attn_opencl_source *source, const char *options)
{
    attn_opencl_program *p = d->programs;
    while (p && (p->source != source || strcmp(p->options, options)))
        p = p->next;
    return p;
}

static attn_status add_program(attn_opencl_device *d, const attn_opencl_source *source, const char *options,
                               attn_opencl_program **result)
{
    size_t length = strlen(options) + 1;
    attn_opencl_program *p = calloc(1, sizeof *p + length);
    if (!p)
        return attn_fail(ATTN_NO_MEMORY, "no memory for a program of %zu bytes", sizeof *p + length);
    memcpy(p->options, options, length);
    p->source = source;
    attn_status status = attn_opencl_build(d, source, options, &p->program);
    if (status) {
        free(p);
        return status;
    }
    p->next = d->programs;
    d->programs = *result = p;
    return ATTN_OK;
}

static attn_status kernel_of(attn_opencl_device *d, attn_opencl_program *p, const char *name,
                             attn_opencl_kernel **result)
{
    for (attn_opencl_kernel *k = p->kernels; k; k = k->next)
        if (!strcmp(k->name, name)) {
            *result = k;
            return ATTN_OK;
        }
    ATTN_TRY(attn_opencl_kernel_create(d, p->program, name, result));
    (*result)->next = p->kernels;
    p->kernels = *result;
    return ATTN_OK;
}

/* Compiling is under the lock too: a second plan of the same kind would only compile the same again. */
attn_status attn_opencl_kernel_get(attn_opencl_device *device, const attn_opencl_source *source, const char *options,
                                   const char *name, attn_opencl_kernel **kernel)
{
    attn_status status = ATTN_OK;
    attn_lock_take(&device->lock);
    attn_opencl_program *p = find_program(device, source, options);
    if (!p)
        status = add_program(device, source, options, &p);
    if (!status)
        status = kernel_of(device, p, name, kernel);
    attn_lock_give(&device->lock);
    return status;
}

void attn_opencl_programs_release(attn_opencl_device *device)
{
    while (device->programs) {
        attn_opencl_program *p = device->programs;
        device->programs = p->next;
        while (p->kernels) {
            attn_opencl_kernel *k = p->kernels;
            p->kernels = k->next;
            attn_opencl_kernel_release(k);
        }
        device->cl->clReleaseProgram(p->program);
        free(p);
    }
}
