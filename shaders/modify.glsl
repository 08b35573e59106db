/* Softcap, ALiBi and bias: what scores become before the mask.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#ifndef ATTN_MODIFY_GLSL
#define ATTN_MODIFY_GLSL

#include "softmax.glsl"
#include "item.glsl"

/* Of one row and a tile of keys. */
struct Modifier {
    float slope;
    int position; /* from the tile's first key */
    int64_t bias; /* element of the tile's first key */
};

Modifier modifier_of(int i, int tile)
{
    Row row = row_at(min(i, item.rows - 1));
    int64_t first_key = int64_t(tile) * TILE_KEYS;
    Modifier m = Modifier(0, int(row.query + item.sequence.shift - first_key), 0);
    if (run.block.plan.has_alibi != 0)
        m.slope = LOG2_E * float_at(run.alibi, item.sequence.number * run.block.plan.alibi_stride[0] +
                                                   row.head * run.block.plan.alibi_stride[1]);
    if (run.block.plan.has_bias != 0)
        m.bias = item.sequence.number * run.block.plan.bias_stride[0] + row.head * run.block.plan.bias_stride[1] +
                 row.query * run.block.plan.bias_stride[2] + first_key * run.block.plan.bias_stride[3];
    return m;
}

/* The score of key j of the tile, which the row sees. */
float modified(Modifier m, int j, float score)
{
    if (run.block.plan.has_softcap != 0)
        score = run.block.plan.softcap * hyperbolic_tangent(score);
    score -= m.slope * float(abs(m.position - j));
    if (run.block.plan.has_bias != 0)
        score += LOG2_E * load(run.bias, int(run.block.plan.bias_type), m.bias + j * run.block.plan.bias_stride[3]);
    return score;
}

#endif
