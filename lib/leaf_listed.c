/* Leaves of the kind listed: ranges of rows, each with a list of key ranges.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#include "config.h"

#include "leaf.h"

static int64_t coordinate(const attn_leaf *leaf, int64_t r, int64_t p)
{
    return leaf->lists.by_position ? p : r;
}

/* The first row run that ends behind x; `runs` when there is none. */
static int64_t run_behind(const attn_lists *lists, int64_t x)
{
    int64_t low = 0, high = lists->runs;
    while (low < high) {
        int64_t middle = low + (high - low) / 2;
        if (lists->run[middle].end > x)
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

/* The first range of a list that ends behind key j; the end of the list when there is none. */
static int64_t range_behind(const attn_lists *lists, int64_t list, int64_t j)
{
    int64_t low = lists->first[list], high = lists->first[list + 1];
    while (low < high) {
        int64_t middle = low + (high - low) / 2;
        if (lists->range[middle].end > j)
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

/* A stretch of a band's rows that see the same list; list -1: nothing. */
typedef struct stretch {
    int64_t begin, end; /* coordinates */
    int64_t list;
} stretch;

static stretch stretch_at(const attn_lists *lists, int64_t x, int64_t end)
{
    int64_t i = run_behind(lists, x);
    stretch s = { x, end, -1 };
    if (i == lists->runs)
        return s;
    const attn_row_run *run = &lists->run[i];
    int inside = run->begin <= x;
    int64_t until = inside ? run->end : run->begin;
    s.end = until < end ? until : end;
    s.list = inside ? run->list : -1;
    return s;
}

static attn_range listed_hull(const attn_leaf *leaf, const attn_band *band)
{
    (void)leaf;
    return (attn_range){ 0, band->keys };
}

static void cover_list(const attn_leaf *leaf, int64_t list, const attn_band *band, attn_range tiles, attn_cover *cover)
{
    const attn_lists *lists = &leaf->lists;
    if (list < 0)
        return;
    int64_t end = tiles.end * band->tile_k, i = range_behind(lists, list, tiles.begin * band->tile_k);
    for (; i < lists->first[list + 1] && lists->range[i].begin < end; i++)
        attn_cover_push_keys(cover, lists->range[i], tiles, band->tile_k, band->keys);
}

static void listed_cover(const attn_leaf *leaf, const attn_band *band, attn_range tiles, attn_cover *cover)
{
    int64_t x = coordinate(leaf, band->r, band->p), end = x + band->count, below = cover->base;
    for (int first = 1; x < end && !cover->failed; first = 0) {
        stretch s = stretch_at(&leaf->lists, x, end);
        int64_t above = first ? below : attn_cover_begin(cover);
        cover_list(leaf, s.list, band, tiles, cover);
        if (!first)
            attn_cover_combine(cover, below, above, ATTN_COVER_ROWS);
        x = s.end;
    }
}

static uint64_t listed_word(const attn_leaf *leaf, int64_t r, int64_t p, int64_t first)
{
    const attn_lists *lists = &leaf->lists;
    int64_t x = coordinate(leaf, r, p);
    stretch s = stretch_at(lists, x, x + 1);
    if (s.list < 0)
        return 0;
    uint64_t bits = 0;
    int64_t i = range_behind(lists, s.list, first);
    for (; i < lists->first[s.list + 1] && lists->range[i].begin < first + 64; i++)
        bits |= attn_bits_between(lists->range[i].begin, lists->range[i].end, first);
    return bits;
}

static int64_t listed_next_row(const attn_leaf *leaf, int64_t r, int64_t p)
{
    int64_t x = coordinate(leaf, r, p);
    return r + (stretch_at(&leaf->lists, x, ATTN_FAR).end - x);
}

static void sign_list(const attn_leaf *leaf, int64_t list, const attn_band *band, int64_t first,
                      attn_signature *signature)
{
    const attn_lists *lists = &leaf->lists;
    int64_t end = first + band->tile_k;
    if (list < 0)
        return;
    int64_t i = range_behind(lists, list, first);
    for (; i < lists->first[list + 1] && lists->range[i].begin < end; i++) {
        attn_range range = lists->range[i];
        attn_sign(signature, range.begin > first ? range.begin - first : 0);
        attn_sign(signature, range.end < end ? range.end - first : band->tile_k);
    }
}

/* Row stretches and their ranges within the tile: the whole truth. -1 parts the lists. */
static void listed_sign(const attn_leaf *leaf, const attn_band *band, int64_t first, attn_signature *signature)
{
    int64_t begin = coordinate(leaf, band->r, band->p), end = begin + band->count;
    for (int64_t x = begin; x < end && signature->count <= ATTN_SIGNATURE;) {
        stretch s = stretch_at(&leaf->lists, x, end);
        attn_sign(signature, s.end - begin);
        sign_list(leaf, s.list, band, first, signature);
        attn_sign(signature, -1);
        x = s.end;
    }
}

const attn_leaf_kind attn_leaf_listed = { listed_hull, listed_cover, listed_word, listed_next_row, listed_sign };
