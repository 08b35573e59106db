/* A pattern: an immutable, counted tree of primitives and set operations.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#ifndef ATTN_LIB_PATTERN_H
#define ATTN_LIB_PATTERN_H

#include <stdatomic.h>

#include "attn_pattern.h"
#include "status.h"

enum { ATTN_PATTERN_TEXT = 65536, ATTN_PATTERN_DEPTH = 64, ATTN_PATTERN_NODES = 4096, ATTN_PATTERN_ARGUMENTS = 3 };
#define ATTN_PATTERN_LARGEST (INT64_C(1) << 40)

typedef enum attn_pattern_kind {
    ATTN_P_FULL,
    ATTN_P_CAUSAL,
    ATTN_P_WINDOW,   /* left, right */
    ATTN_P_LAST,     /* W */
    ATTN_P_BAND,     /* w */
    ATTN_P_DILATED,  /* step, a */
    ATTN_P_STRIDED,  /* l */
    ATTN_P_SUMMARY,  /* l, c */
    ATTN_P_CHUNK,    /* C, back, ahead */
    ATTN_P_SINK,     /* s */
    ATTN_P_RANDOM,   /* block, count, seed */
    ATTN_P_KEYS,     /* ranges */
    ATTN_P_QUERIES,  /* ranges */
    ATTN_P_GLOBAL,   /* ranges */
    ATTN_P_BLOCKS,   /* data.blocks */
    ATTN_P_SEGMENTS, /* data.segments */
    ATTN_P_BITS,     /* data.bits */
    ATTN_P_UNION,    /* 2 children */
    ATTN_P_INTERSECTION,
    ATTN_P_COMPLEMENT, /* 1 child */
    ATTN_P_HEADS       /* children, one for each range: head range of child i is range[i] */
} attn_pattern_kind;

/* Block mask in BSR form: entries of head h's row i are column[row_ptr[h * (rows + 1) + i]] and on, ascending. */
typedef struct attn_pattern_blocks_data {
    int64_t block_q, block_k, rows, columns, heads;
    int64_t *row_ptr;
    int32_t *column;
} attn_pattern_blocks_data;

typedef struct attn_pattern_segments_data {
    int64_t count;
    int32_t *id;
} attn_pattern_segments_data;

typedef struct attn_pattern_bits_data {
    int64_t rows, columns, stride; /* stride = ceil(columns / 64); bits behind `columns` are 0 */
    uint64_t *word;
} attn_pattern_bits_data;

struct attn_pattern {
    atomic_int holders;
    attn_pattern_kind kind;
    int depth, nodes; /* of the whole tree; shared nodes count as often as they appear */
    int64_t argument[ATTN_PATTERN_ARGUMENTS];
    int child_count, range_count;
    struct attn_pattern **child;
    attn_index_range *range; /* as given */
    char *name;              /* of blocks, segments, bits */
    union {
        attn_pattern_blocks_data blocks;
        attn_pattern_segments_data segments;
        attn_pattern_bits_data bits;
    } data;
};

/* An integer argument. */
typedef struct attn_pattern_argument {
    const char *name;
    int64_t low, high, missing; /* missing: value when not given */
    int bound;                  /* not above argument bound - 1 of the same call either; 0: no such bound */
} attn_pattern_argument;

/* One line of the language: name, how many arguments, their limits. pattern_table.c */
typedef struct attn_primitive {
    const char *name;
    attn_pattern_kind kind;
    int least, most; /* arguments; -1, -1: a list of ranges; 0, 0 with a binding: see takes_name */
    attn_pattern_argument argument[ATTN_PATTERN_ARGUMENTS];
    int takes_name; /* blocks(name), segments(name), bits(name) */
} attn_primitive;

/* By name (not terminated: `length` bytes) or by kind; NULL: none. */
const attn_primitive *attn_primitive_of_name(const char *name, size_t length);
const attn_primitive *attn_primitive_of_kind(attn_pattern_kind kind);

/* An argument of a call of `name` lies within its limits. */
attn_status attn_check_argument(const char *name, const attn_pattern_argument *argument, int64_t value);

/* Checks a call of least .. most arguments and completes the ones that are not given. */
attn_status attn_complete_arguments(const char *name, int least, int most, const attn_pattern_argument *argument,
                                    const int64_t *given, int count, int64_t *complete);

/* Bytes of the name that the text begins with: letters, digits, '_' and '-', a letter first. 0: no name. */
size_t attn_name_length(const char *text, size_t length);

/* A name that a caller may give to a pattern; `what` stands for it in the reason. */
attn_status attn_check_pattern_name(const char *what, const char *name);

/* A name for an expression. preset.c */
typedef struct attn_preset {
    const char *name, *arguments, *summary, *source, *example; /* see attn_preset_info */
    int most;                                                  /* arguments; every one may be left out */
    attn_pattern_argument argument[ATTN_PATTERN_ARGUMENTS];
    attn_status (*expand)(const int64_t *argument, attn_pattern **pattern);
} attn_preset;

/* By name as above; NULL: none. */
const attn_preset *attn_preset_of_name(const char *name, size_t length);
attn_status attn_preset_expand(const attn_preset *preset, const int64_t *given, int count, attn_pattern **pattern);

/* A node with its children (kept) and ranges (copied); the rest is zero. Every node is made here, so that no tree
 * exceeds the limits of depth and nodes. pattern.c */
attn_status attn_pattern_new(attn_pattern_kind kind, const attn_pattern *const *child, int child_count,
                             const attn_index_range *range, int range_count, attn_pattern **pattern);

/* Whether query row r of a head sees key j: the definition. r, j and the lengths are in range. pattern_sees.c */
int attn_pattern_sees(const attn_pattern *pattern, const attn_lengths *lengths, int64_t head, int64_t r, int64_t j);

/* Copies a caller's lengths and checks them. pattern_sees.c */
attn_status attn_read_lengths(attn_lengths *own, const attn_lengths *theirs);

#endif
