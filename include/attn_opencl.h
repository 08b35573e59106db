/*
 * attn_opencl.h: libattn on OpenCL objects that the caller has made.
 *
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE.
 *
 * A program that has an OpenCL context of its own hands it over, and runs attention on its buffers and in its queue:
 *
 *     attn_device_adopt_opencl(context, device, queue, &attn)
 *     args.q.handle = (uint64_t)(uintptr_t)buffer;     a cl_mem; args.q.offset counts bytes from its start
 *     attn_run(plan, &args, NULL)                      enqueues on `queue`
 *     attn_queue_event_opencl(attn, NULL, &event)      completes when the run does
 *
 * OpenCL objects are passed as void *, so that this header includes no other; a cl_context, cl_device_id or
 * cl_command_queue becomes one by itself. They must come from the OpenCL library that libattn loads: the system's
 * libOpenCL, or the one that the environment variable ATTN_OPENCL_LIBRARY names.
 *
 * In a library built without OpenCL every function here gives ATTN_NO_DEVICE.
 */
#ifndef ATTN_OPENCL_H
#define ATTN_OPENCL_H

#include "attn.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A device of libattn on the caller's `context` (cl_context) and `device` (cl_device_id, of that context; a sub-device
 * too). `queue` (cl_command_queue) becomes its default queue, which attn_upload, attn_download and every NULL queue
 * mean; it must be of this context and device and execute in order. queue NULL: libattn makes one.
 * Context and queue are retained until attn_device_close. Buffers of the context are memory of the device, and
 * attn_alloc makes buffers of the context; plans and queues belong to the adopted device alone.
 * INVALID: context, device or adopted is NULL, or the queue does not fit. UNSUPPORTED: the device is not one of
 * OpenCL 1.2 or later with the full profile, little endian and with a compiler. NO_DEVICE: the OpenCL library cannot be
 * loaded. Thread-safe. */
ATTN_API attn_status attn_device_adopt_opencl(void *context, void *device, void *queue, attn_device **adopted);

/* A further `queue` (cl_command_queue, in order, of the device's context and device) as an attn_queue; it is retained
 * until attn_queue_destroy. `device` is an adopted one. What the caller enqueues on it and what libattn enqueues
 * executes in the order of the calls. INVALID: a pointer is NULL, the device is not one of OpenCL, or the queue does
 * not fit. Thread-safe. */
ATTN_API attn_status attn_queue_adopt_opencl(attn_device *device, void *queue, attn_queue **adopted);

/* An event (cl_event) that completes when everything enqueued on `queue` so far has, the last run with it; for wait
 * lists of other queues and for callbacks. queue NULL: the device's default. The queue is flushed. The caller releases
 * the event with clReleaseEvent. INVALID: event is NULL, the device is not one of OpenCL, or the queue is another
 * device's. */
ATTN_API attn_status attn_queue_event_opencl(attn_device *device, attn_queue *queue, void **event);

#ifdef __cplusplus
}
#endif

#endif
