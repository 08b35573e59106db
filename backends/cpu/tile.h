/* The tile functions of one instruction set: everything of the CPU backend that depends on it.
 *
 * tile_body.h implements them once over a small vector vocabulary (vec_*.h); tile_c.c, tile_avx2.c, ... each compile it with
 * their own flags. A row's bits must not depend on how many rows or keys stand beside it in a call: each function
 * sums in an order that only the row's own channels or keys fix.
 *
 * Tiles of rows and f32 results are row-major. Keys and values of a tile are packed before all its rows are multiplied with
 * them. How queries, packed operands and weights look is each level's own affair, within the memory that f32 takes; by
 * tile_product.h they are f32, in panels of `panel` columns, so that both operands are read in address order:
 *
 *     keys    [ATTN_TILE_K / panel][D][panel]   columns are keys
 *     values  [Dv / panel][ATTN_TILE_K][panel]  columns are channels, zero beyond Dv
 *
 * Weights are exp2(s - m), of scores in base 2: they carry a factor log2(e).
 *
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#ifndef ATTN_CPU_TILE_H
#define ATTN_CPU_TILE_H

#include <stdint.h>

#include "attn.h"
#include "visible.h"

/* Keys a tile, on every instruction set: a mask row is two words. */
enum { ATTN_TILE_K = 128, ATTN_MASK_WORDS = ATTN_TILE_K / 64 };

/* Rows for which the products skip the packing; pieces in which they take the keys of a tile; rows of K or V named behind a tile. */
enum { ATTN_FEW_ROWS = 4, ATTN_FEW_PIECES = ATTN_FEW_ROWS, ATTN_ROWS_AHEAD = ATTN_TILE_K };

/* Running softmax of some rows: o = acc / sum. A row that saw no key has max = -inf, sum = 0; its acc is anything. */
typedef struct attn_softmax {
    float *max; /* [rows] */
    float *sum; /* [rows] */
    float *acc; /* [rows][stride] */
    int64_t stride;
} attn_softmax;

/* Types and channels of what is multiplied. */
typedef struct attn_operands {
    attn_dtype q, k, v;
    int64_t dim, dim_v;
    int64_t query_stride; /* floats of a query row */
} attn_operands;

/* Online softmax of some grains of keys: factor * scores become weights, max and lane sums advance, rescale[row] is the
 * factor of what acc holds. factor > 0. */
typedef struct attn_softmax_job {
    int rows;
    const attn_range *keys;
    float factor;
    float *scores;    /* [rows][ATTN_TILE_K] */
    float *max;       /* [rows] */
    float *lane_sums; /* [rows][panel] */
    float *rescale;   /* [rows] */
    int done;         /* rows of it */
} attn_softmax_job;

typedef struct attn_cpu_tile attn_cpu_tile;
struct attn_cpu_tile {
    const char *isa;
    int panel;    /* keys and channels of a panel; ATTN_TILE_K is a multiple */
    int grain;    /* ranges of keys are whole multiples of it, and it divides a panel */
    int depth;    /* query rows have room for a multiple of so many channels */
    int side;     /* query rows lie in groups of so many, where bands begin */
    int band;     /* rows that pass a key tile together, so that their scores stay in a near cache */
    int overlaps; /* products take a job along: units of their own compute them */
    int halves;   /* takes f16 and bf16 alone, and queries as they are: softmax scales the scores */
    const attn_cpu_tile
        *few; /* for sequences of at most ATTN_FEW_ROWS rows; NULL: this one has few_keys and few_values */

    /* Around the work on a chunk, what enter returns for leave; NULL: nothing to do. */
    unsigned (*enter)(void);
    void (*leave)(unsigned before);

    /* Addresses of rows that lie `stride` bytes apart. */
    void (*address_rows)(const char *row, int64_t stride, int count, const void **addresses);

    /* Query row r of those at `query`, `stride` floats each: scale * row, or with `halves` row. */
    void (*load_query)(const void *row, attn_dtype dtype, int64_t dim, float scale, float *query, int64_t stride,
                       int r);
    /* rows[keys] of K, whole grains. */
    void (*pack_keys)(const void *const *rows, int keys, attn_dtype dtype, int64_t dim, float *packed);
    /* rows[keys] of V; rows of zeros follow up to a whole grain. */
    void (*pack_values)(const void *const *rows, int keys, attn_dtype dtype, int64_t dim_v, float *packed);
    /* scores[rows][ATTN_TILE_K] of some grains of keys. With `overlaps`, some of the job of other rows is done meanwhile. */
    void (*score)(const attn_operands *operands, int rows, attn_range keys, const float *query, const float *packed,
                  float *scores, attn_softmax_job *meanwhile);
    /* acc[row] = scale[row] acc[row] + weights[row] values, of some grains of keys. scale NULL: acc holds nothing yet. */
    void (*add_values)(const attn_operands *operands, int rows, attn_range keys, const float *weights,
                       const float *packed, float *acc, int64_t stride, const float *scale,
                       attn_softmax_job *meanwhile);

    /* A query row of f32 in the order in which few_keys takes it, for K of that type. */
    void (*few_query)(attn_dtype k, int64_t dim, float *query);
    /* The same two products, packing included, for count <= ATTN_FEW_ROWS rows: query is [count][dim], scores and weights
     * [count][ATTN_TILE_K], acc [count][stride]. ATTN_ROWS_AHEAD more rows are named behind the tile's; these are only
     * prefetched. few_keys does one of ATTN_FEW_PIECES pieces of the tile, whose rows[keys] are whole grains. few_values may
     * take the keys of a whole tile in turn, as is best for memory; without `turns` the bits are those of add_values. */
    void (*few_keys)(int count, const void *const *rows, int keys, int piece, attn_dtype dtype, int64_t dim,
                     const float *query, float *scores);
    void (*few_values)(int count, const void *const *rows, int keys, int turns, attn_dtype dtype, int64_t dim_v,
                       const float *weights, float *acc, int64_t stride, const float *scale);

    /* Row r of a band's scores each. */
    void (*scale)(float *scores, int r, float factor);                /* s *= factor */
    void (*softcap)(float *scores, int r, float cap);                 /* s = cap tanh(s) */
    void (*alibi)(float *scores, int r, float slope, float distance); /* s -= slope |distance + column| */
    void (*bias)(float *scores, int r, const void *row, attn_dtype dtype, int64_t count); /* s += log2(e) row */
    void (*mask)(float *scores, int r, const uint64_t *words);                            /* -inf where the bit is 0 */

    /* What is left of a job's rows before `end`. */
    void (*softmax)(const attn_operands *operands, attn_softmax_job *job, int end);
    /* sums[row] = all of lane_sums[row]. */
    void (*reduce_sums)(int rows, const float *lane_sums, float *sums);
    /* total = merge of total and part, row by row. */
    void (*merge)(int rows, const attn_softmax *total, const attn_softmax *part);
    /* out[i] = factor * row[i], narrowed. */
    void (*store_output)(const float *row, int64_t dim_v, float factor, attn_dtype dtype, void *out);
};

extern const attn_cpu_tile attn_cpu_tile_c, attn_cpu_tile_avx2, attn_cpu_tile_avx512, attn_cpu_tile_amx,
    attn_cpu_tile_neon;

#endif
