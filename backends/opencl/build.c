/* Building a program: from the cache when it has a binary, else from source.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "environment.h"
#include "gpu/cache.h"
#include "hash.h"
#include "log.h"
#include "program.h"
#include "text.h"

enum { MOST_LOG = 1400, MOST_OPTIONS = 1024, MOST_LOG_LINES = 12, MOST_DEVICES_OF_PROGRAM = 64 };
static const size_t LARGEST_LOG = (size_t)1 << 24, LARGEST_BINARY = (size_t)1 << 28;

/* One build. */
typedef struct build {
    attn_opencl_device *device;
    const attn_opencl_source *source;
    const char *options;
    char *key; /* of the cache; NULL: not to be kept */
} build;

static void append_key(attn_text *to, const build *b)
{
    const attn_opencl_traits *t = &b->device->traits;
    uint64_t hash = 0, bytes = 0;
    for (int i = 0; i < ATTN_OPENCL_TEXTS && b->source->texts[i]; i++) {
        size_t length = strlen(b->source->texts[i]);
        hash = attn_hash(hash, b->source->texts[i], length);
        bytes += length;
    }
    attn_append(to, "libattn %u\n%s\n%s\n%s\n%s\n%s\n%s\n%llu bytes, hash %016llx\n", attn_version(), t->name,
                t->platform_name, t->version, t->driver, b->source->name, b->options, (unsigned long long)bytes,
                (unsigned long long)hash);
}

/* Everything that the binary depends on, as a text for free(); NULL without memory, which only means no cache. */
static char *make_key(const build *b)
{
    attn_text counted = { NULL, 0, 0 };
    append_key(&counted, b);
    attn_text written = { malloc(counted.length + 1), counted.length + 1, 0 };
    if (written.bytes)
        append_key(&written, b);
    return written.bytes;
}

/* The first lines of a log, each behind two spaces; what is not printed as it is becomes a space. */
static void append_lines(attn_text *to, const char *log)
{
    for (int line = 0; *log && line < MOST_LOG_LINES; line++) {
        int length = (int)strcspn(log, "\r\n");
        attn_append(to, "\n  %.*s", length < 200 ? length : 200, log);
        log += length;
        log += strspn(log, "\r\n");
    }
}

static char *get_log(const build *b, cl_program program)
{
    const attn_opencl_api *cl = b->device->cl;
    cl_device_id id = b->device->traits.id;
    size_t size = 0;
    if (cl->clGetProgramBuildInfo(program, id, CL_PROGRAM_BUILD_LOG, 0, NULL, &size) || !size || size > LARGEST_LOG)
        return NULL;
    char *log = calloc(size + 1, 1);
    if (log && cl->clGetProgramBuildInfo(program, id, CL_PROGRAM_BUILD_LOG, size, log, NULL))
        log[0] = '\0';
    return log;
}

static attn_status build_failed(const build *b, cl_program program, cl_int code)
{
    char lines[MOST_LOG] = "";
    char *log = get_log(b, program);
    if (log)
        append_lines(&(attn_text){ lines, sizeof lines, 0 }, log + strspn(log, "\r\n"));
    free(log);
    attn_status status = attn_opencl_fail(code, "clBuildProgram of %s", b->source->name);
    return *lines ? attn_fail(status, "clBuildProgram of %s with options \"%.200s\": %s (%d)%s", b->source->name,
                              b->options, attn_opencl_code_name(code), (int)code, lines)
                  : status;
}

static cl_int call_build(const build *b, cl_program program)
{
    return b->device->cl->clBuildProgram(program, 1, &b->device->traits.id, b->options, NULL, NULL);
}

static attn_status build_from_source(const build *b, cl_program *result)
{
    const attn_opencl_api *cl = b->device->cl;
    const char *texts[ATTN_OPENCL_TEXTS];
    cl_uint count = 0;
    cl_int code = CL_SUCCESS;
    for (; count < ATTN_OPENCL_TEXTS && b->source->texts[count]; count++)
        texts[count] = b->source->texts[count];
    cl_program program = cl->clCreateProgramWithSource(b->device->context, count, texts, NULL, &code);
    if (code)
        return attn_opencl_fail(code, "clCreateProgramWithSource of %s", b->source->name);
    code = call_build(b, program);
    if (!code) {
        *result = program;
        return ATTN_OK;
    }
    attn_status status = build_failed(b, program, code);
    cl->clReleaseProgram(program);
    return status;
}

