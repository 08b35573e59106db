/*
 * bench_data.c: inputs for timing. Unlike those of tests/instance.c they are made at the speed of memory and leave no
 * traps around what is in use.
 *
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE.
 */
#include "bench.h"

#include <stdlib.h>
#include <string.h>

#include "tests/instance.h"
#include "tests/numbers.h"

enum { BLOCK = 1 << 16, PIECE = 16381, TERMS = 12 };

/* Normal deviates, as the sum of twelve uniform ones: 2 * BLOCK values, so that BLOCK of them start anywhere. */
static void fill_block(void *block, attn_dtype type)
{
    for (uint64_t i = 0; i < 2 * BLOCK; i++) {
        double sum = -TERMS / 2.0;
        for (uint64_t term = 0; term < TERMS; term++)
            sum += (double)(number_hash(i, term) >> 11) * 0x1p-53;
        number_store(block, type, (int64_t)i, (float)sum);
    }
}

/* Pieces of one block at changing places: no two rows are alike, and nothing is computed per element. */
static attn_status fill_floats(attn_device *device, const attn_tensor *tensor, attn_memory to)
{
    size_t element = attn_dtype_size(tensor->dtype);
    unsigned char *block = malloc(2 * BLOCK * element);
    if (!block)
        return ATTN_NO_MEMORY;
    fill_block(block, tensor->dtype);
    attn_status status = ATTN_OK;
    int64_t left = tensor_span(tensor);
    for (uint64_t piece = 0; left > 0 && !status; piece++) {
        int64_t count = left < PIECE ? left : PIECE;
        size_t start = (size_t)(number_hash(to.handle, piece) % BLOCK);
        status = attn_upload(device, to, block + start * element, (size_t)count * element);
        to.offset += (size_t)count * element;
        left -= count;
    }
    free(block);
    return status;
}

/* Entry i of a tensor of lengths or pages. Neighbouring pages lie far apart, as in a cache that has been in use. */
static int64_t integer_at(const struct attention_case *parsed, const attn_problem *problem, int operand, int64_t i)
{
    if (operand == OPERAND_PAGES)
        return i * 7919 % problem->k.size[0];
    if (operand == OPERAND_USED)
        return parsed->used.value[i];
    const struct case_lengths *lengths = operand == OPERAND_CU_Q ? &parsed->ragged_q : &parsed->ragged_k;
    int64_t sum = 0;
    for (int64_t b = 0; b < i; b++)
        sum += lengths->value[b];
    return sum;
}

static attn_status fill_integers(attn_device *device, const struct attention_case *parsed, attn_problem *problem,
                                 int operand, attn_memory to)
{
    int64_t count = tensor_span(operand_tensor(problem, operand));
    int32_t *values = malloc((size_t)count * sizeof *values);
    if (!values)
        return ATTN_NO_MEMORY;
    for (int64_t i = 0; i < count; i++)
        values[i] = (int32_t)integer_at(parsed, problem, operand, i);
    attn_status status = attn_upload(device, to, values, (size_t)count * sizeof *values);
    free(values);
    return status;
}

/* Outputs are written too, so that no run pays for a first touch. */
static attn_status open_operand(attn_device *device, const struct attention_case *parsed, attn_problem *problem,
                                int operand, attn_args *args)
{
    const attn_tensor *tensor = operand_tensor(problem, operand);
    attn_memory *memory = operand_memory(args, operand);
    size_t bytes = (size_t)tensor_span(tensor) * attn_dtype_size(tensor->dtype);
    if (bytes == 0)
        return ATTN_OK;
    attn_status status = attn_alloc(device, bytes, memory);
    if (status)
        return status;
    return tensor->dtype == ATTN_I32 ? fill_integers(device, parsed, problem, operand, *memory)
                                     : fill_floats(device, tensor, *memory);
}

attn_status bench_data_open(attn_device *device, const struct attention_case *parsed, attn_problem *problem,
                            size_t workspace, attn_args *args)
{
    *args = (attn_args)ATTN_ARGS_INIT;
    for (int operand = 0; operand < OPERANDS; operand++) {
        attn_status status = open_operand(device, parsed, problem, operand, args);
        if (status)
            return status;
    }
    args->workspace_size = workspace;
    return workspace ? attn_alloc(device, workspace, &args->workspace) : ATTN_OK;
}

void bench_data_close(attn_device *device, attn_args *args)
{
    for (int operand = 0; operand < OPERANDS; operand++)
        attn_free(device, *operand_memory(args, operand));
    attn_free(device, args->workspace);
}
