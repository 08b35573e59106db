/* Which key a row sees, by the definition of every primitive and nothing else. What compiles patterns is tested
 * against this, so this is meant to be read beside the table in attn_pattern.h.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#include "config.h"

#include "pattern.h"

#include "abi.h"
#include "integer.h"
#include "random.h"

/* Size of attn_lengths in the first release. */
static const size_t LEAST_LENGTHS = offsetof(attn_lengths, alignment) + sizeof(attn_alignment);

enum { MOST_HEADS = 65536 };

/* A pair in question. */
struct pair {
    int64_t head, r, p, j, len_k;
};

static int sees(const attn_pattern *pattern, const struct pair *pair);

/* ---- positions ----------------------------------------------------------------------------------------------------- */

static int full(const attn_pattern *pattern, const struct pair *pair)
{
    (void)pattern;
    (void)pair;
    return 1;
}

static int causal(const attn_pattern *pattern, const struct pair *pair)
{
    (void)pattern;
    return pair->j <= pair->p;
}

static int window(const attn_pattern *pattern, const struct pair *pair)
{
    int64_t left = pattern->argument[0], right = pattern->argument[1];
    return (left < 0 || pair->p - left <= pair->j) && (right < 0 || pair->j <= pair->p + right);
}

static int last(const attn_pattern *pattern, const struct pair *pair)
{
    int64_t distance = pair->p - pair->j;
    return 0 <= distance && distance < pattern->argument[0];
}

static int band(const attn_pattern *pattern, const struct pair *pair)
{
    int64_t half = pattern->argument[0] / 2, distance = pair->p - pair->j;
    return -half <= distance && distance <= half;
}

static int dilated(const attn_pattern *pattern, const struct pair *pair)
{
    int64_t step = pattern->argument[0], a = pattern->argument[1], distance = pair->p - pair->j, t = distance / step;
    return distance == step * t && -a <= t && t <= a;
}

static int strided(const attn_pattern *pattern, const struct pair *pair)
{
    return attn_modulo(pair->p - pair->j, pattern->argument[0]) == 0;
}

static int summary(const attn_pattern *pattern, const struct pair *pair)
{
    int64_t l = pattern->argument[0], c = pattern->argument[1];
    return attn_modulo(pair->j, l) >= l - c;
}

static int chunk(const attn_pattern *pattern, const struct pair *pair)
{
    int64_t size = pattern->argument[0], back = pattern->argument[1], ahead = pattern->argument[2];
    int64_t own = attn_floor_divide(pair->p, size), other = attn_floor_divide(pair->j, size);
    return own - back <= other && other <= own + ahead;
}

static int sink(const attn_pattern *pattern, const struct pair *pair)
{
    return pair->j < pattern->argument[0];
}

static int random_blocks(const attn_pattern *pattern, const struct pair *pair)
{
    int64_t block = pattern->argument[0], count = pattern->argument[1], seed = pattern->argument[2];
    int64_t block_count = attn_ceil_divide(pair->len_k, block);
    return attn_random_selects(block_count, count, seed, attn_floor_divide(pair->p, block),
                               attn_floor_divide(pair->j, block));
}

/* ---- sets ---------------------------------------------------------------------------------------------------------- */

static int in_ranges(const attn_pattern *pattern, int64_t index, int64_t len_k)
{
    for (int i = 0; i < pattern->range_count; i++) {
        int64_t first = pattern->range[i].first, end = pattern->range[i].last;
        if ((first < 0 ? len_k + first : first) <= index && index <= (end < 0 ? len_k + end : end))
            return 1;
    }
    return 0;
}

static int keys(const attn_pattern *pattern, const struct pair *pair)
{
    return in_ranges(pattern, pair->j, pair->len_k);
}

static int queries(const attn_pattern *pattern, const struct pair *pair)
{
    return in_ranges(pattern, pair->p, pair->len_k);
}

static int global(const attn_pattern *pattern, const struct pair *pair)
{
    return keys(pattern, pair) || queries(pattern, pair);
}

/* ---- a caller's data ----------------------------------------------------------------------------------------------- */

static int blocks(const attn_pattern *pattern, const struct pair *pair)
{
    const attn_pattern_blocks_data *data = &pattern->data.blocks;
    int64_t head = data->heads == 1 ? 0 : pair->head;
    int64_t row = pair->r / data->block_q, column = pair->j / data->block_k;
    if (head >= data->heads || row >= data->rows)
        return 0;
    const int64_t *row_ptr = data->row_ptr + head * (data->rows + 1) + row;
    for (int64_t i = row_ptr[0]; i < row_ptr[1]; i++)
        if (data->column[i] == column)
            return 1;
    return 0;
}

