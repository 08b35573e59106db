/* Leaves of the kinds interval and periodic: no lists, a few integers.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#include "config.h"

#include "leaf.h"

#include "integer.h"

void attn_sign(attn_signature *signature, int64_t number)
{
    if (signature->count < ATTN_SIGNATURE)
        signature->number[signature->count++] = number;
    else
        signature->count = ATTN_SIGNATURE + 1;
}

static attn_range tile_keys(const attn_band *band, int64_t first)
{
    return (attn_range){ first, attn_least(first + band->tile_k, band->keys) };
}

/* ---- interval ------------------------------------------------------------------------------------------------ */

/* What every row sees, and what any row may see: the ends never decrease with the position. */
typedef struct reach {
    attn_range every, any;
} reach;

static reach reach_of(const attn_leaf *leaf, const attn_band *band)
{
    attn_range first = attn_term_keys(&leaf->term, band->p, band->keys);
    attn_range last = attn_term_keys(&leaf->term, band->p + band->count - 1, band->keys);
    return (reach){ { last.begin, first.end }, { first.begin, last.end } };
}

static attn_range interval_hull(const attn_leaf *leaf, const attn_band *band)
{
    return reach_of(leaf, band).any;
}

static void interval_cover(const attn_leaf *leaf, const attn_band *band, attn_range tiles, attn_cover *cover)
{
    reach seen = reach_of(leaf, band);
    int64_t begin = attn_most(seen.any.begin / band->tile_k, tiles.begin);
    int64_t end = attn_least((seen.any.end + band->tile_k - 1) / band->tile_k, tiles.end);
    if (seen.any.begin >= seen.any.end || begin >= end)
        return;
    int64_t full = attn_most((seen.every.begin + band->tile_k - 1) / band->tile_k, begin);
    int64_t end_full = attn_least(seen.every.end == band->keys ? end : seen.every.end / band->tile_k, end);
    if (full >= end_full || seen.every.begin >= seen.every.end) {
        attn_cover_push(cover, begin, end, ATTN_PARTIAL);
        return;
    }
    attn_cover_push(cover, begin, full, ATTN_PARTIAL);
    attn_cover_push(cover, full, end_full, ATTN_FULL);
    attn_cover_push(cover, end_full, end, ATTN_PARTIAL);
}

static uint64_t interval_word(const attn_leaf *leaf, int64_t r, int64_t p, int64_t first)
{
    (void)r;
    attn_range keys = attn_term_keys(&leaf->term, p, ATTN_FAR);
    return keys.begin < keys.end ? attn_bits_between(keys.begin, keys.end, first) : 0;
}

/* Only a chunk or a sink is the same for several rows. */
static int64_t interval_next_row(const attn_leaf *leaf, int64_t r, int64_t p)
{
    const attn_term *t = &leaf->term;
    if (t->left < ATTN_FAR || t->right < ATTN_FAR)
        return r + 1;
    return t->chunk > 0 ? r + t->chunk - attn_modulo(p, t->chunk) : ATTN_FAR;
}

static void interval_sign(const attn_leaf *leaf, const attn_band *band, int64_t first, attn_signature *signature)
{
    const attn_term *t = &leaf->term;
    reach seen = reach_of(leaf, band);
    attn_range tile = tile_keys(band, first);
    int empty = seen.any.end <= tile.begin || seen.any.begin >= tile.end;
    int full = seen.every.begin <= tile.begin && seen.every.end >= tile.end;
    attn_sign(signature, empty ? 0 : full ? 1 : 2);
    if (empty || full)
        return;
    if (t->left < ATTN_FAR || t->right < ATTN_FAR || t->chunk > 0)
        attn_sign(signature, band->p - first);
    if (t->chunk > 0)
        attn_sign(signature, attn_modulo(band->p, t->chunk));
    attn_sign(signature, attn_most(t->begin - first, 0));
    attn_sign(signature, attn_least(t->end - first, band->tile_k));
}

const attn_leaf_kind attn_leaf_interval = { interval_hull, interval_cover, interval_word, interval_next_row,
                                            interval_sign };

/* ---- periodic ------------------------------------------------------------------------------------------------ */

static attn_range periodic_hull(const attn_leaf *leaf, const attn_band *band)
{
    (void)leaf;
    return (attn_range){ 0, band->keys };
}

/* Keys end - length .. end - 1, and the same every modulus further, hold what the band sees. */
static void periodic_cover(const attn_leaf *leaf, const attn_band *band, attn_range tiles, attn_cover *cover)
{
    int64_t end = leaf->moves ? band->p + band->count : 0, length = leaf->moves ? band->count : leaf->width;
    int64_t last = attn_least(tiles.end * band->tile_k, band->keys);
    if (leaf->modulus - length < band->tile_k && (leaf->moves || length < band->tile_k)) {
        attn_cover_push(cover, tiles.begin, tiles.end, ATTN_PARTIAL);
        return;
    }
    int64_t begin = tiles.begin * band->tile_k;
    for (int64_t from = begin + attn_modulo(end - begin, leaf->modulus) - length; from < last; from += leaf->modulus) {
        attn_range keys = { from, from + length };
        if (!leaf->moves)
            attn_cover_push_keys(cover, keys, tiles, band->tile_k, band->keys);
        else if (attn_least(keys.end, last) > attn_most(from, begin))
            attn_cover_push(cover, attn_most(from, begin) / band->tile_k,
                            (attn_least(keys.end, last) + band->tile_k - 1) / band->tile_k, ATTN_PARTIAL);
    }
}

static uint64_t periodic_word(const attn_leaf *leaf, int64_t r, int64_t p, int64_t first)
{
    (void)r;
    int64_t end = leaf->moves ? p + 1 : 0;
    uint64_t bits = 0;
    for (int64_t from = first + attn_modulo(end - first, leaf->modulus) - leaf->width; from < first + 64;
         from += leaf->modulus)
        bits |= attn_bits_between(from, from + leaf->width, first);
    return bits;
}

static int64_t periodic_next_row(const attn_leaf *leaf, int64_t r, int64_t p)
{
    (void)p;
    return leaf->moves ? r + 1 : ATTN_FAR;
}

static void periodic_sign(const attn_leaf *leaf, const attn_band *band, int64_t first, attn_signature *signature)
{
    attn_sign(signature, attn_modulo(leaf->moves ? band->p - first : -first, leaf->modulus));
}

const attn_leaf_kind attn_leaf_periodic = { periodic_hull, periodic_cover, periodic_word, periodic_next_row,
                                            periodic_sign };
