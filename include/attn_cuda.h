/*
 * attn_cuda.h: libattn on CUDA contexts and streams that the caller has made.
 *
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE.
 *
 * A program that has a CUDA context hands it over, and runs attention on its memory and in its stream:
 *
 *     attn_device_adopt_cuda(NULL, stream, &attn)    on the context that is current, as with the CUDA runtime
 *     args.q.handle = (uint64_t)pointer;             device memory: CUdeviceptr, or a pointer of cudaMalloc
 *     attn_run(plan, &args, NULL)                    enqueues on `stream`
 *
 * CUDA objects are passed as void *, so that this header includes no other; a CUcontext, CUstream or cudaStream_t becomes one
 * by itself. They belong to the process's CUDA driver, or to the library that the environment variable ATTN_CUDA_LIBRARY names.
 *
 * Every device of CUDA, adopted or not:
 * - attn_run only launches kernels: it does not allocate or wait, and may be captured into a CUDA graph. A captured run's
 *   memories and workspace must stay where they are, and its plan alive, until the graph was last launched.
 * - Plans, memory and a device's first attn_merge, which loads kernels, are outside of a capture: the driver refuses them
 *   within one. attn_merge takes memory in the order of the stream; on a device without memory pools it waits instead.
 * - A call makes the device's context current for its own duration; what was current before is so again.
 * - Memory of the device is any that kernels of its context may access. Peers' and managed memory are such.
 *
 * In a library built without CUDA every function here gives ATTN_NO_DEVICE.
 */
#ifndef ATTN_CUDA_H
#define ATTN_CUDA_H

#include "attn.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A device of libattn on the caller's `context` (CUcontext; NULL: the one that is current to this thread, which with the CUDA
 * runtime is the device's primary one). `stream` (CUstream of this context) becomes its default queue, which attn_upload,
 * attn_download and every NULL queue mean; NULL is CUDA's default stream. Context and stream must live until attn_device_close.
 * attn_alloc allocates in the context; plans and queues belong to the adopted device alone.
 * INVALID: adopted is NULL, there is no context, or the stream is another context's. NO_DEVICE: there is no driver, or it is
 * too old. Thread-safe. */
ATTN_API attn_status attn_device_adopt_cuda(void *context, void *stream, attn_device **adopted);

/* A further `stream` (CUstream of the device's context; NULL: CUDA's default stream) as an attn_queue; it must live until
 * attn_queue_destroy. `device` is any of CUDA. What the caller enqueues on it and what libattn enqueues executes in the order
 * of the calls. INVALID: device or adopted is NULL, the device is not one of CUDA, or the stream is another context's.
 * Thread-safe. */
ATTN_API attn_status attn_queue_adopt_cuda(attn_device *device, void *stream, attn_queue **adopted);

#ifdef __cplusplus
}
#endif

#endif
