/* Operands as AMX takes them. A value has as many bf16 parts as it takes: bf16 one; f16 two, whose sum is exactly the value,
 * since their 8 + 8 bits hold its 11; weights as many as V, which they are multiplied with.
 *
 * Along the sum, channels of Q K^T and keys of P V, everything goes in blocks of 32. All but the output are tiles of 1 KiB, so
 * that what is loaded at once is read in address order; of K and V, 16 rows of 16 columns, where row i has elements 2i and
 * 2i + 1 of the sum in pairs:
 *
 *     queries         [16 rows][block][part][16][32]       bf16
 *     scores          [16 rows][keys / 16][16][16]         f32
 *     weights         [16 rows][block][part][16][32]       bf16, each in place of the scores of 16 keys
 *     keys, values    [panel of 32 columns][block][half of the columns][part][16][16][2]
 *
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */

enum { BLOCK_DEPTH = 32, ROW_PART = ATTN_AMX_ROW, TILE_SIDE = ATTN_AMX_SIDE, TILE_BYTES = TILE_SIDE * ROW_PART };

INLINE float *scores_at(float *scores, int row, int64_t key)
{
    return scores + row / TILE_SIDE * TILE_SIDE * ATTN_TILE_K + key / TILE_SIDE * (TILE_BYTES / 4) +
           row % TILE_SIDE * (ROW_PART / 4);
}

/* Far below what halves lose, and a branch that goes another way would empty the queue of products. */
static const float LAG = 8;

enum { GRAIN = PANEL };

#include "tile_softmax.h"

INLINE int parts_of(attn_dtype dtype)
{
    return dtype == ATTN_F16 ? 2 : 1;
}

/* Elements i .. i + 31 of a row that ends at dim, and zeros: nothing behind the row is read. */
INLINE __m512i load_halves(const void *row, int64_t i, int64_t dim)
{
    __mmask32 inside = dim - i >= BLOCK_DEPTH ? ~UINT32_C(0) : (UINT32_C(1) << (dim - i)) - 1;
    return _mm512_maskz_loadu_epi16(inside, (const uint16_t *)row + i);
}

/* The upper half of each float: bf16 rounded towards zero. */
INLINE vf upper(vf a)
{
    return _mm512_castsi512_ps(_mm512_and_si512(_mm512_castps_si512(a), _mm512_set1_epi32((int)0xffff0000)));
}

/* What the upper half lacks; nothing where that is infinite. */
INLINE vf lower(vf a)
{
    enum { INFINITE = 0x18 };
    return _mm512_maskz_sub_ps(_knot_mask16(_mm512_fpclass_ps_mask(a, INFINITE)), a, upper(a));
}

INLINE vf part_of(const int part, vf a)
{
    return part ? lower(a) : upper(a);
}

/* Two vectors as 32 bf16, rounded to nearest. */
INLINE __m512i narrow(vf first, vf second)
{
    return (__m512i)_mm512_cvtne2ps_pbh(second, first);
}

INLINE vf low_lanes(__m512i halves)
{
    return _mm512_cvtph_ps(_mm512_castsi512_si256(halves));
}

INLINE vf high_lanes(__m512i halves)
{
    return _mm512_cvtph_ps(_mm512_extracti64x4_epi64(halves, 1));
}

/* The parts of 32 values, as bf16. */
INLINE void split(attn_dtype dtype, __m512i halves, __m512i part[2])
{
    if (dtype == ATTN_BF16) {
        part[0] = halves;
        return;
    }
    vf low = low_lanes(halves), high = high_lanes(halves);
    part[0] = narrow(upper(low), upper(high));
    part[1] = narrow(lower(low), lower(high));
}

INLINE void load_query_of(const void *row, attn_dtype dtype, int64_t dim, char *out)
{
    for (int64_t i = 0; i < dim; i += BLOCK_DEPTH, out += parts_of(dtype) * TILE_BYTES) {
        __m512i part[2];
        split(dtype, load_halves(row, i, dim), part);
        UNROLLED (p, parts_of(dtype))
            _mm512_storeu_si512(out + p * TILE_BYTES, part[p]);
    }
}

