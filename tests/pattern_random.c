/*
 * Random expressions of the pattern language: drawing them, their text, their patterns.
 *
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE.
 */
#include "config.h"

#include "pattern_random.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "numbers.h"
#include "pattern_tree.h"
#include "status.h"

int64_t draw_below(struct draws *draws, int64_t below)
{
    return (int64_t)(number_hash(draws->seed, draws->count++) % (uint64_t)below);
}

/* ---- text ---------------------------------------------------------------------------------------------------- */

static void put(struct expression *e, const char *format, ...) ATTN_PRINTF(2, 3);
static void put(struct expression *e, const char *format, ...)
{
    size_t left = sizeof e->text - e->length;
    va_list arguments;
    int length;

    va_start(arguments, format);
    length = vsnprintf(e->text + e->length, left, format, arguments);
    va_end(arguments);
    e->broken |= length < 0 || (size_t)length >= left;
    e->length += e->broken ? 0 : (size_t)length;
}

static void put_ranges(struct expression *e, const struct node *node)
{
    for (int i = 0; i < node->ranges; i++) {
        const attn_index_range *range = &node->range[i];

        put(e, "%s%" PRId64, i > 0 ? ", " : "", range->first);
        if (range->last != range->first)
            put(e, "..%" PRId64, range->last);
    }
}

static void put_arguments(struct expression *e, const struct node *node)
{
    if (node->given == 0 && node->ranges == 0 && node->data == NULL)
        return;
    put(e, "(");
    for (int i = 0; i < node->given; i++)
        put(e, "%s%" PRId64, i > 0 ? ", " : "", node->argument[i]);
    put_ranges(e, node);
    if (node->data != NULL)
        put(e, "%s", node->data->name);
    put(e, ")");
}

/* With no more parentheses than it needs: the rest is precedence. */
static void put_node(struct expression *e, const struct node *node, int parent)
{
    int parentheses = node->kind == NODE_UNION && (parent == NODE_INTERSECTION || parent == NODE_COMPLEMENT);

    parentheses |= node->kind == NODE_INTERSECTION && parent == NODE_COMPLEMENT;
    put(e, "%s", parentheses ? "(" : node->kind == NODE_COMPLEMENT ? "!" : "");
    if (node->kind == NODE_PRIMITIVE) {
        put(e, "%s", node->row->name);
        put_arguments(e, node);
    }
    if (node->kind == NODE_HEADS)
        put(e, "heads(");
    for (int i = 0; i < node->children; i++) {
        if (i > 0)
            put(e, "%s", node->kind == NODE_UNION ? " | " : node->kind == NODE_INTERSECTION ? " & " : "; ");
        if (node->kind == NODE_HEADS)
            put(e, "%" PRId64 "..%" PRId64 ": ", node->range[i].first, node->range[i].last);
        put_node(e, node->child[i], node->kind);
    }
    put(e, "%s", parentheses || node->kind == NODE_HEADS ? ")" : "");
}

const char *expression_text(const struct expression *e)
{
    return e->text;
}

/* ---- numbers ------------------------------------------------------------------------------------------------- */

/* Small mostly, so that terms meet; now and then at the edge of a word or tile, or beyond everything. */
static int64_t draw_size(struct draws *draws)
{
    static const int64_t corners[] = { 0,  1,  2,  15,  16,  17,  31,  32,  33,  48,
                                       63, 64, 65, 127, 128, 129, 255, 256, 257, 300 };
    static const int64_t huge[] = { 1000, INT64_C(1) << 20, INT64_C(1) << 31, (INT64_C(1) << 40) - 1,
                                    INT64_C(1) << 40 };
    int64_t way = draw_below(draws, 20);

    if (way < 9)
        return draw_below(draws, 13);
    if (way < 14)
        return corners[draw_below(draws, sizeof corners / sizeof *corners)];
    return way < 19 ? draw_below(draws, 160) : huge[draw_below(draws, sizeof huge / sizeof *huge)];
}

static int64_t draw_argument(struct draws *draws, enum argument argument, int64_t before)
{
    int64_t value = draw_size(draws);

    if (argument == ARGUMENT_OPEN && draw_below(draws, 5) == 0)
        return -1;
    if (argument == ARGUMENT_STEP && draw_below(draws, 3) > 0)
        return 1 + draw_below(draws, 12);
    if (argument == ARGUMENT_COUNT)
        return value % ((1 << 24) + 1);
    if (argument == ARGUMENT_BOUNDED)
        return value % (before + 1);
    return value == 0 && (argument == ARGUMENT_POSITIVE || argument == ARGUMENT_STEP) ? 1 : value;
}

/* Mostly within the sequence; from the end, empty and beyond now and then. */
static attn_index_range draw_range(struct draws *draws, int64_t length)
{
    attn_index_range range;
    int64_t way = draw_below(draws, 10);

    range.first = draw_below(draws, length + 10);
    range.last = range.first + (way < 5 ? 0 : draw_below(draws, way < 8 ? 20 : 200));
    if (draw_below(draws, 4) == 0)
        range.last = -1 - draw_below(draws, 20);
    if (range.last < 0 && draw_below(draws, 2) == 0)
        range.first = range.last - draw_below(draws, 30);
    return range;
}

