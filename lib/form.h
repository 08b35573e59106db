/* How one head's pattern is executed. Intervals alone stay implicit. strided and dilated sets are intervals within each residue
 * class of the positions: rows and keys of a class are strided views, dense or banded inside. A union of both is two
 * disjoint parts, merged by log-sum-exp. Everything else becomes lists of tiles.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#ifndef ATTN_LIB_FORM_H
#define ATTN_LIB_FORM_H

#include "lower.h"

/* Rows and keys whose position is c modulo `modulus`, for every c; modulus 1: all. In the terms left, right and chunk count
 * members of the class, begin and end count keys of the sequence. */
typedef struct attn_view {
    int64_t modulus;
    attn_visible visible;
} attn_view;

enum { ATTN_MOST_PARTS = 2 };

typedef struct attn_form {
    int parts; /* 0: lists of tiles */
    attn_view part[ATTN_MOST_PARTS];
} attn_form;

/* With `steady` the form does not depend on the number of keys. */
attn_form attn_form_of(const attn_program *program, int64_t keys, int steady);

int attn_form_equal(const attn_form *a, const attn_form *b);

/* One text of at most `capacity` bytes, such as "intervals, then classes modulo 64". */
void attn_form_describe(const attn_form *form, char *text, size_t capacity);

/* One class of a sequence: rows first_row + modulus * i, i < rows, at positions (of the class) i + shift, and keys
 * first_key + modulus * j, j < keys. */
typedef struct attn_class {
    int64_t first_row, rows, first_key, keys, shift;
    attn_visible visible; /* in positions and keys of the class */
} attn_class;

/* Classes that some row of a sequence is in. */
int64_t attn_view_classes(const attn_view *view, int64_t rows);

/* Class `number` of a sequence whose row r is at position r + shift. */
attn_class attn_view_class(const attn_view *view, int64_t number, int64_t rows, int64_t keys, int64_t shift);

#endif