/* Tiles of K, one a part: 16 keys become columns. */
INLINE void pack_key_tiles(const void *const *rows, attn_dtype dtype, int64_t i, int64_t dim, char *out)
{
    vf block[2][LANES];
    UNROLLED (key, LANES) {
        __m512i part[2];
        split(dtype, load_halves(rows[key], i, dim), part);
        UNROLLED (p, parts_of(dtype))
            block[p][key] = _mm512_castsi512_ps(part[p]);
    }
    UNROLLED (p, parts_of(dtype)) {
        vf_transpose(block[p]);
        UNROLLED (pair, LANES)
            vf_store((float *)(void *)(out + p * TILE_BYTES + pair * ROW_PART), block[p][pair]);
    }
}

INLINE void pack_keys_of(const void *const *rows, int keys, attn_dtype dtype, int64_t dim, char *out)
{
    for (int key = 0; key < keys; key += PANEL)
        for (int64_t i = 0; i < dim; i += BLOCK_DEPTH)
            for (int half = 0; half < PANEL; half += TILE_SIDE, out += parts_of(dtype) * TILE_BYTES)
                pack_key_tiles(rows + key + half, dtype, i, dim, out);
}

/* Both vectors' lanes, rounded towards zero, in pairs. */
INLINE __m512i pair_upper(vf first, vf second)
{
    return _mm512_or_si512(_mm512_srli_epi32(_mm512_castps_si512(first), 16), _mm512_castps_si512(upper(second)));
}

/* Channels 0 .. 15 (half 0) or 16 .. 31 of two keys, in pairs. */
INLINE __m512i pair_values(attn_dtype dtype, const int half, const int part, __m512i first, __m512i second)
{
    if (dtype == ATTN_F16) {
        vf a = half ? high_lanes(first) : low_lanes(first), b = half ? high_lanes(second) : low_lanes(second);
        return pair_upper(part_of(part, a), part_of(part, b));
    }
    __m512i lane = _mm512_set_epi32(15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0);
    __m512i pair = _mm512_or_si512(lane, _mm512_slli_epi32(_mm512_add_epi32(lane, _mm512_set1_epi32(32)), 16));
    return _mm512_permutex2var_epi16(first, _mm512_add_epi16(pair, _mm512_set1_epi16(half ? 16 : 0)), second);
}

/* Two keys become a row of each tile of V. */
INLINE void pack_value_pair(const void *const *rows, attn_dtype dtype, int64_t dim_v, int64_t panel_bytes, char *out)
{
    const int parts = parts_of(dtype);
    for (int64_t i = 0; i < dim_v; i += PANEL, out += panel_bytes) {
        __m512i first = load_halves(rows[0], i, dim_v), second = load_halves(rows[1], i, dim_v);
        UNROLLED (half, 2)
            UNROLLED (part, parts)
                _mm512_storeu_si512(out + (half * parts + part) * TILE_BYTES,
                                    pair_values(dtype, half, part, first, second));
    }
}

/* Bytes of a block of a panel. */
INLINE int64_t block_bytes(attn_dtype dtype)
{
    return 2 * parts_of(dtype) * TILE_BYTES;
}

INLINE void pack_values_of(const void *const *rows, int keys, attn_dtype dtype, int64_t dim_v, char *out)
{
    int64_t panel_bytes = ATTN_TILE_K / BLOCK_DEPTH * block_bytes(dtype);
    for (int key = 0; key < keys; key += 2)
        pack_value_pair(rows + key, dtype, dim_v, panel_bytes,
                        out + key / BLOCK_DEPTH * block_bytes(dtype) + key % BLOCK_DEPTH / 2 * ROW_PART);
}

