/*
 * The pattern that a case names, and the data that are bound in it.
 *
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE.
 */
#include "config.h"

#include "cases.h"

#include <stdlib.h>
#include <string.h>

#include "numbers.h"

/* Longest document of segments(sg). */
enum { LONGEST = 40 };

static int64_t larger(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static int64_t most_rows(const struct attention_case *c)
{
    int64_t most = 1, b;

    for (b = 0; b < c->batch; b++)
        most = larger(most, case_query_rows(c, b));
    return most;
}

static int64_t most_keys(const struct attention_case *c)
{
    int64_t most = 1, b;

    for (b = 0; b < c->batch; b++)
        most = larger(most, case_keys(c, b));
    return most;
}

/* ---- data: an element's value depends on where it stands alone, not on the size of the whole ------------------- */

static attn_status make_blocks(const struct attention_case *c, attn_pattern **pattern)
{
    attn_block_mask mask = ATTN_BLOCK_MASK_INIT;
    unsigned char *dense;
    attn_status status;
    int64_t i;

    mask.block_q = c->block_q;
    mask.block_k = c->block_k;
    mask.rows = (most_rows(c) + c->block_q - 1) / c->block_q;
    mask.columns = (most_keys(c) + c->block_k - 1) / c->block_k;
    mask.heads = c->block_heads ? c->hq : 1;
    dense = malloc((size_t)(mask.heads * mask.rows * mask.columns));
    if (dense == NULL)
        return ATTN_NO_MEMORY;
    for (i = 0; i < mask.heads * mask.rows * mask.columns; i++) {
        uint64_t row = (uint64_t)(i / mask.columns % mask.rows), head = (uint64_t)(i / mask.columns / mask.rows);

        dense[i] = number_hash(number_hash(head, row), (uint64_t)(i % mask.columns)) % (uint64_t)c->block_of == 0;
    }
    mask.dense = dense;
    status = attn_pattern_blocks("bm", &mask, pattern);
    free(dense);
    return status;
}

static attn_status make_segments(const struct attention_case *c, attn_pattern **pattern)
{
    int64_t count = larger(most_rows(c), most_keys(c)), end = 0, i;
    int32_t *ids = malloc((size_t)count * sizeof *ids), id = 0;
    attn_status status;

    if (ids == NULL)
        return ATTN_NO_MEMORY;
    for (i = 0; i < count; i++) {
        if (i == end) {
            id++;
            end += 1 + (int64_t)(number_hash(2, (uint64_t)i) % LONGEST);
        }
        ids[i] = id;
    }
    status = attn_pattern_segments("sg", ids, count, pattern);
    free(ids);
    return status;
}

static attn_status make_bits(const struct attention_case *c, attn_pattern **pattern)
{
    int64_t rows = most_rows(c), columns = most_keys(c), stride = (columns + 63) / 64, i;
    uint64_t *words = malloc((size_t)(rows * stride) * sizeof *words);
    attn_status status;

    if (words == NULL)
        return ATTN_NO_MEMORY;
    for (i = 0; i < rows * stride; i++)
        words[i] = number_hash((uint64_t)(i / stride), (uint64_t)(i % stride));
    status = attn_pattern_bits("bt", words, rows, columns, stride, pattern);
    free(words);
    return status;
}

static const struct {
    const char *name;
    attn_status (*make)(const struct attention_case *c, attn_pattern **pattern);
} data[] = {
    { "bm", make_blocks },
    { "sg", make_segments },
    { "bt", make_bits },
};
enum { DATA = sizeof data / sizeof *data };

/* ---- the pattern ---------------------------------------------------------------------------------------------- */

static attn_status parse(const struct attention_case *c, attn_pattern **pattern)
{
    attn_binding bindings[DATA];
    attn_pattern *bound[DATA] = { NULL };
    attn_status status = ATTN_OK;
    int i;

    for (i = 0; i < DATA && !status; i++) {
        status = data[i].make(c, &bound[i]);
        bindings[i].name = data[i].name;
        bindings[i].pattern = bound[i];
    }
    if (!status)
        status = attn_pattern_parse(c->pattern, bindings, DATA, pattern);
    for (i = 0; i < DATA; i++)
        attn_pattern_release(bound[i]);
    return status;
}

static attn_status make_lengths(const struct attention_case *c, struct case_pattern *pattern)
{
    int64_t b;

    pattern->lengths_q = malloc((size_t)(c->batch + 1) * sizeof *pattern->lengths_q);
    pattern->lengths_k = malloc((size_t)(c->batch + 1) * sizeof *pattern->lengths_k);
    if (pattern->lengths_q == NULL || pattern->lengths_k == NULL)
        return ATTN_NO_MEMORY;
    for (b = 0; b < c->batch; b++) {
        pattern->lengths_q[b] = case_query_rows(c, b);
        pattern->lengths_k[b] = case_keys(c, b);
    }
    return ATTN_OK;
}

attn_status case_pattern_create(const struct attention_case *c, struct case_pattern *pattern)
{
    int has_lengths = c->ragged_q.count > 0 || c->ragged_k.count > 0 || c->used.count > 0 || c->page_size > 0;
    attn_status status;

    memset(pattern, 0, sizeof *pattern);
    if (c->pattern[0] == '\0')
        return ATTN_OK;
    status = parse(c, &pattern->pattern);
    return !status && has_lengths && !c->no_lengths ? make_lengths(c, pattern) : status;
}

void case_pattern_release(struct case_pattern *pattern)
{
    attn_pattern_release(pattern->pattern);
    free(pattern->lengths_q);
    free(pattern->lengths_k);
    memset(pattern, 0, sizeof *pattern);
}

void case_pattern_attach(const struct case_pattern *pattern, attn_problem *problem)
{
    problem->pattern = pattern->pattern;
    problem->lengths_q = pattern->lengths_q;
    problem->lengths_k = pattern->lengths_k;
}

attn_lengths case_pattern_lengths(const struct attention_case *c, int64_t b)
{
    attn_lengths lengths = ATTN_LENGTHS_INIT;

    lengths.heads = c->hq;
    lengths.len_q = case_query_rows(c, b);
    lengths.len_k = case_keys(c, b);
    lengths.alignment = c->align_start ? ATTN_ALIGN_START : ATTN_ALIGN_END;
    return lengths;
}
