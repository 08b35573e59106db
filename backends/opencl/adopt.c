/* Devices and queues that the caller has made.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#include "config.h"

#include "attn_opencl.h"

#include <stdlib.h>

#include "device.h"

/* Its number in the list, so that an adopted device has the name of the one that lib opens; -1: a sub-device. */
static int number_of(cl_device_id id)
{
    const attn_opencl_traits *list;
    int count = attn_opencl_list(&list);
    for (int i = 0; i < count; i++)
        if (list[i].id == id)
            return i;
    return -1;
}

static attn_status ask_device(const attn_opencl_api *cl, cl_device_id id, attn_opencl_traits *traits)
{
    cl_platform_id platform;
    attn_why why;
    cl_int code = cl->clGetDeviceInfo(id, CL_DEVICE_PLATFORM, sizeof platform, &platform, NULL);
    if (code)
        return attn_opencl_fail(code, "clGetDeviceInfo of the device, %s", "CL_DEVICE_PLATFORM");
    attn_status status = attn_opencl_ask(cl, platform, id, traits, &why);
    return status ? attn_fail(status, "device \"%s\" cannot be adopted: %s", traits->name, why.text) : ATTN_OK;
}

/* In order, and of this context and device: else INVALID. */
static attn_status check_queue(const attn_opencl_api *cl, cl_command_queue queue, cl_context context, cl_device_id id)
{
    cl_context of_context = NULL;
    cl_device_id of_device = NULL;
    cl_bitfield properties = 0;
    cl_int code = cl->clGetCommandQueueInfo(queue, CL_QUEUE_CONTEXT, sizeof of_context, &of_context, NULL);
    if (!code)
        code = cl->clGetCommandQueueInfo(queue, CL_QUEUE_DEVICE, sizeof of_device, &of_device, NULL);
    if (!code)
        code = cl->clGetCommandQueueInfo(queue, CL_QUEUE_PROPERTIES, sizeof properties, &properties, NULL);
    if (code)
        return attn_opencl_fail(code, "%s", "clGetCommandQueueInfo");
    if (of_context != context || of_device != id)
        return attn_fail(ATTN_INVALID, "queue belongs to another %s", of_context != context ? "context" : "device");
    if (properties & CL_QUEUE_OUT_OF_ORDER_EXEC_MODE_ENABLE)
        return attn_fail(ATTN_INVALID, "queue executes out of order, expected one in order");
    return ATTN_OK;
}

static attn_status adopt(const attn_opencl_api *cl, cl_context context, cl_device_id id, cl_command_queue queue,
                         attn_device **adopted)
{
    attn_opencl_traits traits;
    attn_opencl_device *opened;
    ATTN_TRY(ask_device(cl, id, &traits));
    if (queue)
        ATTN_TRY(check_queue(cl, queue, context, id));
    ATTN_TRY(attn_opencl_open(cl, &traits, context, queue, &opened));
    attn_device_info info = ATTN_DEVICE_INFO_INIT;
    attn_opencl_describe(&traits, number_of(id), &info);
    attn_device_begin(&opened->base, &attn_backend_opencl, &info);
    *adopted = &opened->base;
    return ATTN_OK;
}

attn_status attn_device_adopt_opencl(void *context, void *device, void *queue, attn_device **adopted)
{
    if (!context || !device || !adopted)
        return attn_fail(ATTN_INVALID, "%s is NULL", !context ? "context" : !device ? "device" : "adopted");
    *adopted = NULL;
    const attn_opencl_api *cl = attn_opencl_load();
    if (!cl)
        return attn_fail(ATTN_NO_DEVICE, "the OpenCL library cannot be loaded; ATTN_VERBOSE=1 says why");
    return adopt(cl, context, device, queue, adopted);
}

static attn_status check_backend(const attn_device *device)
{
    if (!device)
        return attn_fail(ATTN_INVALID, "device is NULL");
    if (device->backend != &attn_backend_opencl)
        return attn_fail(ATTN_INVALID, "device is %s, expected one of OpenCL", device->info.name);
    return ATTN_OK;
}

attn_status attn_queue_adopt_opencl(attn_device *device, void *queue, attn_queue **adopted)
{
    if (!queue || !adopted)
        return attn_fail(ATTN_INVALID, "%s is NULL", queue ? "adopted" : "queue");
    *adopted = NULL;
    ATTN_TRY(check_backend(device));
    attn_opencl_device *d = attn_opencl_of(device);
    ATTN_TRY(check_queue(d->cl, queue, d->context, d->traits.id));
    attn_opencl_queue *own = calloc(1, sizeof *own);
    if (!own)
        return attn_fail(ATTN_NO_MEMORY, "no memory for a queue of %zu bytes", sizeof *own);
    cl_int code = d->cl->clRetainCommandQueue(queue);
    if (code) {
        free(own);
        return attn_opencl_fail(code, "%s", "clRetainCommandQueue");
    }
    *own = (attn_opencl_queue){ { device }, queue };
    *adopted = &own->base;
    return ATTN_OK;
}

/* A marker: runs need not make events for it, and in an in-order queue it completes with the last of them. */
attn_status attn_queue_event_opencl(attn_device *device, attn_queue *queue, void **event)
{
    if (!event)
        return attn_fail(ATTN_INVALID, "event is NULL");
    *event = NULL;
    ATTN_TRY(check_backend(device));
    if (queue && queue->device != device)
        return attn_fail(ATTN_INVALID, "queue belongs to device %s, expected %s", queue->device->info.name,
                         device->info.name);
    attn_opencl_device *d = attn_opencl_of(device);
    cl_command_queue native = attn_opencl_queue_of(d, queue);
    cl_event marker = NULL;
    cl_int code = d->cl->clEnqueueMarkerWithWaitList(native, 0, NULL, &marker);
    if (code)
        return attn_opencl_fail(code, "%s", "clEnqueueMarkerWithWaitList");
    code = d->cl->clFlush(native);
    if (code) {
        d->cl->clReleaseEvent(marker);
        return attn_opencl_fail(code, "%s", "clFlush");
    }
    *event = marker;
    return ATTN_OK;
}
