/* Covers: what a query tile sees of the key tiles, as ascending runs of tiles that are FULL or PARTIAL; what is not named is
 * EMPTY. Union and intersection of patterns are merges of covers, so their cost is that of the runs.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#ifndef ATTN_LIB_COVER_H
#define ATTN_LIB_COVER_H

#include "visible.h"

typedef enum attn_cover_kind { ATTN_EMPTY, ATTN_PARTIAL, ATTN_FULL } attn_cover_kind;

typedef struct attn_cover_run {
    int64_t begin, end; /* key tiles */
    attn_cover_kind kind;
} attn_cover_run;

/* A stack of covers in one array: the top one is run[base] .. run[count - 1]. Out of memory is remembered, not reported. */
typedef struct attn_cover {
    attn_cover_run *run;
    int64_t base, count, capacity;
    int failed;
} attn_cover;

typedef enum attn_cover_rule {
    ATTN_COVER_AND,
    ATTN_COVER_OR,
    ATTN_COVER_ROWS /* the two covers are of different rows of the tile */
} attn_cover_rule;

/* Begins a cover above the others; gives its base for attn_cover_combine. */
int64_t attn_cover_begin(attn_cover *cover);

/* Appends tiles to the top cover, in ascending order of their begin. Equal kinds that meet join. A tile that is there already stays
 * as it is: what touches a tile twice makes it PARTIAL the first time. */
void attn_cover_push(attn_cover *cover, int64_t begin, int64_t end, attn_cover_kind kind);

/* Appends keys begin .. end - 1, which every row sees, cut to tiles.begin .. tiles.end - 1; `keys` is where the last tile ends. Key
 * ranges must come in ascending order. */
void attn_cover_push_keys(attn_cover *cover, attn_range range, attn_range tiles, int tile_k, int64_t keys);

/* Replaces the two top covers, at bases `below` and `above`, by one of both. */
void attn_cover_combine(attn_cover *cover, int64_t below, int64_t above, attn_cover_rule rule);

/* Replaces the top cover by its complement within `tiles`. */
void attn_cover_complement(attn_cover *cover, attn_range tiles);

#endif
