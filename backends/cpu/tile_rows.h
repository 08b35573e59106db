/* Rows of K, V, Q and O of any element type as vectors: addresses, loads, tails that read nothing behind a row.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */

INLINE vf load_lanes(attn_dtype dtype, const void *row, int64_t i)
{
    if (dtype == ATTN_F32)
        return vf_load((const float *)row + i);
    const uint16_t *half = (const uint16_t *)row + i;
    return dtype == ATTN_F16 ? vf_load_f16(half) : vf_load_bf16(half);
}

/* Elements i .. of a row that ends at dim, and zeros: nothing behind the row is read. */
static __attribute__((noinline)) vf load_tail(attn_dtype dtype, const void *row, int64_t i, int64_t dim)
{
    float lanes[LANES] = { 0 };
    for (int64_t c = i; c < dim && c < i + LANES; c++)
        lanes[c - i] = attn_load(dtype, row, c);
    return vf_load(lanes);
}

INLINE void store_lanes(attn_dtype dtype, void *row, int64_t i, int64_t dim, vf a)
{
    if (dtype == ATTN_F32 && i + LANES <= dim) {
        vf_store((float *)row + i, a);
    } else if (dtype == ATTN_F16 && i + LANES <= dim) {
        vf_store_f16((uint16_t *)row + i, a);
    } else if (i + LANES <= dim) {
        vf_store_bf16((uint16_t *)row + i, a);
    } else {
        float lanes[LANES];
        vf_store(lanes, a);
        for (int64_t c = i; c < dim && c < i + LANES; c++)
            attn_store(dtype, row, c, lanes[c - i]);
    }
}

static void store_output(const float *row, int64_t dim_v, float factor, attn_dtype dtype, void *out)
{
    for (int64_t i = 0; i < dim_v; i += LANES) /* rows of acc are padded to whole vectors */
        store_lanes(dtype, out, i, dim_v, vf_mul(vf_set1(factor), vf_load(row + i)));
}

static void address_rows(const char *row, int64_t stride, int count, const void **addresses)
{
    for (int j = 0; j < count; j++)
        addresses[j] = row + j * stride;
}

/* Elements i .. of LANES rows. */
INLINE void load_block(vf block[LANES], attn_dtype dtype, const void *const *rows, int64_t i)
{
    UNROLLED (lane, LANES)
        block[lane] = load_lanes(dtype, rows[lane], i);
}

INLINE void load_tail_block(vf block[LANES], attn_dtype dtype, const void *const *rows, int64_t i, int64_t dim)
{
    for (int lane = 0; lane < LANES; lane++)
        block[lane] = load_tail(dtype, rows[lane], i, dim);
}

/* A type known to the compiler in each branch keeps the choice out of the loops. */
#define FOR_TYPE(dtype, call)                                                                                          \
    do {                                                                                                               \
        if (dtype == ATTN_F32)                                                                                         \
            call(ATTN_F32);                                                                                            \
        else if (dtype == ATTN_F16)                                                                                    \
            call(ATTN_F16);                                                                                            \
        else                                                                                                           \
            call(ATTN_BF16);                                                                                           \
    } while (0)
