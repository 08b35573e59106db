/* What rows end as: results, or parts of them in the workspace.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#ifndef ATTN_OUTPUT_GLSL
#define ATTN_OUTPUT_GLSL

#include "item.glsl"
#include "softmax.glsl"

/* The highest score of a row, and the sum of its weights. */
struct End {
    float most, total;
};

float lse_of(End end)
{
    return end.most * LN_2 + log(end.total);
}

/* As share_beside has it. */
float share_of(int64_t head, End end)
{
    if (end.total == 0)
        return 0;
    if (run.block.plan.has_sink == 0)
        return 1 / end.total;
    return share_beside(float_at(run.sink, head * run.block.plan.sink_stride) - lse_of(end), end.total);
}

/* Where the sums of a row go. */
struct Target {
    uint64_t to;
    int type;
    bool wide;
    float share;
};

Target result_of(int i, End end)
{
    Row row = row_at(i);
    int type = int(run.block.plan.o_type);
    return Target(run.o + bytes_of(type) * query_row(item.sequence, row, run.block.plan.o_stride), type,
                  is_wide(run.o, type, run.block.plan.o_stride, run.block.plan.dim_v), share_of(row.head, end));
}

/* A part of a row: the sums of its channels, then its end. */
uint64_t part_row(int64_t slot, int i)
{
    return run.workspace + 4 * ((slot * run.block.plan.tile_rows + i) * (run.block.plan.dim_v + 2));
}

Target target_of(int i, End end)
{
    if (run.kind == LAUNCH_WHOLE)
        return result_of(i, end);
    return Target(part_row(item.slot, i), F32, false, 1);
}

/* Four sums, from `channel` on; those at dim_v and behind are nobody's. */
void store_sums(Target target, int channel, vec4 sum)
{
    int dim = int(run.block.plan.dim_v);
    [[unroll]] for (int i = 0; i < 4; i++)
        sum[i] = result_of_sum(target.share, sum[i]);
    if (target.wide && channel < dim)
        store4(target.to, target.type, channel, sum);
    for (int i = 0; i < 4 && channel + i < dim && !target.wide; i++)
        store(target.to, target.type, channel + i, sum[i]);
}

void store_lse(int i, End end)
{
    if (run.block.plan.has_lse != 0)
        Word(run.lse + 4 * query_row(item.sequence, row_at(i), run.block.plan.lse_stride)).value =
            end.total == 0 ? MINUS_INFINITY : floatBitsToUint(lse_of(end));
}

void store_end(int i, End end)
{
    if (run.kind == LAUNCH_WHOLE) {
        store_lse(i, end);
        return;
    }
    uint64_t part = part_row(item.slot, i);
    Float(part + 4 * run.block.plan.dim_v).value = end.most;
    Float(part + 4 * run.block.plan.dim_v + 4).value = end.total;
}

#endif
