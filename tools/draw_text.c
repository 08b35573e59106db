/*
 * Pictures of letters: the elements of a pattern, with its tiles beside them.
 *
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE.
 */
#include "config.h"

#include <inttypes.h>
#include <locale.h>
#include <stdio.h>

#ifndef _WIN32
#include <langinfo.h>
#include <string.h>
#endif

#include "draw.h"

enum {
    MOST_COLUMNS = 64, /* of elements; longer lengths are drawn in shades */
    MOST_TILES = 32,   /* tiles across that are still drawn */
    SHADES = 5,
    LABEL = 5 /* letters of a row's number */
};

/* Letters of both alphabets, each as wide as one letter of a terminal; tiles as wide as two. */
struct letters {
    const char *half[4]; /* bit 0: upper row, bit 1: lower row */
    const char *shade[SHADES];
    const char *tile[TILE_STATES];
    const char *edge;
};

static const struct letters unicode = {
    { " ", "\u2580", "\u2584", "\u2588" },
    { " ", "\u2591", "\u2592", "\u2593", "\u2588" },
    { "\u00b7\u00b7", "\u2592\u2592", "\u2588\u2588" },
    "\u2502",
};
static const struct letters ascii_letters = {
    { ".", "#", "#", "#" },
    { " ", ".", "-", "+", "#" },
    { "..", "++", "##" },
    "|",
};

/* How the elements are laid out in letters: each covers `keys` x `rows` of them. */
struct grid {
    const struct letters *letters;
    int64_t scale, rows, columns, lines;
    int with_tiles;
};

static struct grid grid_of(const struct picture *picture, int ascii)
{
    int64_t n = picture->lengths.len_q, nk = picture->lengths.len_k, longer = n > nk ? n : nk;
    struct grid grid = { ascii ? &ascii_letters : &unicode, (longer + MOST_COLUMNS - 1) / MOST_COLUMNS, 0, 0, 0, 0 };
    grid.rows = ascii && grid.scale == 1 ? 1 : 2 * grid.scale;
    grid.columns = (nk + grid.scale - 1) / grid.scale;
    grid.lines = (n + grid.rows - 1) / grid.rows;
    grid.with_tiles = picture->tiles[1] <= MOST_TILES && picture->tiles[0] <= MOST_COLUMNS;
    return grid;
}

int draw_needs_ascii(void)
{
#ifdef _WIN32
    return 1;
#else
    setlocale(LC_CTYPE, "");
    return strcmp(nl_langinfo(CODESET), "UTF-8") != 0;
#endif
}

static const char *element_letter(const struct picture *picture, const struct grid *grid, int64_t r, int64_t j)
{
    int64_t all, upper = picture_count(picture, r, 1, j, 1, &all);
    if (grid->scale == 1) {
        int64_t lower = grid->rows == 2 ? picture_count(picture, r + 1, 1, j, 1, &all) : 0;
        return grid->letters->half[upper | lower << 1];
    }
    int64_t visible = picture_count(picture, r, grid->rows, j, grid->scale, &all);
    return grid->letters->shade[visible ? 1 + (visible * (SHADES - 1) - 1) / all : 0];
}

/* A line is labelled when a query tile begins in it, at its first row. */
static void print_label(const struct picture *picture, const struct grid *grid, int64_t line)
{
    int64_t first = line * grid->rows, last = first + grid->rows - 1;
    int64_t start = (last / picture->tile[0]) * picture->tile[0];
    if (start >= first && start < picture->lengths.len_q)
        printf("%*" PRId64, LABEL, start + picture_first_position(picture));
    else
        printf("%*s", LABEL, "");
}

static void print_elements(const struct picture *picture, const struct grid *grid, int64_t line)
{
    print_label(picture, grid, line);
    printf(" %s", grid->letters->edge);
    for (int64_t column = 0; column < grid->columns; column++)
        fputs(element_letter(picture, grid, line * grid->rows, column * grid->scale), stdout);
    fputs(grid->letters->edge, stdout);
}

static void print_tiles(const struct picture *picture, const struct grid *grid, int64_t down)
{
    printf("   ");
    for (int64_t across = 0; across < picture->tiles[1]; across++)
        fputs(grid->letters->tile[picture_tile(picture, down, across)], stdout);
}

/* Numbers of the first key of each key tile, as far as they have room. */
static void print_keys(const struct picture *picture, const struct grid *grid)
{
    int64_t used = 0;
    printf("%*s  ", LABEL, "");
    for (int64_t key = 0; key < picture->lengths.len_k; key += picture->tile[1]) {
        int64_t column = key / grid->scale;
        if (used && column <= used)
            continue;
        used += printf("%*s", (int)(column - used), "");
        used += printf("%" PRId64, key);
    }
    if (grid->with_tiles)
        printf("%*s    tiles", (int)(used < grid->columns ? grid->columns - used : 0), "");
    printf("\n");
}

void draw_text(const struct picture *picture, int ascii, int indent)
{
    struct grid grid = grid_of(picture, ascii);
    int64_t lines = grid.with_tiles && picture->tiles[0] > grid.lines ? picture->tiles[0] : grid.lines;
    printf("%*s", indent, "");
    print_keys(picture, &grid);
    for (int64_t line = 0; line < lines; line++) {
        printf("%*s", indent, "");
        if (line < grid.lines)
            print_elements(picture, &grid, line);
        else
            printf("%*s", (int)(LABEL + 3 + grid.columns), "");
        if (grid.with_tiles && line < picture->tiles[0])
            print_tiles(picture, &grid, line);
        printf("\n");
    }
}

void draw_text_legend(const struct picture *picture, int ascii, int indent)
{
    struct grid grid = grid_of(picture, ascii);
    const struct letters *letters = grid.letters;
    printf("%*squery position down, key across; ", indent, "");
    if (grid.scale == 1)
        printf("%s visible", letters->half[3]);
    else
        printf("a letter is %" PRId64 " queries x %" PRId64 " keys, %s%s%s%s some to all visible", grid.rows,
               grid.scale, letters->shade[1], letters->shade[2], letters->shade[3], letters->shade[4]);
    if (grid.with_tiles)
        printf("; tiles %s full, %s partial, %s empty", letters->tile[TILE_FULL], letters->tile[TILE_PARTIAL],
               letters->tile[TILE_EMPTY]);
    printf("\n");
}

void draw_format_pairs(const struct picture *picture, char text[DRAW_COUNTS])
{
    int64_t all = picture->lengths.len_q * picture->lengths.len_k;
    snprintf(text, DRAW_COUNTS, "%" PRIu64 " of %" PRId64 ", density %.4f", picture->pairs, all,
             (double)picture->pairs / (double)all);
}

void draw_format_tiles(const struct picture *picture, char text[DRAW_COUNTS])
{
    snprintf(text, DRAW_COUNTS,
             "%" PRId64 " x %" PRId64 ": %" PRId64 " full, %" PRId64 " partial, %" PRId64 " empty; %" PRId64
             " distinct mask%s",
             picture->tile[0], picture->tile[1], picture->count[TILE_FULL], picture->count[TILE_PARTIAL],
             picture->count[TILE_EMPTY], picture->masks, picture->masks == 1 ? "" : "s");
}
