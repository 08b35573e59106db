/* Scores in base 2, and their weights. No infinities are computed with, as Vulkan promises none: a score that is not seen is
 * NOTHING.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#ifndef ATTN_SOFTMAX_GLSL
#define ATTN_SOFTMAX_GLSL

#include "storage.glsl"

const float LOG2_E = 1.44269504088896340736, LN_2 = 0.69314718055994530942;
const float NOTHING = -3.402823466e38;
const uint MINUS_INFINITY = 0xff800000;

/* Vulkan's tanh may be a quotient that overflows. Near 0, where 1 - e loses digits, its series. */
float hyperbolic_tangent(float x)
{
    float square = x * x, e = exp2(-2 * LOG2_E * abs(x));
    float series = x * (1 + square * (-1.0 / 3 + square * (2.0 / 15 + square * (-17.0 / 315 + square * (62.0 / 2835)))));
    return abs(x) < 0.25 ? series : sign(x) * (1 - e) / (1 + e);
}

/* The weight of a score, once `most` is the highest of its row; a bias may have made it -inf. */
float weight_of(float score, float most)
{
    return score <= NOTHING ? 0 : exp2(score - most);
}

/* What the sums so far are multiplied with when the highest score of their row rises. */
float rescale_of(float before, float most)
{
    return before <= NOTHING ? 1 : exp2(before - most);
}

/* What the sums of a row are multiplied with beside a sink logit that is `above` their lse; negative: -2^64 times that, since
 * results are then so small that devices may take them for 0 (over_2_64). */
float share_beside(float above, float total)
{
    float power = above * LOG2_E;
    return power > 64 ? -exp2(64 - power) / total : 1 / (total * (1 + exp(above)));
}

/* The result that a share makes of a sum. */
float result_of_sum(float share, float sum)
{
    return share < 0 ? over_2_64(-share * sum) : share * sum;
}

#endif
