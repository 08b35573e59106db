/* The parts that the chunks of a query tile left, merged in ascending order (Flash-Decoding). Behind sequence.cl.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */

/* One work-group a query row. */
KERNEL(MERGE_GROUP) merge_parts(PLAN_PARAMETER, struct offsets offset, int launch, __global uchar *o,
                          __global uchar *lse_bytes, __global const uchar *sink, __global const uchar *cu_q,
                          __global const uchar *cu_k, __global const uchar *used,
                          __global const struct long_list *long_lists, __global const uchar *workspace)
{
    PLAN_BEGIN
    long unit_index = offset.first_unit + get_group_id(1), tile = get_group_id(0) / plan->tile_rows, parts = plan->chunks;
    const long local_row = get_group_id(0) % plan->tile_rows;
    long slot = unit_index * plan->tiles * plan->chunks + tile * plan->chunks;
    if (launch == LAUNCH_LONG) {
        __global const struct long_list *l = &long_lists[tile];
        unit_index = l->unit;
        slot = l->first_part;
        parts = l->parts;
        tile = l->tile;
    }
    const struct sequence s = sequence_of(plan, unit_index / plan->units, (__global const int *)(cu_q + offset.cu_q),
                                          (__global const int *)(cu_k + offset.cu_k),
                                          (__global const int *)(used + offset.used));
    const long first_row = tile * plan->tile_rows, width = plan->dim_v + 2;
    if (first_row + local_row >= s.rows * plan->pack)
        return;
    __global const float *part = (__global const float *)(workspace + offset.workspace) +
                                 (slot * plan->tile_rows + local_row) * width;
    const long step = plan->tile_rows * width;
    float most = -INFINITY, total = 0;
    for (long i = 0; i < parts; i++)
        most = fmax(most, part[i * step + plan->dim_v]);
    for (long i = 0; i < parts; i++)
        if (part[i * step + plan->dim_v] > -INFINITY)
            total += part[i * step + plan->dim_v + 1] * exp2(part[i * step + plan->dim_v] - most);
    struct row_at row = row_of(plan, &s, unit_index % plan->units, first_row + local_row);
    float factor = share_of(plan, sink + offset.sink, row.head, most, total);
    for (long c = get_local_id(0); c < plan->dim_v; c += get_local_size(0)) {
        float sum = 0;
        for (long i = 0; i < parts; i++)
            if (part[i * step + plan->dim_v] > -INFINITY)
                sum += part[i * step + c] * exp2(part[i * step + plan->dim_v] - most);
        store(o + offset.o, plan->o_type, output_row(plan, &s, &row) + c, factor * sum);
    }
    if (get_local_id(0) == 0)
        store_lse(plan, &s, &row, (__global float *)(lse_bytes + offset.lse), most, total);
}
