/* Which kernel of its device a plan runs.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#include "config.h"

#include "choose.h"

#include <string.h>

#include "backend.h"

const attn_kernel *attn_kernel_of_name(const attn_backend *backend, const char *name, size_t length)
{
    for (const attn_kernel *k = backend->kernels; k != backend->kernels + backend->kernel_count; k++)
        if (strlen(k->name) == length && !memcmp(k->name, name, length))
            return k;
    return NULL;
}

const char *attn_device_kernel(const attn_device *device, int index)
{
    return device && index >= 0 && index < device->backend->kernel_count ? device->backend->kernels[index].name : NULL;
}

static attn_status unknown_name(const attn_device *device, const char *name)
{
    char names[1024] = "";
    attn_text to = { names, sizeof names, 0 };
    for (int i = 0; i < device->backend->kernel_count; i++)
        attn_append(&to, "%s%s", i ? ", " : "", device->backend->kernels[i].name);
    return attn_fail(ATTN_INVALID, "kernel is \"%.64s\", device %s has %s", name, device->info.name, names);
}

attn_status attn_kernel_named(attn_device *device, const attn_problem *problem, const attn_shape *shape,
                              const char *name, const attn_kernel **kernel)
{
    attn_why why;
    const attn_kernel *k = attn_kernel_of_name(device->backend, name, strlen(name));
    if (!k)
        return unknown_name(device, name);
    if (k->why_not(k, device, problem, shape, &why))
        return attn_fail(ATTN_UNSUPPORTED, "kernel %s of device %s declined: %s", k->name, device->info.name, why.text);
    *kernel = k;
    return ATTN_OK;
}

static int takes(const attn_kernel *kernel, const attn_plan *plan)
{
    attn_why why;
    return !kernel->why_not(kernel, plan->device, &plan->problem, &plan->shape, &why);
}

static int suits(const attn_kernel *kernel, const attn_plan *plan, attn_why *why)
{
    return !kernel->suits || kernel->suits(kernel, plan->device, &plan->problem, &plan->shape, why);
}

static const attn_kernel *tuned_of(const attn_plan *plan)
{
    int class = attn_tune_class(&plan->problem, &plan->shape);
    const attn_kernel *tuned = class < 0 ? NULL : plan->device->tuned.kernel[class];
    return tuned && takes(tuned, plan) ? tuned : NULL;
}

/* Of the kernels that take the problem, the first that suits it; the first when none does. */
static const attn_kernel *first_of(const attn_plan *plan)
{
    const attn_backend *backend = plan->device->backend;
    const attn_kernel *first = NULL;
    attn_why why;
    for (const attn_kernel *k = backend->kernels; k != backend->kernels + backend->kernel_count; k++) {
        if (!takes(k, plan))
            continue;
        if (suits(k, plan, &why))
            return k;
        if (!first)
            first = k;
    }
    return first;
}

static void append_refusals(attn_text *to, const attn_plan *plan)
{
    const attn_backend *backend = plan->device->backend;
    for (const attn_kernel *k = backend->kernels; k != backend->kernels + backend->kernel_count; k++) {
        attn_why why;
        if (k == plan->kernel)
            return;
        if (k->why_not(k, plan->device, &plan->problem, &plan->shape, &why))
            attn_append(to, "\n  %s declined: %s", k->name, why.text);
        else if (!suits(k, plan, &why))
            attn_append(to, "\n  %s not chosen: %s", k->name, why.text);
    }
}

attn_status attn_choose_kernel(attn_plan *plan)
{
    char reasons[1536] = "";
    const char *name = plan->problem.kernel;
    plan->problem.kernel = NULL;
    if (name) {
        plan->choice = ATTN_CHOICE_NAMED;
        return attn_kernel_named(plan->device, &plan->problem, &plan->shape, name, &plan->kernel);
    }
    plan->kernel = tuned_of(plan);
    plan->choice = plan->kernel ? ATTN_CHOICE_TUNED : ATTN_CHOICE_FIRST;
    if (!plan->kernel)
        plan->kernel = first_of(plan);
    if (plan->kernel)
        return ATTN_OK;
    append_refusals(&(attn_text){ reasons, sizeof reasons, 0 }, plan);
    return attn_fail(ATTN_UNSUPPORTED, "no kernel of device %s takes the problem%s", plan->device->info.name, reasons);
}

void attn_explain_choice(attn_text *to, const attn_plan *plan)
{
    if (plan->choice == ATTN_CHOICE_NAMED)
        attn_append(to, "\n  %s is named by the problem", plan->kernel->name);
    if (plan->choice == ATTN_CHOICE_TUNED) {
        char class[ATTN_TUNE_NAME];
        attn_tune_class_name(attn_tune_class(&plan->problem, &plan->shape), class);
        attn_append(to, "\n  %s is preferred for %s by attn tune", plan->kernel->name, class);
    }
    append_refusals(to, plan);
}
