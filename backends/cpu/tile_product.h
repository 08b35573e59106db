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

typedef void block_function(int64_t depth, const float *a, int64_t a_stride, const float *b, float *c, int64_t c_stride,
                            const float *scale);
#define BLOCK(rows)                                                                                                    \
    static void block_##rows(int64_t depth, const float *a, int64_t a_stride, const float *b, float *c,                \
                             int64_t c_stride, const float *scale)                                                     \
    {                                                                                                                  \
        for (int64_t k = 0; k < depth; k += SLICE)                                                                     \
            block_product(rows, k > 0, depth - k < SLICE ? depth - k : SLICE, a + k, a_stride, b + k * PANEL, c,       \
                          c_stride, k ? NULL : scale);                                                                 \
    }
BLOCK(1)
BLOCK(2)
BLOCK(3)
BLOCK(4)
#define BLOCKS_TO_4 block_1, block_2, block_3, block_4
#if BLOCK_ROWS >= 6
BLOCK(5)
BLOCK(6)
#define BLOCKS_TO_6 , block_5, block_6
#else
#define BLOCKS_TO_6
#endif
#if BLOCK_ROWS >= 12
BLOCK(7)
BLOCK(8)
BLOCK(9)
BLOCK(10)
BLOCK(11)
BLOCK(12)
#define BLOCKS_TO_12 , block_7, block_8, block_9, block_10, block_11, block_12
#else
#define BLOCKS_TO_12
#endif
static block_function *const blocks[BLOCK_ROWS] = { BLOCKS_TO_4 BLOCKS_TO_6 BLOCKS_TO_12 };

/* The panel stays in L1 while the rows of a stream past it. */
static void product(int rows, int64_t depth, const float *a, int64_t a_stride, const float *panel, float *c,
                    int64_t c_stride, const float *scale)
{
    for (int r = 0; r < rows; r += BLOCK_ROWS) {
        int count = rows - r < BLOCK_ROWS ? rows - r : BLOCK_ROWS;
        blocks[count - 1](depth, a + r * a_stride, a_stride, panel, c + r * c_stride, c_stride,
                          scale ? scale + r : NULL);
    }
}

static void score(const attn_operands *operands, int rows, attn_range keys, const float *query, const float *packed,
                  float *scores, attn_softmax_job *meanwhile)
{
    (void)meanwhile;
    for (int64_t key = keys.begin; key < keys.end; key += PANEL)
        product(rows, operands->dim, query, operands->query_stride, packed + key * operands->dim, scores + key,
                ATTN_TILE_K, NULL);
}

static void add_values(const attn_operands *operands, int rows, attn_range keys, const float *weights,
                       const float *packed, float *acc, int64_t stride, const float *scale, attn_softmax_job *meanwhile)
{
    (void)operands, (void)meanwhile;
    for (int64_t first = 0; first < stride; first += PANEL)
        product(rows, keys.end - keys.begin, weights + keys.begin, ATTN_TILE_K,
                packed + first * ATTN_TILE_K + keys.begin * PANEL, acc + first, stride, scale);
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
