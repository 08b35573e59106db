/* Adds a part to the sums.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#version 450
#extension GL_GOOGLE_include_directive : require

#include "merge.glsl"

float power(float lse, float most)
{
    return lse <= NOTHING ? 0 : exp(lse - most);
}

void main()
{
    Place at = place_of_group();
    uint64_t sum = sums_of(at), part = run.part_o + bytes_of(int(run.layouts.of.part_o_type)) *
                                                        element_of(run.layouts.of.part_o_stride, at);
    int channels = int(run.layouts.of.channels);
    float before = run.first != 0 ? NOTHING : float_at(sum, channels);
    float weight = run.first != 0 ? 0 : float_at(sum, channels + 1);
    float lse = max(float_at(run.part_lse, element_of(run.layouts.of.part_lse_stride, at)), NOTHING), most = max(before, lse);
    float keep = power(before, most), add = power(lse, most);
    memoryBarrierBuffer();
    barrier();
    for (int c = int(gl_LocalInvocationIndex); c < channels; c += 64) {
        float a = keep > 0 ? keep * float_at(sum, c) : 0;
        if (add > 0)
            a += add * load(part, int(run.layouts.of.part_o_type), c);
        Float(sum + 4 * c).value = a;
    }
    if (gl_LocalInvocationIndex == 0) {
        Float(sum + 4 * channels).value = most;
        Float(sum + 4 * channels + 4).value = keep * weight + add;
    }
}
