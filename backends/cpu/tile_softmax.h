/* What happens to scores between the two products: softcap, ALiBi, bias, mask, online softmax; merge of partial results.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */

/* 2^x for x <= LAG, 0 below 2^-125. x = n + f with n whole and 0 <= f <= 1; the polynomial is the interpolation of
 * (2^f - 1) / f at Chebyshev nodes, so that exp2(0) = 1 exactly; its relative error is 5e-9. */
INLINE vf exp2_of(vf x)
{
    vf f = vf_fraction(x);
    vf p = vf_set1(2.0817915e-4f);
    p = vf_fma(p, f, vf_set1(1.2692166e-3f));
    p = vf_fma(p, f, vf_set1(9.6521951e-3f));
    p = vf_fma(p, f, vf_set1(5.5496024e-2f));
    p = vf_fma(p, f, vf_set1(0.24022720f));
    p = vf_fma(p, f, vf_set1(0.69314717f));
    p = vf_fma(p, f, vf_set1(1.0f));
    return vf_times_exp2(p, x);
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

static void scale(float *scores, int r, float factor)
{
    for (int i = 0; i < ATTN_TILE_K; i += LANES)
        vf_store(scores_at(scores, r, i), vf_mul(vf_set1(factor), vf_load(scores_at(scores, r, i))));
}

static void softcap(float *scores, int r, float cap)
{
    for (int i = 0; i < ATTN_TILE_K; i += LANES)
        vf_store(scores_at(scores, r, i), vf_mul(vf_set1(cap), tanh_of(vf_load(scores_at(scores, r, i)))));
}

static void alibi(float *scores, int r, float slope, float distance)
{
    float lanes[LANES];
    for (int i = 0; i < LANES; i++)
        lanes[i] = (float)i;
    vf column = vf_load(lanes);
    for (int i = 0; i < ATTN_TILE_K; i += LANES) {
        vf away = vf_abs(vf_add(vf_set1(distance + (float)i), column));
        vf_store(scores_at(scores, r, i), vf_sub(vf_load(scores_at(scores, r, i)), vf_mul(vf_set1(slope), away)));
    }
}

static void bias(float *scores, int r, const void *row, attn_dtype dtype, int64_t count)
{
    for (int64_t i = 0; i < count; i += LANES) {
        vf added = i + LANES <= count ? load_lanes(dtype, row, i) : load_tail(dtype, row, i, count);
        vf_store(scores_at(scores, r, i), vf_fma(vf_set1(LOG2_E), added, vf_load(scores_at(scores, r, i))));
    }
}

static void mask(float *scores, int r, const uint64_t *words)
{
    for (int i = 0; i < ATTN_TILE_K; i += LANES) {
        uint32_t bits = (uint32_t)(words[i / 64] >> i % 64) & (uint32_t)((UINT64_C(1) << LANES) - 1);
        vf_store(scores_at(scores, r, i), vf_select_bits(bits, vf_load(scores_at(scores, r, i)), vf_set1(-INFINITY)));
    }
}

/* A maximum to subtract: -inf (no key seen yet) would give -inf - -inf, this gives exp2(-inf) = 0. */
INLINE vf finite_max(vf m)
{
    return vf_max(m, vf_set1(-3.0e38f));
}

static float rescale_factor(float before, float after)
{
    float lanes[LANES];
    vf_store(lanes, exp2_of(vf_sub(vf_set1(before), finite_max(vf_set1(after)))));
    return lanes[0];
}

/* A row's maximum stays where it is while weights are at most 2^LAG: so sums are seldom rescaled. */
static __attribute__((noinline)) void raise_max(const attn_softmax_job *job, int row, float max)
{
    float *lane_sums = job->lane_sums + (int64_t)row * PANEL;
    job->rescale[row] = job->max[row] == -INFINITY ? 1 : rescale_factor(job->max[row], max); /* sums are 0 */
    job->max[row] = max;
    vf_store(lane_sums, vf_mul(vf_load(lane_sums), vf_set1(job->rescale[row])));
}

/* A row's maximum for these keys, and what rescales its sums. While it is -inf (no key seen yet), every score but -inf is
 * above it by more than the lag. */
INLINE void advance_max(const attn_softmax_job *job, attn_range keys, int row)
{
    vf most = vf_load(scores_at(job->scores, row, keys.begin));
    for (int64_t i = keys.begin + LANES; i < keys.end; i += LANES)
        most = vf_max(vf_load(scores_at(job->scores, row, i)), most);
    job->rescale[row] = 1;
    if (vf_any_above(vf_fms(most, vf_set1(job->factor), vf_set1(job->max[row])), vf_set1(LAG)))
        raise_max(job, row, vf_reduce_max(vf_mul(most, vf_set1(job->factor))));
}

/* How a level makes weights, 2^x for x <= LAG, and keeps those of a grain of keys in place of the row's scores. */
enum { GRAIN_VECTORS = GRAIN / LANES };
typedef vf weigh_function(vf x);
typedef void keep_function(float *scores, vf weight[GRAIN_VECTORS]);

INLINE void advance_weights(weigh_function *const weigh, keep_function *const keep, const attn_softmax_job *job,
                            attn_range keys, int row)
{
    float *lane_sums = job->lane_sums + (int64_t)row * PANEL;
    vf factor = vf_set1(job->factor), max = finite_max(vf_set1(job->max[row])), sum[GRAIN_VECTORS];
    UNROLLED (v, GRAIN_VECTORS)
        sum[v] = vf_set1(-0.0f); /* -0 + x is x, which the compiler knows too */
    for (int64_t i = keys.begin; i < keys.end; i += GRAIN) {
        vf weight[GRAIN_VECTORS];
        UNROLLED (v, GRAIN_VECTORS) {
            weight[v] = weigh(vf_fms(factor, vf_load(scores_at(job->scores, row, i + v * LANES)), max));
            sum[v] = vf_add(sum[v], weight[v]);
        }
        keep(scores_at(job->scores, row, i), weight);
    }
    UNROLLED (v, GRAIN_VECTORS - 1)
        sum[0] = vf_add(sum[0], sum[v + 1]);
    vf_store(lane_sums, vf_add(vf_load(lane_sums), sum[0]));
}

/* A step of a job: a row. */
INLINE void softmax_step(weigh_function *const weigh, keep_function *const keep, attn_softmax_job *job, attn_range keys)
{
    int row = job->done++;
    advance_max(job, keys, row);
    advance_weights(weigh, keep, job, keys, row);
}

static void reduce_sums(int rows, const float *lane_sums, float *sums)
{
    for (int r = 0; r < rows; r++)
        sums[r] = vf_reduce_add(vf_load(lane_sums + (int64_t)r * PANEL));
}

/* Maxima of up to LANES rows; -inf where the sum is 0, which leaves them unset. */
INLINE vf maxima_at(const attn_softmax *of, int first, int rows)
{
    float max[LANES];
    for (int r = 0; r < LANES; r++)
        max[r] = r < rows && of->sum[first + r] != 0 ? of->max[first + r] : -INFINITY;
    return vf_load(max);
}

/* Of up to LANES rows, what scales totals and parts; the total's maxima become the larger ones. */
static void merge_maxima(int first, int rows, const attn_softmax *total, const attn_softmax *part,
                         float of_total[LANES], float of_part[LANES])
{
    float max[LANES];
    vf before = maxima_at(total, first, rows), added = maxima_at(part, first, rows), most = vf_max(before, added);
    vf_store(of_total, exp2_of(vf_sub(before, finite_max(most))));
    vf_store(of_part, exp2_of(vf_sub(added, finite_max(most))));
    vf_store(max, most);
    memcpy(total->max + first, max, (size_t)rows * sizeof *max);
}

INLINE void merge_row(float *total, const float *part, int64_t count, float of_total, float of_part)
{
    for (int64_t i = 0; i < count; i += LANES)
        vf_store(total + i, vf_fma(vf_load(total + i), vf_set1(of_total), vf_mul(vf_load(part + i), vf_set1(of_part))));
}

/* Where total is still empty it becomes part, to the bit. */
static void merge(int rows, const attn_softmax *total, const attn_softmax *part)
{
    float of_total[LANES], of_part[LANES];
    for (int r = 0; r < rows; r++) {
        float *to = total->acc + r * total->stride;
        const float *from = part->acc + r * part->stride;
        int lane = r % LANES;
        if (lane == 0)
            merge_maxima(r, rows - r < LANES ? rows - r : LANES, total, part, of_total, of_part);
        if (part->sum[r] == 0)
            continue;
        if (total->sum[r] == 0)
            memcpy(to, from, (size_t)total->stride * sizeof *to);
        else
            merge_row(to, from, total->stride, of_total[lane], of_part[lane]);
        /* Where nothing was there, of_total is 0 and of_part exp2(0) = 1. */
        total->sum[r] = total->sum[r] * of_total[lane] + part->sum[r] * of_part[lane];
    }
}
