/*
 * Runs a case on a device.
 *
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE.
 */
#include "config.h"

#include "conform.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "numbers.h"

/* Bytes before and behind every operand and the workspace. A multiple of the workspace's alignment. */
enum { GUARD = 256 };
static const unsigned char GUARD_BYTE = 0xa5, WORKSPACE_BYTE = 0xff; /* NaN in f32; -1 in integers */

/* ---- targets ------------------------------------------------------------------------------------------------ */

void target_set_isa(const char *isa)
{
#ifdef _WIN32
    _putenv_s("ATTN_CPU_ISA", isa);
#else
    if (*isa != '\0')
        setenv("ATTN_CPU_ISA", isa, 1);
    else
        unsetenv("ATTN_CPU_ISA");
#endif
}

attn_status target_open(struct target *target, const char *name, const char *isa)
{
    attn_status status;

    memset(target, 0, sizeof *target);
    if (isa != NULL)
        target_set_isa(isa);
    status = attn_device_open(name, &target->device);
    if (status)
        return status;
    target->info.size = sizeof target->info;
    status = attn_device_get_info(target->device, &target->info);
    if (!status)
        status = attn_queue_create(target->device, &target->queue);
    if (status) {
        target_close(target);
        return status;
    }
    snprintf(target->label, sizeof target->label, isa != NULL ? "%s/%s" : "%s", target->info.name, isa);
    return ATTN_OK;
}

void target_close(struct target *target)
{
    if (target->queue != NULL)
        attn_queue_destroy(target->queue);
    attn_device_close(target->device);
    target->queue = NULL;
    target->device = NULL;
}

int target_set_kernel(struct target *target, const char *kernel)
{
    size_t length = strlen(target->label);
    const char *name;
    int i;

    for (i = 0; (name = attn_device_kernel(target->device, i)) != NULL; i++) {
        if (strcmp(name, kernel) != 0)
            continue;
        snprintf(target->label + length, sizeof target->label - length, "/%s", kernel);
        target->kernel = kernel;
        return 1;
    }
    return 0;
}

attn_status target_plan(const struct target *target, const attn_problem *problem, attn_plan **plan)
{
    attn_problem own = *problem;

    own.kernel = target->kernel;
    return attn_plan_create(target->device, &own, plan);
}

/* ---- memory ------------------------------------------------------------------------------------------------- */

static attn_memory advance(attn_memory memory, size_t bytes)
{
    memory.offset += bytes;
    return memory;
}

/* Device memory of GUARD + bytes + GUARD. */
static attn_status allocate(attn_device *device, size_t bytes, attn_memory *base)
{
    unsigned char guard[GUARD];
    attn_status status = attn_alloc(device, bytes + 2 * GUARD, base);

    memset(guard, GUARD_BYTE, sizeof guard);
    if (!status)
        status = attn_upload(device, *base, guard, GUARD);
    if (!status)
        status = attn_upload(device, advance(*base, GUARD + bytes), guard, GUARD);
    return status;
}

static attn_status fill_workspace(attn_device *device, attn_memory at, size_t bytes)
{
    unsigned char *nan = malloc(bytes + 1);
    attn_status status;

    if (nan == NULL)
        return ATTN_NO_MEMORY;
    memset(nan, WORKSPACE_BYTE, bytes);
    status = bytes > 0 ? attn_upload(device, at, nan, bytes) : ATTN_OK;
    free(nan);
    return status;
}

attn_status image_create(struct image *image, attn_device *device, const attn_plan *plan, const struct instance *in)
{
    const attn_args none = ATTN_ARGS_INIT;
    attn_status status = ATTN_OK;
    int i;

    memset(image, 0, sizeof *image);
    image->device = device;
    image->args = none;
    for (i = 0; i < OPERANDS && !status; i++) {
        const struct operand *operand = &in->operand[i];

        if (operand->tensor.dtype == ATTN_NONE)
            continue;
        status = allocate(device, operand->bytes, &image->base[i]);
        if (!status && operand->bytes > 0)
            status = attn_upload(device, advance(image->base[i], GUARD), operand->data, operand->bytes);
        *operand_memory(&image->args, i) = advance(image->base[i], GUARD + operand->offset);
    }
    if (status)
        return status;
    image->args.workspace_size = image->workspace_size = attn_plan_workspace(plan);
    status = allocate(device, image->workspace_size, &image->workspace_base);
    image->args.workspace = advance(image->workspace_base, GUARD);
    return status ? status : fill_workspace(device, image->args.workspace, image->workspace_size);
}

void image_free(struct image *image)
{
    int i;

    for (i = 0; i < OPERANDS; i++)
        attn_free(image->device, image->base[i]);
    attn_free(image->device, image->workspace_base);
    memset(image->base, 0, sizeof image->base);
    memset(&image->workspace_base, 0, sizeof image->workspace_base);
}

/* ---- reading back ------------------------------------------------------------------------------------------- */

/* 0 when the guard at `at` is whole. */
static int check_guard(attn_device *device, attn_memory at, const char *what, char *message)
{
    unsigned char guard[GUARD];
    int i;

    if (attn_download(device, guard, at, GUARD)) {
        snprintf(message, MESSAGE, "attn_download: %s", attn_reason());
        return -1;
    }
    for (i = 0; i < GUARD; i++)
        if (guard[i] != GUARD_BYTE) {
            snprintf(message, MESSAGE, "guard %s overwritten at byte %d of %d", what, i, (int)GUARD);
            return -1;
        }
    return 0;
}

static int check_guards(attn_device *device, attn_memory base, size_t bytes, const char *name, char *message)
{
    char what[64];

    snprintf(what, sizeof what, "before %s", name);
    if (check_guard(device, base, what, message))
        return -1;
    snprintf(what, sizeof what, "behind %s", name);
    return check_guard(device, advance(base, GUARD + bytes), what, message);
}

