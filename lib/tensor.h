/* Checks and arithmetic on attn_tensor.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#ifndef ATTN_LIB_TENSOR_H
#define ATTN_LIB_TENSOR_H

#include "attn.h"

/* Names of the four dimensions, for messages. */
enum { BATCH = 0, HEAD = 1, POSITION = 2, CHANNEL = 3 };

/* Largest size of a dimension: positions, and sums of a few of them, stay far from overflow. */
#define ATTN_MAX_SIZE (INT64_C(1) << 40)

static inline unsigned attn_bit(attn_dtype dtype)
{
    return 1u << (unsigned)dtype;
}

#define ATTN_FLOATS (1u << ATTN_F32 | 1u << ATTN_F16 | 1u << ATTN_BF16)

static inline int attn_present(const attn_tensor *tensor)
{
    return tensor->dtype != ATTN_NONE;
}

static inline int attn_same_layout(const attn_tensor *a, const attn_tensor *b)
{
    for (int d = 0; d < 4; d++)
        if (a->size[d] != b->size[d] || (a->size[d] > 1 && a->stride[d] != b->stride[d]))
            return 0;
    return a->dtype == b->dtype;
}

/* Type among `dtypes`, sizes 0 .. ATTN_MAX_SIZE, strides not negative, every offset below 2^60 bytes. */
attn_status attn_check_tensor(const char *name, const attn_tensor *tensor, unsigned dtypes);

/* size[dimension] is `expected`. */
attn_status attn_check_size(const char *name, const attn_tensor *tensor, int dimension, int64_t expected);

/* Channels are adjacent. */
attn_status attn_check_channels(const char *name, const attn_tensor *tensor);

/* No two elements share memory, as an output requires: by ascending stride, each steps over all before it. */
attn_status attn_check_distinct(const char *name, const attn_tensor *tensor);

#endif
