/* What a device is and offers.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#include "config.h"

#include "traits.h"

#include <ctype.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "error.h"

enum { LARGEST_TEXT = 1 << 20, MOST_DIMENSIONS = 16 };

/* Questions to one device. The first failure stays; what is asked behind it is 0 or "". */
typedef struct questions {
    const attn_opencl_api *cl;
    cl_platform_id platform;
    cl_device_id id;
    cl_int code;
    cl_uint failed; /* the question whose answer is `code` */
} questions;

static void take_code(questions *q, cl_uint what, cl_int code)
{
    if (q->code || !code)
        return;
    q->code = code;
    q->failed = what;
}

static void ask_value(questions *q, cl_uint what, void *value, size_t size)
{
    memset(value, 0, size);
    take_code(q, what, q->code ? q->code : q->cl->clGetDeviceInfo(q->id, what, size, value, NULL));
}

#define ASK(q, what, value) ask_value(q, what, &(value), sizeof(value))

static cl_int get_info(const questions *q, cl_uint what, size_t size, void *value, size_t *needed)
{
    return what == CL_PLATFORM_NAME ? q->cl->clGetPlatformInfo(q->platform, what, size, value, needed)
                                    : q->cl->clGetDeviceInfo(q->id, what, size, value, needed);
}

/* NULL after a failure, else a text for free(). */
static char *ask_text(questions *q, cl_uint what)
{
    size_t size = 0;
    if (!q->code)
        take_code(q, what, get_info(q, what, 0, NULL, &size));
    if (q->code)
        return NULL;
    char *text = size < LARGEST_TEXT ? calloc(size + 1, 1) : NULL;
    cl_int code = CL_OUT_OF_HOST_MEMORY;
    if (text)
        code = size ? get_info(q, what, size, text, NULL) : CL_SUCCESS;
    take_code(q, what, code);
    if (code) {
        free(text);
        return NULL;
    }
    return text;
}

/* What fits, without the spaces around it that makers of CPUs put there. */
static void ask_name(questions *q, cl_uint what, char *to, size_t capacity)
{
    char *text = ask_text(q, what);
    const char *from = text ? text : "";
    while (isspace((unsigned char)*from))
        from++;
    size_t length = strlen(from);
    while (length && isspace((unsigned char)from[length - 1]))
        length--;
    length = length < capacity ? length : capacity - 1;
    memcpy(to, from, length);
    to[length] = '\0';
    free(text);
}

static int ask_flag(questions *q, cl_uint what)
{
    cl_bool flag;
    ASK(q, what, flag);
    return flag != CL_FALSE;
}

/* 120 of "OpenCL 1.2 ..." with the prefix "OpenCL "; 0: not such a text. */
static int version_of(const char *text, const char *prefix)
{
    int major, minor;
    size_t length = strlen(prefix);
    if (strncmp(text, prefix, length) || sscanf(text + length, "%3d.%3d", &major, &minor) != 2)
        return 0;
    return 100 * major + 10 * minor;
}

static int has_word(const char *words, const char *word)
{
    size_t length = strlen(word);
    for (const char *at = strstr(words, word); at; at = strstr(at + length, word))
        if ((at == words || at[-1] == ' ') && (at[length] == ' ' || !at[length]))
            return 1;
    return 0;
}

static unsigned offers_of(const char *extensions)
{
    static const struct {
        const char *name;
        unsigned bit;
    } known[] = {
        { "cl_khr_fp16", ATTN_OPENCL_FP16 },
        { "cl_khr_subgroups", ATTN_OPENCL_SUBGROUPS },
        { "cl_intel_subgroups", ATTN_OPENCL_SUBGROUPS_INTEL },
        { "cl_khr_subgroup_shuffle", ATTN_OPENCL_SUBGROUP_SHUFFLE },
        { "cl_nv_device_attribute_query", ATTN_OPENCL_NVIDIA },
    };
    unsigned offers = 0;
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (has_word(extensions, known[i].name))
            offers |= known[i].bit;
    return offers;
}

static void ask_offers(questions *q, attn_opencl_traits *t)
{
    cl_bitfield arithmetic;
    cl_uint local;
    char *extensions = ask_text(q, CL_DEVICE_EXTENSIONS);
    t->offers = extensions ? offers_of(extensions) : 0;
    free(extensions);
    ASK(q, CL_DEVICE_SINGLE_FP_CONFIG, arithmetic);
    ASK(q, CL_DEVICE_LOCAL_MEM_TYPE, local);
    if (arithmetic & CL_FP_FMA)
        t->offers |= ATTN_OPENCL_FMA;
    if (local == CL_LOCAL)
        t->offers |= ATTN_OPENCL_REAL_LOCAL;
    if (t->offers & ATTN_OPENCL_NVIDIA) {
        cl_uint major, minor;
        ASK(q, CL_DEVICE_COMPUTE_CAPABILITY_MAJOR_NV, major);
        ASK(q, CL_DEVICE_COMPUTE_CAPABILITY_MINOR_NV, minor);
        t->nvidia_sm = (int)(10 * major + minor);
    }
}

