/* Device "cpu": its table of kernels, one per instruction set, best first.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#include "config.h"

#include "cpu.h"

#include <stdio.h>
#include <stdlib.h>

#include "host/cache.h"

/* ATTN_CPU_ISA, or the best that this CPU has. */
static attn_status choose_isa(attn_cpu_isa *isa)
{
    const char *name = getenv("ATTN_CPU_ISA");
    *isa = attn_cpu_best_isa();
    if (!name || !*name)
        return ATTN_OK;
    int wanted = attn_cpu_isa_of_name(name);
    if (wanted < 0)
        return attn_fail(ATTN_NO_DEVICE, "ATTN_CPU_ISA is \"%.32s\", expected c, neon, avx2, avx512 or amx", name);
    if (!attn_cpu_has_isa((attn_cpu_isa)wanted))
        return attn_fail(ATTN_NO_DEVICE,
                         "ATTN_CPU_ISA is \"%s\", which this CPU or this build of libattn lacks; best is %s", name,
                         attn_cpu_isa_name(*isa));
    *isa = (attn_cpu_isa)wanted;
    return ATTN_OK;
}

static int is_half(attn_dtype dtype)
{
    return dtype == ATTN_F16 || dtype == ATTN_BF16;
}

static int why_not(const attn_kernel *kernel, const attn_device *device, const attn_problem *problem,
                   const attn_shape *shape, attn_why *why)
{
    const attn_cpu_tile *tile = kernel->variant;
    attn_cpu_isa allowed = ((const attn_cpu_device *)device)->isa;
    if (attn_cpu_isa_of_name(tile->isa) > (int)allowed)
        return attn_decline(why, "needs the instruction set %s, this device is opened for %s", tile->isa,
                            attn_cpu_isa_name(allowed));
    if (tile->halves && (!is_half(problem->q.dtype) || !is_half(problem->k.dtype) || !is_half(problem->v.dtype)))
        return attn_decline(why, "takes q, k and v of f16 or bf16, they are %s, %s and %s",
                            attn_dtype_name(problem->q.dtype), attn_dtype_name(problem->k.dtype),
                            attn_dtype_name(problem->v.dtype));
    return attn_decline_dims(why, shape, ATTN_CPU_LARGEST_DIM);
}

static size_t workspace(const attn_plan *plan)
{
    return attn_cpu_geometry_of(plan).workspace;
}

static int count(void)
{
    return 1;
}

static attn_status describe(int index, attn_device_info *info)
{
    (void)index;
    attn_cpu_isa isa;
    char model[64];
    ATTN_TRY(choose_isa(&isa));
    attn_cpu_model(model, sizeof model);
    *info = (attn_device_info){
        .size = sizeof *info,
        .name = "cpu",
        .memory = attn_host_memory(),
        .threads = attn_host_threads(),
        .max_dim = ATTN_CPU_LARGEST_DIM,
        .dtypes = ATTN_FLOATS,
        .host_memory = 1,
    };
    snprintf(info->description, sizeof info->description, "%s, %s", model, attn_cpu_isa_name(isa));
    return ATTN_OK;
}

static attn_status open_device(int index, attn_device **device)
{
    (void)index;
    attn_cpu_device *opened = calloc(1, sizeof *opened);
    if (!opened)
        return attn_fail(ATTN_NO_MEMORY, "no memory for a device of %zu bytes", sizeof *opened);
    attn_status status = choose_isa(&opened->isa);
    if (status) {
        free(opened);
        return status;
    }
    opened->l2 = attn_host_cache_bytes(ATTN_HOST_CACHES, 2);
    *device = &opened->base;
    return ATTN_OK;
}

static void close_device(attn_device *device)
{
    free(device);
}

#define KERNEL(isa_name, rows)                                                                                         \
    {                                                                                                                  \
        .name = "flash-" #isa_name, .tile_q = rows, .tile_k = ATTN_TILE_K, .list_rows = ATTN_CPU_LIST_ROWS,            \
        .split_keys = ATTN_CPU_SPLIT, .views = 1, .merges_chunks = 1, .variant = &attn_cpu_tile_##isa_name,            \
        .why_not = why_not, .workspace = workspace, .run = attn_cpu_run,                                               \
    }

static const attn_kernel kernels[] = {
#ifdef ATTN_HAVE_AMX
    KERNEL(amx, 512),
#endif
#ifdef ATTN_HAVE_AVX512
    KERNEL(avx512, 192),
#endif
#ifdef ATTN_HAVE_AVX2
    KERNEL(avx2, 192),
#endif
#ifdef ATTN_HAVE_NEON
    KERNEL(neon, 96),
#endif
    KERNEL(c, 96),
};

extern const attn_backend attn_backend_cpu;
const attn_backend attn_backend_cpu = {
    .name = "cpu",
    .count = count,
    .describe = describe,
    .open = open_device,
    .close = close_device,
    ATTN_HOST_MEMBERS,
    .kernels = kernels,
    .kernel_count = sizeof kernels / sizeof kernels[0],
};
