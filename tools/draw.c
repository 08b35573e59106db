/*
 * attn draw: the picture of a pattern, in letters or as SVG.
 *
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE.
 */
#include "config.h"

#include "draw.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "commands.h"
#include "expression.h"

enum { NOT_GIVEN = 0, MOST_HEADS = 65536, LIST_N = 32, LIST_TILE = 8, EXPR_N = 64, EXPR_TILE = 16 };

struct draw_options {
    int64_t n, nk, tile[2], heads, head;
    int start, ascii, list;
    const char *svg;
};

#define ROW(kind, name, field, ...) OPTION_ROW_##kind(name, struct draw_options, field, __VA_ARGS__)

static const struct option_row draw_rows[] = {
    ROW(INT, "n", n, "N", 1, PICTURE_MOST, "query rows; 64, with --list 32"),
    ROW(INT, "nk", nk, "N", 1, PICTURE_MOST, "keys; as many as query rows"),
    ROW(BLOCK, "tile", tile, "Q[xK]", 1, PICTURE_MOST, "query rows and keys of a tile; 16, with --list 8"),
    ROW(INT, "heads", heads, "N", 1, MOST_HEADS, "query heads; 1"),
    ROW(INT, "head", head, "H", 0, MOST_HEADS - 1, "draw this head; 0"),
    ROW(FLAG, "start", start, "query row r stands at position r, not r + Nk - N"),
    ROW(FLAG, "ascii", ascii, "ASCII letters, the default where the terminal does not show UTF-8"),
    ROW(STRING, "svg", svg, "FILE",
        "write an SVG instead of letters; with --list, NAME.svg of each preset in this folder"),
    ROW(FLAG, "list", list, "every preset instead of EXPR: what it is, what it expands to, its picture"),
    OPTION_ROW_END
};

static void print_picture(const struct picture *picture, int ascii)
{
    char pairs[DRAW_COUNTS], tiles[DRAW_COUNTS];
    draw_format_pairs(picture, pairs);
    draw_format_tiles(picture, tiles);
    printf("\n");
    draw_text(picture, ascii, 0);
    printf("\n");
    draw_text_legend(picture, ascii, 0);
    printf("pairs   %s\ntiles   %s\n", pairs, tiles);
}

/* The expression, and what it stands for where that reads differently. */
static int print_heading(const char *text, const attn_pattern *pattern)
{
    char *canonical = expression_print(pattern);
    if (!canonical) {
        fprintf(stderr, "attn draw: no memory\n");
        return EXIT_FAILED;
    }
    printf("%s\n", text);
    if (strcmp(text, canonical))
        printf("= %s\n", canonical);
    free(canonical);
    return EXIT_OK;
}

static int draw_pattern(const struct draw_options *options, const char *text, const attn_pattern *pattern)
{
    struct picture picture;
    attn_lengths lengths = ATTN_LENGTHS_INIT;
    lengths.heads = options->heads;
    lengths.len_q = options->n;
    lengths.len_k = options->nk;
    lengths.alignment = options->start ? ATTN_ALIGN_START : ATTN_ALIGN_END;
    int failed = picture_create("draw", pattern, &lengths, options->head, options->tile, &picture);
    if (!failed && options->svg)
        failed = draw_svg(&picture, text, options->svg);
    else if (!failed && !(failed = print_heading(text, pattern)))
        print_picture(&picture, options->ascii);
    picture_free(&picture);
    return failed;
}

static int draw_expression(const struct draw_options *options, const struct expression_options *expression)
{
    attn_pattern *pattern = NULL;
    int status = expression_read("draw", expression, &pattern);
    if (status == EXIT_OK)
        status = draw_pattern(options, expression->text, pattern);
    attn_pattern_release(pattern);
    return status;
}

static int draw_presets(const struct draw_options *options)
{
    const struct draw_list_options list = {
        options->n, { options->tile[0], options->tile[1] }, options->ascii, options->svg
    };
    return draw_list(&list);
}

static void set_defaults(struct draw_options *options)
{
    if (options->n == NOT_GIVEN)
        options->n = options->list ? LIST_N : EXPR_N;
    if (options->nk == NOT_GIVEN)
        options->nk = options->n;
    if (options->tile[0] == NOT_GIVEN)
        options->tile[0] = options->tile[1] = options->list ? LIST_TILE : EXPR_TILE;
    if (!options->ascii && !options->svg)
        options->ascii = draw_needs_ascii();
}

int command_draw(int argc, char **argv)
{
    struct draw_options options = { .heads = 1 };
    struct expression_options expression = { .text = NULL };
    const struct option_set sets[] = { { "Pattern", expression_rows, &expression },
                                       { "Draw", draw_rows, &options },
                                       OPTION_SET_END };
    const struct option_command command = {
        "draw", "EXPR|--list [OPTION]...",
        "Draws which keys each query position sees under a sparsity pattern, and which tiles of that are full, "
        "partial\n"
        "and empty, with their numbers. attn_pattern.h and attn(1) describe the language of EXPR.",
        sets, &expression.text
    };
    int parsed = options_parse(&command, argc, argv);
    if (parsed != OPTIONS_GO)
        return parsed;
    if (!expression.text == !options.list)
        return options_usage_error("draw", "either an expression or --list is needed");
    if (options.head >= options.heads)
        return options_usage_error("draw", "--head %d: must be below --heads %d", (int)options.head,
                                   (int)options.heads);
    set_defaults(&options);
    return options.list ? draw_presets(&options) : draw_expression(&options, &expression);
}
