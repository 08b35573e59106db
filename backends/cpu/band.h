/* A band: some rows of a query tile and the key tile that they pass together.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#ifndef ATTN_CPU_BAND_H
#define ATTN_CPU_BAND_H

#include "item.h"

/* A key tile. */
typedef struct attn_cpu_visit {
    int64_t first;        /* its first key */
    int count, padded;    /* keys; up to a whole grain */
    int packed;           /* 0: products take K and V from their rows */
    float *keys, *values; /* packed */
} attn_cpu_visit;

void attn_cpu_visit_at(const attn_cpu_item *item, const attn_cpu_scratch *s, int64_t tile, attn_cpu_visit *v);

/* The addresses of a tile's rows of K or V, and of those of the next tile, which will be asked for meanwhile. `known`: the first key
 * of the tile whose addresses the call before has found so, or -1; advances. */
void attn_cpu_find_rows(const attn_cpu_item *item, const attn_rows *rows, const attn_cpu_visit *v, int64_t *known,
                        const void **addresses);

/* Finds the rows of both, and packs what is not packed yet; without `packed` keys alone. */
void attn_cpu_pack_tile(const attn_cpu_item *item, const attn_cpu_scratch *s, const attn_cpu_visit *v);

/* Element masks of some rows, from rows->begin on, in `room`; `rows` becomes the first to the last one that sees anything.
 * NULL: they all see the whole tile. `walk`: of these rows. */
const uint64_t *attn_cpu_masks_of(const attn_cpu_item *item, const attn_tile_rows *walk, const attn_cpu_visit *v,
                                  attn_range *rows, uint64_t *room);

/* Rows that pass a key tile together. */
typedef struct attn_cpu_band {
    attn_cpu_visit v;
    attn_range rows, keys; /* keys that they need; none: the band is skipped */
    const uint64_t *masks; /* [rows]; NULL: every row sees every key */
    float *scores;         /* [rows][ATTN_TILE_K] */
} attn_cpu_band;

/* Of a band with its key tile and rows: what these see, and so the keys that they need. */
void attn_cpu_see(const attn_cpu_item *item, const uint64_t *masks, attn_cpu_band *b);

/* 0: it is skipped. */
static inline int rows_of(const attn_cpu_band *b)
{
    return b->keys.begin < b->keys.end ? (int)(b->rows.end - b->rows.begin) : 0;
}

/* Q K^T of packed keys, and with `overlaps` some of another band's softmax. */
void attn_cpu_score_band(const attn_cpu_item *item, const attn_cpu_scratch *s, const attn_cpu_band *b,
                         attn_softmax_job *meanwhile);

/* The band's scores as they should be, and the softmax that is left to do. */
void attn_cpu_begin_weights(const attn_cpu_item *item, const attn_cpu_scratch *s, const attn_cpu_band *b, float *max,
                            attn_softmax_job *job);

/* acc = rescale acc + weights V. */
void attn_cpu_add_band(const attn_cpu_item *item, const attn_cpu_scratch *s, const attn_cpu_band *b,
                       const float *rescale, float *acc, int64_t stride, attn_softmax_job *meanwhile);

#endif
