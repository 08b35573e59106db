/* Operands in f32: packing of K and V into panels, the product of a tile with a panel in registers, softmax.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */

static void load_query(const void *row, attn_dtype dtype, int64_t dim, float scale, float *query, int64_t stride, int r)
{
    float *out = query + r * stride;
    int64_t i = 0;
    for (; i + LANES <= dim; i += LANES)
        vf_store(out + i, vf_mul(vf_set1(scale), load_lanes(dtype, row, i)));
    for (; i < dim; i++)
        out[i] = scale * attn_load(dtype, row, i);
}

/* Channels i .. of LANES keys become rows i .. of the panel's columns. */
INLINE void transpose_keys(vf block[LANES], float *panel, int64_t count)
{
    vf_transpose(block);
    UNROLLED (c, LANES)
        if (c < count)
            vf_store(panel + c * PANEL, block[c]);
}

INLINE void pack_key_lanes(const void *const *rows, attn_dtype dtype, int64_t dim, float *panel)
{
    vf block[LANES];
    int64_t i = 0;
    for (; i + LANES <= dim; i += LANES) {
        load_block(block, dtype, rows, i);
        transpose_keys(block, panel + i * PANEL, LANES);
    }
    if (i < dim) {
        load_tail_block(block, dtype, rows, i, dim);
        transpose_keys(block, panel + i * PANEL, dim - i);
    }
}

INLINE void pack_keys_of(const void *const *rows, int keys, attn_dtype dtype, int64_t dim, float *panels)
{
    for (int key = 0; key < keys; key += LANES)
        pack_key_lanes(rows + key, dtype, dim, panels + key / PANEL * PANEL * dim + key % PANEL);
}

/* One row becomes a row of every panel: V is read in the order of its addresses. */
INLINE void pack_value_row(const void *row, attn_dtype dtype, int64_t dim_v, float *panels)
{
    int64_t i = 0;
    for (; i + PANEL <= dim_v; i += PANEL, panels += ATTN_TILE_K * PANEL)
        UNROLLED (v, PANEL_VECTORS)
            vf_store(panels + v * LANES, load_lanes(dtype, row, i + v * LANES));
    for (int v = 0; i < dim_v && v < PANEL_VECTORS; v++)
        vf_store(panels + v * LANES, load_tail(dtype, row, i + v * LANES, dim_v));
}

INLINE void pack_values_of(const void *const *rows, int keys, attn_dtype dtype, int64_t dim_v, float *panels)
{
    for (int key = 0; key < keys; key++)
        pack_value_row(rows[key], dtype, dim_v, panels + key * PANEL);
}

static void pack_keys(const void *const *rows, int keys, attn_dtype dtype, int64_t dim, float *packed)
{
#define CALL(type) pack_keys_of(rows, keys, type, dim, packed)
    FOR_TYPE(dtype, CALL);
#undef CALL
}

static void pack_values(const void *const *rows, int keys, attn_dtype dtype, int64_t dim_v, float *packed)
{
#define CALL(type) pack_values_of(rows, keys, type, dim_v, packed)
    FOR_TYPE(dtype, CALL);
#undef CALL
}

/* rows x PANEL of c in registers; every element sums over depth in ascending order. `adds`: what c has is added to the sum. */
INLINE void block_product(const int rows, int adds, int64_t depth, const float *a, int64_t a_stride, const float *b,
                          float *c, int64_t c_stride, const float *scale)
{
    vf sum[BLOCK_ROWS][PANEL_VECTORS];
    UNROLLED (r, rows)
        UNROLLED (v, PANEL_VECTORS)
            sum[r][v] = scale ? vf_mul(vf_set1(scale[r]), vf_load(c + r * c_stride + v * LANES)) : vf_zero();
    UNROLL_TWICE
    for (int64_t k = 0; k < depth; k++, b += PANEL) {
        vf column[PANEL_VECTORS];
        UNROLLED (v, PANEL_VECTORS)
            column[v] = vf_load(b + v * LANES);
        UNROLLED (r, rows) {
            vf element = vf_set1(a[r * a_stride + k]);
            UNROLLED (v, PANEL_VECTORS)
                sum[r][v] = vf_fma(element, column[v], sum[r][v]);
        }
    }
    UNROLLED (r, rows)
        UNROLLED (v, PANEL_VECTORS)
            vf_store(c + r * c_stride + v * LANES,
                     adds ? vf_add(vf_load(c + r * c_stride + v * LANES), sum[r][v]) : sum[r][v]);
}

