/* Makes results of the sums.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#version 450
#extension GL_GOOGLE_include_directive : require

#include "merge.glsl"

void main()
{
    Place at = place_of_group();
    int channels = int(run.layouts.of.channels), type = int(run.layouts.of.o_type);
    uint64_t sum = sums_of(at), o = run.o + bytes_of(type) * element_of(run.layouts.of.o_stride, at);
    float weight = float_at(sum, channels + 1), whole = float_at(sum, channels) + log(weight > 0 ? weight : 1);
    float share = weight > 0 ? 1 / weight : 0;
    if (run.layouts.of.has_sink != 0 && weight > 0)
        share = share_beside(float_at(run.sink, at.head * run.layouts.of.sink_stride) - whole, weight);
    for (int c = int(gl_LocalInvocationIndex); c < channels; c += 64)
        store(o, type, c, result_of_sum(share, float_at(sum, c)));
    if (run.layouts.of.has_lse != 0 && gl_LocalInvocationIndex == 0)
        Word(run.lse + 4 * element_of(run.layouts.of.lse_stride, at)).value =
            weight > 0 ? floatBitsToUint(whole) : MINUS_INFINITY;
}
