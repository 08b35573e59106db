/* Makes plans and tells what they will do.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#include "config.h"

#include "plan.h"

#include <stdlib.h>
#include <string.h>

#include "abi.h"
#include "backend.h"
#include "choose.h"
#include "log.h"
#include "plan_info.h"

/* Size of attn_problem in the first release. */
static const size_t LEAST_PROBLEM = offsetof(attn_problem, batch_invariant) + sizeof(int);

attn_status attn_read_problem(const attn_problem *theirs, attn_problem *problem)
{
    return attn_read_struct("problem", problem, sizeof *problem, theirs, LEAST_PROBLEM);
}

/* Only a kernel with tiles needs to know how the pattern is executed. */
static attn_status take_pattern(attn_plan *plan)
{
    attn_problem *p = &plan->problem;
    int threads = plan->threads ? plan->threads : plan->device->info.threads;
    if (p->pattern && plan->kernel->list_rows)
        ATTN_TRY(
            attn_forms_create(p->pattern, p, &plan->shape, plan->kernel, threads, &plan->shape.visible, &plan->forms));
    plan->pattern = p->pattern ? attn_pattern_keep(p->pattern) : NULL;
    p->pattern = NULL;
    p->lengths_q = p->lengths_k = NULL;
    return ATTN_OK;
}

/* Of a plan that only has its device: the problem, its sizes and the kernel. */
static attn_status take_problem(attn_plan *plan, const attn_problem *problem)
{
    ATTN_TRY(attn_read_problem(problem, &plan->problem));
    ATTN_TRY(attn_shape_from_problem(&plan->problem, &plan->shape));
    return attn_choose_kernel(plan);
}

attn_status attn_device_choose(attn_device *device, const attn_problem *problem, const char **kernel)
{
    if (!device || !kernel)
        return attn_fail(ATTN_INVALID, "%s is NULL", device ? "kernel" : "device");
    attn_plan plan = { .device = device, .problem = ATTN_PROBLEM_INIT };
    *kernel = NULL;
    ATTN_TRY(take_problem(&plan, problem));
    *kernel = plan.kernel->name;
    return ATTN_OK;
}

attn_status attn_plan_create(attn_device *device, const attn_problem *problem, attn_plan **result)
{
    if (!device || !result)
        return attn_fail(ATTN_INVALID, "%s is NULL", device ? "plan" : "device");
    *result = NULL;
    attn_plan *plan = malloc(sizeof *plan);
    if (!plan)
        return attn_fail(ATTN_NO_MEMORY, "no memory for a plan of %zu bytes", sizeof *plan);
    *plan = (attn_plan){ .device = device, .problem = ATTN_PROBLEM_INIT, .threads = device->threads };
    attn_status status = take_problem(plan, problem);
    if (!status)
        status = take_pattern(plan);
    if (!status && plan->kernel->prepare)
        status = plan->kernel->prepare(plan);
    if (status) {
        attn_plan_destroy(plan);
        return status;
    }
    plan->workspace = plan->kernel->workspace(plan);
    if (device->verbose)
        attn_log_plan(plan);
    *result = plan;
    return ATTN_OK;
}

void attn_plan_destroy(attn_plan *plan)
{
    if (!plan)
        return;
    if (plan->kernel && plan->kernel->release)
        plan->kernel->release(plan);
    attn_forms_destroy(plan->forms);
    attn_pattern_release(plan->pattern);
    free(plan);
}

size_t attn_plan_workspace(const attn_plan *plan)
{
    return plan ? plan->workspace : 0;
}

size_t attn_plan_explain(const attn_plan *plan, char *bytes, size_t capacity)
{
    if (!plan)
        return 0;
    const attn_shape *s = &plan->shape;
    const attn_problem *p = &plan->problem;
    attn_text to = { capacity ? bytes : NULL, capacity, 0 };
    attn_append(&to, "device %s, kernel %s, tile %d x %d, threads %d, workspace %zu bytes", plan->device->info.name,
                plan->kernel->name, plan->kernel->tile_q, plan->kernel->tile_k, plan->threads, plan->workspace);
    attn_append(
        &to, "\n  problem: B %lld, Hq %lld, Hk %lld, Nq %lld, Nk %lld, D %lld, Dv %lld, q %s, k %s, v %s, o %s%s%s%s",
        (long long)s->batch, (long long)s->heads_q, (long long)s->heads_k, (long long)s->max_q, (long long)s->max_k,
        (long long)s->dim, (long long)s->dim_v, attn_dtype_name(p->q.dtype), attn_dtype_name(p->k.dtype),
        attn_dtype_name(p->v.dtype), attn_dtype_name(p->o.dtype), s->ragged_q ? ", ragged q" : "",
        s->ragged_k ? ", ragged k" : "", s->paged ? ", paged" : "");
    if (plan->pattern)
        attn_explain_pattern(&to, plan);
    attn_explain_choice(&to, plan);
    return to.length;
}
