/*
 * Random expressions of the pattern language (attn_pattern.h) with their meaning, which is transcribed here literally,
 * pair by pair, and shares no code with the library.
 *
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE.
 */
#ifndef ATTN_TESTS_PATTERN_RANDOM_H
#define ATTN_TESTS_PATTERN_RANDOM_H

#include "attn_pattern.h"

struct expression;

/* Which primitives an expression may have: any, or intervals and steps alone, which kernels may run without lists. */
enum vocabulary { VOCABULARY_ALL, VOCABULARY_STEPS };

/* The expression that a seed stands for, made for these lengths: block masks, bits and segments are about as large. The
 * same on every machine. NULL: out of memory. */
struct expression *expression_create(uint64_t seed, const attn_lengths *lengths, enum vocabulary vocabulary);
void expression_destroy(struct expression *expression);

/* As attn_pattern_parse takes it, with the bindings that expression_pattern makes. */
const char *expression_text(const struct expression *expression);

/* Parses the text. The status of the first call that failed. */
attn_status expression_pattern(const struct expression *expression, attn_pattern **pattern);

/* Whether row r of a head sees key j. Not thread-safe: random() remembers its last block. */
int expression_sees(const struct expression *expression, const attn_lengths *lengths, int64_t head, int64_t r,
                    int64_t j);

/* 1 when the expression says the same of both heads in so many words. */
int expression_same_heads(const struct expression *expression, int64_t a, int64_t b);

/* ---- draws --------------------------------------------------------------------------------------------------- */

struct draws {
    uint64_t seed, count;
};

/* 0 .. below - 1. */
int64_t draw_below(struct draws *draws, int64_t below);

/* What repeats or extends a run of seeds: the number in an environment variable. */
uint64_t pattern_environment(const char *name, uint64_t otherwise);

#endif
