/*
 * attn draw --list: every preset of the library.
 *
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "attn_pattern.h"
#include "commands.h"
#include "draw.h"
#include "expression.h"

enum { INDENT = 2, MOST_TITLE = 512, MOST_PATH = 4096 };

/* Arguments that fit a picture, where models have longer ones, and how many heads differ. A preset without a row is
 * drawn with its defaults. */
static const struct example {
    const char *name, *text;
    int heads;
} examples[] = {
    { "mistral", "mistral(20)", 1 },
    { "longformer", "longformer(24, 2)", 1 },
    { "longformer-dilated", "longformer-dilated(12, 3)", 1 },
    { "bigbird", "bigbird(4, 1, 5)", 1 },
    { "sparse-transformer-strided", "sparse-transformer-strided(16)", 1 },
    { "sparse-transformer-fixed", "sparse-transformer-fixed(16, 4)", 1 },
    { "sparse-transformer-strided-heads", "sparse-transformer-strided-heads(16, 2)", 2 },
    { "sparse-transformer-fixed-heads", "sparse-transformer-fixed-heads(16, 4, 2)", 2 },
    { "streaming-llm", "streaming-llm(4, 20)", 1 },
    { "a-shape", "a-shape(8, 20)", 1 },
    { "mit-streaming", "mit-streaming(4, 20)", 1 },
    { "mit-streaming-block", "mit-streaming-block(1, 2, 8)", 1 },
    { "block-diagonal", "block-diagonal(8, 1)", 1 },
};

static struct example example_of(const char *preset)
{
    for (size_t i = 0; i < sizeof examples / sizeof examples[0]; i++)
        if (!strcmp(examples[i].name, preset))
            return examples[i];
    return (struct example){ preset, preset, 1 };
}

static int library_failure(const char *text)
{
    fprintf(stderr, "attn draw: %s: %s\n", text, attn_reason());
    return EXIT_FAILED;
}

/* ---- one head of one preset ------------------------------------------------------------------------------------ */

static int write_svg(const struct draw_list_options *options, const struct example *example, const char *title,
                     const struct picture *picture)
{
    char path[MOST_PATH], head[32] = "";
    if (example->heads > 1)
        snprintf(head, sizeof head, "-head%d", (int)picture->head);
    int length = snprintf(path, sizeof path, "%s/%s%s.svg", options->folder, example->name, head);
    if (length < (int)sizeof path)
        return draw_svg(picture, title, path);
    fprintf(stderr, "attn draw: --svg: path of %d bytes, must be below %d\n", length, MOST_PATH);
    return EXIT_FAILED;
}

static int draw_head(const struct draw_list_options *options, const struct example *example,
                     const attn_pattern *pattern, int head)
{
    struct picture picture;
    attn_lengths lengths = ATTN_LENGTHS_INIT;
    char expansion[MOST_TITLE], title[2 * MOST_TITLE], number[48] = "";
    lengths.heads = example->heads;
    lengths.len_q = lengths.len_k = options->n;
    int failed = picture_create("draw", pattern, &lengths, head, options->tile, &picture);
    attn_pattern_print(pattern, expansion, sizeof expansion);
    if (example->heads > 1)
        snprintf(number, sizeof number, ", head %d of %d", head, example->heads);
    snprintf(title, sizeof title, "%s = %s%s", example->text, expansion, number);
    if (!failed && options->folder) {
        failed = write_svg(options, example, title, &picture);
    } else if (!failed) {
        printf("\n%*s%s\n", INDENT, "", title);
        draw_text(&picture, options->ascii, INDENT);
    }
    picture_free(&picture);
    return failed;
}

/* ---- all ------------------------------------------------------------------------------------------------------- */

static int draw_preset(const struct draw_list_options *options, const attn_preset_info *info)
{
    const struct example example = example_of(info->name);
    attn_pattern *pattern = NULL;
    int failed = EXIT_OK;
    if (attn_pattern_parse(example.text, NULL, 0, &pattern))
        return library_failure(example.text);
    if (!options->folder)
        printf("%s%s\n%*s%s\n%*sfrom %s\n%*s= %s\n", info->name, info->arguments, INDENT, "", info->summary, INDENT, "",
               info->source, INDENT, "", info->example);
    for (int head = 0; head < example.heads && !failed; head++)
        failed = draw_head(options, &example, pattern, head);
    if (!options->folder)
        printf("\n");
    attn_pattern_release(pattern);
    return failed;
}

int draw_list(const struct draw_list_options *options)
{
    for (int i = 0; i < attn_preset_count(); i++) {
        attn_preset_info info = ATTN_PRESET_INFO_INIT;
        if (attn_preset_describe(i, &info))
            return library_failure("presets");
        int failed = draw_preset(options, &info);
        if (failed)
            return failed;
    }
    return EXIT_OK;
}
