/* Merges the parts of one query row in ascending order; one work-group a row.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#version 450
#extension GL_GOOGLE_include_directive : require

#include "output.glsl"

const int GROUP = 128, LOADS = 8; /* invocations; loads in flight */

layout(local_size_x = 128) in;

shared float weight[GROUP], total_of[GROUP];

int me = int(gl_LocalInvocationIndex);
uint64_t part, bytes; /* the row's first part; from one part to the next */
int parts;

float highest_of_parts()
{
    float highest = NOTHING;
    for (int i = me; i < parts; i += GROUP)
        highest = max(highest, float_at(part + i * bytes, run.block.plan.dim_v));
    weight[me] = highest;
    barrier();
    for (int i = 0; i < GROUP; i++)
        highest = max(highest, weight[i]);
    barrier();
    return highest;
}

void weigh_parts(int first, float highest)
{
    bool mine = first + me < parts;
    weight[me] = mine ? weight_of(float_at(part + (first + me) * bytes, run.block.plan.dim_v), highest) : 0;
    total_of[me] = mine ? float_at(part + (first + me) * bytes, run.block.plan.dim_v + 1) : 0;
    barrier();
}

/* Of at most GROUP parts. */
float sum_of_parts(int first, int channel)
{
    float sum = 0;
    int count = min(parts - first, GROUP), last = parts - 1;
    for (int i = 0; i < count; i += LOADS) {
        float a[LOADS];
        [[unroll]] for (int j = 0; j < LOADS; j++)
            a[j] = float_at(part + min(first + i + j, last) * bytes, channel);
        [[unroll]] for (int j = 0; j < LOADS; j++)
            sum += weight[i + j] * a[j];
    }
    return sum;
}

void merge_channels(int row, int channel, float highest)
{
    float sum = 0;
    End end = End(highest, 0);
    for (int first = 0; first < parts; first += GROUP) {
        weigh_parts(first, highest);
        for (int i = 0; i < min(parts - first, GROUP); i++)
            end.total += weight[i] * total_of[i];
        if (channel < run.block.plan.dim_v)
            sum += sum_of_parts(first, channel);
        barrier();
    }
    Target target = result_of(row, end);
    if (channel < run.block.plan.dim_v)
        store(target.to, target.type, channel, target.share * sum);
    if (channel == 0)
        store_lse(row, end);
}

void main()
{
    int64_t group = int64_t(run.first_tile) + int(gl_WorkGroupID.x), tile = group / run.block.plan.tile_rows;
    int64_t unit = run.first_unit + int(gl_WorkGroupID.y), slot = (unit * run.block.plan.tiles + tile) * run.block.plan.chunks;
    int row = int(group % run.block.plan.tile_rows);
    parts = int(run.block.plan.chunks);
    if (run.kind == LAUNCH_LONG) {
        long_list list = LongList(run.block.long_lists + 32 * tile).at;
        unit = list.unit;
        slot = list.first_part;
        parts = int(list.parts);
        tile = list.tile;
    }
    if (me == 0)
        take_query_tile(unit, tile);
    barrier();
    if (row >= item.rows)
        return;
    part = part_row(slot, row);
    bytes = part_row(slot + 1, row) - part;
    float highest = highest_of_parts();
    for (int channel = 0; channel < run.block.plan.dim_v; channel += GROUP)
        merge_channels(row, channel + me, highest);
}
