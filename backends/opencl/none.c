/* attn_opencl.h in a library that was built without the backend: its functions are there and say so.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#include "config.h"

#include "attn_opencl.h"

#include "status.h"

static attn_status absent(void)
{
    return attn_fail(ATTN_NO_DEVICE, "this libattn was built without OpenCL");
}

attn_status attn_device_adopt_opencl(void *context, void *device, void *queue, attn_device **adopted)
{
    (void)context, (void)device, (void)queue;
    if (adopted)
        *adopted = NULL;
    return absent();
}

attn_status attn_queue_adopt_opencl(attn_device *device, void *queue, attn_queue **adopted)
{
    (void)device, (void)queue;
    if (adopted)
        *adopted = NULL;
    return absent();
}

attn_status attn_queue_event_opencl(attn_device *device, attn_queue *queue, void **event)
{
    (void)device, (void)queue;
    if (event)
        *event = NULL;
    return absent();
}
