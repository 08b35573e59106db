/* The lists of primitives that have some, for given lengths.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#include "config.h"

#include "lower_lists.h"

#include <stdlib.h>

#include "integer.h"
#include "random.h"

/* More blocks than any machine could hold the schedule of. */
static const double MOST_DRAWN = 0x1p28;

int64_t attn_lengths_shift(const attn_lengths *lengths)
{
    return lengths->alignment == ATTN_ALIGN_END ? lengths->len_k - lengths->len_q : 0;
}

static int by_begin(const void *a, const void *b)
{
    const attn_range *x = a, *y = b;
    return (x->begin > y->begin) - (x->begin < y->begin);
}

/* Half-open, ascending; negative ends counted from `keys`. */
static attn_range *resolve_ranges(const attn_pattern *pattern, int64_t keys)
{
    attn_range *ranges = malloc((size_t)pattern->range_count * sizeof *ranges);
    for (int i = 0; ranges && i < pattern->range_count; i++) {
        const attn_index_range *given = &pattern->range[i];
        ranges[i] = (attn_range){ given->first < 0 ? given->first + keys : given->first,
                                  (given->last < 0 ? given->last + keys : given->last) + 1 };
    }
    if (ranges)
        qsort(ranges, (size_t)pattern->range_count, sizeof *ranges, by_begin);
    return ranges;
}

attn_status attn_lower_keys(const attn_pattern *pattern, const attn_lengths *lengths, attn_lists_builder *b)
{
    attn_range *ranges = resolve_ranges(pattern, lengths->len_k);
    attn_lists_add_run(b, -ATTN_FAR, ATTN_FAR, attn_lists_begin(b));
    b->lists.by_position = 1;
    for (int i = 0; ranges && i < pattern->range_count; i++)
        attn_lists_add_range(b, attn_most(ranges[i].begin, 0), ranges[i].end);
    b->failed |= !ranges;
    free(ranges);
    return ATTN_OK;
}

/* Positions are below 0 where there are more queries than keys, and ranges that count from the end reach them. */
static attn_status lower_queries(const attn_pattern *pattern, const attn_lengths *lengths, attn_lists_builder *b)
{
    attn_range *ranges = resolve_ranges(pattern, lengths->len_k);
    int64_t every = attn_lists_begin(b), from = -ATTN_FAR;
    attn_lists_add_range(b, 0, ATTN_FAR);
    b->lists.by_position = 1;
    for (int i = 0; ranges && i < pattern->range_count; i++) {
        attn_lists_add_run(b, ranges[i].begin > from ? ranges[i].begin : from, ranges[i].end, every);
        from = ranges[i].end > from ? ranges[i].end : from;
    }
    b->failed |= !ranges;
    free(ranges);
    return ATTN_OK;
}

static void draw_block(int64_t number, const int64_t *argument, int64_t blocks, int64_t *selected,
                       attn_lists_builder *b)
{
    int64_t block = argument[0], count = attn_least(argument[1], blocks);
    attn_random_blocks(blocks, count, argument[2], number, selected);
    attn_lists_add_run(b, number * block, (number + 1) * block, attn_lists_begin(b));
    for (int64_t i = 0; i < count; i++)
        attn_lists_add_range(b, selected[i] * block, (selected[i] + 1) * block);
}

static attn_status lower_random(const attn_pattern *pattern, const attn_lengths *lengths, attn_lists_builder *b)
{
    const int64_t *a = pattern->argument;
    int64_t p = attn_lengths_shift(lengths), blocks = (lengths->len_k + a[0] - 1) / a[0],
            count = attn_least(a[1], blocks);
    int64_t first = attn_floor_divide(p, a[0]), end = attn_floor_divide(p + lengths->len_q - 1, a[0]) + 1;
    b->lists.by_position = 1;
    if (lengths->len_q == 0 || count == 0)
        return ATTN_OK;
    if ((double)(end - first) * (double)count > MOST_DRAWN)
        return attn_fail(ATTN_NO_MEMORY, "random draws %lld blocks for each of %lld query blocks, at most %g in all",
                         (long long)count, (long long)(end - first), MOST_DRAWN);
    int64_t *selected = malloc((size_t)count * sizeof *selected);
    for (int64_t number = first; selected && number < end && !b->failed; number++)
        draw_block(number, a, blocks, selected, b);
    b->failed |= !selected;
    free(selected);
    return ATTN_OK;
}

/* Blocks behind every key or row are left out: their products with the block size could overflow. */
static void add_block_row(const attn_pattern_blocks_data *data, int64_t entry, int64_t end, int64_t keys,
                          attn_lists_builder *b)
{
    int64_t columns = keys / data->block_k + 1;
    for (; entry < end && data->column[entry] < columns; entry++)
        attn_lists_add_range(b, data->column[entry] * data->block_k, (data->column[entry] + 1) * data->block_k);
}

