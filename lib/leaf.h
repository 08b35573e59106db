/* A leaf of a compiled pattern: what every primitive of the language becomes. Three kinds suffice:
 *
 *     interval   an attn_term: keys between two ends that never decrease with the position
 *     periodic   (x - j) mod l < width, where x is the position (strided) or -1 (summary)
 *     listed     each range of rows or positions sees a list of key ranges (keys, queries, blocks, segments, bits, random)
 *
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#ifndef ATTN_LIB_LEAF_H
#define ATTN_LIB_LEAF_H

#include "cover.h"
#include "visible.h"

/* The rows of a query tile: rows r .. r + count - 1 at positions p .. p + count - 1, and the tiles of the keys. */
typedef struct attn_band {
    int64_t r, p;
    int count;
    int64_t keys;
    int tile_k;
} attn_band;

/* Rows (or positions) begin .. end - 1 see key ranges first[list] .. first[list + 1] - 1. */
typedef struct attn_row_run {
    int64_t begin, end, list;
} attn_row_run;

/* Owns its arrays. Row runs are ascending and disjoint; the ranges of a list are ascending, disjoint, not adjacent. */
typedef struct attn_lists {
    int by_position;
    int64_t runs, lists;
    attn_row_run *run;
    int64_t *first;
    attn_range *range;
} attn_lists;

/* What makes two tiles look alike: a mask is built once for each signature. Numbers are relative to the tile. */
enum { ATTN_SIGNATURE = 64 };
typedef struct attn_signature {
    int count; /* ATTN_SIGNATURE + 1: too long to be worth keeping */
    int64_t number[ATTN_SIGNATURE];
} attn_signature;

typedef struct attn_leaf attn_leaf;
typedef struct attn_leaf_kind {
    /* Keys that any row of the band may see: a superset. */
    attn_range (*hull)(const attn_leaf *leaf, const attn_band *band);
    /* Appends what the band sees of tiles tiles.begin .. tiles.end - 1. */
    void (*cover)(const attn_leaf *leaf, const attn_band *band, attn_range tiles, attn_cover *cover);
    /* Bit i: row r at position p sees key first + i. Keys behind the last may be set. */
    uint64_t (*word)(const attn_leaf *leaf, int64_t r, int64_t p, int64_t first);
    /* The first row behind r that may see something else, in rows of the sequence. */
    int64_t (*next_row)(const attn_leaf *leaf, int64_t r, int64_t p);
    /* Appends what the band's mask of the tile at key `first` depends on. */
    void (*sign)(const attn_leaf *leaf, const attn_band *band, int64_t first, attn_signature *signature);
} attn_leaf_kind;

struct attn_leaf {
    const attn_leaf_kind *kind;
    int negated; /* what the leaf sees is what its kind does not */
    attn_term term;
    int64_t modulus, width;
    int moves; /* periodic: x is the position */
    attn_lists lists;
};

extern const attn_leaf_kind attn_leaf_interval, attn_leaf_periodic, attn_leaf_listed;

void attn_sign(attn_signature *signature, int64_t number);

#endif
