/*
 * The meaning of random expressions: the table of names in attn_pattern.h, line by line.
 *
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "pattern_tree.h"

static int64_t floor_divide(int64_t a, int64_t b)
{
    int64_t quotient = a / b;

    return quotient * b > a ? quotient - 1 : quotient;
}

/* 0 .. b - 1. */
static int64_t modulo(int64_t a, int64_t b)
{
    return a - floor_divide(a, b) * b;
}

static int sees_full(const struct node *node, const struct pair *pair)
{
    (void)node;
    (void)pair;
    return 1;
}

static int sees_causal(const struct node *node, const struct pair *pair)
{
    (void)node;
    return pair->j <= pair->p;
}

static int sees_window(const struct node *node, const struct pair *pair)
{
    int64_t left = node->argument[0], right = node->argument[1];

    return (left == -1 || pair->p - left <= pair->j) && (right == -1 || pair->j <= pair->p + right);
}

static int sees_last(const struct node *node, const struct pair *pair)
{
    int64_t distance = pair->p - pair->j;

    return 0 <= distance && distance < node->argument[0];
}

static int sees_band(const struct node *node, const struct pair *pair)
{
    return 2 * llabs(pair->p - pair->j) <= node->argument[0];
}

static int sees_dilated(const struct node *node, const struct pair *pair)
{
    int64_t step = node->argument[0], distance = llabs(pair->p - pair->j);

    return distance % step == 0 && distance / step <= node->argument[1];
}

static int sees_strided(const struct node *node, const struct pair *pair)
{
    return modulo(pair->p - pair->j, node->argument[0]) == 0;
}

static int sees_summary(const struct node *node, const struct pair *pair)
{
    return modulo(pair->j, node->argument[0]) >= node->argument[0] - node->argument[1];
}

static int sees_chunk(const struct node *node, const struct pair *pair)
{
    int64_t own = floor_divide(pair->p, node->argument[0]), other = floor_divide(pair->j, node->argument[0]);

    return own - node->argument[1] <= other && other <= own + node->argument[2];
}

static int sees_sink(const struct node *node, const struct pair *pair)
{
    return pair->j < node->argument[0];
}

static int in_ranges(const struct node *node, int64_t len_k, int64_t index)
{
    for (int i = 0; i < node->ranges; i++) {
        int64_t first = node->range[i].first, last = node->range[i].last;

        first += first < 0 ? len_k : 0;
        last += last < 0 ? len_k : 0;
        if (first <= index && index <= last)
            return 1;
    }
    return 0;
}

static int sees_keys(const struct node *node, const struct pair *pair)
{
    return in_ranges(node, pair->lengths->len_k, pair->j);
}

static int sees_queries(const struct node *node, const struct pair *pair)
{
    return in_ranges(node, pair->lengths->len_k, pair->p);
}

static int sees_global(const struct node *node, const struct pair *pair)
{
    return sees_keys(node, pair) || sees_queries(node, pair);
}

