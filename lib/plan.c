/* Makes plans and tells what they will do.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#include "config.h"

#include "plan.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "abi.h"
#include "backend.h"
#include "log.h"

/* Size of attn_problem in the first release. */
static const size_t LEAST_PROBLEM = offsetof(attn_problem, batch_invariant) + sizeof(int);

/* snprintf into a buffer that may be too small, or absent, keeping count of the whole length. */
typedef struct text {
    char *bytes;
    size_t capacity, length;
} text;

static void append(text *to, const char *format, ...) ATTN_PRINTF(2, 3);
static void append(text *to, const char *format, ...)
{
    size_t used = to->length < to->capacity ? to->length : to->capacity;
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(to->bytes ? to->bytes + used : NULL, to->bytes ? to->capacity - used : 0, format, arguments);
    va_end(arguments);
    if (length > 0)
        to->length += (size_t)length;
}

/* One line for each kernel before `end` (or all when NULL), with its reason. */
static void append_refusals(text *to, const attn_plan *plan, const attn_kernel *end)
{
    const attn_backend *backend = plan->device->backend;
    for (const attn_kernel *k = backend->kernels; k != backend->kernels + backend->kernel_count && k != end; k++) {
        attn_why why;
        if (k->why_not(k, plan->device, &plan->problem, &plan->shape, &why))
            append(to, "\n  %s declined: %s", k->name, why.text);
    }
}

static attn_status choose_kernel(attn_plan *plan)
{
    const attn_backend *backend = plan->device->backend;
    for (const attn_kernel *k = backend->kernels; k != backend->kernels + backend->kernel_count; k++) {
        attn_why why;
        if (!k->why_not(k, plan->device, &plan->problem, &plan->shape, &why)) {
            plan->kernel = k;
            plan->workspace = k->workspace(plan);
            return ATTN_OK;
        }
    }
    char reasons[1536] = "";
    append_refusals(&(text){ reasons, sizeof reasons, 0 }, plan, NULL);
    return attn_fail(ATTN_UNSUPPORTED, "no kernel of device %s takes the problem%s", plan->device->info.name, reasons);
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
    attn_status status = attn_read_struct("problem", &plan->problem, sizeof plan->problem, problem, LEAST_PROBLEM);
    if (!status)
        status = attn_shape_from_problem(&plan->problem, &plan->shape);
    if (!status)
        status = choose_kernel(plan);
    if (status) {
        free(plan);
        return status;
    }
    if (device->verbose)
        attn_log_plan(plan);
    *result = plan;
    return ATTN_OK;
}

void attn_plan_destroy(attn_plan *plan)
{
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
    text to = { capacity ? bytes : NULL, capacity, 0 };
    append(&to, "device %s, kernel %s, tile %d x %d, threads %d, workspace %zu bytes", plan->device->info.name,
           plan->kernel->name, plan->kernel->tile_q, plan->kernel->tile_k, plan->threads, plan->workspace);
    append(&to,
           "\n  problem: B %lld, Hq %lld, Hk %lld, Nq %lld, Nk %lld, D %lld, Dv %lld, q %s, k %s, v %s, o %s%s%s%s",
           (long long)s->batch, (long long)s->heads_q, (long long)s->heads_k, (long long)s->max_q, (long long)s->max_k,
           (long long)s->dim, (long long)s->dim_v, attn_dtype_name(p->q.dtype), attn_dtype_name(p->k.dtype),
           attn_dtype_name(p->v.dtype), attn_dtype_name(p->o.dtype), s->ragged_q ? ", ragged q" : "",
           s->ragged_k ? ", ragged k" : "", s->paged ? ", paged" : "");
    append_refusals(&to, plan, plan->kernel);
    return to.length;
}

/* Tiles and visible pairs of one KV head of one sequence at the plan's bounds. */
static void count_work(const attn_plan *plan, attn_plan_info *info)
{
    const attn_shape *s = &plan->shape;
    int64_t shift = plan->problem.alignment == ATTN_ALIGN_END ? s->max_k - s->max_q : 0;
    for (int64_t r = 0; r < s->max_q; r++)
        info->pairs += (uint64_t)attn_visible_count(&s->visible, r + shift, s->max_k);
    int64_t rows = s->max_q * s->group, tile_q = plan->kernel->tile_q;
    for (int64_t row = 0; tile_q && row < rows; row += tile_q) {
        int64_t last = row + tile_q < rows ? row + tile_q - 1 : rows - 1;
        attn_tile_rows tile = { &s->visible, row / s->group + shift, last / s->group + shift, s->max_k,
                                plan->kernel->tile_k };
        attn_tile_count count = attn_count_tiles(&tile);
        info->tiles_full += count.full;
        info->tiles_partial += count.partial;
    }
}

/* Keys of one sequence that any row may see, in whole tiles. The union over rows of a term is one interval. */
static double keys_touched(const attn_plan *plan)
{
    const attn_shape *s = &plan->shape;
    if (!plan->kernel->tile_k || !s->max_q)
        return s->max_q ? (double)s->max_k : 0;
    int64_t shift = plan->problem.alignment == ATTN_ALIGN_END ? s->max_k - s->max_q : 0;
    attn_tile_rows all = { &s->visible, shift, s->max_q - 1 + shift, s->max_k, plan->kernel->tile_k };
    attn_tile_count count = attn_count_tiles(&all);
    double keys = (double)(count.full + count.partial) * plan->kernel->tile_k;
    return keys < (double)s->max_k ? keys : (double)s->max_k;
}

static double tensor_bytes(const attn_tensor *tensor)
{
    double bytes = (double)attn_dtype_size(tensor->dtype);
    for (int d = 0; d < 4; d++)
        bytes *= (double)tensor->size[d];
    return bytes;
}

attn_status attn_plan_get_info(const attn_plan *plan, attn_plan_info *info)
{
    if (!plan)
        return attn_fail(ATTN_INVALID, "plan is NULL");
    const attn_shape *s = &plan->shape;
    const attn_problem *p = &plan->problem;
    attn_plan_info own = ATTN_PLAN_INFO_INIT;
    snprintf(own.device, sizeof own.device, "%s", plan->device->info.name);
    snprintf(own.kernel, sizeof own.kernel, "%s", plan->kernel->name);
    own.tile_q = plan->kernel->tile_q;
    own.tile_k = plan->kernel->tile_k;
    own.split_keys = plan->kernel->split_keys;
    own.workspace = plan->workspace;
    count_work(plan, &own);
    uint64_t sequences = (uint64_t)s->batch, heads_k = (uint64_t)s->heads_k;
    own.pairs *= sequences * (uint64_t)s->heads_q;
    own.tiles_full *= sequences * heads_k;
    own.tiles_partial *= sequences * heads_k;
    own.flops = 2.0 * (double)own.pairs * (double)(s->dim + s->dim_v);
    double key_bytes =
        (double)s->dim * (double)attn_dtype_size(p->k.dtype) + (double)s->dim_v * (double)attn_dtype_size(p->v.dtype);
    own.bytes = tensor_bytes(&p->q) + tensor_bytes(&p->o) + tensor_bytes(&p->lse) +
                key_bytes * keys_touched(plan) * (double)s->batch * (double)s->heads_k;
    return attn_write_struct("info", info, &own, sizeof own);
}
