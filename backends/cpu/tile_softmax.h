/* What happens to scores between the two products: softcap, ALiBi, bias, mask, online softmax; merge of partial results.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */

/* 2^x for x <= 0, 0 below 2^-125. x = n + f with |f| <= 1/2; the polynomial is the interpolation of (2^f - 1) / f at
 * Chebyshev nodes, so that exp2(0) = 1 exactly; its relative error is 5e-9. */
INLINE vf exp2_of(vf x)
{
    vf n = vf_round(x), f = vf_sub(x, n);
    vf p = vf_set1(1.5453162939509034e-4f);
    p = vf_fma(p, f, vf_set1(1.339086336462805e-3f));
    p = vf_fma(p, f, vf_set1(9.618082557302569e-3f));
    p = vf_fma(p, f, vf_set1(5.550357114219147e-2f));
    p = vf_fma(p, f, vf_set1(0.24022650760567846f));
    p = vf_fma(p, f, vf_set1(0.6931471880262285f));
    p = vf_fma(p, f, vf_set1(1.0f));
    return vf_select_below(x, vf_set1(-125.0f), vf_zero(), vf_ldexp(p, n));
}

/* tanh. Near 0 an odd polynomial (interpolation of tanh(x)/x in x^2 at Chebyshev nodes, error 6e-10), because
 * 1 - 2/(e^2x + 1) cancels there; above 0.625 that formula, with e = exp(-2|x|) <= 1. */
INLINE vf tanh_of(vf x)
{
    vf u = vf_mul(x, x), size = vf_abs(x);
    vf p = vf_set1(2.2927449333731836e-3f);
    p = vf_fma(p, u, vf_set1(-8.343945656841063e-3f));
    p = vf_fma(p, u, vf_set1(2.1768918714323755e-2f));
    p = vf_fma(p, u, vf_set1(-5.3959259590127734e-2f));
    p = vf_fma(p, u, vf_set1(0.13333303557030274f));
    p = vf_fma(p, u, vf_set1(-0.3333333317214348f));
    vf near = vf_fma(vf_mul(p, u), x, x);
    vf e = exp2_of(vf_mul(size, vf_set1(-2 * LOG2_E)));
    vf far = vf_div(vf_sub(vf_set1(1), e), vf_add(vf_set1(1), e));
    far = vf_select_below(x, vf_zero(), vf_sub(vf_zero(), far), far);
    return vf_select_below(size, vf_set1(0.625f), near, far);
}

static void softcap(float *scores, float cap)
{
    for (int i = 0; i < ATTN_TILE_K; i += LANES)
        vf_store(scores + i, vf_mul(vf_set1(cap), tanh_of(vf_load(scores + i))));
}

static void alibi(float *scores, float slope, float distance)
{
    float lanes[LANES];
    for (int i = 0; i < LANES; i++)
        lanes[i] = (float)i;
    vf column = vf_load(lanes);
    for (int i = 0; i < ATTN_TILE_K; i += LANES) {
        vf away = vf_abs(vf_add(vf_set1(distance + (float)i), column));
        vf_store(scores + i, vf_sub(vf_load(scores + i), vf_mul(vf_set1(slope), away)));
    }
}

static void bias(float *scores, const void *row, attn_dtype dtype, int64_t count)
{
    for (int64_t i = 0; i < count; i += LANES) {
        vf added = i + LANES <= count ? load_lanes(dtype, row, i) : load_tail(dtype, row, i, count);
        vf_store(scores + i, vf_fma(vf_set1(LOG2_E), added, vf_load(scores + i)));
    }
}

static void mask(float *scores, const uint64_t *words)
{
    for (int i = 0; i < ATTN_TILE_K; i += LANES) {
        uint32_t bits = (uint32_t)(words[i / 64] >> i % 64) & (uint32_t)((UINT64_C(1) << LANES) - 1);
        vf_store(scores + i, vf_select_bits(bits, vf_load(scores + i), vf_set1(-INFINITY)));
    }
}

/* A maximum to subtract: -inf (no key seen yet) would give -inf - -inf, 0 gives exp2(-inf) = 0. */
INLINE vf finite_max(vf m)
{
    return vf_select_below(m, vf_set1(-3.0e38f), vf_zero(), m);
}

static float row_max(const float *scores, float start)
{
    vf most = vf_set1(start);
    for (int i = 0; i < ATTN_TILE_K; i += LANES)
        most = vf_max(vf_load(scores + i), most);
    return vf_reduce_max(most);
}

static void row_weights(float *scores, float max, float rescale, float *lane_sums)
{
    vf m = finite_max(vf_set1(max)), sum = vf_zero();
    for (int i = 0; i < ATTN_TILE_K; i += LANES) {
        vf weight = exp2_of(vf_sub(vf_load(scores + i), m));
        vf_store(scores + i, weight);
        sum = vf_add(sum, weight);
    }
    vf_store(lane_sums, vf_fma(vf_load(lane_sums), vf_set1(rescale), sum));
}

static float rescale_factor(float before, float after)
{
    float lanes[LANES];
    vf_store(lanes, exp2_of(vf_sub(vf_set1(before), finite_max(vf_set1(after)))));
    return lanes[0];
}

static void softmax(int rows, float *scores, float *max, float *lane_sums, float *rescale)
{
    for (int r = 0; r < rows; r++) {
        float *row = scores + (int64_t)r * ATTN_TILE_K;
        float most = row_max(row, max[r]);
        rescale[r] = rescale_factor(max[r], most);
        row_weights(row, most, rescale[r], lane_sums + (int64_t)r * PANEL);
        max[r] = most;
    }
}

static void reduce_sums(int rows, const float *lane_sums, float *sums)
{
    for (int r = 0; r < rows; r++)
        sums[r] = vf_reduce_add(vf_load(lane_sums + (int64_t)r * PANEL));
}

static void merge(int rows, const attn_softmax *total, const attn_softmax *part)
{
    for (int r = 0; r < rows; r++) {
        if (part->sum[r] == 0)
            continue;
        float most = part->max[r] > total->max[r] ? part->max[r] : total->max[r];
        float of_total = rescale_factor(total->max[r], most), of_part = rescale_factor(part->max[r], most);
        float *to = total->acc + r * total->stride;
        const float *from = part->acc + r * part->stride;
        for (int64_t i = 0; i < total->stride; i += LANES)
            vf_store(to + i, vf_fma(vf_load(to + i), vf_set1(of_total), vf_mul(vf_load(from + i), vf_set1(of_part))));
        total->sum[r] = total->sum[r] * of_total + part->sum[r] * of_part;
        total->max[r] = most;
    }
}
