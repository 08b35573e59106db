/* Builds the arrays of a listed leaf.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#include "config.h"

#include "lists.h"

#include <stdlib.h>
#include <string.h>

/* Room for entry `count` of an array that doubles. Ends are written through `failed`. */
static void *grow(void *array, int64_t count, int64_t *capacity, size_t element, int *failed)
{
    if (count < *capacity)
        return array;
    int64_t more = *capacity ? 2 * *capacity : 16;
    void *grown = realloc(array, (size_t)more * element);
    if (!grown) {
        *failed = 1;
        return array;
    }
    *capacity = more;
    return grown;
}

static void close_list(attn_lists_builder *b)
{
    attn_lists *l = &b->lists;
    l->first = grow(l->first, l->lists, &b->list_capacity, sizeof *l->first, &b->failed);
    if (!b->failed)
        l->first[l->lists] = b->ranges;
}

int64_t attn_lists_begin(attn_lists_builder *b)
{
    if (b->lists.lists == 0)
        close_list(b);
    b->lists.lists++;
    close_list(b);
    return b->lists.lists - 1;
}

void attn_lists_add_range(attn_lists_builder *b, int64_t begin, int64_t end)
{
    attn_lists *l = &b->lists;
    if (begin >= end || b->failed)
        return;
    if (b->ranges > l->first[l->lists - 1] && l->range[b->ranges - 1].end >= begin) {
        if (l->range[b->ranges - 1].end < end)
            l->range[b->ranges - 1].end = end;
        return;
    }
    l->range = grow(l->range, b->ranges, &b->range_capacity, sizeof *l->range, &b->failed);
    if (b->failed)
        return;
    l->range[b->ranges++] = (attn_range){ begin, end };
    l->first[l->lists] = b->ranges;
}

void attn_lists_add_run(attn_lists_builder *b, int64_t begin, int64_t end, int64_t list)
{
    attn_lists *l = &b->lists;
    if (begin >= end || list < 0 || b->failed)
        return;
    l->run = grow(l->run, l->runs, &b->run_capacity, sizeof *l->run, &b->failed);
    if (!b->failed)
        l->run[l->runs++] = (attn_row_run){ begin, end, list };
}

void attn_lists_free(attn_lists *l)
{
    free(l->run);
    free(l->first);
    free(l->range);
    *l = (attn_lists){ 0 };
}

static int equal_bytes(const void *a, const void *b, int64_t count, size_t element)
{
    return count == 0 || memcmp(a, b, (size_t)count * element) == 0;
}

int attn_lists_equal(const attn_lists *a, const attn_lists *b)
{
    return a->by_position == b->by_position && a->runs == b->runs && a->lists == b->lists &&
           equal_bytes(a->run, b->run, a->runs, sizeof *a->run) &&
           (a->lists == 0 || (equal_bytes(a->first, b->first, a->lists + 1, sizeof *a->first) &&
                              equal_bytes(a->range, b->range, a->first[a->lists], sizeof *a->range)));
}
