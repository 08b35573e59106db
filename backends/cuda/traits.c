/* What devices are.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#include "config.h"

#include "traits.h"

#include <stdio.h>

#include "error.h"
#include "lock.h"
#include "log.h"

enum { MOST_DEVICES = 64 };

/* NVIDIA promises that a driver runs what compilers of its own major version or an older one made ("CUDA compatibility"). */
enum { LEAST_DRIVER = ATTN_NVCC_MAJOR * 1000 };

/* Programmatic dependent launches come with sm_90; graphs keep them since this driver. */
enum { OVERLAPS_MAJOR = 9, OVERLAPS_DRIVER = 12030 };

typedef struct device_list {
    attn_cuda_traits traits[MOST_DEVICES];
    int count;
} device_list;

static CUresult ask(const attn_cuda_api *cu, attn_cuda_traits *t)
{
    const struct {
        int attribute;
        int *to;
    } questions[] = {
        { CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR, &t->major },
        { CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR, &t->minor },
        { CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT, &t->multiprocessors },
        { CU_DEVICE_ATTRIBUTE_L2_CACHE_SIZE, &t->l2 },
        { CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK_OPTIN, &t->shared_memory },
    };
    CUresult code = cu->cuDeviceGetName(t->name, sizeof t->name, t->id);
    t->name[sizeof t->name - 1] = '\0';
    if (!code)
        code = cu->cuDeviceTotalMem(&t->memory, t->id);
    for (size_t i = 0; i < sizeof questions / sizeof questions[0] && !code; i++)
        code = cu->cuDeviceGetAttribute(questions[i].to, questions[i].attribute, t->id);
    /* A driver that has no pools may not know the question. */
    if (cu->cuMemAllocAsync && cu->cuMemFreeAsync &&
        cu->cuDeviceGetAttribute(&t->pools, CU_DEVICE_ATTRIBUTE_MEMORY_POOLS_SUPPORTED, t->id))
        t->pools = 0;
    t->overlaps = cu->cuLaunchKernelEx && t->major >= OVERLAPS_MAJOR && t->driver >= OVERLAPS_DRIVER;
    return code;
}

static void add_device(const attn_cuda_api *cu, int driver, int ordinal, device_list *list)
{
    attn_cuda_traits t = { .driver = driver };
    CUresult code = cu->cuDeviceGet(&t.id, ordinal);
    if (!code)
        code = ask(cu, &t);
    if (!code)
        list->traits[list->count++] = t;
    else if (attn_log_level())
        attn_log_line("cuda: device %d \"%s\" is not listed: %s (%d)", ordinal, t.name, attn_cuda_code_name(cu, code),
                      code);
}

/* 0: no devices. */
static int start(const attn_cuda_api *cu, int *driver, int *devices)
{
    const char *call = "cuInit";
    CUresult code = cu->cuInit(0);
    if (!code)
        code = cu->cuDriverGetVersion(driver), call = "cuDriverGetVersion";
    if (!code && *driver < LEAST_DRIVER) {
        if (attn_log_level())
            attn_log_line("cuda: the driver is for CUDA %d.%d, needs %d.0 or later; no devices", *driver / 1000,
                          *driver % 1000 / 10, ATTN_NVCC_MAJOR);
        return 0;
    }
    if (!code)
        code = cu->cuDeviceGetCount(devices), call = "cuDeviceGetCount";
    if (code && attn_log_level())
        attn_log_line("cuda: %s: %s (%d); no devices", call, attn_cuda_code_name(cu, code), code);
    return !code;
}

static int enumerate(void *made)
{
    device_list *list = made;
    const attn_cuda_api *cu = attn_cuda_load();
    int driver = 0, devices = 0;
    if (!cu || !start(cu, &driver, &devices))
        return 0;
    for (int i = 0; i < devices && i < MOST_DEVICES; i++)
        add_device(cu, driver, i, list);
    return list->count;
}

int attn_cuda_list(const attn_cuda_traits **result)
{
    static attn_once once = ATTN_ONCE_INIT;
    static device_list list;
    *result = list.traits;
    return attn_once_make(&once, enumerate, &list);
}

void attn_cuda_describe(const attn_cuda_traits *t, int index, attn_device_info *info)
{
    *info = (attn_device_info){
        .size = sizeof *info,
        .memory = t->memory,
        .threads = t->multiprocessors,
        .max_dim = ATTN_CUDA_LARGEST_DIM,
        .dtypes = ATTN_FLOATS,
        .host_memory = 0,
    };
    snprintf(info->name, sizeof info->name, "cuda:%d", index);
    snprintf(info->description, sizeof info->description,
             "%.63s, compute capability %d.%d, %d SMs, %d KiB shared, CUDA %d.%d", t->name, t->major, t->minor,
             t->multiprocessors, t->shared_memory / 1024, t->driver / 1000, t->driver % 1000 / 10);
}
