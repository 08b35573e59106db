/* Whole lines of bf16 in the order of pairs, where a level can take them so: of 2 LANES elements, one vector of the even ones and
 * one of the odd ones. What they are multiplied with, or added to, has that order meanwhile.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */

#ifdef VF_BF16_PAIRS
enum { PAIR = 2 * LANES };

/* Vectors that belong to elements of a type. */
INLINE void to_pairs(attn_dtype dtype, vf *vectors, const int count)
{
    if (dtype == ATTN_BF16)
        UNROLLED (v, count / 2)
            vf_unzip(vectors + 2 * v);
}

INLINE void from_pairs(attn_dtype dtype, vf *vectors, const int count)
{
    if (dtype == ATTN_BF16)
        UNROLLED (v, count / 2)
            vf_zip(vectors + 2 * v);
}

/* Vector v of those from element i on, of which there are whole pairs. */
INLINE vf load_paired(attn_dtype dtype, const void *row, int64_t i, const int v)
{
    const uint16_t *pair = (const uint16_t *)row + i + v / 2 * PAIR;
    if (dtype == ATTN_BF16)
        return v % 2 ? vf_load_bf16_odd(pair) : vf_load_bf16_even(pair);
    return load_lanes(dtype, row, i + v * LANES);
}

/* `count` floats that belong to elements of a type. */
static void pair_floats(attn_dtype dtype, float *row, int64_t count)
{
    for (int64_t i = 0; dtype == ATTN_BF16 && i < count; i += PAIR) {
        vf pair[2] = { vf_load(row + i), vf_load(row + i + LANES) };
        vf_unzip(pair);
        vf_store(row + i, pair[0]);
        vf_store(row + i + LANES, pair[1]);
    }
}
#else
#define to_pairs(dtype, vectors, count) ((void)(dtype), (void)(vectors), (void)(count))
#define from_pairs(dtype, vectors, count) ((void)(dtype), (void)(vectors), (void)(count))
#define load_paired(dtype, row, i, v) load_lanes(dtype, row, (i) + (v)*LANES)
#define pair_floats(dtype, row, count) ((void)(dtype), (void)(row), (void)(count))
#endif
