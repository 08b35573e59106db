/*
 * The tree behind a random expression: what pattern_random.c draws and pattern_sees.c evaluates.
 *
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE.
 */
#ifndef ATTN_TESTS_PATTERN_TREE_H
#define ATTN_TESTS_PATTERN_TREE_H

#include "pattern_random.h"

/* Trees of depth 4 have at most 1 + 3 + 9 + 27 + 81 nodes. */
enum { MOST_DEPTH = 4, MOST_CHILDREN = 3, MOST_NODES = 121, MOST_RANGES = 4, MOST_DATA = 6, MOST_TEXT = 16384 };

/* Blocks of random(): the largest len_k that expressions are asked about. */
enum { MOST_BLOCKS = 512 };

/* What an argument may be: 0 and more; 1 and more; -1 for unlimited too; 0 .. 2^24; at most the argument before it;
 * 1 and more, small mostly. */
enum argument { ARGUMENT_ANY, ARGUMENT_POSITIVE, ARGUMENT_OPEN, ARGUMENT_COUNT, ARGUMENT_BOUNDED, ARGUMENT_STEP };
enum data_kind { DATA_NONE, DATA_BLOCKS, DATA_SEGMENTS, DATA_BITS };
enum node_kind { NODE_PRIMITIVE, NODE_UNION, NODE_INTERSECTION, NODE_COMPLEMENT, NODE_HEADS };

/* What is asked: row r of a head, at position p, and key j. */
struct pair {
    const attn_lengths *lengths;
    int64_t head, r, p, j;
};

struct node;

/* One line of the table of names in attn_pattern.h. */
struct primitive {
    const char *name;
    int (*sees)(const struct node *node, const struct pair *pair);
    int required, arguments; /* those behind `required` may be left out */
    enum argument argument[3];
    int ranges; /* 1: a list of ranges */
    enum data_kind data;
    enum vocabulary vocabulary; /* the smallest that has it */
};
extern const struct primitive pattern_primitives[];
extern const int pattern_primitive_count;

/* A caller's data, and the pattern made of it. */
struct data {
    char name[8];
    attn_pattern *pattern;
    attn_block_mask mask;  /* mask.dense is `blocks` */
    unsigned char *blocks; /* owned, as are ids and words */
    int32_t *ids;
    int64_t count;
    uint64_t *words;
    int64_t rows, columns, stride;
};

/* Key blocks that random() selects for the query block that was asked last. */
struct block_cache {
    int64_t block, blocks; /* its number, and how many key blocks there are */
    unsigned char selected[MOST_BLOCKS];
};

struct node {
    enum node_kind kind;
    const struct primitive *row;
    int64_t argument[3];
    int given, ranges, children;
    attn_index_range range[MOST_RANGES]; /* of keys and positions; of heads, one for each child */
    const struct data *data;
    const struct node *child[MOST_CHILDREN];
    struct block_cache *cache;
};

struct expression {
    struct draws draws;
    enum vocabulary vocabulary;
    struct node node[MOST_NODES];
    struct block_cache cache[MOST_NODES];
    struct data data[MOST_DATA];
    int node_count, data_count, broken;
    attn_status status; /* of a constructor that failed */
    const struct node *root;
    char text[MOST_TEXT];
    size_t length;
};

#endif
