/* The tile functions of one instruction set: everything of the CPU backend that depends on it.
 *
 * tile_body.h implements them once over a small vector vocabulary (vec_*.h); tile_c.c, tile_avx2.c, ... each compile it with
 * their own flags. A row's bits must not depend on how many rows or keys stand beside it in a call: each function
 * sums in an order that only the row's own channels or keys fix.
 *
 * Layouts, all f32: a tile of rows is row-major. Keys and values are packed into panels of `panel` columns, which stay in L1
 * while all rows are multiplied with them, both operands in address order: of keys one panel at a time, of values all panels
 * of a tile, so that V is read row by row:
 *
 *     keys    [D][panel]                        columns are keys
 *     values  [Dv / panel][ATTN_TILE_K][panel]  columns are channels, zero beyond Dv
 *
 * Scores are in base 2: they carry a factor log2(e), and weights are exp2(s - m).
 *
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#ifndef ATTN_CPU_TILE_H
#define ATTN_CPU_TILE_H

#include <stdint.h>

#include "attn.h"

/* Keys a tile, on every instruction set: a mask row is two words. */
enum { ATTN_TILE_K = 128, ATTN_MASK_WORDS = ATTN_TILE_K / 64, ATTN_ROWS_AHEAD = 16 };

/* Rows for which the products skip the packing. */
enum { ATTN_FEW_ROWS = 4 };

/* Running softmax of some rows: o = acc / sum. A row that saw no key has max = -inf, sum = 0, acc = 0. */
typedef struct attn_softmax {
    float *max; /* [rows] */
    float *sum; /* [rows] */
    float *acc; /* [rows][stride] */
    int64_t stride;
} attn_softmax;

typedef struct attn_cpu_tile {
    const char *isa;
    int panel; /* columns of a panel; ATTN_TILE_K is a multiple */

    /* out[i] = scale * row[i], widened. */
    void (*load_query)(const void *row, attn_dtype dtype, int64_t dim, float scale, float *out);
    /* rows[panel] of K, all channels. */
    void (*pack_keys)(const void *const *rows, attn_dtype dtype, int64_t dim, float *panel);
    /* rows[count] of V into [Dv / panel][ATTN_TILE_K][panel]. */
    void (*pack_values)(const void *const *rows, int count, attn_dtype dtype, int64_t dim_v, float *panels);
    /* c[rows][panel] = a[rows][depth] panel[depth][panel], or with scale: c = scale[row] c + a panel. */
    void (*product)(int rows, int64_t depth, const float *a, int64_t a_stride, const float *panel, float *c,
                    int64_t c_stride, const float *scale);

    /* The same two products, packing included, for count <= ATTN_FEW_ROWS rows: query is [count][dim], scores and weights
     * [count][ATTN_TILE_K], acc [count][stride]. For few_keys, rows[] are whole panels. ATTN_ROWS_AHEAD more rows are
     * named behind them; these are only prefetched. */
    void (*few_keys)(int count, const void *const *rows, int keys, attn_dtype dtype, int64_t dim, const float *query,
                     float *scores);
    void (*few_values)(int count, const void *const *rows, int keys, attn_dtype dtype, int64_t dim_v,
                       const float *weights, float *acc, int64_t stride, const float *scale);

    /* One row of ATTN_TILE_K scores each. */
    void (*softcap)(float *scores, float cap);                                     /* s = cap tanh(s) */
    void (*alibi)(float *scores, float slope, float distance);                     /* s -= slope |distance + column| */
    void (*bias)(float *scores, const void *row, attn_dtype dtype, int64_t count); /* s += log2(e) row */
    void (*mask)(float *scores, const uint64_t *words);                            /* -inf where the bit is 0 */

    /* Online softmax of a tile: scores become weights, max and lane sums advance, rescale[row] is the factor of what acc
     * holds. `lane_sums` is [rows][panel]. */
    void (*softmax)(int rows, float *scores, float *max, float *lane_sums, float *rescale);
    /* sums[row] = all of lane_sums[row]. */
    void (*reduce_sums)(int rows, const float *lane_sums, float *sums);
    /* total = merge of total and part, row by row. */
    void (*merge)(int rows, const attn_softmax *total, const attn_softmax *part);
    /* out[i] = factor * row[i], narrowed. */
    void (*store_output)(const float *row, int64_t dim_v, float factor, attn_dtype dtype, void *out);
} attn_cpu_tile;

extern const attn_cpu_tile attn_cpu_tile_c, attn_cpu_tile_avx2, attn_cpu_tile_avx512, attn_cpu_tile_neon;

#endif
