/* Products for a few rows (a decode step's query heads): memory sets the pace, so K and V go from their rows through
 * registers into the sums and are packed nowhere. few_values sums in the order of tile_product.h, to the same bits. few_keys
 * does not: it sums channels lane by lane and adds up lanes at the end, which halves its instructions.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */

enum { CACHE_LINE = 64 };

/* Keys are read row by row; so many rows later, memory has answered. */
enum { KEYS_AHEAD = 16 };

INLINE int64_t row_bytes(attn_dtype dtype, int64_t dim)
{
    return dim * (dtype == ATTN_F32 ? 4 : 2);
}

INLINE int line_channels(attn_dtype dtype)
{
    return CACHE_LINE / (dtype == ATTN_F32 ? 4 : 2);
}

/* Rows that will be needed soon are asked for in the order of their addresses, one whole row at a time, spread over the
 * work on the rows before them. A burst would stall the loads behind it; a longer lead, or lines out of order, costs up
 * to half of the memory's rate (measured on Zen 3). */
INLINE void prefetch_rows(const void *const *rows, int64_t from, int64_t to, int64_t bytes)
{
    for (; from < to; from++)
        for (int64_t i = 0; i < bytes; i += CACHE_LINE)
            __builtin_prefetch((const char *)rows[from] + i, 0, 2);
}

/* Sums of one vector of channels: slot r + slots * k is row r with key k. */
INLINE void few_key_channels(const int count, const int slots, attn_dtype dtype, const void *const *rows, int64_t i,
                             const float *query, int64_t dim, vf sum[LANES])
{
    vf key[LANES];
    UNROLLED (k, LANES / slots)
        key[k] = load_lanes(dtype, rows[k], i);
    UNROLLED (r, count) {
        vf element = vf_load_once(query + r * dim + i);
        UNROLLED (k, LANES / slots)
            sum[k * slots + r] = vf_fma(element, key[k], sum[k * slots + r]);
    }
}

/* The channels of a cache line; the same line of the rows KEYS_AHEAD is asked for. */
INLINE void few_key_line(const int count, const int slots, attn_dtype dtype, const void *const *rows, int64_t i,
                         const float *query, int64_t dim, vf sum[LANES])
{
    UNROLLED (k, LANES / slots)
        __builtin_prefetch((const char *)rows[k + KEYS_AHEAD] + row_bytes(dtype, i), 0, 2);
    UNROLLED (v, line_channels(dtype) / LANES)
        few_key_channels(count, slots, dtype, rows, i + v * LANES, query, dim, sum);
}

INLINE void few_key_tail(const int count, const int slots, attn_dtype dtype, const void *const *rows, int64_t i,
                         const float *query, int64_t dim, vf sum[LANES])
{
    UNROLLED (k, LANES / slots)
        UNROLLED (r, count)
            sum[k * slots + r] = vf_fma(load_tail(ATTN_F32, query + r * dim, i, dim), load_tail(dtype, rows[k], i, dim),
                                        sum[k * slots + r]);
}

/* Scores of LANES / slots keys: as many sums as a vector has lanes, so that all their lanes are added up at once. */
INLINE void few_key_group(const int count, const int slots, attn_dtype dtype, const void *const *rows, int64_t dim,
                          const float *query, float *scores)
{
    vf sum[LANES];
    float total[LANES];
    int64_t i = 0;
    UNROLLED (slot, LANES)
        sum[slot] = vf_zero();
    for (; i + line_channels(dtype) <= dim; i += line_channels(dtype))
        few_key_line(count, slots, dtype, rows, i, query, dim, sum);
    for (; i + LANES <= dim; i += LANES)
        few_key_channels(count, slots, dtype, rows, i, query, dim, sum);
    if (i < dim)
        few_key_tail(count, slots, dtype, rows, i, query, dim, sum);
    vf_store(total, vf_lane_sums(sum));
    UNROLLED (k, LANES / slots)
        UNROLLED (r, count)
            scores[r * ATTN_TILE_K + k] = total[k * slots + r];
}

/* Adds `keys` rows of V to a panel of sums; `whole` when V has all of the panel's channels. */
INLINE void few_value_keys(const int count, const int whole, const void *const *rows, const int keys, attn_dtype dtype,
                           int64_t first, int64_t dim_v, const float *weights, vf sum[ATTN_FEW_ROWS][PANEL_VECTORS])
{
    for (int key = 0; key < keys; key++)
        UNROLLED (v, PANEL_VECTORS) {
            int64_t i = first + v * LANES;
            vf value = whole ? load_lanes(dtype, rows[key], i) : load_tail(dtype, rows[key], i, dim_v);
            UNROLLED (r, count)
                sum[r][v] = vf_fma(vf_set1(weights[r * ATTN_TILE_K + key]), value, sum[r][v]);
        }
}