/* Bytes of operand `index` as the device has them; NULL with a message on failure. */
static unsigned char *download(const struct image *image, const struct instance *in, int index, char *message)
{
    size_t bytes = in->operand[index].bytes;
    unsigned char *data = malloc(bytes + 1);

    if (data != NULL && (bytes == 0 || !attn_download(image->device, data, advance(image->base[index], GUARD), bytes)))
        return data;
    snprintf(message, MESSAGE, "reading %s back: %s", operand_rows[index].name, data ? attn_reason() : "out of memory");
    free(data);
    return NULL;
}

/* Takes an element out of downloaded data and puts the poison back in its place. */
static double take(const struct operand *operand, unsigned char *data, int64_t index)
{
    attn_dtype type = operand->tensor.dtype;
    size_t size = attn_dtype_size(type);
    double value = number_load(data, type, index);

    memcpy(data + (size_t)index * size, operand->data + (size_t)index * size, size);
    return value;
}

static void take_outputs(const struct instance *in, unsigned char *o, unsigned char *lse, struct result *result)
{
    const struct operand *out = &in->operand[OPERAND_O], *sums = &in->operand[OPERAND_LSE];
    int64_t row, b, h, r, c;

    for (row = 0; row < result->rows; row++) {
        struct place place;

        result_locate(in, row, &b, &h, &r);
        place = instance_query(in, b, r);
        for (c = 0; c < result->dv; c++)
            result->o[row * result->dv + c] = take(out, o, instance_index(out, place.batch, h, place.position, c));
        if (lse != NULL)
            result->lse[row] = take(sums, lse, instance_index(sums, place.batch, h, place.position, 0));
    }
}

/* What is left after the results were taken must be as it was uploaded. */
static int check_rest(const struct operand *operand, const unsigned char *data, const char *what, char *message)
{
    size_t i = 0;

    if (memcmp(data, operand->data, operand->bytes) == 0)
        return 0;
    while (data[i] == operand->data[i])
        i++;
    snprintf(message, MESSAGE, "%s, element %lld from its memory's start", what,
             (long long)(i / attn_dtype_size(operand->tensor.dtype)));
    return -1;
}

static int collect_outputs(const struct image *image, const struct instance *in, struct result *result, char *message)
{
    unsigned char *o = download(image, in, OPERAND_O, message), *lse = NULL;
    int wrong = o == NULL;

    if (!wrong && !in->c->no_lse) {
        lse = download(image, in, OPERAND_LSE, message);
        wrong = lse == NULL;
    }
    if (!wrong) {
        take_outputs(in, o, lse, result);
        wrong = check_rest(&in->operand[OPERAND_O], o, "written outside the rows of o", message) ||
                (lse != NULL && check_rest(&in->operand[OPERAND_LSE], lse, "written outside the rows of lse", message));
    }
    free(o);
    free(lse);
    return wrong ? -1 : 0;
}

/* Inputs up to this size are compared after a run. */
static const size_t INPUT_CHECKED = 1 << 22;

static int check_input(const struct image *image, const struct instance *in, int index, char *message)
{
    char what[64];
    unsigned char *data;
    int wrong;

    if (operand_rows[index].output || in->operand[index].bytes > INPUT_CHECKED)
        return 0;
    data = download(image, in, index, message);
    if (data == NULL)
        return -1;
    snprintf(what, sizeof what, "input %s was changed", operand_rows[index].name);
    wrong = check_rest(&in->operand[index], data, what, message);
    free(data);
    return wrong;
}

int image_collect(const struct image *image, const struct instance *in, struct result *result, char *message)
{
    int i;

    for (i = 0; i < OPERANDS; i++)
        if (in->operand[i].tensor.dtype != ATTN_NONE &&
            (check_guards(image->device, image->base[i], in->operand[i].bytes, operand_rows[i].name, message) ||
             check_input(image, in, i, message)))
            return -1;
    if (check_guards(image->device, image->workspace_base, image->workspace_size, "workspace", message))
        return -1;
    return collect_outputs(image, in, result, message);
}

/* ---- running ------------------------------------------------------------------------------------------------ */

enum outcome conform_run_plan(const struct target *target, const attn_plan *plan, const struct instance *in,
                              struct result *result, char *message)
{
    struct image image;
    attn_status status = image_create(&image, target->device, plan, in);
    const char *call = "memory";
    int wrong = 1;

    if (!status) {
        call = "attn_run";
        status = attn_run(plan, &image.args, target->queue);
    }
    if (!status) {
        call = "attn_queue_wait";
        status = attn_queue_wait(target->queue);
    }
    if (status)
        snprintf(message, MESSAGE, "%s: %s: %s", call, attn_status_string(status), attn_reason());
    else if (result_create(in, result))
        snprintf(message, MESSAGE, "out of memory");
    else {
        wrong = image_collect(&image, in, result, message);
        if (wrong)
            result_destroy(result);
    }
    image_free(&image);
    return wrong ? OUTCOME_FAILED : OUTCOME_PASSED;
}

enum outcome conform_run(const struct target *target, const struct instance *in, struct result *result, char *message)
{
    attn_plan *plan = NULL;
    attn_status status = target_plan(target, &in->problem, &plan);
    enum outcome outcome;

    if (status) {
        snprintf(message, MESSAGE, "attn_plan_create: %s: %s", attn_status_string(status), attn_reason());
        return status == ATTN_UNSUPPORTED ? OUTCOME_SKIPPED : OUTCOME_FAILED;
    }
    outcome = conform_run_plan(target, plan, in, result, message);
    attn_plan_destroy(plan);
    return outcome;
}
