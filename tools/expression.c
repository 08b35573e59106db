/*
 * A pattern from the command line.
 *
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE.
 */
#include "config.h"

#include "expression.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "commands.h"
#include "npyfile.h"

enum { MASK_NAME = 64 }; /* bytes of a mask's name */
#define MOST_BLOCK ((int64_t)1 << 40)

#define ROW(kind, name, field, ...) OPTION_ROW_##kind(name, struct expression_options, field, __VA_ARGS__)

const struct option_row expression_rows[] = {
    ROW(STRING, "pattern", text, "EXPR", "keys that are seen, such as 'causal & (last(4096) | sink(4))'"),
    ROW(LIST, "mask", masks, "NAME=FILE",
        "block mask that EXPR calls NAME: .npy of (rows,columns) or (heads,rows,columns), u1 or bool; may be repeated"),
    ROW(BLOCK, "block", block, "Q[xK]", 1, MOST_BLOCK, "query rows and keys of a block of the masks"), OPTION_ROW_END
};

/* Masks under the names that the expression uses. */
struct bindings {
    int count;
    attn_binding binding[OPTION_LIST_MOST];
    attn_pattern *pattern[OPTION_LIST_MOST];
    char name[OPTION_LIST_MOST][MASK_NAME];
};

static int mask_error(const char *command, const char *mask, const char *reason)
{
    fprintf(stderr, "attn %s: --mask %s: %s\n", command, mask, reason);
    return EXIT_FAILED;
}

static int check_header(const struct npy_header *header, char *reason)
{
    int known = header->type == NPY_U8 || header->type == NPY_BOOL;
    if (!known)
        snprintf(reason, NPY_REASON, "type is '%s', must be '|u1' or '|b1'", npy_type_name(header->type));
    else if (header->rank != 2 && header->rank != 3)
        snprintf(reason, NPY_REASON, "rank is %d, must be 2 or 3", header->rank);
    else
        return 0;
    return 1;
}

/* Reads the file behind '=' into a pattern of this name. */
static int read_mask(const char *command, const char *text, const int64_t block[2], const char *name,
                     attn_pattern **pattern)
{
    char reason[NPY_REASON];
    struct npy_header header;
    void *data = NULL;
    attn_block_mask mask = ATTN_BLOCK_MASK_INIT;
    if (npy_read(strchr(text, '=') + 1, &header, &data, reason))
        return mask_error(command, text, reason);
    if (check_header(&header, reason)) {
        npy_free(data);
        return mask_error(command, text, reason);
    }
    const int64_t *size = header.size + header.rank - 2;
    mask.block_q = block[0], mask.block_k = block[1];
    mask.rows = size[0], mask.columns = size[1];
    mask.heads = header.rank == 3 ? header.size[0] : 1;
    mask.dense = data;
    attn_status status = attn_pattern_blocks(name, &mask, pattern);
    npy_free(data);
    return status ? mask_error(command, text, attn_reason()) : EXIT_OK;
}

static int bind_mask(const char *command, const char *text, const int64_t block[2], struct bindings *bindings)
{
    int i = bindings->count;
    size_t length = strcspn(text, "=");
    if (!length || length >= MASK_NAME || !text[length] || !text[length + 1])
        return options_usage_error(command, "--mask '%s': must be NAME=FILE, NAME of 1 .. %d letters", text,
                                   MASK_NAME - 1);
    memcpy(bindings->name[i], text, length);
    int failed = read_mask(command, text, block, bindings->name[i], &bindings->pattern[i]);
    if (failed)
        return failed;
    bindings->binding[i].name = bindings->name[i];
    bindings->binding[i].pattern = bindings->pattern[i];
    bindings->count++;
    return EXIT_OK;
}

static int parse(const char *command, const char *text, const struct bindings *bindings, attn_pattern **pattern)
{
    attn_status status = attn_pattern_parse(text, bindings->binding, bindings->count, pattern);
    if (!status)
        return EXIT_OK;
    fprintf(stderr, "attn %s: pattern '%.200s': %s\n", command, text, attn_reason());
    return status == ATTN_INVALID ? EXIT_USAGE : EXIT_FAILED;
}

int expression_read(const char *command, const struct expression_options *options, attn_pattern **pattern)
{
    static struct bindings bindings;
    int status = EXIT_OK;
    *pattern = NULL;
    if (options->masks.count && !options->text)
        return options_usage_error(command, "--mask needs an expression that names it");
    if (options->masks.count && !options->block[0])
        return options_usage_error(command, "--mask needs --block, the size of its blocks");
    if (!options->text)
        return EXIT_OK;
    memset(&bindings, 0, sizeof bindings);
    for (int i = 0; i < options->masks.count && status == EXIT_OK; i++)
        status = bind_mask(command, options->masks.text[i], options->block, &bindings);
    if (status == EXIT_OK)
        status = parse(command, options->text, &bindings, pattern);
    for (int i = 0; i < bindings.count; i++)
        attn_pattern_release(bindings.pattern[i]);
    return status;
}

char *expression_print(const attn_pattern *pattern)
{
    size_t length = attn_pattern_print(pattern, NULL, 0);
    char *text = malloc(length + 1);
    if (text)
        attn_pattern_print(pattern, text, length + 1);
    return text;
}
