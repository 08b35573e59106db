/* Which kernel a device prefers for each class of problems.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#include "config.h"

#include "tune.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend.h"
#include "choose.h"
#include "environment.h"
#include "hash.h"
#include "log.h"
#include "tensor.h"
#include "user_file.h"

static const char FOLDER[] = "tune", SWITCH[] = "ATTN_TUNE";
enum { FILE_NAME = 32, TITLE_SIZE = 256, TEXT_SIZE = TITLE_SIZE + ATTN_TUNE_CLASSES * 128, LARGEST_TEXT = 1 << 16 };

/* ---- classes --------------------------------------------------------------------------------------------------- */

static const attn_dtype types[ATTN_TUNE_TYPES] = { ATTN_F32, ATTN_F16, ATTN_BF16 };
static const int64_t dims[ATTN_TUNE_DIMS] = { 64, 128, 256, 576 };
static const char *const phases[ATTN_TUNE_PHASES] = { "prefill", "decode" };

/* Query rows of a KV head, its group's heads counted, that are a decode step: one tile of the matrix units' 16 rows. */
enum { DECODE_ROWS = 16 };

int attn_tune_class(const attn_problem *problem, const attn_shape *shape)
{
    int type = 0, dim = 0;
    while (type < ATTN_TUNE_TYPES && types[type] != problem->k.dtype)
        type++;
    while (dim < ATTN_TUNE_DIMS && dims[dim] < shape->dim)
        dim++;
    if (type == ATTN_TUNE_TYPES || dim == ATTN_TUNE_DIMS)
        return -1;
    int decode = !problem->batch_invariant && shape->max_q <= DECODE_ROWS / shape->group;
    return (type * ATTN_TUNE_DIMS + dim) * ATTN_TUNE_PHASES + decode;
}

void attn_tune_class_name(int index, char name[ATTN_TUNE_NAME])
{
    int dim = index / ATTN_TUNE_PHASES;
    snprintf(name, ATTN_TUNE_NAME, "%s/d%d/%s", attn_dtype_name(types[dim / ATTN_TUNE_DIMS]),
             (int)dims[dim % ATTN_TUNE_DIMS], phases[index % ATTN_TUNE_PHASES]);
}

static int class_of_name(const char *bytes, size_t size)
{
    char name[ATTN_TUNE_NAME];
    for (int i = 0; i < ATTN_TUNE_CLASSES; i++) {
        attn_tune_class_name(i, name);
        if (strlen(name) == size && !memcmp(name, bytes, size))
            return i;
    }
    return -1;
}

/* ---- text ------------------------------------------------------------------------------------------------------ */

void attn_tuned_print(attn_text *to, const char *title, const attn_tuned *tuned)
{
    attn_append(to, "%s\n", title);
    for (int i = 0; i < ATTN_TUNE_CLASSES; i++) {
        char name[ATTN_TUNE_NAME];
        attn_tune_class_name(i, name);
        if (tuned->kernel[i])
            attn_append(to, "%s %s\n", name, tuned->kernel[i]->name);
    }
}

/* 0: no class, a blank, and a kernel of the backend. */
static int parse_line(const attn_backend *backend, const char *line, size_t size, attn_tuned *tuned)
{
    const char *blank = memchr(line, ' ', size);
    if (!blank)
        return 0;
    size_t used = (size_t)(blank - line) + 1;
    int class = class_of_name(line, used - 1);
    const attn_kernel *kernel = attn_kernel_of_name(backend, blank + 1, size - used);
    if (class < 0 || !kernel)
        return 0;
    tuned->kernel[class] = kernel;
    return 1;
}

int attn_tuned_parse(const char *title, const attn_backend *backend, const char *bytes, size_t size, attn_tuned *tuned)
{
    size_t at = strlen(title) + 1;
    int unused = 0;
    if (size < at || memcmp(bytes, title, at - 1) || bytes[at - 1] != '\n')
        return -1;
    while (at < size) {
        const char *end = memchr(bytes + at, '\n', size - at);
        size_t length = end ? (size_t)(end - bytes) - at : size - at;
        unused += !parse_line(backend, bytes + at, length, tuned);
        at += length + 1;
    }
    return unused;
}

