/* attn_merge on CUDA.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#include "config.h"

#include "merge.h"

#include "gpu/problem.h"
#include "module.h"

/* One merge. */
typedef struct merge_run {
    attn_cuda_device *device;
    CUstream stream;
    const attn_merge_args *args;
    CUdeviceptr sums;
} merge_run;

/* In the order of the stream where the device can: then nobody waits. */
static attn_status take_sums(merge_run *r)
{
    const attn_cuda_api *cu = r->device->cu;
    const size_t bytes = attn_gpu_merge_bytes(r->args);
    const int pools = r->device->traits.pools;
    CUresult code = pools ? cu->cuMemAllocAsync(&r->sums, bytes, r->stream) : cu->cuMemAlloc(&r->sums, bytes);
    return code ? attn_cuda_fail(cu, code, "%s of %zu bytes", pools ? "cuMemAllocAsync" : "cuMemAlloc", bytes)
                : ATTN_OK;
}

/* Also after a failure, whose reason is then kept. */
static attn_status give_sums(const merge_run *r, attn_status status)
{
    const attn_cuda_api *cu = r->device->cu;
    const int pools = r->device->traits.pools;
    CUresult waited = pools ? CUDA_SUCCESS : cu->cuStreamSynchronize(r->stream);
    CUresult freed = pools ? cu->cuMemFreeAsync(r->sums, r->stream) : cu->cuMemFree(r->sums);
    if (!status && waited)
        return attn_cuda_fail(cu, waited, "%s", "cuStreamSynchronize");
    if (!status && freed)
        return attn_cuda_fail(cu, freed, "%s", pools ? "cuMemFreeAsync" : "cuMemFree");
    return status;
}

static attn_status launch(const merge_run *r, const char *name, void *arguments[])
{
    CUfunction function;
    const attn_cuda_grid grid = { (int64_t)attn_gpu_merge_rows(r->args), 1, 1, MERGE_GROUP, 0, 0 };
    ATTN_TRY(attn_cuda_function(r->device, attn_cuda_image_find("merge", ATTN_NONE, ATTN_NONE), name, 0, &function));
    return attn_cuda_launch(r->device, r->stream, function, name, &grid, arguments);
}

static attn_status add_part(const merge_run *r, int part)
{
    struct merge m = attn_gpu_merge(r->args, part);
    CUdeviceptr o = r->args->parts_o[part].handle, lse = r->args->parts_lse[part].handle, sums = r->sums;
    void *arguments[] = { &m, &o, &lse, &sums };
    return launch(r, "merge_add", arguments);
}

static attn_status end(const merge_run *r)
{
    struct merge m = attn_gpu_merge(r->args, 0);
    CUdeviceptr o = r->args->out_o.handle, lse = r->args->out_lse.handle, sink = r->args->sink.handle, sums = r->sums;
    void *arguments[] = { &m, &sums, &o, &lse, &sink };
    return launch(r, "merge_end", arguments);
}

static attn_status merge(merge_run *r)
{
    ATTN_TRY(take_sums(r));
    attn_status status = ATTN_OK;
    for (int part = 0; part < r->args->count && !status; part++)
        status = add_part(r, part);
    if (!status)
        status = end(r);
    return give_sums(r, status);
}

attn_status attn_cuda_merge(attn_device *device, const attn_merge_args *args, attn_queue *queue)
{
    attn_cuda_device *d = attn_cuda_of(device);
    merge_run r = { d, attn_cuda_stream_of(d, queue), args, 0 };
    ATTN_TRY(attn_cuda_enter(d));
    attn_status status = merge(&r);
    attn_cuda_leave(d);
    return status;
}