/* 0: the driver does not take the bytes. */
static int build_from_binary(const build *b, const attn_blob *binary, cl_program *result)
{
    const attn_opencl_api *cl = b->device->cl;
    const unsigned char *bytes = binary->bytes;
    cl_int code = CL_SUCCESS, taken = CL_SUCCESS;
    cl_program program = cl->clCreateProgramWithBinary(b->device->context, 1, &b->device->traits.id, &binary->size,
                                                       &bytes, &taken, &code);
    if (code)
        return 0;
    if (!taken && !call_build(b, program)) {
        *result = program;
        return 1;
    }
    cl->clReleaseProgram(program);
    return 0;
}

static int build_from_cache(const build *b, cl_program *program)
{
    attn_blob binary;
    if (!b->key || !attn_cache_load("opencl", b->key, b->device->base.verbose, &binary))
        return 0;
    int built = build_from_binary(b, &binary, program);
    free(binary.block);
    return built;
}

/* Where this device stands among the program's: an adopted context may have several. -1: unknown. */
static int place_in_program(const build *b, cl_program program, cl_uint *count)
{
    const attn_opencl_api *cl = b->device->cl;
    cl_device_id ids[MOST_DEVICES_OF_PROGRAM];
    if (cl->clGetProgramInfo(program, CL_PROGRAM_NUM_DEVICES, sizeof *count, count, NULL) ||
        *count > MOST_DEVICES_OF_PROGRAM ||
        cl->clGetProgramInfo(program, CL_PROGRAM_DEVICES, *count * sizeof ids[0], ids, NULL))
        return -1;
    for (cl_uint i = 0; i < *count; i++)
        if (ids[i] == b->device->traits.id)
            return (int)i;
    return -1;
}

/* The built binary, for free(); NULL: it cannot be had. */
static unsigned char *get_binary(const build *b, cl_program program, size_t *size)
{
    const attn_opencl_api *cl = b->device->cl;
    size_t sizes[MOST_DEVICES_OF_PROGRAM];
    unsigned char *binaries[MOST_DEVICES_OF_PROGRAM] = { NULL };
    cl_uint count = 0;
    int place = place_in_program(b, program, &count);
    if (place < 0 || cl->clGetProgramInfo(program, CL_PROGRAM_BINARY_SIZES, count * sizeof sizes[0], sizes, NULL))
        return NULL;
    *size = sizes[place];
    unsigned char *bytes = *size && *size <= LARGEST_BINARY ? malloc(*size) : NULL;
    binaries[place] = bytes; /* those that stay NULL are not written */
    if (bytes && cl->clGetProgramInfo(program, CL_PROGRAM_BINARIES, count * sizeof binaries[0], binaries, NULL)) {
        free(bytes);
        return NULL;
    }
    return bytes;
}

static void keep(const build *b, cl_program program)
{
    size_t size;
    unsigned char *bytes = b->key ? get_binary(b, program, &size) : NULL;
    if (bytes)
        attn_cache_store("opencl", b->key, b->device->base.verbose, bytes, size);
    free(bytes);
}

/* What the compiler said of a program that it built, such as its use of registers when the options ask for that. */
static void tell_log(const build *b, cl_program program)
{
    char *log = get_log(b, program);
    if (log && log[strspn(log, "\r\n ")])
        attn_log_line("device %s: compiler of %s:\n%s", b->device->base.info.name, b->source->name, log);
    free(log);
}

attn_status attn_opencl_build(attn_opencl_device *device, const attn_opencl_source *source, const char *options,
                              cl_program *program)
{
    char all[MOST_OPTIONS];
    const char *users = attn_environment("ATTN_OPENCL_OPTIONS");
    if ((size_t)snprintf(all, sizeof all, "%s %s", options, users ? users : "") >= sizeof all)
        return attn_fail(ATTN_INVALID, "ATTN_OPENCL_OPTIONS is longer than %d bytes", MOST_OPTIONS);
    build b = { device, source, all, NULL };
    double begin = attn_log_clock();
    attn_status status = ATTN_OK;
    if (device->caches)
        b.key = make_key(&b);
    int cached = build_from_cache(&b, program);
    if (!cached)
        status = build_from_source(&b, program);
    if (!status && !cached && device->base.verbose > 1)
        tell_log(&b, *program);
    if (!status && device->base.verbose)
        attn_log_line("device %s: program %s %s in %.3f s, options \"%s\"", device->base.info.name, source->name,
                      cached ? "taken from the cache" : "compiled", attn_log_clock() - begin, all);
    if (!status && !cached)
        keep(&b, *program);
    free(b.key);
    return status;
}
