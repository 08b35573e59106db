/* Merges the parts of one query row in ascending order; one work-group a row.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#version 450
#extension GL_GOOGLE_include_directive : require

#include "output.glsl"
#include "item.glsl"

layout(local_size_x = 64) in;

void main()
{
    int64_t group = int64_t(run.first_tile) + int(gl_WorkGroupID.x), tile = group / run.plan.tile_rows;
    int64_t unit = run.first_unit + int(gl_WorkGroupID.y), parts = run.plan.chunk_count;
    int64_t slot = unit * run.plan.tiles * run.plan.chunk_count + tile * run.plan.chunk_count;
    int local_row = int(group % run.plan.tile_rows), dim_v = int(run.plan.dim_v), o_type = int(run.plan.o_type);
    if (run.kind == LAUNCH_LONG) {
        LongList list = LongList(run.plan.long_lists + 32 * tile);
        unit = list.unit;
        slot = list.first_part;
        parts = list.parts;
        tile = list.tile;
    }
    Item item = query_tile(unit, tile);
    if (local_row >= item.rows)
        return;
    uint64_t part = part_row(slot, local_row), step = part_row(1, 0) - part_row(0, 0);
    float most = NOTHING, total = 0;
    for (int i = 0; i < parts; i++)
        most = max(most, float_at(part + i * step, dim_v));
    for (int i = 0; i < parts; i++)
        total += float_at(part + i * step, dim_v + 1) * weight_of(float_at(part + i * step, dim_v), most);
    Row row = row_at(item, local_row);
    float share = share_of(row.head, most, total);
    uint64_t o = run.o + bytes_of(o_type) * query_row(item.sequence, row, run.plan.o_stride);
    for (int c = int(gl_LocalInvocationIndex); c < dim_v; c += 64) {
        float sum = 0;
        for (int i = 0; i < parts; i++)
            sum += float_at(part + i * step, c) * weight_of(float_at(part + i * step, dim_v), most);
        store(o, o_type, c, share * sum);
    }
    if (gl_LocalInvocationIndex == 0)
        store_lse(item.sequence, row, most, total);
}
