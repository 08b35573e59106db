/*
 * The picture of a pattern as SVG: elements as cells, tiles as borders and colours. Whole numbers only, so that the
 * same picture is the same file everywhere.
 *
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE.
 */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "commands.h"
#include "draw.h"

enum {
    WANTED_SIDE = 640, /* pixels of the longer side of the elements, as long as cells hold */
    LEAST_WIDTH = 560, /* of the whole picture: room for title and legend */
    MOST_CELL = 16,    /* pixels of an element */
    LEAST_GRID = 6,    /* smaller cells have no lines between them */
    LEFT = 72,         /* of the elements */
    RIGHT = 24,
    TITLE_LINE = 20,
    TITLE_LETTER = 9, /* width of a letter of the title, more than enough */
    MOST_TITLE_LINES = 8,
    AXIS = 44, /* height of the labels over the elements */
    LEGEND = 80,
    LEAST_DOWN = 110, /* height that the label of the axis needs */
    LABEL_STEP = 40   /* least pixels between two labels of an axis */
};

static const char *const tile_names[TILE_STATES] = { "empty", "partial", "full" };
static const char *const background[TILE_STATES] = { "#f3f4f6", "#fdecc8", "#2563a8" };
static const char *const element[TILE_STATES] = { NULL, "#d97706", "#2563a8" };

/* Where everything lies, in pixels. */
struct layout {
    FILE *file;
    const struct picture *picture;
    int64_t cell, across, down;        /* of the elements */
    int64_t width, height, top, below; /* top of the elements and of what is below them */
    int64_t title_letters;             /* of a line */
};

/* ---- text ------------------------------------------------------------------------------------------------------ */

/* Character data; control characters, which XML forbids, become blanks. */
static void print_escaped(FILE *file, const char *text, size_t length)
{
    static const struct {
        char letter;
        const char *entity;
    } entities[] = { { '&', "&amp;" }, { '<', "&lt;" }, { '>', "&gt;" } };
    for (size_t i = 0; i < length; i++) {
        const char *entity = NULL;
        for (size_t e = 0; e < sizeof entities / sizeof entities[0]; e++)
            if (text[i] == entities[e].letter)
                entity = entities[e].entity;
        if (entity)
            fputs(entity, file);
        else
            fputc((unsigned char)text[i] < ' ' || text[i] == 127 ? ' ' : text[i], file);
    }
}

/* Letters of the next line: at most `most`, up to the last blank among them where the text goes on. */
static size_t line_length(const char *text, size_t most)
{
    size_t length = strlen(text);
    if (length <= most)
        return length;
    for (size_t i = most; i > most / 2; i--)
        if (text[i] == ' ')
            return i + 1;
    return most;
}

static int64_t title_lines(const char *title, int64_t letters)
{
    int64_t lines = 0;
    for (; *title && lines < MOST_TITLE_LINES; lines++)
        title += line_length(title, (size_t)letters);
    return lines;
}

static void print_title(const struct layout *x, const char *title)
{
    fprintf(x->file, "<title>");
    print_escaped(x->file, title, strlen(title));
    fprintf(x->file, "</title>\n<g font-family=\"monospace\" font-size=\"14\" fill=\"#111827\">\n");
    for (int64_t line = 0; *title && line < MOST_TITLE_LINES; line++) {
        size_t length = line_length(title, (size_t)x->title_letters);
        int cut = line == MOST_TITLE_LINES - 1 && title[length];
        fprintf(x->file, "<text x=\"%d\" y=\"%" PRId64 "\">", RIGHT, (line + 1) * TITLE_LINE + 4);
        print_escaped(x->file, title, length - (cut ? 4 : 0));
        fprintf(x->file, "%s</text>\n", cut ? " ..." : "");
        title += length;
    }
    fprintf(x->file, "</g>\n");
}

/* ---- elements -------------------------------------------------------------------------------------------------- */

static void print_tiles(const struct layout *x, enum picture_state state)
{
    const struct picture *p = x->picture;
    fprintf(x->file, "<path fill=\"%s\" d=\"", background[state]);
    for (int64_t i = 0; i < p->tiles[0] * p->tiles[1]; i++) {
        int64_t r = i / p->tiles[1] * p->tile[0], j = i % p->tiles[1] * p->tile[1];
        int64_t rows = p->lengths.len_q - r < p->tile[0] ? p->lengths.len_q - r : p->tile[0];
        int64_t keys = p->lengths.len_k - j < p->tile[1] ? p->lengths.len_k - j : p->tile[1];
        if (p->state[i] == state)
            fprintf(x->file, "M%" PRId64 " %" PRId64 "h%" PRId64 "v%" PRId64 "h-%" PRId64 "z", j, r, keys, rows, keys);
    }
    fprintf(x->file, "\"/>\n");
}

/* 1 if keys first .. behind - 1 of row r are a run: all visible, and neither neighbour inside first_key .. last_key - 1
 * is. */
