/* Products for a few rows (a decode step's query heads): memory sets the pace, so K and V go from their rows through
 * registers into the sums and are packed nowhere. Every element sums in the same order as in tile_product.h: the bits are
 * the same.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */

/* Scores of LANES keys. */
INLINE void few_key_lanes(const int count, const void *const *rows, attn_dtype dtype, int64_t dim, const float *query,
                          float *scores, const void *const *ahead)
{
    vf block[LANES], sum[ATTN_FEW_ROWS];
    int64_t i = 0;
    UNROLLED (r, count)
        sum[r] = vf_zero();
    for (; i + LANES <= dim; i += LANES) {
        load_block(block, dtype, rows, i, ahead);
        vf_transpose(block);
        UNROLLED (c, LANES)
            UNROLLED (r, count)
                sum[r] = vf_fma(vf_set1(query[r * dim + i + c]), block[c], sum[r]);
    }
    if (i < dim) {
        float channels[LANES * LANES];
        load_tail_block(block, dtype, rows, i, dim);
        vf_transpose(block);
        for (int c = 0; c < LANES; c++)
            vf_store(channels + c * LANES, block[c]);
        for (int c = 0; i + c < dim; c++)
            UNROLLED (r, count)
                sum[r] = vf_fma(vf_set1(query[r * dim + i + c]), vf_load(channels + c * LANES), sum[r]);
    }
    UNROLLED (r, count)
        vf_store(scores + r * ATTN_TILE_K, sum[r]);
}

/* Channels first .. first + PANEL - 1 of acc; `whole` when V has all of them. */
INLINE void few_value_panel(const int count, const int whole, const void *const *rows, int keys, attn_dtype dtype,
                            int64_t first, int64_t dim_v, const float *weights, float *acc, int64_t stride,
                            const float *scale, const void *const *ahead)
{
    vf sum[ATTN_FEW_ROWS][PANEL_VECTORS];
    UNROLLED (r, count)
        UNROLLED (v, PANEL_VECTORS)
            sum[r][v] = vf_mul(vf_set1(scale[r]), vf_load(acc + r * stride + first + v * LANES));
    for (int key = 0; key < keys; key++)
        UNROLLED (v, PANEL_VECTORS) {
            int64_t i = first + v * LANES;
            vf value = whole ? load_ahead(dtype, rows[key], i, ahead[key]) : load_tail(dtype, rows[key], i, dim_v);
            UNROLLED (r, count)
                sum[r][v] = vf_fma(vf_set1(weights[r * ATTN_TILE_K + key]), value, sum[r][v]);
        }
    UNROLLED (r, count)
        UNROLLED (v, PANEL_VECTORS)
            vf_store(acc + r * stride + first + v * LANES, sum[r][v]);
}

INLINE void few_keys_of(const int count, const void *const *rows, int keys, attn_dtype dtype, int64_t dim,
                        const float *query, float *scores, const void *const *ahead)
{
    for (int key = 0; key < keys; key += LANES)
        few_key_lanes(count, rows + key, dtype, dim, query, scores + key, ahead + key);
}

INLINE void few_values_of(const int count, const void *const *rows, int keys, attn_dtype dtype, int64_t dim_v,
                          const float *weights, float *acc, int64_t stride, const float *scale,
                          const void *const *ahead)
{
    int64_t first = 0;
    for (; first + PANEL <= dim_v; first += PANEL)
        few_value_panel(count, 1, rows, keys, dtype, first, dim_v, weights, acc, stride, scale, ahead);
    if (first < dim_v)
        few_value_panel(count, 0, rows, keys, dtype, first, dim_v, weights, acc, stride, scale, ahead);
}

/* Loops over rows must be known to the compiler, to keep the sums in registers. */
#define FOR_COUNT(count, type, call)                                                                                   \
    do {                                                                                                               \
        if (count == 1)                                                                                                \
            call(1, type);                                                                                             \
        else if (count == 2)                                                                                           \
            call(2, type);                                                                                             \
        else if (count == 3)                                                                                           \
            call(3, type);                                                                                             \
        else                                                                                                           \
            call(4, type);                                                                                             \
    } while (0)

static void few_keys(int count, const void *const *rows, int keys, attn_dtype dtype, int64_t dim, const float *query,
                     float *scores, const void *const *ahead)
{
#define CALL_COUNT(n, type) few_keys_of(n, rows, keys, type, dim, query, scores, ahead)
#define CALL(type) FOR_COUNT(count, type, CALL_COUNT)
    FOR_TYPE(dtype, CALL);
#undef CALL
#undef CALL_COUNT
}

static void few_values(int count, const void *const *rows, int keys, attn_dtype dtype, int64_t dim_v,
                       const float *weights, float *acc, int64_t stride, const float *scale, const void *const *ahead)
{
#define CALL_COUNT(n, type) few_values_of(n, rows, keys, type, dim_v, weights, acc, stride, scale, ahead)
#define CALL(type) FOR_COUNT(count, type, CALL_COUNT)
    FOR_TYPE(dtype, CALL);
#undef CALL
#undef CALL_COUNT
}
