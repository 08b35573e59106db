/* What a plan keeps on an OpenCL device.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#include "config.h"

#include "prepare.h"

#include <stdio.h>
#include <stdlib.h>

#include "texts.h"

#define SOURCE(text)                                                                                                   \
    {                                                                                                                  \
#text ".cl",                                                                                                   \
        {                                                                                                              \
            attn_opencl_text_dialect, attn_opencl_text_shared, attn_opencl_text_storage, attn_opencl_text_visible,     \
                attn_opencl_text_sequence, attn_opencl_text_item, attn_opencl_text_##text                              \
        }                                                                                                              \
    }

static const attn_opencl_source forward_source = SOURCE(forward), merge_source = SOURCE(merge_parts);

static attn_status build(const attn_plan *plan, attn_opencl_prepared *made)
{
    attn_opencl_device *d = attn_opencl_of(plan->device);
    const attn_opencl_variant *variant = plan->kernel->variant;
    char options[128];
    made->channels = plan->shape.dim_v <= 64 ? 64 : 128;
    snprintf(options, sizeof options, "-DK_TYPE=%d -DV_TYPE=%d -DTILE_ROWS=%d -DGROUP_SIZE=%d -DCHANNELS=%d",
             (int)plan->problem.k.dtype, (int)plan->problem.v.dtype, plan->kernel->tile_q, variant->group,
             made->channels);
    ATTN_TRY(attn_opencl_kernel_get(d, &forward_source, options, "forward", &made->forward));
    return attn_opencl_kernel_get(d, &merge_source, "", "merge_parts", &made->merge);
}

attn_status attn_opencl_prepare(attn_plan *plan)
{
    attn_opencl_prepared *made = plan->prepared = calloc(1, sizeof *made);
    if (!made)
        return attn_fail(ATTN_NO_MEMORY, "no memory for a plan of %zu bytes", sizeof *made);
    ATTN_TRY(build(plan, made));
    return attn_gpu_problem_create(plan, &made->problem);
}

void attn_opencl_release(attn_plan *plan)
{
    attn_opencl_prepared *made = plan->prepared;
    if (made)
        attn_gpu_problem_release(plan, &made->problem);
    free(made);
}

size_t attn_opencl_workspace(const attn_plan *plan)
{
    const attn_opencl_prepared *made = plan->prepared;
    return attn_gpu_workspace(plan, &made->problem);
}
