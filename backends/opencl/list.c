/* The list of devices of all platforms.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#include "config.h"

#include <string.h>

#include "error.h"
#include "lock.h"
#include "log.h"
#include "traits.h"

enum { MOST_PLATFORMS = 32, MOST_OF_PLATFORM = 64, MOST_DEVICES = 64 };

typedef struct device_list {
    attn_opencl_traits traits[MOST_DEVICES];
    int count;
} device_list;

/* The driver's answer may be more than there was room for. */
static cl_uint at_most(cl_uint count, cl_uint most)
{
    return count < most ? count : most;
}

static int type_order(const attn_opencl_traits *t)
{
    return t->type & CL_DEVICE_TYPE_GPU ? 0 : t->type & CL_DEVICE_TYPE_ACCELERATOR ? 1 : 2;
}

static int stands_before(const attn_opencl_traits *a, const attn_opencl_traits *b)
{
    int order = type_order(a) - type_order(b);
    return (order ? order : strcmp(a->platform_name, b->platform_name)) < 0;
}

/* Behind its equals, which keep the driver's order. */
static void insert(device_list *list, const attn_opencl_traits *traits)
{
    int at = list->count++;
    for (; at > 0 && stands_before(traits, &list->traits[at - 1]); at--)
        list->traits[at] = list->traits[at - 1];
    list->traits[at] = *traits;
}

static void add_device(const attn_opencl_api *cl, cl_platform_id platform, cl_device_id id, device_list *list)
{
    attn_opencl_traits traits;
    attn_why why = { "" };
    int declined = attn_opencl_ask(cl, platform, id, &traits, &why) != ATTN_OK;
    if (!declined && list->count == MOST_DEVICES)
        declined = attn_decline(&why, "%d devices are listed already", MOST_DEVICES);
    if (!declined)
        insert(list, &traits);
    else if (attn_log_level())
        attn_log_line("opencl: device \"%s\" of platform \"%s\" is not listed: %s", traits.name, traits.platform_name,
                      why.text);
}

static void add_platform(const attn_opencl_api *cl, cl_platform_id platform, device_list *list)
{
    cl_device_id ids[MOST_OF_PLATFORM];
    cl_uint count = 0;
    cl_int code = cl->clGetDeviceIDs(platform, CL_DEVICE_TYPE_ALL, MOST_OF_PLATFORM, ids, &count);
    if (code && code != CL_DEVICE_NOT_FOUND && attn_log_level())
        attn_log_line("opencl: clGetDeviceIDs: %s (%d)", attn_opencl_code_name(code), (int)code);
    for (cl_uint i = 0; !code && i < at_most(count, MOST_OF_PLATFORM); i++)
        add_device(cl, platform, ids[i], list);
}

static int enumerate(void *made)
{
    device_list *list = made;
    cl_platform_id platforms[MOST_PLATFORMS];
    cl_uint count = 0;
    const attn_opencl_api *cl = attn_opencl_load();
    if (!cl)
        return 0;
    cl_int code = cl->clGetPlatformIDs(MOST_PLATFORMS, platforms, &count);
    if (code && attn_log_level())
        attn_log_line("opencl: clGetPlatformIDs: %s (%d); no devices", attn_opencl_code_name(code), (int)code);
    for (cl_uint i = 0; !code && i < at_most(count, MOST_PLATFORMS); i++)
        add_platform(cl, platforms[i], list);
    return list->count;
}

int attn_opencl_list(const attn_opencl_traits **result)
{
    static attn_once once = ATTN_ONCE_INIT;
    static device_list list;
    *result = list.traits;
    return attn_once_make(&once, enumerate, &list);
}
