/*
 * attn draw: what its parts share.
 *
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE.
 */
#ifndef ATTN_TOOLS_DRAW_H
#define ATTN_TOOLS_DRAW_H

#include "picture.h"

/* Pictures of letters on stdout, each line indented by `indent`. */
void draw_text(const struct picture *picture, int ascii, int indent);

/* What the letters of draw_text mean. */
void draw_text_legend(const struct picture *picture, int ascii, int indent);

/* "pairs 2080 of 4096, density 0.5078" and the like. */
enum { DRAW_COUNTS = 160 };
void draw_format_pairs(const struct picture *picture, char text[DRAW_COUNTS]);
void draw_format_tiles(const struct picture *picture, char text[DRAW_COUNTS]);

/* 1 unless the terminal shows UTF-8. */
int draw_needs_ascii(void);

/* Writes the file. Returns EXIT_OK, or EXIT_FAILED with the reason on stderr. */
int draw_svg(const struct picture *picture, const char *title, const char *path);

struct draw_list_options {
    int64_t n, tile[2];
    int ascii;
    const char *folder; /* write NAME.svg of each preset there; NULL: describe them on stdout */
};

/* Every preset of the library. */
int draw_list(const struct draw_list_options *options);

#endif
