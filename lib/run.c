/* attn_run and the one-call form.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#include "config.h"

#include <inttypes.h>
#include <string.h>

#include "abi.h"
#include "backend.h"
#include "log.h"

/* Size of attn_args in the first release. */
static const size_t LEAST_ARGS = offsetof(attn_args, workspace_size) + sizeof(size_t);

enum { WORKSPACE_ALIGNMENT = 64 };

static int has_elements(const attn_tensor *tensor)
{
    return attn_present(tensor) && tensor->size[0] && tensor->size[1] && tensor->size[2] && tensor->size[3];
}

static attn_status check_memories(const attn_problem *p, const attn_args *a)
{
    const struct {
        const char *name;
        const attn_tensor *tensor;
        const attn_memory *memory;
    } tensors[] = {
        { "q", &p->q, &a->q },
        { "k", &p->k, &a->k },
        { "v", &p->v, &a->v },
        { "o", &p->o, &a->o },
        { "lse", &p->lse, &a->lse },
        { "alibi", &p->alibi, &a->alibi },
        { "bias", &p->bias, &a->bias },
        { "sink_logit", &p->sink_logit, &a->sink_logit },
        { "cu_seqlens_q", &p->cu_seqlens_q, &a->cu_seqlens_q },
        { "cu_seqlens_k", &p->cu_seqlens_k, &a->cu_seqlens_k },
        { "seqused_k", &p->seqused_k, &a->seqused_k },
        { "page_table", &p->page_table, &a->page_table },
    };
    for (size_t i = 0; i < sizeof tensors / sizeof tensors[0]; i++) {
        size_t element = attn_dtype_size(tensors[i].tensor->dtype);
        if (!has_elements(tensors[i].tensor))
            continue;
        if (!tensors[i].memory->handle)
            return attn_fail(ATTN_INVALID, "args.%s.handle is 0, expected memory: the problem has this tensor",
                             tensors[i].name);
        if (tensors[i].memory->offset % element)
            return attn_fail(ATTN_INVALID, "args.%s.offset is %" PRIu64 " bytes, expected a multiple of %zu",
                             tensors[i].name, tensors[i].memory->offset, element);
    }
    return ATTN_OK;
}

static attn_status check_workspace(const attn_plan *plan, const attn_args *args)
{
    if (!plan->workspace)
        return ATTN_OK;
    if (!args->workspace.handle)
        return attn_fail(ATTN_INVALID, "args.workspace.handle is 0, expected %zu bytes", plan->workspace);
    if (args->workspace_size < plan->workspace)
        return attn_fail(ATTN_INVALID, "args.workspace_size is %zu, expected %zu or more", args->workspace_size,
                         plan->workspace);
    uint64_t address = args->workspace.offset + (plan->device->info.host_memory ? args->workspace.handle : 0);
    if (address % WORKSPACE_ALIGNMENT)
        return attn_fail(ATTN_INVALID, "args.workspace is at %#" PRIx64 ", expected a multiple of %d", address,
                         WORKSPACE_ALIGNMENT);
    return ATTN_OK;
}

attn_status attn_run(const attn_plan *plan, const attn_args *args, attn_queue *queue)
{
    attn_args own = ATTN_ARGS_INIT;
    if (!plan)
        return attn_fail(ATTN_INVALID, "plan is NULL");
    attn_status status = attn_read_struct("args", &own, sizeof own, args, LEAST_ARGS);
    if (!status)
        status = check_memories(&plan->problem, &own);
    if (!status)
        status = check_workspace(plan, &own);
    if (!status && queue && queue->device != plan->device)
        status = attn_fail(ATTN_INVALID, "queue belongs to device %s, expected the plan's device %s",
                           queue->device->info.name, plan->device->info.name);
    if (status || plan->device->verbose < 2)
        return status ? status : plan->kernel->run(plan, &own, queue);
    double begin = attn_log_clock();
    status = plan->kernel->run(plan, &own, queue);
    attn_log_run(plan, status, attn_log_clock() - begin);
    return status;
}

static attn_status run_and_wait(attn_device *device, const attn_plan *plan, attn_args *args)
{
    attn_queue *queue;
    attn_status status = attn_queue_create(device, &queue);
    if (status)
        return status;
    status = attn_alloc(device, plan->workspace, &args->workspace);
    if (!status) {
        args->workspace_size = plan->workspace;
        status = attn_run(plan, args, queue);
        attn_status waited = attn_queue_wait(queue);
        status = status ? status : waited;
        attn_free(device, args->workspace);
    }
    attn_queue_destroy(queue);
    return status;
}

attn_status attn_attention(attn_device *device, const attn_problem *problem, const attn_args *args)
{
    attn_args own = ATTN_ARGS_INIT;
    attn_plan *plan;
    attn_status status = attn_read_struct("args", &own, sizeof own, args, LEAST_ARGS);
    if (!status)
        status = attn_plan_create(device, problem, &plan);
    if (status)
        return status;
    status = run_and_wait(device, plan, &own);
    attn_plan_destroy(plan);
    return status;
}
