/* How parts of rows become one: those that chunks of a query tile leave in the workspace (output.glsl). Work-groups read here what
 * others wrote, also in one dispatch, so it is coherent.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#ifndef ATTN_PARTS_GLSL
#define ATTN_PARTS_GLSL

#include "output.glsl"

const int LOADS = 16; /* parts that are loaded at once: loads take longer than all the rest */

layout(buffer_reference, scalar, buffer_reference_align = 4) coherent buffer PartFloat {
    float value;
};

layout(buffer_reference, scalar, buffer_reference_align = 8) coherent buffer PartPair {
    vec2 value;
};

layout(buffer_reference, scalar, buffer_reference_align = 4) coherent buffer Counter {
    uint value;
};

/* Four channels of a row, from `channel` on; with the first of them, its log-sum-exp. */
void store_result(int row, End end, int channel, vec4 sum)
{
    store_sums(result_of(row, end), channel, sum);
    if (channel == 0)
        store_lse(row, end);
}

/* Even channels lie at multiples of 8 bytes. */
bool has_pairs()
{
    return (run.block.plan.dim_v & 1) == 0;
}

/* Of the row at `row`. */
void put_sums(uint64_t row, int channel, vec4 sum)
{
    int dim = int(run.block.plan.dim_v);
    bool pairs = has_pairs();
    if (pairs && channel < dim)
        PartPair(row + 4 * channel).value = sum.xy;
    if (pairs && channel + 2 < dim)
        PartPair(row + 4 * channel + 8).value = sum.zw;
    for (int i = 0; i < 4 && channel + i < dim && !pairs; i++)
        PartFloat(row + 4 * (channel + i)).value = sum[i];
}

void put_end(uint64_t row, End end)
{
    PartFloat(row + 4 * run.block.plan.dim_v).value = end.most;
    PartFloat(row + 4 * run.block.plan.dim_v + 4).value = end.total;
}

End end_in(uint64_t row, bool pairs)
{
    uint64_t at = row + 4 * run.block.plan.dim_v;
    if (!pairs)
        return End(PartFloat(at).value, PartFloat(at + 4).value);
    vec2 end = PartPair(at).value;
    return End(end.x, end.y);
}

/* In pairs, the last two may be the end instead: nobody's. */
vec4 sums_in(uint64_t row, int channel, bool pairs)
{
    uint64_t at = row + 4 * channel;
    vec4 sum = vec4(0);
    if (pairs)
        return vec4(PartPair(at).value, PartPair(at + 8).value);
    for (int i = 0; i < 4 && channel + i < run.block.plan.dim_v; i++)
        sum[i] = PartFloat(at + 4 * i).value;
    return sum;
}

/* A row of the first of `count` parts, which are `bytes` apart; behind the last, loads of that again, for nothing: all follow each other
 * without a branch. */
void load_parts_as(uint64_t first, int64_t bytes, int count, int channel, bool pairs, out End ends[LOADS], out vec4 sums[LOADS])
{
    UNROLL for (int i = 0; i < LOADS; i++) {
        uint64_t row = first + uint64_t(min(i, count - 1) * bytes);
        ends[i] = end_in(row, pairs);
        sums[i] = sums_in(row, channel, pairs);
    }
    UNROLL for (int i = 0; i < LOADS; i++) {
        ends[i].most = i < count ? ends[i].most : NOTHING;
        sums[i] = i < count ? sums[i] : vec4(0);
    }
}

void load_parts(uint64_t first, int64_t bytes, int count, int channel, out End ends[LOADS], out vec4 sums[LOADS])
{
    if (has_pairs() && channel < run.block.plan.dim_v)
        load_parts_as(first, bytes, count, channel, true, ends, sums);
    else
        load_parts_as(first, bytes, count, channel, false, ends, sums);
}

/* No product is added but by fma: every kernel makes the same bits. */
void add_parts(End ends[LOADS], vec4 sums[LOADS], inout End end, inout vec4 sum)
{
    float most = end.most;
    UNROLL for (int i = 0; i < LOADS; i++)
        most = max(most, ends[i].most);
    float rescale = rescale_of(end.most, most);
    end = End(most, end.total * rescale);
    sum *= rescale;
    UNROLL for (int i = 0; i < LOADS; i++) {
        float weight = weight_of(ends[i].most, most);
        end.total = fma(weight, ends[i].total, end.total);
        sum = fma(vec4(weight), sums[i], sum);
    }
}

/* Four sums of a row, from `channel` on, over parts from `slot` on, in ascending order. */
vec4 merged(int64_t slot, int parts, int row, int channel, out End end)
{
    const uint64_t first = part_row(slot, row);
    const int64_t bytes = int64_t(part_row(slot + 1, row) - first);
    vec4 sum = vec4(0);
    end = End(NOTHING, 0);
    for (int part = 0; part < parts; part += LOADS) {
        End ends[LOADS];
        vec4 sums[LOADS];
        load_parts(first + uint64_t(part * bytes), bytes, parts - part, channel, ends, sums);
        add_parts(ends, sums, end, sum);
    }
    return sum;
}

/* Whether this work-group is the last of a query tile's that comes here. The counter is then 0 for the next run, which begins when
 * this one has ended. */
bool comes_last(int tile)
{
    Counter counter = Counter(uint64_t(run.block) + run.block.counters + 4 * tile);
    if (atomicAdd(counter.value, 1) + 1 != uint(run.block.plan.chunks))
        return false;
    counter.value = 0;
    return true;
}

#endif