/* splitmix64 (Steele, Lea, Flood 2014). */
static uint64_t next_output(uint64_t *state)
{
    uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

/* Floyd's algorithm, in the words of attn_pattern.h. */
static void select_blocks(const struct node *node, int64_t blocks, int64_t block)
{
    unsigned char *selected = node->cache->selected;
    int64_t count = node->argument[1];
    uint64_t first = (uint64_t)node->argument[2] + UINT64_C(0x9e3779b97f4a7c15) * (uint64_t)block;
    uint64_t state = next_output(&first);

    memset(selected, count >= blocks, MOST_BLOCKS);
    for (int64_t i = blocks - count; count < blocks && i < blocks; i++) {
        int64_t drawn = (int64_t)((next_output(&state) >> 32) * (uint64_t)(i + 1) >> 32);

        selected[selected[drawn] ? i : drawn] = 1;
    }
    node->cache->block = block;
    node->cache->blocks = blocks;
}

static int sees_random(const struct node *node, const struct pair *pair)
{
    int64_t size = node->argument[0], blocks = floor_divide(pair->lengths->len_k + size - 1, size);
    int64_t block = floor_divide(pair->p, size);

    if (node->cache->block != block || node->cache->blocks != blocks)
        select_blocks(node, blocks, block);
    return node->cache->selected[pair->j / size];
}

static int sees_blocks(const struct node *node, const struct pair *pair)
{
    const attn_block_mask *mask = &node->data->mask;
    int64_t row = pair->r / mask->block_q, column = pair->j / mask->block_k, head = mask->heads == 1 ? 0 : pair->head;

    return row < mask->rows && column < mask->columns && head < mask->heads &&
           node->data->blocks[(head * mask->rows + row) * mask->columns + column] != 0;
}

static int sees_segments(const struct node *node, const struct pair *pair)
{
    const struct data *data = node->data;

    return pair->p >= 0 && pair->p < data->count && pair->j < data->count && data->ids[pair->p] == data->ids[pair->j];
}

static int sees_bits(const struct node *node, const struct pair *pair)
{
    const struct data *data = node->data;

    return pair->r < data->rows && pair->j < data->columns &&
           (data->words[pair->r * data->stride + pair->j / 64] >> pair->j % 64 & 1);
}

#define ANY ARGUMENT_ANY
#define POSITIVE ARGUMENT_POSITIVE
#define OPEN ARGUMENT_OPEN
const struct primitive pattern_primitives[] = {
    { "full", sees_full, 0, 0, { ANY }, 0, DATA_NONE, VOCABULARY_STEPS },
    { "causal", sees_causal, 0, 0, { ANY }, 0, DATA_NONE, VOCABULARY_STEPS },
    { "window", sees_window, 2, 2, { OPEN, OPEN }, 0, DATA_NONE, VOCABULARY_STEPS },
    { "last", sees_last, 1, 1, { ANY }, 0, DATA_NONE, VOCABULARY_STEPS },
    { "band", sees_band, 1, 1, { ANY }, 0, DATA_NONE, VOCABULARY_STEPS },
    { "dilated", sees_dilated, 2, 2, { ARGUMENT_STEP, ANY }, 0, DATA_NONE, VOCABULARY_STEPS },
    { "strided", sees_strided, 1, 1, { ARGUMENT_STEP }, 0, DATA_NONE, VOCABULARY_STEPS },
    { "summary", sees_summary, 2, 2, { POSITIVE, ARGUMENT_BOUNDED }, 0, DATA_NONE, VOCABULARY_ALL },
    { "chunk", sees_chunk, 1, 3, { POSITIVE, ANY, ANY }, 0, DATA_NONE, VOCABULARY_STEPS },
    { "sink", sees_sink, 1, 1, { ANY }, 0, DATA_NONE, VOCABULARY_STEPS },
    { "keys", sees_keys, 0, 0, { ANY }, 1, DATA_NONE, VOCABULARY_ALL },
    { "queries", sees_queries, 0, 0, { ANY }, 1, DATA_NONE, VOCABULARY_ALL },
    { "global", sees_global, 0, 0, { ANY }, 1, DATA_NONE, VOCABULARY_ALL },
    { "random", sees_random, 3, 3, { POSITIVE, ARGUMENT_COUNT, ANY }, 0, DATA_NONE, VOCABULARY_ALL },
    { "blocks", sees_blocks, 0, 0, { ANY }, 0, DATA_BLOCKS, VOCABULARY_ALL },
    { "segments", sees_segments, 0, 0, { ANY }, 0, DATA_SEGMENTS, VOCABULARY_ALL },
    { "bits", sees_bits, 0, 0, { ANY }, 0, DATA_BITS, VOCABULARY_ALL },
};
const int pattern_primitive_count = sizeof pattern_primitives / sizeof *pattern_primitives;

/* ---- sets ---------------------------------------------------------------------------------------------------- */

/* The child whose range holds the head; -1: none. */
static int child_of_head(const struct node *node, int64_t head)
{
    for (int i = 0; i < node->children; i++)
        if (node->range[i].first <= head && head <= node->range[i].last)
            return i;
    return -1;
}

static int sees(const struct node *node, const struct pair *pair)
{
    int child, i;

    switch (node->kind) {
    case NODE_PRIMITIVE:
        return node->row->sees(node, pair);
    case NODE_COMPLEMENT:
        return !sees(node->child[0], pair);
    case NODE_HEADS:
        child = child_of_head(node, pair->head);
        return child >= 0 && sees(node->child[child], pair);
    default:
        for (i = 0; i < node->children; i++)
            if (sees(node->child[i], pair) == (node->kind == NODE_UNION))
                return node->kind == NODE_UNION;
        return node->kind == NODE_INTERSECTION;
    }
}

int expression_sees(const struct expression *e, const attn_lengths *lengths, int64_t head, int64_t r, int64_t j)
{
    struct pair pair = { lengths, head, r, r, j };

    if (lengths->alignment == ATTN_ALIGN_END)
        pair.p = r + lengths->len_k - lengths->len_q;
    return sees(e->root, &pair);
}

int expression_same_heads(const struct expression *e, int64_t a, int64_t b)
{
    for (int i = 0; i < e->node_count; i++) {
        const struct node *node = &e->node[i];

        if (node->kind == NODE_HEADS && child_of_head(node, a) != child_of_head(node, b))
            return 0;
        if (node->data != NULL && node->data->mask.heads > 1)
            return 0;
    }
    return 1;
}