static int is_run(const struct picture *p, int64_t r, int64_t first, int64_t behind, int64_t first_key,
                  int64_t last_key)
{
    if ((first > first_key && picture_sees(p, r, first - 1)) || (behind < last_key && picture_sees(p, r, behind)))
        return 0;
    for (int64_t j = first; j < behind; j++)
        if (!picture_sees(p, r, j))
            return 0;
    return 1;
}

/* The runs of row r inside a tile, each as a rectangle together with the equal runs below it. `rows` and `keys` are
 * where the tile begins and where it ends. */
static void print_runs(const struct layout *x, int64_t r, const int64_t rows[2], const int64_t keys[2])
{
    const struct picture *p = x->picture;
    for (int64_t j = keys[0]; j < keys[1]; j++) {
        int64_t behind = j, below = r + 1;
        while (behind < keys[1] && picture_sees(p, r, behind))
            behind++;
        if (behind == j)
            continue;
        if (r == rows[0] || !is_run(p, r - 1, j, behind, keys[0], keys[1])) {
            while (below < rows[1] && is_run(p, below, j, behind, keys[0], keys[1]))
                below++;
            fprintf(x->file, "M%" PRId64 " %" PRId64 "h%" PRId64 "v%" PRId64 "h-%" PRId64 "z", j, r, behind - j,
                    below - r, behind - j);
        }
        j = behind;
    }
}

static void print_partial_elements(const struct layout *x)
{
    const struct picture *p = x->picture;
    fprintf(x->file, "<path fill=\"%s\" d=\"", element[TILE_PARTIAL]);
    for (int64_t i = 0; i < p->tiles[0] * p->tiles[1]; i++) {
        int64_t rows[2] = { i / p->tiles[1] * p->tile[0], 0 }, keys[2] = { i % p->tiles[1] * p->tile[1], 0 };
        rows[1] = rows[0] + p->tile[0] < p->lengths.len_q ? rows[0] + p->tile[0] : p->lengths.len_q;
        keys[1] = keys[0] + p->tile[1] < p->lengths.len_k ? keys[0] + p->tile[1] : p->lengths.len_k;
        for (int64_t r = rows[0]; p->state[i] == TILE_PARTIAL && r < rows[1]; r++)
            print_runs(x, r, rows, keys);
    }
    fprintf(x->file, "\"/>\n");
}

/* Lines at every multiple of step[0] rows and step[1] keys. The width is in hundredths of an element. */
static void print_lines(const struct layout *x, const int64_t step[2], const char *colour, int64_t width)
{
    const attn_lengths *lengths = &x->picture->lengths;
    fprintf(x->file, "<path fill=\"none\" stroke=\"%s\" stroke-width=\"%" PRId64 ".%02" PRId64 "\" d=\"", colour,
            width / 100, width % 100);
    for (int64_t r = 0; r <= lengths->len_q; r += step[0])
        fprintf(x->file, "M0 %" PRId64 "h%" PRId64, r, lengths->len_k);
    for (int64_t j = 0; j <= lengths->len_k; j += step[1])
        fprintf(x->file, "M%" PRId64 " 0v%" PRId64, j, lengths->len_q);
    fprintf(x->file, "\"/>\n");
}

static void print_elements(const struct layout *x)
{
    static const int64_t one[2] = { 1, 1 };
    const int64_t whole[2] = { x->picture->lengths.len_q, x->picture->lengths.len_k };
    fprintf(x->file, "<g transform=\"translate(%d %" PRId64 ") scale(%" PRId64 ")\">\n", LEFT, x->top, x->cell);
    for (int state = 0; state < TILE_STATES; state++)
        print_tiles(x, (enum picture_state)state);
    print_partial_elements(x);
    if (x->cell >= LEAST_GRID)
        print_lines(x, one, "#ffffff", 100 / x->cell);
    if (x->cell * x->picture->tile[0] > 2 && x->cell * x->picture->tile[1] > 2)
        print_lines(x, x->picture->tile, "#6b7280", 100 / x->cell);
    print_lines(x, whole, "#111827", 100 / x->cell);
    fprintf(x->file, "</g>\n");
}

/* ---- axes and legend ------------------------------------------------------------------------------------------- */

/* Every how many tiles an axis has a label. */
static int64_t label_every(const struct layout *x, int axis)
{
    int64_t pixels = x->cell * x->picture->tile[axis];
    return pixels >= LABEL_STEP ? 1 : (LABEL_STEP + pixels - 1) / pixels;
}

