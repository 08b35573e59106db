/* Merges the parts of one query row; one work-group a row.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#version 450
#extension GL_GOOGLE_include_directive : require

#include "parts.glsl"

const int GROUP = 64;

layout(local_size_x = 64) in;

int me = int(gl_LocalInvocationIndex);

void main()
{
    int group = run.first_tile + int(gl_WorkGroupID.x), tile_rows = int(run.block.plan.tile_rows);
    int tile = group / tile_rows, row = group % tile_rows, unit = run.first_unit + int(gl_WorkGroupID.y);
    int64_t slot = (unit * run.block.plan.tiles + tile) * run.block.plan.chunks;
    int parts = int(run.block.plan.chunks), dim = int(run.block.plan.dim_v), channel = 4 * me;
    if (run.kind == LAUNCH_LONG) {
        long_list list = LongList(run.block.long_lists + 32 * tile).at;
        unit = int(list.unit);
        slot = list.first_part;
        parts = int(list.parts);
        tile = int(list.tile);
    }
    End end;
    vec4 sum = merged(slot, parts, row, channel, end); /* before it is known whether there is the row */
    if (me == GROUP - 1)
        take_query_tile(unit, tile);
    barrier();
    if (row >= item.rows)
        return;
    for (; channel < dim; channel += 4 * GROUP) {
        if (channel >= 4 * GROUP)
            sum = merged(slot, parts, row, channel, end);
        store_result(row, end, channel, sum);
    }
}