static void ask_sizes(questions *q, attn_opencl_traits *t)
{
    cl_uint dimensions;
    size_t items[MOST_DIMENSIONS];
    ASK(q, CL_DEVICE_GLOBAL_MEM_SIZE, t->memory);
    ASK(q, CL_DEVICE_MAX_MEM_ALLOC_SIZE, t->largest_buffer);
    ASK(q, CL_DEVICE_LOCAL_MEM_SIZE, t->local_memory);
    ASK(q, CL_DEVICE_MAX_COMPUTE_UNITS, t->compute_units);
    ASK(q, CL_DEVICE_ADDRESS_BITS, t->address_bits);
    ASK(q, CL_DEVICE_NATIVE_VECTOR_WIDTH_FLOAT, t->vector_width);
    ASK(q, CL_DEVICE_MAX_WORK_GROUP_SIZE, t->work_group);
    ASK(q, CL_DEVICE_MAX_PARAMETER_SIZE, t->parameters);
    ASK(q, CL_DEVICE_MAX_WORK_ITEM_DIMENSIONS, dimensions);
    if (dimensions < 3 || dimensions > MOST_DIMENSIONS)
        take_code(q, CL_DEVICE_MAX_WORK_ITEM_DIMENSIONS, CL_INVALID_VALUE);
    else
        ask_value(q, CL_DEVICE_MAX_WORK_ITEM_SIZES, items, dimensions * sizeof items[0]);
    if (!q->code)
        memcpy(t->work_items, items, sizeof t->work_items);
}

static attn_status failed(const questions *q, attn_why *why)
{
    attn_decline(why, "%s of %#x: %s (%d)", q->failed == CL_PLATFORM_NAME ? "clGetPlatformInfo" : "clGetDeviceInfo",
                 (unsigned)q->failed, attn_opencl_code_name(q->code), (int)q->code);
    return attn_opencl_status(q->code);
}

/* An old version is found first: such a device cannot answer every question. */
static attn_status judge(questions *q, const attn_opencl_traits *t, attn_why *why)
{
    char profile[32];
    ask_name(q, CL_DEVICE_PROFILE, profile, sizeof profile);
    int little = ask_flag(q, CL_DEVICE_ENDIAN_LITTLE), available = ask_flag(q, CL_DEVICE_AVAILABLE);
    int compiler = ask_flag(q, CL_DEVICE_COMPILER_AVAILABLE);
    if (*t->version && t->cl < 120)
        attn_decline(why, "its version is \"%.64s\", needs OpenCL 1.2", t->version);
    else if (q->code)
        return failed(q, why);
    else if (strcmp(profile, "FULL_PROFILE"))
        attn_decline(why, "its profile is \"%s\", needs FULL_PROFILE", profile);
    else if (!little)
        attn_decline(why, "it is big endian");
    else if (!available)
        attn_decline(why, "it is not available");
    else if (!compiler)
        attn_decline(why, "it has no compiler");
    else
        return ATTN_OK;
    return ATTN_UNSUPPORTED;
}

/* The names first: they are told when something else fails. */
static void ask_names(questions *q, attn_opencl_traits *t)
{
    char language[64];
    ask_name(q, CL_DEVICE_NAME, t->name, sizeof t->name);
    ask_name(q, CL_PLATFORM_NAME, t->platform_name, sizeof t->platform_name);
    ask_name(q, CL_DEVICE_VERSION, t->version, sizeof t->version);
    ask_name(q, CL_DRIVER_VERSION, t->driver, sizeof t->driver);
    ask_name(q, CL_DEVICE_OPENCL_C_VERSION, language, sizeof language);
    t->cl = version_of(t->version, "OpenCL ");
    t->c = version_of(language, "OpenCL C ");
}

attn_status attn_opencl_ask(const attn_opencl_api *cl, cl_platform_id platform, cl_device_id id, attn_opencl_traits *t,
                            attn_why *why)
{
    questions q = { cl, platform, id, CL_SUCCESS, 0 };
    *t = (attn_opencl_traits){ .platform = platform, .id = id };
    ask_names(&q, t);
    ASK(&q, CL_DEVICE_TYPE, t->type);
    ask_sizes(&q, t);
    ask_offers(&q, t);
    return judge(&q, t, why);
}

void attn_opencl_describe(const attn_opencl_traits *t, int index, attn_device_info *info)
{
    *info = (attn_device_info){
        .size = sizeof *info,
        .name = "opencl",
        .memory = t->memory,
        .threads = t->compute_units < INT_MAX ? (int)t->compute_units : INT_MAX,
        .max_dim = ATTN_OPENCL_LARGEST_DIM,
        .dtypes = ATTN_FLOATS,
        .host_memory = 0,
    };
    if (index >= 0)
        snprintf(info->name, sizeof info->name, "opencl:%d", index);
    snprintf(info->description, sizeof info->description, "%.78s, %.39s, driver %.31s", t->name, t->platform_name,
             t->driver);
}
