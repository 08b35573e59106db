/*
 * A case with its inputs: the bytes of every tensor, on the host. What the problem does not use (slack of views, keys
 * beyond the lengths, unused pages, rows after the last sequence) holds NaN and Inf, integers out of range where the
 * library must not look.
 *
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE.
 */
#ifndef ATTN_TESTS_INSTANCE_H
#define ATTN_TESTS_INSTANCE_H

#include "cases.h"

enum operand_index {
    OPERAND_Q,
    OPERAND_K,
    OPERAND_V,
    OPERAND_O,
    OPERAND_LSE,
    OPERAND_ALIBI,
    OPERAND_BIAS,
    OPERAND_SINK_LOGIT,
    OPERAND_CU_Q,
    OPERAND_CU_K,
    OPERAND_USED,
    OPERAND_PAGES,
    OPERANDS
};

/* Where an operand stands in attn_problem and in attn_args. */
struct operand_row {
    const char *name;
    size_t in_problem, in_args;
    int output;
};
extern const struct operand_row operand_rows[OPERANDS];

attn_tensor *operand_tensor(attn_problem *problem, int operand);
attn_memory *operand_memory(attn_args *args, int operand);

struct operand {
    attn_tensor tensor; /* dtype ATTN_NONE: absent */
    size_t offset;      /* bytes before the first element */
    size_t bytes;       /* of data, offset and slack included */
    unsigned char *data;
};

struct instance {
    const struct attention_case *c;
    attn_problem problem;
    struct case_pattern pattern; /* what the problem points to */
    struct operand operand[OPERANDS];
    uint64_t seed;
};

/* NULL: out of memory, or a pattern that cannot be made. The case must outlive the instance. The same case and seed give
 * the same inputs on every machine. */
struct instance *instance_create(const struct attention_case *c, uint64_t seed);
void instance_destroy(struct instance *instance);

/* Gives o another type. 0: done. */
int instance_set_output(struct instance *instance, attn_dtype type);

/* Index of an element within its operand's data, offset included. */
int64_t instance_index(const struct operand *operand, int64_t i0, int64_t i1, int64_t i2, int64_t i3);

/* Where query row r, or key j, of sequence b stands in q, o and lse, or in k and v. */
struct place {
    int64_t batch, position;
};
struct place instance_query(const struct instance *instance, int64_t b, int64_t r);
struct place instance_key(const struct instance *instance, int64_t b, int64_t j);

/* Value at an index; a size of 1 broadcasts. `otherwise` when the operand is absent. */
double instance_value(const struct instance *instance, int operand, int64_t i0, int64_t i1, int64_t i2, int64_t i3,
                      double otherwise);

/* Results, rows of all sequences in the order sequence, head, row; no padding. */
struct result {
    int64_t rows, dv;
    double *o;   /* [rows][dv] */
    double *lse; /* [rows] */
};

/* 0: done. Zero-filled. */
int result_create(const struct instance *instance, struct result *result);
void result_destroy(struct result *result);
int64_t result_row(const struct instance *instance, int64_t b, int64_t h, int64_t r);

/* Which sequence, head and row a row of the results is. */
void result_locate(const struct instance *instance, int64_t row, int64_t *b, int64_t *h, int64_t *r);

/* 1 when the bits agree. */
int result_equal(const struct result *a, const struct result *b, int with_lse);

#endif