/* The error of a sum grows with what is added one by one: it is taken in slices of so many. A tile has no more keys. */
enum { SLICE = ATTN_TILE_K };

/* The two products of some rows with a panel. A stride that the compiler knows costs no registers. */
typedef void score_function(int64_t dim, const float *query, int64_t stride, const float *panel, float *scores);
typedef void add_function(int64_t keys, const float *weights, const float *panel, float *acc, int64_t stride,
                          const float *scale);
#define BLOCK(rows)                                                                                                    \
    static void score_##rows(int64_t dim, const float *query, int64_t stride, const float *panel, float *scores)       \
    {                                                                                                                  \
        for (int64_t k = 0; k < dim; k += SLICE)                                                                       \
            block_product(rows, k > 0, dim - k < SLICE ? dim - k : SLICE, query + k, stride, panel + k * PANEL,        \
                          scores, ATTN_TILE_K, NULL);                                                                  \
    }                                                                                                                  \
    static void add_##rows(int64_t keys, const float *weights, const float *panel, float *acc, int64_t stride,         \
                           const float *scale)                                                                         \
    {                                                                                                                  \
        block_product(rows, 0, keys, weights, ATTN_TILE_K, panel, acc, stride, scale);                                 \
    }
#if BLOCK_ROWS == 4
#define EACH_BLOCK(of) of(1) of(2) of(3) of(4)
#elif BLOCK_ROWS == 6
#define EACH_BLOCK(of) of(1) of(2) of(3) of(4) of(5) of(6)
#else
#define EACH_BLOCK(of) of(1) of(2) of(3) of(4) of(5) of(6) of(7) of(8) of(9) of(10) of(11) of(12)
#endif
EACH_BLOCK(BLOCK)
#define SCORE_OF(rows) score_##rows,
#define ADD_OF(rows) add_##rows,
static score_function *const score_rows[BLOCK_ROWS] = { EACH_BLOCK(SCORE_OF) };
static add_function *const add_rows[BLOCK_ROWS] = { EACH_BLOCK(ADD_OF) };

/* A panel stays in L1 while the rows stream past it, so many at a time. */
static int rows_at(int row, int rows)
{
    return rows - row < BLOCK_ROWS ? rows - row : BLOCK_ROWS;
}

static void score(const attn_operands *operands, int rows, attn_range keys, const float *query, const float *packed,
                  float *scores, attn_softmax_job *meanwhile)
{
    (void)meanwhile;
    for (int64_t key = keys.begin; key < keys.end; key += PANEL)
        for (int r = 0; r < rows; r += BLOCK_ROWS)
            score_rows[rows_at(r, rows) - 1](operands->dim, query + r * operands->query_stride, operands->query_stride,
                                             packed + key * operands->dim, scores_at(scores, r, key));
}

static void add_values(const attn_operands *operands, int rows, attn_range keys, const float *weights,
                       const float *packed, float *acc, int64_t stride, const float *scale, attn_softmax_job *meanwhile)
{
    (void)operands, (void)meanwhile;
    for (int64_t first = 0; first < stride; first += PANEL)
        for (int r = 0; r < rows; r += BLOCK_ROWS)
            add_rows[rows_at(r, rows) - 1](keys.end - keys.begin, weights + (int64_t)r * ATTN_TILE_K + keys.begin,
                                           packed + first * ATTN_TILE_K + keys.begin * PANEL, acc + r * stride + first,
                                           stride, scale + r);
}

INLINE void keep_weights(float *scores, vf weight[PANEL_VECTORS])
{
    UNROLLED (v, PANEL_VECTORS)
        vf_store(scores + v * LANES, weight[v]);
}

static void softmax(const attn_operands *operands, attn_softmax_job *job)
{
    (void)operands;
    while (job->done < job->rows)
        softmax_step(exp2_of, keep_weights, job, job->keys);
}
