/* Why the kernels of this folder decline a problem, or do not suit it.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#include "config.h"

#include "decline.h"

#include <limits.h>

int attn_gpu_decline_types(attn_why *why, const attn_problem *problem)
{
    attn_dtype type = problem->q.dtype;
    if (type != ATTN_F32 && problem->k.dtype == type && problem->v.dtype == type)
        return 0;
    return attn_decline(why, "needs q, k and v of one 16-bit type; they are %s, %s and %s", attn_dtype_name(type),
                        attn_dtype_name(problem->k.dtype), attn_dtype_name(problem->v.dtype));
}

int attn_gpu_decline_invariant(attn_why *why, const attn_problem *problem, int most)
{
    if (!problem->batch_invariant || most == INT_MAX)
        return 0;
    return attn_decline(why, "its sums depend on the number of rows, batch_invariant forbids that");
}

int attn_gpu_suits_rows(attn_why *why, const attn_problem *problem, const attn_shape *shape, int fewest, int most)
{
    const long long rows = shape->max_q * shape->group;
    if (problem->batch_invariant)
        return 1; /* the choice must not depend on them */
    if (rows < fewest)
        return !attn_decline(why, "made for at least %d rows of a KV head, here are %lld", fewest, rows);
    if (rows > most)
        return !attn_decline(why, "made for at most %d rows of a KV head, here are %lld", most, rows);
    return 1;
}