static void print_axes(const struct layout *x)
{
    const struct picture *p = x->picture;
    int64_t first = picture_first_position(p), half = x->cell / 2 + 4;
    fprintf(x->file, "<g font-family=\"sans-serif\" font-size=\"12\" fill=\"#374151\">\n<g text-anchor=\"end\">\n");
    for (int64_t r = 0; r < p->lengths.len_q; r += label_every(x, 0) * p->tile[0])
        fprintf(x->file, "<text x=\"%d\" y=\"%" PRId64 "\">%" PRId64 "</text>\n", LEFT - 6, x->top + r * x->cell + half,
                r + first);
    fprintf(x->file, "</g>\n<g text-anchor=\"start\">\n");
    for (int64_t j = 0; j < p->lengths.len_k; j += label_every(x, 1) * p->tile[1])
        fprintf(x->file, "<text x=\"%" PRId64 "\" y=\"%" PRId64 "\">%" PRId64 "</text>\n", LEFT + j * x->cell,
                x->top - 6, j);
    fprintf(x->file, "</g>\n<g text-anchor=\"middle\">\n");
    fprintf(x->file, "<text x=\"%" PRId64 "\" y=\"%" PRId64 "\">key</text>\n", LEFT + x->across / 2, x->top - 24);
    fprintf(x->file, "<text transform=\"translate(20 %" PRId64 ") rotate(-90)\">query position</text>\n",
            (x->top + x->below) / 2);
    fprintf(x->file, "</g>\n</g>\n");
}

static void print_legend(const struct layout *x)
{
    const struct picture *p = x->picture;
    char pairs[DRAW_COUNTS];
    int64_t y = x->below + 20, left = RIGHT;
    draw_format_pairs(p, pairs);
    fprintf(x->file, "<g font-family=\"sans-serif\" font-size=\"13\" fill=\"#111827\">\n");
    for (int state = TILE_FULL; state >= TILE_EMPTY; state--, left += 170) {
        fprintf(x->file,
                "<rect x=\"%" PRId64 "\" y=\"%" PRId64
                "\" width=\"14\" height=\"14\" fill=\"%s\" stroke=\"#6b7280\"/>\n",
                left, y, background[state]);
        if (state == TILE_PARTIAL)
            fprintf(x->file, "<path fill=\"%s\" d=\"M%" PRId64 " %" PRId64 "v14h14z\"/>\n", element[state], left, y);
        fprintf(x->file, "<text x=\"%" PRId64 "\" y=\"%" PRId64 "\">%" PRId64 " %s tile%s</text>\n", left + 20, y + 12,
                p->count[state], tile_names[state], p->count[state] == 1 ? "" : "s");
    }
    fprintf(x->file,
            "<text x=\"%d\" y=\"%" PRId64 "\">pairs %s; tiles of %" PRId64 " x %" PRId64 ", %" PRId64
            " distinct mask%s</text>\n</g>\n",
            RIGHT, y + 38, pairs, p->tile[0], p->tile[1], p->masks, p->masks == 1 ? "" : "s");
}

/* ---- whole ----------------------------------------------------------------------------------------------------- */

static struct layout layout_of(const struct picture *picture, const char *title)
{
    struct layout x = { .picture = picture };
    int64_t n = picture->lengths.len_q, nk = picture->lengths.len_k, longer = n > nk ? n : nk;
    x.cell = WANTED_SIDE / longer > MOST_CELL ? MOST_CELL : WANTED_SIDE / longer > 1 ? WANTED_SIDE / longer : 1;
    x.across = nk * x.cell;
    x.down = n * x.cell;
    x.width = LEFT + x.across + RIGHT > LEAST_WIDTH ? LEFT + x.across + RIGHT : LEAST_WIDTH;
    x.title_letters = (x.width - 2 * RIGHT) / TITLE_LETTER;
    x.top = title_lines(title, x.title_letters) * TITLE_LINE + 8 + AXIS;
    x.below = x.top + (x.down > LEAST_DOWN ? x.down : LEAST_DOWN);
    x.height = x.below + LEGEND;
    return x;
}

static void print_picture(const struct layout *x, const char *title)
{
    fprintf(x->file,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%" PRId64 "\" height=\"%" PRId64
            "\" viewBox=\"0 0 %" PRId64 " %" PRId64 "\">\n",
            x->width, x->height, x->width, x->height);
    fprintf(x->file, "<rect width=\"%" PRId64 "\" height=\"%" PRId64 "\" fill=\"#ffffff\"/>\n", x->width, x->height);
    print_title(x, title);
    print_elements(x);
    print_axes(x);
    print_legend(x);
    fprintf(x->file, "</svg>\n");
}

static int failed(const char *path, const char *what)
{
    fprintf(stderr, "attn draw: --svg %s: %s: %s\n", path, what, strerror(errno));
    return EXIT_FAILED;
}

int draw_svg(const struct picture *picture, const char *title, const char *path)
{
    struct layout x = layout_of(picture, title);
    x.file = fopen(path, "wb");
    if (!x.file)
        return failed(path, "cannot be opened");
    print_picture(&x, title);
    int bad = ferror(x.file);
    if (fclose(x.file) || bad)
        return failed(path, "cannot be written");
    return EXIT_OK;
}