/* A panel of acc over a group of keys. Meanwhile `ahead` rows behind the group are asked for. */
INLINE void few_value_panel(const int count, const int whole, const void *const *rows, int keys, attn_dtype dtype,
                            int64_t first, int64_t dim_v, const float *weights, float *acc, int64_t stride,
                            const float *scale, attn_range ahead)
{
    enum { STEP = 8 };
    vf sum[ATTN_FEW_ROWS][PANEL_VECTORS];
    UNROLLED (r, count)
        UNROLLED (v, PANEL_VECTORS)
            sum[r][v] = vf_mul(vf_set1(scale[r]), vf_load(acc + r * stride + first + v * LANES));
    int64_t share = (ahead.end - ahead.begin + ATTN_ROWS_AHEAD / STEP - 1) / (ATTN_ROWS_AHEAD / STEP);
    int key = 0;
    for (; key + STEP <= keys; key += STEP, ahead.begin += share) {
        int64_t to = ahead.begin + share < ahead.end ? ahead.begin + share : ahead.end;
        prefetch_rows(rows, ahead.begin, to, row_bytes(dtype, dim_v));
        few_value_keys(count, whole, rows + key, STEP, dtype, first, dim_v, weights + key, sum);
    }
    few_value_keys(count, whole, rows + key, keys - key, dtype, first, dim_v, weights + key, sum);
    UNROLLED (r, count)
        UNROLLED (v, PANEL_VECTORS)
            vf_store(acc + r * stride + first + v * LANES, sum[r][v]);
}

INLINE void few_keys_of(const int count, const void *const *rows, int keys, attn_dtype dtype, int64_t dim,
                        const float *query, float *scores)
{
    const int slots = count == 3 ? 4 : count;
    for (int key = 0; key < keys; key += LANES / slots)
        few_key_group(count, slots, dtype, rows + key, dim, query, scores + key);
}

/* A group of rows is small enough to stay in L1 while its panels are read. */
INLINE void few_values_of(const int count, const void *const *rows, int keys, attn_dtype dtype, int64_t dim_v,
                          const float *weights, float *acc, int64_t stride, const float *scale)
{
    static const float one[ATTN_FEW_ROWS] = { 1, 1, 1, 1 };
    int64_t panels = (dim_v + PANEL - 1) / PANEL, share = (ATTN_ROWS_AHEAD + panels - 1) / panels;
    for (int key = 0; key < keys; key += ATTN_ROWS_AHEAD)
        for (int64_t panel = 0; panel < panels; panel++) {
            int group = keys - key < ATTN_ROWS_AHEAD ? keys - key : ATTN_ROWS_AHEAD;
            int64_t asked = panel * share < ATTN_ROWS_AHEAD ? panel * share : ATTN_ROWS_AHEAD;
            int64_t next = asked + share < ATTN_ROWS_AHEAD ? asked + share : ATTN_ROWS_AHEAD;
            attn_range ahead = { ATTN_ROWS_AHEAD + asked, ATTN_ROWS_AHEAD + next };
            int64_t first = panel * PANEL;
            const float *factor = key ? one : scale;
            if (first + PANEL <= dim_v)
                few_value_panel(count, 1, rows + key, group, dtype, first, dim_v, weights + key, acc, stride, factor,
                                ahead);
            else
                few_value_panel(count, 0, rows + key, group, dtype, first, dim_v, weights + key, acc, stride, factor,
                                ahead);
        }
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
                     float *scores)
{
#define CALL_COUNT(n, type) few_keys_of(n, rows, keys, type, dim, query, scores)
#define CALL(type) FOR_COUNT(count, type, CALL_COUNT)
    FOR_TYPE(dtype, CALL);
#undef CALL
#undef CALL_COUNT
}

static void few_values(int count, const void *const *rows, int keys, attn_dtype dtype, int64_t dim_v,
                       const float *weights, float *acc, int64_t stride, const float *scale)
{
#define CALL_COUNT(n, type) few_values_of(n, rows, keys, type, dim_v, weights, acc, stride, scale)
#define CALL(type) FOR_COUNT(count, type, CALL_COUNT)
    FOR_TYPE(dtype, CALL);
#undef CALL
#undef CALL_COUNT
}
