/*
 * What a case must give, and how far from it a right answer may be.
 *
 * The reference device computes the expected result. Because a test must not trust the library alone, it is itself
 * compared with oracle_definition, which transcribes the comments of attn.h key by key and shares no code with it.
 *
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE.
 */
#ifndef ATTN_TESTS_ORACLE_H
#define ATTN_TESTS_ORACLE_H

#include "instance.h"

/* The definition in float64, pair by pair. 0: done; -1: out of memory. */
int oracle_definition(const struct instance *instance, struct result *result);

/* The plain computation of the same types: what a framework's unfused attention does. S = QK^T accumulated in f32 and
 * stored in the coarser type of q and k; softmax in f32, P stored in v's type; O = PV accumulated in f32 and stored
 * in o's type. Its error is the measure of what the types allow. 0: done; -1: out of memory. */
int oracle_plain(const struct instance *instance, struct result *result);

/* Whether row r of a sequence of `rows` query rows and `keys` keys sees key j by the problem's mask. */
int oracle_visible(const attn_problem *problem, int64_t rows, int64_t keys, int64_t r, int64_t j);

/* Bit j % 64: whether row r of head h of sequence b sees key j, by mask and pattern; for the 64 keys around j. */
uint64_t oracle_word(const struct instance *instance, int64_t b, int64_t h, int64_t r, int64_t j);

/* Work of the case: pairs of query and key, hidden ones included, times channels. */
double oracle_work(const struct attention_case *c);

#endif
