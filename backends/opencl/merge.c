/* attn_merge on OpenCL.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#include "config.h"

#include "merge.h"

#include "prepare.h"
#include "texts.h"

static const attn_opencl_source source = {
    "merge.cl", { attn_opencl_text_dialect, attn_opencl_text_shared, attn_opencl_text_storage, attn_opencl_text_merge }
};

static attn_opencl_grid grid_of(const attn_merge_args *a)
{
    return (attn_opencl_grid){ 1, { attn_gpu_merge_rows(a) * MERGE_GROUP }, { MERGE_GROUP } };
}

static attn_status add_part(attn_opencl_device *d, const attn_merge_args *a, int part, cl_mem sums, attn_queue *queue)
{
    attn_opencl_kernel *kernel;
    struct merge m = attn_gpu_merge(a, part);
    attn_opencl_grid grid = grid_of(a);
    cl_mem o = attn_opencl_buffer(a->parts_o[part]), lse = attn_opencl_buffer(a->parts_lse[part]);
    ATTN_TRY(attn_opencl_kernel_get(d, &source, "", "merge_add", &kernel));
    const attn_opencl_arg args[] = { ATTN_OPENCL_ARG(m), ATTN_OPENCL_ARG(o), ATTN_OPENCL_ARG(lse),
                                     ATTN_OPENCL_ARG(sums) };
    return attn_opencl_enqueue(d, queue, kernel, args, sizeof args / sizeof args[0], &grid);
}

static attn_status end_merge(attn_opencl_device *d, const attn_merge_args *a, cl_mem sums, attn_queue *queue)
{
    attn_opencl_kernel *kernel;
    struct merge m = attn_gpu_merge(a, 0);
    attn_opencl_grid grid = grid_of(a);
    cl_mem o = attn_opencl_buffer(a->out_o), lse = m.has_lse ? attn_opencl_buffer(a->out_lse) : o,
           sink = m.has_sink ? attn_opencl_buffer(a->sink) : o;
    ATTN_TRY(attn_opencl_kernel_get(d, &source, "", "merge_end", &kernel));
    const attn_opencl_arg args[] = { ATTN_OPENCL_ARG(m), ATTN_OPENCL_ARG(sums), ATTN_OPENCL_ARG(o),
                                     ATTN_OPENCL_ARG(lse), ATTN_OPENCL_ARG(sink) };
    return attn_opencl_enqueue(d, queue, kernel, args, sizeof args / sizeof args[0], &grid);
}

attn_status attn_opencl_merge(attn_device *device, const attn_merge_args *a, attn_queue *queue)
{
    attn_opencl_device *d = attn_opencl_of(device);
    attn_memory sums;
    ATTN_TRY(attn_opencl_alloc(device, attn_gpu_merge_bytes(a), &sums));
    attn_status status = ATTN_OK;
    for (int part = 0; part < a->count && !status; part++)
        status = add_part(d, a, part, attn_opencl_buffer(sums), queue);
    if (!status)
        status = end_merge(d, a, attn_opencl_buffer(sums), queue);
    attn_opencl_free(device, sums); /* the commands hold it until they are done */
    return status;
}
