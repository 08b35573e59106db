/*
 * The elements of a pattern, one bit for each query row and key, and what each tile of them is.
 *
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE.
 */
#ifndef ATTN_TOOLS_PICTURE_H
#define ATTN_TOOLS_PICTURE_H

#include "attn_pattern.h"

enum { PICTURE_MOST = 1024 }; /* query rows and keys */

enum picture_state { TILE_EMPTY, TILE_PARTIAL, TILE_FULL, TILE_STATES };

struct picture {
    attn_lengths lengths;
    int64_t head;
    int64_t tile[2];  /* query rows and keys of a tile */
    int64_t tiles[2]; /* how many: down and across */
    int64_t stride;   /* words of a row */
    uint64_t *word;
    unsigned char *state; /* enum picture_state of each tile, row by row */
    uint64_t pairs;
    int64_t count[TILE_STATES];
    int64_t masks; /* partial tiles that differ */
};

/* Evaluates the definition for every element; lengths are 1 .. PICTURE_MOST. Where the library compiles tiles of this
 * size, its schedule must agree. Returns EXIT_OK, or EXIT_FAILED with the reason on stderr; free in both cases. */
int picture_create(const char *command, const attn_pattern *pattern, const attn_lengths *lengths, int64_t head,
                   const int64_t tile[2], struct picture *picture);
void picture_free(struct picture *picture);

static inline int picture_sees(const struct picture *picture, int64_t r, int64_t j)
{
    return picture->word[r * picture->stride + j / 64] >> (j & 63) & 1;
}

static inline enum picture_state picture_tile(const struct picture *picture, int64_t down, int64_t across)
{
    return (enum picture_state)picture->state[down * picture->tiles[1] + across];
}

/* Visible pairs in rows r .. r + rows - 1 and keys j .. j + keys - 1, as far as there are such; their number in
 * *all. */
int64_t picture_count(const struct picture *picture, int64_t r, int64_t rows, int64_t j, int64_t keys, int64_t *all);

/* Position of query row 0. */
int64_t picture_first_position(const struct picture *picture);

#endif