static attn_status lower_blocks(const attn_pattern *pattern, const attn_lengths *lengths, int64_t head,
                                attn_lists_builder *b)
{
    const attn_pattern_blocks_data *data = &pattern->data.blocks;
    if (data->heads > 1 && head >= data->heads)
        return ATTN_OK;
    const int64_t *row_ptr = data->row_ptr + (data->heads > 1 ? head * (data->rows + 1) : 0);
    int64_t rows = attn_least(data->rows, lengths->len_q / data->block_q + 1);
    for (int64_t i = 0; i < rows && !b->failed; i++) {
        attn_lists_add_run(b, i * data->block_q, (i + 1) * data->block_q, attn_lists_begin(b));
        add_block_row(data, row_ptr[i], row_ptr[i + 1], lengths->len_k, b);
    }
    return ATTN_OK;
}

/* A stretch of equal ids. */
typedef struct segment {
    int32_t id;
    int64_t begin, end;
} segment;

static int by_id(const void *a, const void *b)
{
    const segment *x = a, *y = b;
    if (x->id != y->id)
        return x->id < y->id ? -1 : 1;
    return (x->begin > y->begin) - (x->begin < y->begin);
}

static int64_t count_segments(const attn_pattern_segments_data *data)
{
    int64_t count = 1;
    for (int64_t i = 1; i < data->count; i++)
        count += data->id[i] != data->id[i - 1];
    return count;
}

static int run_order(const void *a, const void *b)
{
    const attn_row_run *x = a, *y = b;
    return (x->begin > y->begin) - (x->begin < y->begin);
}

/* Segments in the order of their ids: each id is a list, each segment a run with the list of its id. */
static void add_segments(const segment *segments, int64_t count, attn_lists_builder *b)
{
    int64_t list = -1;
    for (int64_t i = 0; i < count && !b->failed; i++) {
        if (i == 0 || segments[i].id != segments[i - 1].id)
            list = attn_lists_begin(b);
        attn_lists_add_range(b, segments[i].begin, segments[i].end);
        attn_lists_add_run(b, segments[i].begin, segments[i].end, list);
    }
    if (!b->failed)
        qsort(b->lists.run, (size_t)b->lists.runs, sizeof *b->lists.run, run_order);
}

static attn_status lower_segments(const attn_pattern *pattern, attn_lists_builder *b)
{
    const attn_pattern_segments_data *data = &pattern->data.segments;
    int64_t count = count_segments(data), i = 0;
    segment *segments = malloc((size_t)count * sizeof *segments);
    b->lists.by_position = 1;
    b->failed |= !segments;
    for (int64_t begin = 0; segments && begin < data->count; i++) {
        int64_t end = begin + 1;
        while (end < data->count && data->id[end] == data->id[begin])
            end++;
        segments[i] = (segment){ data->id[begin], begin, end };
        begin = end;
    }
    if (segments) {
        qsort(segments, (size_t)count, sizeof *segments, by_id);
        add_segments(segments, count, b);
    }
    free(segments);
    return ATTN_OK;
}

/* Stretches of set bits of one row. */
static void add_bit_row(const uint64_t *words, int64_t columns, attn_lists_builder *b)
{
    for (int64_t w = 0; w * 64 < columns && !b->failed; w++)
        for (int64_t i = 0; words[w] && i < 64; i++)
            if (words[w] >> i & 1)
                attn_lists_add_range(b, w * 64 + i, w * 64 + i + 1);
}

static attn_status lower_bits(const attn_pattern *pattern, const attn_lengths *lengths, attn_lists_builder *b)
{
    const attn_pattern_bits_data *data = &pattern->data.bits;
    int64_t rows = attn_least(data->rows, lengths->len_q);
    for (int64_t r = 0; r < rows && !b->failed; r++) {
        attn_lists_add_run(b, r, r + 1, attn_lists_begin(b));
        add_bit_row(data->word + r * data->stride, data->columns, b);
    }
    return ATTN_OK;
}

attn_status attn_lower_lists(const attn_pattern *pattern, const attn_lengths *lengths, int64_t head,
                             attn_lists_builder *b)
{
    switch (pattern->kind) {
    case ATTN_P_RANDOM:
        return lower_random(pattern, lengths, b);
    case ATTN_P_BLOCKS:
        return lower_blocks(pattern, lengths, head, b);
    case ATTN_P_SEGMENTS:
        return lower_segments(pattern, b);
    case ATTN_P_BITS:
        return lower_bits(pattern, lengths, b);
    default:
        return lower_queries(pattern, lengths, b);
    }
}
