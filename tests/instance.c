/*
 * A case with its inputs: where things stand, and results.
 *
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE.
 */
#include "config.h"

#include "instance.h"

#include <stdlib.h>
#include <string.h>

#include "instance_fill.h"
#include "numbers.h"

#define ROW(member, output)                                                                                            \
    {                                                                                                                  \
#member, offsetof(attn_problem, member), offsetof(attn_args, member), output                                   \
    }
const struct operand_row operand_rows[OPERANDS] = {
    ROW(q, 0),
    ROW(k, 0),
    ROW(v, 0),
    ROW(o, 1),
    ROW(lse, 1),
    ROW(alibi, 0),
    ROW(bias, 0),
    ROW(sink_logit, 0),
    ROW(cu_seqlens_q, 0),
    ROW(cu_seqlens_k, 0),
    ROW(seqused_k, 0),
    ROW(page_table, 0),
};

attn_tensor *operand_tensor(attn_problem *problem, int operand)
{
    return (attn_tensor *)((char *)problem + operand_rows[operand].in_problem);
}

attn_memory *operand_memory(attn_args *args, int operand)
{
    return (attn_memory *)((char *)args + operand_rows[operand].in_args);
}

/* ---- making ------------------------------------------------------------------------------------------------- */

static int create_operand(struct instance *instance, int index)
{
    struct operand *operand = &instance->operand[index];
    size_t size;

    operand->tensor = *operand_tensor(&instance->problem, index);
    size = attn_dtype_size(operand->tensor.dtype);
    if (size == 0)
        return 0;
    /* Views begin at an odd element and have slack behind their last one. */
    operand->offset = instance->c->layout == LAYOUT_VIEW ? 3 * size : 0;
    operand->bytes = operand->offset + (size_t)tensor_span(&operand->tensor) * size;
    operand->bytes += instance->c->layout == LAYOUT_VIEW ? 5 * size : 0;
    operand->data = malloc(operand->bytes > 0 ? operand->bytes : 1);
    if (operand->data == NULL)
        return -1;
    if (operand_rows[index].output)
        fill_output(operand);
    else
        fill_unused(operand);
    return 0;
}

struct instance *instance_create(const struct attention_case *c, uint64_t seed)
{
    struct instance *instance = calloc(1, sizeof *instance);
    const char *letter;
    int i, broken;

    if (instance == NULL)
        return NULL;
    instance->c = c;
    instance->seed = seed;
    for (letter = c->name; *letter != '\0'; letter++)
        instance->seed = number_hash(instance->seed, (unsigned char)*letter);
    case_problem(c, &instance->problem);
    broken = case_pattern_create(c, &instance->pattern) != ATTN_OK;
    case_pattern_attach(&instance->pattern, &instance->problem);
    for (i = 0; i < OPERANDS && !broken; i++)
        broken = create_operand(instance, i);
    if (broken) {
        instance_destroy(instance);
        return NULL;
    }
    fill_inputs(instance);
    return instance;
}

void instance_destroy(struct instance *instance)
{
    int i;

    if (instance == NULL)
        return;
    for (i = 0; i < OPERANDS; i++)
        free(instance->operand[i].data);
    case_pattern_release(&instance->pattern);
    free(instance);
}

int instance_set_output(struct instance *instance, attn_dtype type)
{
    free(instance->operand[OPERAND_O].data);
    instance->operand[OPERAND_O].data = NULL;
    instance->problem.o.dtype = type;
    return create_operand(instance, OPERAND_O);
}

/* ---- places ------------------------------------------------------------------------------------------------- */

int64_t instance_index(const struct operand *operand, int64_t i0, int64_t i1, int64_t i2, int64_t i3)
{
    const attn_tensor *t = &operand->tensor;

    return (int64_t)(operand->offset / attn_dtype_size(t->dtype)) + i0 * t->stride[0] + i1 * t->stride[1] +
           i2 * t->stride[2] + i3 * t->stride[3];
}

static int64_t integer(const struct instance *instance, int operand, int64_t i0, int64_t i1)
{
    const struct operand *from = &instance->operand[operand];

    return ((const int32_t *)from->data)[instance_index(from, i0, i1, 0, 0)];
}

struct place instance_query(const struct instance *instance, int64_t b, int64_t r)
{
    struct place place = { b, r };

    if (instance->c->ragged_q.count > 0) {
        place.batch = 0;
        place.position = integer(instance, OPERAND_CU_Q, b, 0) + r;
    }
    return place;
}

struct place instance_key(const struct instance *instance, int64_t b, int64_t j)
{
    struct place place = { b, j };
    int64_t page_size = instance->c->page_size;

    if (instance->c->ragged_k.count > 0) {
        place.batch = 0;
        place.position = integer(instance, OPERAND_CU_K, b, 0) + j;
    } else if (page_size > 0) {
        place.batch = integer(instance, OPERAND_PAGES, b, j / page_size);
        place.position = j % page_size;
    }
    return place;
}

double instance_value(const struct instance *instance, int operand, int64_t i0, int64_t i1, int64_t i2, int64_t i3,
                      double otherwise)
{
    const struct operand *from = &instance->operand[operand];
    const int64_t *size = from->tensor.size;

    if (from->tensor.dtype == ATTN_NONE)
        return otherwise;
    return number_load(
        from->data, from->tensor.dtype,
        instance_index(from, size[0] > 1 ? i0 : 0, size[1] > 1 ? i1 : 0, size[2] > 1 ? i2 : 0, size[3] > 1 ? i3 : 0));
}

/* ---- results ------------------------------------------------------------------------------------------------ */

int64_t result_row(const struct instance *instance, int64_t b, int64_t h, int64_t r)
{
    int64_t before = 0, i;

    for (i = 0; i < b; i++)
        before += case_query_rows(instance->c, i);
    return before * instance->c->hq + h * case_query_rows(instance->c, b) + r;
}

void result_locate(const struct instance *instance, int64_t row, int64_t *b, int64_t *h, int64_t *r)
{
    for (*b = 0; row >= case_query_rows(instance->c, *b) * instance->c->hq; ++*b)
        row -= case_query_rows(instance->c, *b) * instance->c->hq;
    *h = row / case_query_rows(instance->c, *b);
    *r = row % case_query_rows(instance->c, *b);
}

int result_create(const struct instance *instance, struct result *result)
{
    result->rows = result_row(instance, instance->c->batch, 0, 0);
    result->dv = instance->c->dv;
    result->o = calloc((size_t)(result->rows * result->dv) + 1, sizeof *result->o);
    result->lse = calloc((size_t)result->rows + 1, sizeof *result->lse);
    if (result->o != NULL && result->lse != NULL)
        return 0;
    result_destroy(result);
    return -1;
}

void result_destroy(struct result *result)
{
    free(result->o);
    free(result->lse);
    result->o = result->lse = NULL;
}

int result_equal(const struct result *a, const struct result *b, int with_lse)
{
    return a->rows == b->rows && a->dv == b->dv && memcmp(a->o, b->o, (size_t)(a->rows * a->dv) * sizeof *a->o) == 0 &&
           (!with_lse || memcmp(a->lse, b->lse, (size_t)a->rows * sizeof *a->lse) == 0);
}
