/* The parts that the chunks of a query tile left, merged in ascending order (Flash-Decoding). Behind sequence.cl.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */

/* Weights of parts that are worked out once a row, not once a channel. */
enum { KEPT_WEIGHTS = 1024, PARTS_AT_ONCE = 16, CHANNELS_AT_ONCE = 2 };

struct memory {
    float most[MERGE_GROUP], total[MERGE_GROUP], weight[KEPT_WEIGHTS];
};

/* What a chunk left of a row: dim_v sums, the maximum, the sum of weights. Chunks are `step` floats apart. */
struct parts {
    __global const float *first;
    long count, step, dim_v;
};

DEVICE float weight_of(const struct parts *parts, long i, float most)
{
    const float own = parts->first[i * parts->step + parts->dim_v];
    return own > -INFINITY ? exp2(own - most) : 0;
}

/* The maximum and the sum of weights of all parts; keeps the parts' weights. */
DEVICE float merge_weights(const struct parts *parts, __local struct memory *memory, float *most)
{
    const int me = get_local_id(0);
    float total = 0;
    *most = -INFINITY;
    for (long i = me; i < parts->count; i += MERGE_GROUP)
        *most = fmax(*most, parts->first[i * parts->step + parts->dim_v]);
    memory->most[me] = *most;
    barrier(CLK_LOCAL_MEM_FENCE);
    for (int i = 0; i < MERGE_GROUP; i++)
        *most = fmax(*most, memory->most[i]);
    for (long i = me; i < parts->count; i += MERGE_GROUP) {
        const float weight = weight_of(parts, i, *most);
        if (i < KEPT_WEIGHTS)
            memory->weight[i] = weight;
        total += weight > 0 ? weight * parts->first[i * parts->step + parts->dim_v + 1] : 0;
    }
    memory->total[me] = total;
    barrier(CLK_LOCAL_MEM_FENCE);
    total = 0;
    for (int i = 0; i < MERGE_GROUP; i++)
        total += memory->total[i];
    return total;
}

/* Channel c and those behind it, MERGE_GROUP apart. Loads go ahead of sums, many at once: they take far longer. */
DEVICE void merge_channels(const struct parts *parts, __local const struct memory *memory, float most, int c,
                           float sum[CHANNELS_AT_ONCE])
{
    const int kept = (int)min(parts->count, (long)KEPT_WEIGHTS), last = (int)parts->dim_v - 1;
    __global const float *from[CHANNELS_AT_ONCE];
    UNROLL
    for (int k = 0; k < CHANNELS_AT_ONCE; k++) {
        from[k] = parts->first + min(c + k * MERGE_GROUP, last);
        sum[k] = 0;
    }
    for (int i = 0; i < kept; i += PARTS_AT_ONCE) {
        float value[PARTS_AT_ONCE][CHANNELS_AT_ONCE];
        UNROLL
        for (int j = 0; j < PARTS_AT_ONCE; j++)
            UNROLL
            for (int k = 0; k < CHANNELS_AT_ONCE; k++)
                value[j][k] = from[k][min(i + j, kept - 1) * parts->step];
        UNROLL
        for (int j = 0; j < PARTS_AT_ONCE; j++) {
            const float weight = i + j < kept ? memory->weight[i + j] : 0;
            UNROLL
            for (int k = 0; k < CHANNELS_AT_ONCE; k++)
                sum[k] += weight > 0 ? weight * value[j][k] : 0;
        }
    }
    for (int i = kept; i < parts->count; i++) {
        const float weight = weight_of(parts, i, most);
        UNROLL
        for (int k = 0; k < CHANNELS_AT_ONCE; k++)
            sum[k] += weight > 0 ? weight * from[k][i * parts->step] : 0;
    }
}

/* One work-group a query row. */
KERNEL(MERGE_GROUP) merge_parts(PLAN_PARAMETER, struct offsets offset, int launch, __global uchar *o,
                          __global uchar *lse_bytes, __global const uchar *sink, __global const uchar *cu_q,
                          __global const uchar *cu_k, __global const uchar *used,
                          __global const struct long_list *long_lists, __global const uchar *workspace)
{
    LOCAL_MEMORY(struct memory, memory);
    PLAN_BEGIN
    NEXT_MAY_START;
    long unit_index = offset.first_unit + get_group_id(1), count = plan->chunks;
    long tile = quotient(get_group_id(0), plan->tile_rows);
    const long local_row = get_group_id(0) - tile * plan->tile_rows;
    long slot = unit_index * plan->tiles * plan->chunks + tile * plan->chunks;
    if (launch == LAUNCH_LONG) {
        __global const struct long_list *l = &long_lists[tile];
        unit_index = l->unit;
        slot = l->first_part;
        count = l->parts;
        tile = l->tile;
    }
    const long sequence = quotient(unit_index, plan->units);
    WAIT_FOR_PREVIOUS;
    const struct sequence s = sequence_of(plan, sequence, (__global const int *)(cu_q + offset.cu_q),
                                          (__global const int *)(cu_k + offset.cu_k),
                                          (__global const int *)(used + offset.used));
    const long first_row = tile * plan->tile_rows, width = plan->dim_v + 2;
    if (first_row + local_row >= s.rows * plan->pack)
        return;
    const struct parts parts = { (__global const float *)(workspace + offset.workspace) +
                                     (slot * plan->tile_rows + local_row) * width,
                                 count, plan->tile_rows * width, plan->dim_v };
    float most;
    const float total = merge_weights(&parts, memory, &most);
    const struct row_at row = row_of(plan, &s, unit_index - sequence * plan->units, first_row + local_row);
    const float factor = share_of(plan, sink + offset.sink, row.head, most, total);
    for (int c = get_local_id(0); c < plan->dim_v; c += CHANNELS_AT_ONCE * MERGE_GROUP) {
        float sum[CHANNELS_AT_ONCE];
        merge_channels(&parts, memory, most, c, sum);
        UNROLL
        for (int k = 0; k < CHANNELS_AT_ONCE && c + k * MERGE_GROUP < plan->dim_v; k++)
            store(o + offset.o, plan->o_type, output_row(plan, &s, &row) + c + k * MERGE_GROUP, factor * sum[k]);
    }
    if (get_local_id(0) == 0)
        store_lse(plan, &s, &row, (__global float *)(lse_bytes + offset.lse), most, total);
}
