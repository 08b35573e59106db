/* Integer arithmetic that C lacks.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#ifndef ATTN_LIB_INTEGER_H
#define ATTN_LIB_INTEGER_H

#include <stdint.h>

static inline int64_t attn_least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static inline int64_t attn_most(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/* b > 0. */
static inline int64_t attn_floor_divide(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

/* a >= 0, b > 0, a + b fits. */
static inline int64_t attn_ceil_divide(int64_t a, int64_t b)
{
    return (a + b - 1) / b;
}

/* 0 .. b - 1; b > 0. */
static inline int64_t attn_modulo(int64_t a, int64_t b)
{
    int64_t rest = a % b;
    return rest < 0 ? rest + b : rest;
}

#endif
