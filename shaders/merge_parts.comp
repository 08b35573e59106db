/* Merges the parts of one query row in ascending order; one work-group a row.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#version 450
#extension GL_GOOGLE_include_directive : require

#include "output.glsl"

const int GROUP = 128, LOADS = 32; /* invocations; loads in flight */

layout(local_size_x = 128) in;

shared float weight[GROUP], total_of[GROUP];

int me = int(gl_LocalInvocationIndex);
uint64_t part, bytes; /* the row's first part; from one part to the next */
int parts;

End end_of_part(int i)
{
    if (i >= parts)
        return End(NOTHING, 0);
    return End(float_at(part + i * bytes, run.block.plan.dim_v), float_at(part + i * bytes, run.block.plan.dim_v + 1));
}

/* Of a channel, from `first` on; those behind the last part are 0. */
void load_sums(int first, int channel, out float a[LOADS])
{
    [[unroll]] for (int i = 0; i < LOADS; i++)
        a[i] = first + i < parts && channel < run.block.plan.dim_v ? float_at(part + (first + i) * bytes, channel) : 0;
}

float highest_of_parts(float own)
{
    float highest = own;
    for (int i = me + GROUP; i < parts; i += GROUP)
        highest = max(highest, end_of_part(i).most);
    weight[me] = highest;
    barrier();
    for (int i = 0; i < min(parts, GROUP); i++)
        highest = max(highest, weight[i]);
    barrier();
    return highest;
}

void weigh_part(End end, float highest)
{
    weight[me] = weight_of(end.most, highest);
    total_of[me] = end.total;
    barrier();
}

/* `own` and `a`, of part `me` and of the first parts, were loaded before: loads take longer than all the rest. */
void merge_channels(int row, int channel, float highest, End own, float a[LOADS])
{
    float sum = 0;
    End end = End(highest, 0);
    for (int first = 0; first < parts; first += GROUP) {
        int count = min(parts - first, GROUP);
        weigh_part(first == 0 ? own : end_of_part(first + me), highest);
        for (int i = 0; i < count; i++)
            end.total += weight[i] * total_of[i];
        for (int i = 0; i < count; i += LOADS) {
            if (first + i > 0)
                load_sums(first + i, channel, a);
            [[unroll]] for (int j = 0; j < LOADS; j++)
                sum += weight[i + j] * a[j];
        }
        barrier();
    }
    Target target = result_of(row, end);
    if (channel < run.block.plan.dim_v)
        store(target.to, target.type, channel, result_of_sum(target.share, sum));
    if (channel == 0)
        store_lse(row, end);
}

void main()
{
    int group = run.first_tile + int(gl_WorkGroupID.x), tile_rows = int(run.block.plan.tile_rows);
    int tile = group / tile_rows, row = group % tile_rows, unit = run.first_unit + int(gl_WorkGroupID.y);
    int64_t slot = (unit * run.block.plan.tiles + tile) * run.block.plan.chunks;
    parts = int(run.block.plan.chunks);
    if (run.kind == LAUNCH_LONG) {
        long_list list = LongList(run.block.long_lists + 32 * tile).at;
        unit = int(list.unit);
        slot = list.first_part;
        parts = int(list.parts);
        tile = int(list.tile);
    }
    part = part_row(slot, row);
    bytes = part_row(slot + 1, row) - part;
    End own = end_of_part(me);
    float sums[LOADS];
    load_sums(0, me, sums);
    if (me == 0)
        take_query_tile(unit, tile);
    barrier();
    if (row >= item.rows)
        return;
    float highest = highest_of_parts(own.most);
    for (int channel = 0; channel < run.block.plan.dim_v; channel += GROUP) {
        if (channel > 0)
            load_sums(0, channel + me, sums);
        merge_channels(row, channel + me, highest, own, sums);
    }
}
