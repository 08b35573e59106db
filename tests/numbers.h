/*
 * Element types of the tests, written apart from the library's own conversions so that the two check each other.
 *
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE.
 */
#ifndef ATTN_TESTS_NUMBERS_H
#define ATTN_TESTS_NUMBERS_H

#include "attn.h"

/* The value of element `index` of an array of that type, exactly. */
double number_load(const void *data, attn_dtype type, int64_t index);

/* Stores to the nearest value of that type, ties to even. */
void number_store(void *data, attn_dtype type, int64_t index, float value);

/* The nearest value of that type. */
float number_round(float value, attn_dtype type);

/* Bits that no result may have: a NaN of a payload of its own. In the low bytes. */
uint32_t number_poison(attn_dtype type);

/* 64 well mixed bits of the two. */
uint64_t number_hash(uint64_t seed, uint64_t index);

#endif
