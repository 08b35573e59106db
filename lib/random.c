/* Floyd's algorithm (Bentley and Floyd 1987) on splitmix64 (Steele, Lea, Flood 2014): the draw of random().
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#include "config.h"

#include "random.h"

#include <stdlib.h>

enum { EMPTY = -1 };

static const uint64_t GAMMA = UINT64_C(0x9e3779b97f4a7c15);

static uint64_t mix(uint64_t z)
{
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

/* One query block's draws. Draw i belongs to key blocks 0 .. i, for i = begin .. end - 1. */
struct draw {
    uint64_t state;
    int64_t begin, end;
};

static struct draw begin_draw(int64_t block_count, int64_t count, int64_t seed, int64_t query_block)
{
    int64_t begin = count < block_count ? block_count - count : 0;
    return (struct draw){ mix((uint64_t)seed + GAMMA * ((uint64_t)query_block + 1)), begin, block_count };
}

static int64_t draw_block(const struct draw *draw, int64_t i)
{
    uint64_t x = mix(draw->state + GAMMA * ((uint64_t)(i - draw->begin) + 1));
    return (int64_t)((x >> 32) * ((uint64_t)i + 1) >> 32);
}

/* `table` is a hash table of `size` places, not full. Whether the block was not in it. */
static int insert(int64_t *table, int64_t size, int64_t block)
{
    int64_t place = (int64_t)(mix((uint64_t)block) % (uint64_t)size);
    while (table[place] != EMPTY && table[place] != block)
        place = place + 1 < size ? place + 1 : 0;
    int absent = table[place] == EMPTY;
    table[place] = block;
    return absent;
}

static int compare(const void *a, const void *b)
{
    int64_t left, right;
    left = *(const int64_t *)a;
    right = *(const int64_t *)b;
    return (left > right) - (left < right);
}

void attn_random_blocks(int64_t block_count, int64_t count, int64_t seed, int64_t query_block, int64_t *selected)
{
    struct draw draw = begin_draw(block_count, count, seed, query_block);
    int64_t size = draw.end - draw.begin;
    for (int64_t i = 0; i < size; i++)
        selected[i] = EMPTY;
    for (int64_t i = draw.begin; i < draw.end; i++)
        if (!insert(selected, size, draw_block(&draw, i)))
            insert(selected, size, i);
    if (size)
        qsort(selected, (size_t)size, sizeof *selected, compare);
}

/* Block b is there when some draw says b; or when draw b repeats a block that is there already, so that b itself was
 * taken in its stead: a question about the draws before b. */
int attn_random_selects(int64_t block_count, int64_t count, int64_t seed, int64_t query_block, int64_t key_block)
{
    struct draw draw = begin_draw(block_count, count, seed, query_block);
    for (int64_t block = key_block, end = draw.end;;) {
        for (int64_t i = draw.begin; i < end; i++)
            if (draw_block(&draw, i) == block)
                return 1;
        if (block < draw.begin)
            return 0;
        end = block;
        block = draw_block(&draw, block);
    }
}