/* A type known to the compiler in each branch keeps the choice out of the loops. */
#define FOR_HALF(dtype, call)                                                                                          \
    do {                                                                                                               \
        if (dtype == ATTN_F16)                                                                                         \
            call(ATTN_F16);                                                                                            \
        else                                                                                                           \
            call(ATTN_BF16);                                                                                           \
    } while (0)

static void load_query(const void *row, attn_dtype dtype, int64_t dim, float factor, float *query, int64_t stride,
                       int r)
{
    char *out = (char *)(query + r / TILE_SIDE * TILE_SIDE * stride) + r % TILE_SIDE * ROW_PART;
    (void)factor;
#define CALL(type) load_query_of(row, type, dim, out)
    FOR_HALF(dtype, CALL);
#undef CALL
}

static void pack_keys(const void *const *rows, int keys, attn_dtype dtype, int64_t dim, float *packed)
{
#define CALL(type) pack_keys_of(rows, keys, type, dim, (char *)packed)
    FOR_HALF(dtype, CALL);
#undef CALL
}

static void pack_values(const void *const *rows, int keys, attn_dtype dtype, int64_t dim_v, float *packed)
{
#define CALL(type) pack_values_of(rows, keys, type, dim_v, (char *)packed)
    FOR_HALF(dtype, CALL);
#undef CALL
}

/* exp2_of with errors that much below what halves lose; results that are not normal are flushed to 0 (enter). 2e-7: */
INLINE vf short_exp2(vf x)
{
    vf f = vf_fraction(x);
    vf p = vf_set1(1.7883687e-3f);
    p = vf_fma(p, f, vf_set1(9.1993876e-3f));
    p = vf_fma(p, f, vf_set1(5.5657054e-2f));
    p = vf_fma(p, f, vf_set1(0.24020719f));
    p = vf_fma(p, f, vf_set1(0.69314757f));
    p = vf_fma(p, f, vf_set1(1.0f));
    return _mm512_scalef_ps(p, x);
}

/* 7e-6. */
INLINE vf shortest_exp2(vf x)
{
    vf f = vf_fraction(x);
    vf p = vf_set1(0.012763114f);
    p = vf_fma(p, f, vf_set1(0.053441029f));
    p = vf_fma(p, f, vf_set1(0.24064705f));
    p = vf_fma(p, f, vf_set1(0.69313399f));
    p = vf_fma(p, f, vf_set1(1.0f));
    return _mm512_scalef_ps(p, x);
}

INLINE void keep_bf16(float *scores, vf weight[GRAIN_VECTORS])
{
    _mm512_storeu_si512(scores, narrow(weight[0], weight[1]));
}

INLINE void keep_two_bf16(float *scores, vf weight[GRAIN_VECTORS])
{
    vf first = upper(weight[0]), second = upper(weight[1]);
    _mm512_storeu_si512(scores, narrow(first, second));
    _mm512_storeu_si512((char *)scores + TILE_BYTES, narrow(vf_sub(weight[0], first), vf_sub(weight[1], second)));
}

/* Most steps are of bf16 and have all keys. */
INLINE int is_usual(const attn_operands *operands, const attn_softmax_job *job)
{
    return operands->v == ATTN_BF16 && job->keys->begin == 0 && job->keys->end == ATTN_TILE_K;
}

INLINE void usual_step(attn_softmax_job *job)
{
    softmax_step(shortest_exp2, keep_bf16, job, (attn_range){ 0, ATTN_TILE_K });
}

static __attribute__((noinline)) void step_of_job(const attn_operands *operands, attn_softmax_job *job)
{
    if (operands->v == ATTN_F16)
        softmax_step(short_exp2, keep_two_bf16, job, *job->keys);
    else if (is_usual(operands, job))
        usual_step(job);
    else
        softmax_step(shortest_exp2, keep_bf16, job, *job->keys);
}

static void softmax(const attn_operands *operands, attn_softmax_job *job, int end)
{
    while (job->done < end)
        step_of_job(operands, job);
}
