/* Element types, layouts by name, checks of a caller's tensor.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#include "config.h"

#include "tensor.h"

#include <inttypes.h>

#include "status.h"

#define MAX_BYTES (INT64_C(1) << 60)

static const struct {
    const char *name;
    size_t size;
} dtypes[] = {
    [ATTN_NONE] = { "none", 0 }, [ATTN_F32] = { "f32", 4 }, [ATTN_F16] = { "f16", 2 },
    [ATTN_BF16] = { "bf16", 2 }, [ATTN_I32] = { "i32", 4 },
};

static int known(attn_dtype dtype)
{
    return (unsigned)dtype < sizeof dtypes / sizeof dtypes[0];
}

size_t attn_dtype_size(attn_dtype dtype)
{
    return known(dtype) ? dtypes[dtype].size : 0;
}

const char *attn_dtype_name(attn_dtype dtype)
{
    return known(dtype) ? dtypes[dtype].name : "unknown";
}

/* Product for strides; a nonsense size gives a stride that attn_check_tensor refuses, never an overflow. */
static int64_t times(int64_t a, int64_t b)
{
    if (a < 0 || b < 0 || (b && a > MAX_BYTES / b))
        return MAX_BYTES;
    return a * b;
}

attn_tensor attn_bhsd(attn_dtype dtype, int64_t batch, int64_t heads, int64_t positions, int64_t channels)
{
    int64_t head = times(positions, channels);
    attn_tensor tensor = { dtype, { batch, heads, positions, channels }, { times(heads, head), head, channels, 1 } };
    return tensor;
}

attn_tensor attn_bshd(attn_dtype dtype, int64_t batch, int64_t heads, int64_t positions, int64_t channels)
{
    int64_t position = times(heads, channels);
    attn_tensor tensor = { dtype,
                           { batch, heads, positions, channels },
                           { times(positions, position), channels, position, 1 } };
    return tensor;
}

attn_tensor attn_vector(attn_dtype dtype, int64_t length)
{
    return attn_matrix(dtype, length, 1);
}

attn_tensor attn_per_head(int64_t heads)
{
    return attn_bhsd(ATTN_F32, 1, heads, 1, 1);
}

attn_tensor attn_matrix(attn_dtype dtype, int64_t rows, int64_t columns)
{
    return attn_bhsd(dtype, rows, columns, 1, 1);
}

attn_status attn_check_tensor(const char *name, const attn_tensor *tensor, unsigned allowed)
{
    if (!known(tensor->dtype) || !(allowed & attn_bit(tensor->dtype)))
        return attn_fail(ATTN_INVALID, "%s.dtype is %s (%d), expected%s%s%s%s", name, attn_dtype_name(tensor->dtype),
                         (int)tensor->dtype, allowed & attn_bit(ATTN_F32) ? " f32" : "",
                         allowed & attn_bit(ATTN_F16) ? " f16" : "", allowed & attn_bit(ATTN_BF16) ? " bf16" : "",
                         allowed & attn_bit(ATTN_I32) ? " i32" : "");
    for (int d = 0; d < 4; d++) {
        int64_t size = tensor->size[d], stride = tensor->stride[d];
        if (size < 0 || size > ATTN_MAX_SIZE)
            return attn_fail(ATTN_INVALID, "%s.size[%d] is %" PRId64 ", expected 0 .. 2^40", name, d, size);
        if (stride < 0)
            return attn_fail(ATTN_INVALID, "%s.stride[%d] is %" PRId64 ", expected 0 or more", name, d, stride);
        if (size > 1 && stride > MAX_BYTES / (4 * (size - 1)))
            return attn_fail(ATTN_INVALID, "%s.stride[%d] is %" PRId64 ": the tensor spans more than 2^60 bytes", name,
                             d, stride);
    }
    return ATTN_OK;
}

attn_status attn_check_size(const char *name, const attn_tensor *tensor, int dimension, int64_t expected)
{
    if (tensor->size[dimension] != expected)
        return attn_fail(ATTN_INVALID, "%s.size[%d] is %" PRId64 ", expected %" PRId64, name, dimension,
                         tensor->size[dimension], expected);
    return ATTN_OK;
}

attn_status attn_check_channels(const char *name, const attn_tensor *tensor)
{
    if (tensor->size[CHANNEL] > 1 && tensor->stride[CHANNEL] != 1)
        return attn_fail(ATTN_INVALID, "%s.stride[3] is %" PRId64 ", expected 1: channels are adjacent", name,
                         tensor->stride[CHANNEL]);
    return ATTN_OK;
}

attn_status attn_check_distinct(const char *name, const attn_tensor *tensor)
{
    for (int d = 0; d < 4; d++)
        if (!tensor->size[d])
            return ATTN_OK;
    int done[4] = { 0 };
    int64_t reach = 1; /* elements that the dimensions so far span */
    for (int round = 0; round < 4; round++) {
        int next = -1;
        for (int d = 0; d < 4; d++)
            if (!done[d] && (next < 0 || tensor->stride[d] < tensor->stride[next]))
                next = d;
        done[next] = 1;
        if (tensor->size[next] <= 1)
            continue;
        if (tensor->stride[next] < reach)
            return attn_fail(ATTN_INVALID,
                             "%s.stride[%d] is %" PRId64 ": elements of an output overlap, expected %" PRId64
                             " or more",
                             name, next, tensor->stride[next], reach);
        reach += (tensor->size[next] - 1) * tensor->stride[next];
    }
    return ATTN_OK;
}
