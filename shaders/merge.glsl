/* attn_merge: parts are added one by one, in the order given, to a row of sums, their highest lse and the sum of the
 * weights, all in base e. One work-group a row.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#ifndef ATTN_MERGE_GLSL
#define ATTN_MERGE_GLSL

#include "softmax.glsl"
#include "storage.glsl"
#include "gpu/shared.h"

/* What differs by part is in the push constants instead. */
layout(buffer_reference, scalar, buffer_reference_align = 8) readonly buffer Layouts {
    merge of;
};

/* Addresses; the work-groups' first row. */
layout(push_constant, scalar) uniform Run {
    uint64_t part_o, part_lse, o, lse, sink, sums;
    Layouts layouts;
    int64_t first_row;
    int first; /* nothing was added yet */
} run;

layout(local_size_x = 64) in;

struct Place {
    int64_t row, batch, head, position;
};

Place place_of_group()
{
    int64_t row = run.first_row + int(gl_WorkGroupID.x), heads = row / run.layouts.of.positions;
    return Place(row, heads / run.layouts.of.heads, heads % run.layouts.of.heads, row % run.layouts.of.positions);
}

int64_t element_of(int64_t stride[4], Place at)
{
    return at.batch * stride[0] + at.head * stride[1] + at.position * stride[2];
}

uint64_t sums_of(Place at)
{
    return run.sums + 4 * at.row * (run.layouts.of.channels + 2);
}

#endif
