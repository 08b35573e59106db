/* Which keys a query position sees, as a union of a few intervals.
 *
 * Every term of causal & (sink | (window combine chunk)) is, for a fixed position p, one interval of keys whose two ends
 * never decrease with p. So the keys that the rows of a query tile may see are found from its first and last row,
 * and the element test of a tile is a handful of integers, on every backend.
 *
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#ifndef ATTN_LIB_VISIBLE_H
#define ATTN_LIB_VISIBLE_H

#include "attn.h"

/* Beyond any position, and twice it still fits into 64 bits. */
#define ATTN_FAR (INT64_C(1) << 60)

enum { ATTN_MAX_TERMS = 4 };

/* Half-open. Empty when end <= begin. */
typedef struct attn_range {
    int64_t begin, end;
} attn_range;

/* Position p sees p - left <= j <= p + right, begin <= j < end and, if chunk > 0, floor(p/chunk) - back <= floor(j/chunk) <=
 * floor(p/chunk) + ahead. left and right may be negative; left + right < 0 sees nothing. */
typedef struct attn_term {
    int64_t left, right, begin, end, chunk, back, ahead;
} attn_term;

/* The term that sees every key. */
#define ATTN_TERM_ALL ((attn_term){ ATTN_FAR, ATTN_FAR, 0, ATTN_FAR, 0, 0, 0 })

/* A key is visible when one of the terms holds. */
typedef struct attn_visible {
    int count;
    attn_term term[ATTN_MAX_TERMS];
} attn_visible;

/* Normalises a mask; causal is folded into every term. INVALID names the field. */
attn_status attn_visible_from_mask(const attn_mask *mask, attn_visible *visible);

/* The keys that both terms see, as a term; 0: there is none such (two chunk sizes). */
int attn_term_intersect(const attn_term *a, const attn_term *b, attn_term *both);

int attn_term_equal(const attn_term *a, const attn_term *b);

/* The term sees nothing, whatever the position. */
int attn_term_is_empty(const attn_term *term);

/* Keys 0 .. keys-1 that position p sees by one term. */
attn_range attn_term_keys(const attn_term *term, int64_t p, int64_t keys);

/* Number of keys 0 .. keys-1 that position p sees by any term. */
int64_t attn_visible_count(const attn_visible *visible, int64_t p, int64_t keys);

/* One word of an element mask: bit i is set when position p sees key first + i, for i < 64 and first + i < keys. */
uint64_t attn_visible_bits(const attn_visible *visible, int64_t p, int64_t first, int64_t keys);

/* Bits begin .. end - 1 of the word whose bit 0 is key `first`. */
uint64_t attn_bits_between(int64_t begin, int64_t end, int64_t first);

#endif