/* ---- the file of a device -------------------------------------------------------------------------------------- */

/* Everything that a choice depends on but the kernels, which the version stands for. Devices are told apart by what they
 * are, not by their place in a list. */
static void title_of(const attn_device *device, char title[TITLE_SIZE])
{
    snprintf(title, TITLE_SIZE, "libattn %d.%d.%d %s %s", ATTN_VERSION_MAJOR, ATTN_VERSION_MINOR, ATTN_VERSION_PATCH,
             device->backend->name, device->info.description);
}

static void file_of(const char *title, char name[FILE_NAME])
{
    snprintf(name, FILE_NAME, "%016" PRIx64 ".txt", attn_hash(0, title, strlen(title)));
}

void attn_tuned_load(const attn_device *device, attn_tuned *tuned)
{
    char title[TITLE_SIZE], name[FILE_NAME];
    size_t size = 0;
    if (attn_environment_off(SWITCH))
        return;
    title_of(device, title);
    file_of(title, name);
    unsigned char *bytes = attn_user_file_read(FOLDER, name, device->verbose, &size);
    if (!bytes)
        return;
    int unused = size > LARGEST_TEXT ? -1 : attn_tuned_parse(title, device->backend, (const char *)bytes, size, tuned);
    free(bytes);
    if (unused < 0 && device->verbose)
        attn_log_line("tune: %s is damaged or of another device; ignored", name);
    else if (unused > 0 && device->verbose)
        attn_log_line("tune: %s has %d lines of no class and kernel of %s; ignored", name, unused, device->info.name);
}

static attn_status store(const attn_device *device, const attn_tuned *tuned)
{
    char title[TITLE_SIZE], name[FILE_NAME], text[TEXT_SIZE];
    attn_text to = { text, sizeof text, 0 };
    title_of(device, title);
    file_of(title, name);
    attn_tuned_print(&to, title, tuned);
    const attn_piece piece = { text, to.length };
    if (to.length < sizeof text && attn_user_file_write(FOLDER, name, device->verbose, &piece, 1))
        return ATTN_OK;
    return attn_fail(ATTN_UNSUPPORTED, "the choice lasts until device %s is closed: its file %s/%s cannot be written",
                     device->info.name, FOLDER, name);
}

/* ---- the calls ------------------------------------------------------------------------------------------------- */

static attn_status class_of(attn_device *device, const attn_problem *problem, const char *name, int *class,
                            const attn_kernel **kernel)
{
    attn_problem own = ATTN_PROBLEM_INIT;
    attn_shape shape;
    ATTN_TRY(attn_read_problem(problem, &own));
    ATTN_TRY(attn_shape_from_problem(&own, &shape));
    *class = attn_tune_class(&own, &shape);
    if (*class < 0)
        return attn_fail(ATTN_UNSUPPORTED, "q.size[3] is %" PRId64 ", classes of problems end at %" PRId64, shape.dim,
                         dims[ATTN_TUNE_DIMS - 1]);
    return name ? attn_kernel_named(device, &own, &shape, name, kernel) : ATTN_OK;
}

/* The file is read again: another process may have written it since this device was opened. */
attn_status attn_device_prefer(attn_device *device, const attn_problem *problem, const char *name)
{
    const attn_kernel *kernel = NULL;
    attn_tuned tuned = { { NULL } };
    int class = 0;
    if (!device)
        return attn_fail(ATTN_INVALID, "device is NULL");
    if (!problem && name)
        return attn_fail(ATTN_INVALID, "problem is NULL, expected one with kernel \"%.64s\"", name);
    if (problem)
        ATTN_TRY(class_of(device, problem, name, &class, &kernel));
    if (attn_environment_off(SWITCH))
        return attn_fail(ATTN_UNSUPPORTED, "%s is 0: no kernel is preferred", SWITCH);
    if (problem) {
        attn_tuned_load(device, &tuned);
        tuned.kernel[class] = kernel;
    }
    device->tuned = tuned;
    return store(device, &tuned);
}
