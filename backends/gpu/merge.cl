/* attn_merge: parts are added one by one, in the order given, to a row of sums, their highest lse and the sum of the weights.
 * One work-group a row. Behind shared.h and storage.cl.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */

struct place {
    long batch, head, position;
};

DEVICE struct place place_of(const struct merge *m, long row)
{
    struct place at;
    at.position = row % m->positions;
    at.head = row / m->positions % m->heads;
    at.batch = row / m->positions / m->heads;
    return at;
}

DEVICE long element_of(const WIDE stride[4], const struct place *at)
{
    return at->batch * stride[0] + at->head * stride[1] + at->position * stride[2];
}

KERNEL(MERGE_GROUP) merge_add(struct merge m, __global const uchar *part_o, __global const uchar *part_lse,
                              __global float *sums)
{
    const long row = get_group_id(0);
    const struct place at = place_of(&m, row);
    __global float *sum = sums + row * (m.channels + 2);
    float before = m.first ? -INFINITY : sum[m.channels], weight = m.first ? 0 : sum[m.channels + 1];
    float lse = ((__global const float *)(part_lse + m.part_lse_offset))[element_of(m.part_lse_stride, &at)];
    float most = fmax(before, lse);
    float keep = before == -INFINITY ? 0 : exp(before - most), add = lse == -INFINITY ? 0 : exp(lse - most);
    barrier(CLK_GLOBAL_MEM_FENCE);
    for (long c = get_local_id(0); c < m.channels; c += get_local_size(0)) {
        float a = keep > 0 ? keep * sum[c] : 0;
        if (add > 0)
            a += add * load(part_o + m.part_o_offset, m.part_o_type, element_of(m.part_o_stride, &at) + c);
        sum[c] = a;
    }
    if (get_local_id(0) == 0) {
        sum[m.channels] = most;
        sum[m.channels + 1] = keep * weight + add;
    }
}

KERNEL(MERGE_GROUP) merge_end(struct merge m, __global const float *sums, __global uchar *o, __global uchar *lse,
                        __global const uchar *sink)
{
    const long row = get_group_id(0);
    const struct place at = place_of(&m, row);
    __global const float *sum = sums + row * (m.channels + 2);
    float weight = sum[m.channels + 1], whole = weight > 0 ? sum[m.channels] + log(weight) : -INFINITY;
    float share = weight > 0 ? 1 / weight : 0;
    if (m.has_sink && weight > 0)
        share /= 1 + exp(((__global const float *)(sink + m.sink_offset))[at.head * m.sink_stride] - whole);
    for (long c = get_local_id(0); c < m.channels; c += get_local_size(0))
        store(o + m.o_offset, m.o_type, element_of(m.o_stride, &at) + c, share * sum[c]);
    if (m.has_lse && get_local_id(0) == 0)
        ((__global float *)(lse + m.lse_offset))[element_of(m.lse_stride, &at)] = whole;
}
