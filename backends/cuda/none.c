/* attn_cuda.h in a library that was built without the backend: its functions are there and say so.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#include "config.h"

#include "attn_cuda.h"

#include "status.h"

static attn_status absent(void)
{
    return attn_fail(ATTN_NO_DEVICE, "this libattn was built without CUDA");
}

attn_status attn_device_adopt_cuda(void *context, void *stream, attn_device **adopted)
{
    (void)context, (void)stream;
    if (adopted)
        *adopted = NULL;
    return absent();
}

attn_status attn_queue_adopt_cuda(attn_device *device, void *stream, attn_queue **adopted)
{
    (void)device, (void)stream;
    if (adopted)
        *adopted = NULL;
    return absent();
}