static int segments(const attn_pattern *pattern, const struct pair *pair)
{
    const attn_pattern_segments_data *data = &pattern->data.segments;
    return 0 <= pair->p && pair->p < data->count && pair->j < data->count && data->id[pair->p] == data->id[pair->j];
}

static int bits(const attn_pattern *pattern, const struct pair *pair)
{
    const attn_pattern_bits_data *data = &pattern->data.bits;
    return pair->r < data->rows && pair->j < data->columns &&
           (data->word[pair->r * data->stride + pair->j / 64] >> pair->j % 64 & 1);
}

/* ---- operations ---------------------------------------------------------------------------------------------------- */

static int either(const attn_pattern *pattern, const struct pair *pair)
{
    return sees(pattern->child[0], pair) || sees(pattern->child[1], pair);
}

static int both(const attn_pattern *pattern, const struct pair *pair)
{
    return sees(pattern->child[0], pair) && sees(pattern->child[1], pair);
}

static int not_it(const attn_pattern *pattern, const struct pair *pair)
{
    return !sees(pattern->child[0], pair);
}

static int heads(const attn_pattern *pattern, const struct pair *pair)
{
    for (int i = 0; i < pattern->child_count; i++)
        if (pattern->range[i].first <= pair->head && pair->head <= pattern->range[i].last)
            return sees(pattern->child[i], pair);
    return 0;
}

static int sees(const attn_pattern *pattern, const struct pair *pair)
{
    static int (*const of_kind[])(const attn_pattern *, const struct pair *) = {
        [ATTN_P_FULL] = full,
        [ATTN_P_CAUSAL] = causal,
        [ATTN_P_WINDOW] = window,
        [ATTN_P_LAST] = last,
        [ATTN_P_BAND] = band,
        [ATTN_P_DILATED] = dilated,
        [ATTN_P_STRIDED] = strided,
        [ATTN_P_SUMMARY] = summary,
        [ATTN_P_CHUNK] = chunk,
        [ATTN_P_SINK] = sink,
        [ATTN_P_RANDOM] = random_blocks,
        [ATTN_P_KEYS] = keys,
        [ATTN_P_QUERIES] = queries,
        [ATTN_P_GLOBAL] = global,
        [ATTN_P_BLOCKS] = blocks,
        [ATTN_P_SEGMENTS] = segments,
        [ATTN_P_BITS] = bits,
        [ATTN_P_UNION] = either,
        [ATTN_P_INTERSECTION] = both,
        [ATTN_P_COMPLEMENT] = not_it,
        [ATTN_P_HEADS] = heads,
    };
    return of_kind[pattern->kind](pattern, pair);
}

int attn_pattern_sees(const attn_pattern *pattern, const attn_lengths *lengths, int64_t head, int64_t r, int64_t j)
{
    int64_t p = lengths->alignment == ATTN_ALIGN_START ? r : r + lengths->len_k - lengths->len_q;
    return sees(pattern, &(struct pair){ head, r, p, j, lengths->len_k });
}

/* ---- words --------------------------------------------------------------------------------------------------------- */

attn_status attn_read_lengths(attn_lengths *own, const attn_lengths *theirs)
{
    *own = (attn_lengths)ATTN_LENGTHS_INIT;
    ATTN_TRY(attn_read_struct("lengths", own, sizeof *own, theirs, LEAST_LENGTHS));
    ATTN_TRY(attn_check_value("lengths.heads", own->heads, 1, MOST_HEADS));
    ATTN_TRY(attn_check_value("lengths.len_q", own->len_q, 0, ATTN_PATTERN_LARGEST));
    ATTN_TRY(attn_check_value("lengths.len_k", own->len_k, 0, ATTN_PATTERN_LARGEST));
    return attn_check_value("lengths.alignment", (int64_t)own->alignment, ATTN_ALIGN_END, ATTN_ALIGN_START);
}

attn_status attn_pattern_word(const attn_pattern *pattern, const attn_lengths *lengths, int64_t head, int64_t r,
                              int64_t first, uint64_t *word)
{
    if (!pattern || !word)
        return attn_fail(ATTN_INVALID, "%s is NULL", pattern ? "word" : "pattern");
    attn_lengths own;
    ATTN_TRY(attn_read_lengths(&own, lengths));
    ATTN_TRY(attn_check_value("head", head, 0, own.heads - 1));
    ATTN_TRY(attn_check_value("r", r, 0, own.len_q - 1));
    ATTN_TRY(attn_check_value("first", first, 0, ATTN_PATTERN_LARGEST));
    *word = 0;
    for (int64_t i = 0; i < 64 && first + i < own.len_k; i++)
        *word |= (uint64_t)(attn_pattern_sees(pattern, &own, head, r, first + i) != 0) << i;
    return ATTN_OK;
}
