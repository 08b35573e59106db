/* Lowering: a pattern, for one head and given lengths, becomes a postfix program over leaves. Complements move into the
 * leaves (De Morgan), heads(...) becomes the branch of the head.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#ifndef ATTN_LIB_LOWER_H
#define ATTN_LIB_LOWER_H

#include "leaf.h"
#include "pattern.h"

typedef enum attn_step_kind { ATTN_STEP_LEAF, ATTN_STEP_AND, ATTN_STEP_OR } attn_step_kind;

typedef struct attn_step {
    attn_step_kind kind;
    int leaf;
} attn_step;

/* A stack of ATTN_PATTERN_DEPTH + 1 values runs it. Each primitive makes at most two leaves. */
enum { ATTN_PROGRAM_LEAVES = 2 * ATTN_PATTERN_NODES, ATTN_PROGRAM_STACK = ATTN_PATTERN_DEPTH + 8 };

typedef struct attn_program {
    int steps, leaves, step_capacity, leaf_capacity;
    attn_step *step;
    attn_leaf *leaf;
} attn_program;

/* What is lowered: `mask` may be NULL; a key must pass both. */
attn_status attn_lower(const attn_pattern *pattern, const attn_visible *mask, const attn_lengths *lengths, int64_t head,
                       attn_program *program);
void attn_program_free(attn_program *program);

/* Equal programs see equal keys. (Equal keys may be seen by programs that are not equal.) */
int attn_program_equal(const attn_program *a, const attn_program *b);

/* No part of the pattern depends on the head. */
int attn_pattern_is_headless(const attn_pattern *pattern);

#endif
