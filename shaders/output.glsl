/* What rows end as: results, or parts of them in the workspace.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#ifndef ATTN_OUTPUT_GLSL
#define ATTN_OUTPUT_GLSL

#include "sequence.glsl"
#include "softmax.glsl"

float lse_of(float most, float sum)
{
    return most * LN_2 + log(sum);
}

/* What the sums of a row are multiplied with. */
float share_of(int64_t head, float most, float sum)
{
    if (sum == 0)
        return 0;
    if (run.plan.has_sink == 0)
        return 1 / sum;
    return 1 / (sum * (1 + exp(float_at(run.sink, head * run.plan.sink_stride) - lse_of(most, sum))));
}

void store_lse(Sequence s, Row row, float most, float sum)
{
    if (run.plan.has_lse != 0)
        Word(run.lse + 4 * query_row(s, row, run.plan.lse_stride)).value =
            sum == 0 ? MINUS_INFINITY : floatBitsToUint(lse_of(most, sum));
}

/* A part: by row the sums of its channels, the highest score, and the sum of the weights. */
uint64_t part_row(int64_t slot, int64_t local_row)
{
    return run.workspace + 4 * ((slot * run.plan.tile_rows + local_row) * (run.plan.dim_v + 2));
}

void store_part_end(uint64_t part, float most, float sum)
{
    Float(part + 4 * run.plan.dim_v).value = most;
    Float(part + 4 * run.plan.dim_v + 4).value = sum;
}

/* Four sums of a row, from `channel` on; those at dim_v and behind are nobody's. */
void store_sums(uint64_t row, int type, int channel, vec4 sum, bool wide)
{
    int dim = int(run.plan.dim_v);
    if (wide) {
        if (channel < dim)
            store4(row, type, channel, sum);
        return;
    }
    [[unroll]] for (int i = 0; i < 4; i++)
        if (channel + i < dim)
            store(row, type, channel + i, sum[i]);
}

#endif
