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
    for (int v = 0; i < dim_v && v < PANEL_VECTORS; v++) {
        int64_t c = i + v * LANES;
        vf rest = c + LANES <= dim_v ? load_lanes(dtype, row, c)
                  : c < dim_v        ? load_tail(dtype, row, c, dim_v)
                                     : vf_zero();
        vf_store(panels + v * LANES, rest);
    }
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

/* Rows of half a panel take as many registers as BLOCK_ROWS of a whole one. */
enum { HALF_ROWS = 2 * BLOCK_ROWS };

/* rows x vectors of c in registers; every element sums over depth in ascending order. `adds`: what c has is added to the sum. */
INLINE void block_product(const int rows, const int vectors, int adds, int64_t depth, const float *a, int64_t a_stride,
                          const float *b, float *c, int64_t c_stride, const float *scale)
{
    vf sum[HALF_ROWS][PANEL_VECTORS];
    UNROLLED (r, rows)
        UNROLLED (v, vectors)
            sum[r][v] = scale ? vf_mul(vf_set1(scale[r]), vf_load(c + r * c_stride + v * LANES)) : vf_zero();
    UNROLL_TWICE
    for (int64_t k = 0; k < depth; k++, b += PANEL) {
        vf column[PANEL_VECTORS];
        UNROLLED (v, vectors)
            column[v] = vf_load(b + v * LANES);
        UNROLLED (r, rows) {
            vf element = vf_set1(a[r * a_stride + k]);
            UNROLLED (v, vectors)
                sum[r][v] = vf_fma(element, column[v], sum[r][v]);
        }
    }
    UNROLLED (r, rows)
        UNROLLED (v, vectors)
            vf_store(c + r * c_stride + v * LANES,
                     adds ? vf_add(vf_load(c + r * c_stride + v * LANES), sum[r][v]) : sum[r][v]);
}

/* The error of a sum grows with what is added one by one: it is taken in slices of so many. A tile has no more keys. */
enum { SLICE = ATTN_TILE_K };

/* The two products of some rows with a panel or half of one. A stride that the compiler knows costs no registers. */
typedef void score_function(int adds, int64_t depth, const float *query, int64_t stride, const float *panel,
                            float *scores);
typedef void add_function(int64_t keys, const float *weights, const float *panel, float *acc, int64_t stride,
                          const float *scale);
#define PRODUCTS(kind, rows, vectors)                                                                                  \
    static void score_##kind##rows(int adds, int64_t depth, const float *query, int64_t stride, const float *panel,    \
                                   float *scores)                                                                      \
    {                                                                                                                  \
        block_product(rows, vectors, adds, depth, query, stride, panel, scores, ATTN_TILE_K, NULL);                    \
    }                                                                                                                  \
    static void add_##kind##rows(int64_t keys, const float *weights, const float *panel, float *acc, int64_t stride,   \
                                 const float *scale)                                                                   \
    {                                                                                                                  \
        block_product(rows, vectors, 0, keys, weights, ATTN_TILE_K, panel, acc, stride, scale);                        \
    }
#define WHOLE(rows) PRODUCTS(whole_, rows, PANEL_VECTORS)
#define HALF(rows) PRODUCTS(half_, rows, PANEL_VECTORS / 2)
#if BLOCK_ROWS == 4
#define EACH_BLOCK(of) of(1) of(2) of(3) of(4)
#define EACH_HALF(of) EACH_BLOCK(of) of(5) of(6) of(7) of(8)
#else
#define EACH_BLOCK(of) of(1) of(2) of(3) of(4) of(5) of(6)
#define EACH_HALF(of) EACH_BLOCK(of) of(7) of(8) of(9) of(10) of(11) of(12)
#endif
EACH_BLOCK(WHOLE)
EACH_HALF(HALF)

/* What takes a panel, and what takes half of one. */
typedef struct block_products {
    int width, rows; /* columns; most rows */
    score_function *score[HALF_ROWS];
    add_function *add[HALF_ROWS];
} block_products;
#define SCORE_WHOLE(rows) score_whole_##rows,
#define SCORE_HALF(rows) score_half_##rows,
#define ADD_WHOLE(rows) add_whole_##rows,
#define ADD_HALF(rows) add_half_##rows,
static const block_products whole_panels = {
    PANEL, BLOCK_ROWS, { EACH_BLOCK(SCORE_WHOLE) }, { EACH_BLOCK(ADD_WHOLE) }
};
static const block_products half_panels = { PANEL / 2, HALF_ROWS, { EACH_HALF(SCORE_HALF) }, { EACH_HALF(ADD_HALF) } };

static int block_at(int row, int rows, const block_products *of)
{
    return (rows - row < of->rows ? rows - row : of->rows) - 1;
}

/* A panel stays in L1 while the rows stream past it, so many at a time; of more channels than a slice, a slice at a time. */
static void score_panel(const block_products *of, const attn_operands *operands, int rows, const float *query,
                        const float *panel, float *scores)
{
    int64_t dim = operands->dim, stride = operands->query_stride;
    for (int64_t k = 0; k < dim; k += SLICE)
        for (int r = 0; r < rows; r += of->rows)
            of->score[block_at(r, rows, of)](k > 0, dim - k < SLICE ? dim - k : SLICE, query + r * stride + k, stride,
                                             panel + k * PANEL, scores_at(scores, r, 0));
}

static void score(const attn_operands *operands, int rows, attn_range keys, const float *query, const float *packed,
                  float *scores, attn_softmax_job *meanwhile)
{
    const block_products *of;
    (void)meanwhile;
    for (int64_t key = keys.begin; key < keys.end; key += of->width) {
        of = key % PANEL || keys.end - key < PANEL ? &half_panels : &whole_panels;
        score_panel(of, operands, rows, query, packed + key / PANEL * PANEL * operands->dim + key % PANEL,
                    scores + key);
    }
}

static void add_values(const attn_operands *operands, int rows, attn_range keys, const float *weights,
                       const float *packed, float *acc, int64_t stride, const float *scale, attn_softmax_job *meanwhile)
{
    (void)meanwhile;
    for (int64_t first = 0; first < operands->dim_v; first += PANEL) {
        const block_products *of = operands->dim_v - first <= PANEL / 2 ? &half_panels : &whole_panels;
        const float *panel = packed + first * ATTN_TILE_K + keys.begin * PANEL;
        for (int r = 0; r < rows; r += of->rows)
            of->add[block_at(r, rows, of)](keys.end - keys.begin, weights + (int64_t)r * ATTN_TILE_K + keys.begin,
                                           panel, acc + r * stride + first, stride, scale ? scale + r : NULL);
    }
}

INLINE void keep_weights(float *scores, vf weight[GRAIN_VECTORS])
{
    UNROLLED (v, GRAIN_VECTORS)
        vf_store(scores + v * LANES, weight[v]);
}

static void softmax(const attn_operands *operands, attn_softmax_job *job, int end)
{
    (void)operands;
    while (job->done < end)
        softmax_step(exp2_of, keep_weights, job, *job->keys);
}