/* ---- data ---------------------------------------------------------------------------------------------------- */

/* As BSR, when drawn so: the same mask in the other form. */
static attn_status make_bsr(attn_block_mask mask, const char *name, attn_pattern **pattern)
{
    int64_t lines = mask.heads * (mask.rows + 1), count = 0;
    int32_t *row_ptr = malloc((size_t)lines * sizeof *row_ptr);
    int32_t *col_idx = malloc((size_t)(mask.heads * mask.rows * mask.columns + 1) * sizeof *col_idx);
    attn_status status = ATTN_NO_MEMORY;

    for (int64_t h = 0; row_ptr != NULL && col_idx != NULL && h < mask.heads; h++)
        for (int64_t i = 0; i <= mask.rows; i++) {
            row_ptr[h * (mask.rows + 1) + i] = (int32_t)count;
            for (int64_t c = 0; i < mask.rows && c < mask.columns; c++)
                if (mask.dense[(h * mask.rows + i) * mask.columns + c])
                    col_idx[count++] = (int32_t)c;
        }
    mask.dense = NULL;
    mask.row_ptr = row_ptr;
    mask.col_idx = col_idx;
    if (row_ptr != NULL && col_idx != NULL)
        status = attn_pattern_blocks(name, &mask, pattern);
    free(row_ptr);
    free(col_idx);
    return status;
}

static attn_status make_blocks(struct draws *draws, const attn_lengths *lengths, struct data *data)
{
    attn_block_mask mask = ATTN_BLOCK_MASK_INIT;
    int64_t density = 1 + draw_below(draws, 10), count;

    mask.block_q = draw_argument(draws, ARGUMENT_POSITIVE, 0);
    mask.block_k = draw_argument(draws, ARGUMENT_POSITIVE, 0);
    mask.rows = 1 + draw_below(draws, lengths->len_q / mask.block_q + 3);
    mask.columns = 1 + draw_below(draws, lengths->len_k / mask.block_k + 3);
    mask.heads = draw_below(draws, 3) > 0 ? 1 : 2 + draw_below(draws, 3);
    count = mask.heads * mask.rows * mask.columns;
    data->blocks = malloc((size_t)count);
    if (data->blocks == NULL)
        return ATTN_NO_MEMORY;
    for (int64_t i = 0; i < count; i++)
        data->blocks[i] = draw_below(draws, 11) < density ? (unsigned char)(1 + draw_below(draws, 255)) : 0;
    mask.dense = data->blocks;
    data->mask = mask;
    return draw_below(draws, 2) ? make_bsr(mask, data->name, &data->pattern)
                                : attn_pattern_blocks(data->name, &mask, &data->pattern);
}

static attn_status make_segments(struct draws *draws, const attn_lengths *lengths, struct data *data)
{
    int64_t longest = 1 + draw_below(draws, 60);
    int32_t id = 0;

    data->count = 1 + draw_below(draws, lengths->len_k + 20);
    data->ids = malloc((size_t)data->count * sizeof *data->ids);
    if (data->ids == NULL)
        return ATTN_NO_MEMORY;
    /* Documents one behind the other; now and then an id that was there before, or a negative one. */
    for (int64_t i = 0; i < data->count; i++) {
        if (draw_below(draws, longest) == 0)
            id = (int32_t)(draw_below(draws, 4) > 0 ? id + 1 : draw_below(draws, 5) - 2);
        data->ids[i] = id;
    }
    return attn_pattern_segments(data->name, data->ids, data->count, &data->pattern);
}

/* What lies behind the columns of a row is not zero. */
static attn_status make_bits(struct draws *draws, const attn_lengths *lengths, struct data *data)
{
    int64_t density = draw_below(draws, 4);

    data->rows = 1 + draw_below(draws, lengths->len_q + 20);
    data->columns = 1 + draw_below(draws, lengths->len_k + 70);
    data->stride = (data->columns + 63) / 64 + draw_below(draws, 2);
    data->words = malloc((size_t)(data->rows * data->stride) * sizeof *data->words);
    if (data->words == NULL)
        return ATTN_NO_MEMORY;
    for (int64_t i = 0; i < data->rows * data->stride; i++) {
        uint64_t word = number_hash(draws->seed, draws->count++);

        data->words[i] = density == 0 ? word & word >> 9 & word >> 21 : density == 1 ? word | word << 7 : word;
        if (density == 3)
            data->words[i] = (i / 5) % 2 ? UINT64_MAX : 0;
    }
    return attn_pattern_bits(data->name, data->words, data->rows, data->columns, data->stride, &data->pattern);
}

static attn_status (*const makers[])(struct draws *, const attn_lengths *, struct data *) = {
    [DATA_BLOCKS] = make_blocks,
    [DATA_SEGMENTS] = make_segments,
    [DATA_BITS] = make_bits,
};

static struct data *draw_data(struct expression *e, const attn_lengths *lengths, enum data_kind kind)
{
    struct data *data = &e->data[e->data_count];

    snprintf(data->name, sizeof data->name, "m%d", e->data_count++);
    e->status = makers[kind](&e->draws, lengths, data);
    e->broken |= e->status != ATTN_OK;
    return data;
}

/* ---- trees --------------------------------------------------------------------------------------------------- */

static struct node *new_node(struct expression *e, enum node_kind kind)
{
    struct node *node = &e->node[e->node_count];

    node->kind = kind;
    node->cache = &e->cache[e->node_count++];
    node->cache->block = INT64_MIN;
    return node;
}

static int is_open(const struct expression *e, const struct primitive *row)
{
    return e->vocabulary <= row->vocabulary && (row->data == DATA_NONE || e->data_count < MOST_DATA);
}

static struct node *draw_primitive(struct expression *e, const attn_lengths *lengths)
{
    struct node *node = new_node(e, NODE_PRIMITIVE);

    do
        node->row = &pattern_primitives[draw_below(&e->draws, pattern_primitive_count)];
    while (!is_open(e, node->row));
    for (int i = 0; i < node->row->arguments; i++)
        node->argument[i] = draw_argument(&e->draws, node->row->argument[i], i > 0 ? node->argument[i - 1] : 0);
    node->given = node->row->arguments;
    /* Arguments that may be left out are 0 then. */
    while (node->given > node->row->required && draw_below(&e->draws, 2))
        node->argument[--node->given] = 0;
    if (node->row->ranges)
        node->ranges = 1 + (int)draw_below(&e->draws, MOST_RANGES);
    for (int i = 0; i < node->ranges; i++)
        node->range[i] = draw_range(&e->draws, lengths->len_k);
    if (node->row->data != DATA_NONE)
        node->data = draw_data(e, lengths, node->row->data);
    return node;
}

static struct node *draw_node(struct expression *e, const attn_lengths *lengths, int depth);

/* Ranges of heads one behind the other with gaps, some behind the last head. */
static struct node *draw_heads(struct expression *e, const attn_lengths *lengths, int depth)
{
    struct node *node = new_node(e, NODE_HEADS);
    int64_t next = draw_below(&e->draws, 2);

    node->children = 1 + (int)draw_below(&e->draws, MOST_CHILDREN);
    for (int i = 0; i < node->children; i++) {
        node->range[i].first = next;
        node->range[i].last = next + draw_below(&e->draws, 3) / 2 + draw_below(&e->draws, 2);
        next = node->range[i].last + 1 + draw_below(&e->draws, 4) / 3;
        node->child[i] = draw_node(e, lengths, depth - 1);
    }
    return node;
}

static struct node *draw_node(struct expression *e, const attn_lengths *lengths, int depth)
{
    int64_t way = draw_below(&e->draws, 12);
    struct node *node;

    if (depth == 0 || way < 3)
        return draw_primitive(e, lengths);
    if (way == 11 && lengths->heads > 1)
        return draw_heads(e, lengths, depth);
    node = new_node(e, way < 7 ? NODE_UNION : way < 10 ? NODE_INTERSECTION : NODE_COMPLEMENT);
    /* Three terms of an intersection seldom leave anything. */
    node->children = node->kind == NODE_COMPLEMENT ? 1 : 2;
    if (node->kind == NODE_UNION || (node->kind == NODE_INTERSECTION && draw_below(&e->draws, 6) == 0))
        node->children += (int)draw_below(&e->draws, 2);
    for (int i = 0; i < node->children; i++)
        node->child[i] = draw_node(e, lengths, depth - 1);
    return node;
}

struct expression *expression_create(uint64_t seed, const attn_lengths *lengths, enum vocabulary vocabulary)
{
    struct expression *e = calloc(1, sizeof *e);
    int64_t depth;

    if (e == NULL)
        return NULL;
    e->draws.seed = seed;
    e->vocabulary = vocabulary;
    /* Small trees of steps are those that have forms other than lists. */
    depth = 1 + draw_below(&e->draws, vocabulary == VOCABULARY_STEPS ? 3 : MOST_DEPTH);
    e->root = draw_node(e, lengths, (int)depth);
    put_node(e, e->root, NODE_PRIMITIVE);
    return e;
}

void expression_destroy(struct expression *e)
{
    if (e == NULL)
        return;
    for (int i = 0; i < e->data_count; i++) {
        attn_pattern_release(e->data[i].pattern);
        free(e->data[i].blocks);
        free(e->data[i].ids);
        free(e->data[i].words);
    }
    free(e);
}

attn_status expression_pattern(const struct expression *e, attn_pattern **pattern)
{
    attn_binding bindings[MOST_DATA];

    *pattern = NULL;
    if (e->broken)
        return e->status ? e->status : ATTN_INVALID;
    for (int i = 0; i < e->data_count; i++)
        bindings[i] = (attn_binding){ e->data[i].name, e->data[i].pattern };
    return attn_pattern_parse(e->text, bindings, e->data_count, pattern);
}

uint64_t pattern_environment(const char *name, uint64_t otherwise)
{
    const char *value = getenv(name);

    return value != NULL && *value != '\0' ? strtoull(value, NULL, 10) : otherwise;
}
