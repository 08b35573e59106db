/* Which keys a query position sees, as a union of a few intervals.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#include "config.h"

#include "visible.h"

#include <inttypes.h>

#include "integer.h"
#include "status.h"
#include "tensor.h"

static attn_status check_mask(const attn_mask *mask)
{
    const struct {
        const char *name;
        int64_t value, low, high;
    } fields[] = {
        { "mask.causal", mask->causal, 0, 1 },
        { "mask.window_left", mask->window_left, -1, ATTN_MAX_SIZE },
        { "mask.window_right", mask->window_right, -1, ATTN_MAX_SIZE },
        { "mask.chunk", mask->chunk, 0, ATTN_MAX_SIZE },
        { "mask.chunk_back", mask->chunk_back, 0, ATTN_MAX_SIZE },
        { "mask.combine", (int64_t)mask->combine, ATTN_INTERSECTION, ATTN_UNION },
        { "mask.sink", mask->sink, 0, ATTN_MAX_SIZE },
    };
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++)
        ATTN_TRY(attn_check_value(fields[i].name, fields[i].value, fields[i].low, fields[i].high));
    return ATTN_OK;
}

attn_status attn_visible_from_mask(const attn_mask *mask, attn_visible *visible)
{
    ATTN_TRY(check_mask(mask));
    int64_t right_limit = mask->causal ? 0 : ATTN_FAR;
    int window = mask->window_left >= 0 || mask->window_right >= 0;
    int chunk = mask->chunk > 0;
    attn_term all = ATTN_TERM_ALL;
    all.right = right_limit;
    attn_term local = all;
    visible->count = 0;
    if (window) {
        local.left = mask->window_left < 0 ? ATTN_FAR : mask->window_left;
        local.right = mask->window_right < 0 ? right_limit : attn_least(mask->window_right, right_limit);
    }
    if (chunk && window && mask->combine == ATTN_UNION) {
        visible->term[visible->count++] = local;
        local = all;
    }
    if (chunk) {
        local.chunk = mask->chunk;
        /* More chunks back than there can be: the product with chunk must not overflow. */
        local.back = attn_least(mask->chunk_back, ATTN_FAR / mask->chunk);
    }
    visible->term[visible->count++] = local;
    if (mask->sink > 0 && (window || chunk)) {
        attn_term sink = all;
        sink.end = mask->sink;
        visible->term[visible->count++] = sink;
    }
    return ATTN_OK;
}

int attn_term_intersect(const attn_term *a, const attn_term *b, attn_term *both)
{
    if (a->chunk > 0 && b->chunk > 0 && a->chunk != b->chunk)
        return 0;
    const attn_term *chunked = a->chunk > 0 ? a : b;
    *both = (attn_term){ attn_least(a->left, b->left),
                         attn_least(a->right, b->right),
                         attn_most(a->begin, b->begin),
                         attn_least(a->end, b->end),
                         chunked->chunk,
                         chunked->back,
                         chunked->ahead };
    if (a->chunk > 0 && b->chunk > 0) {
        both->back = attn_least(a->back, b->back);
        both->ahead = attn_least(a->ahead, b->ahead);
    }
    return 1;
}

int attn_term_equal(const attn_term *a, const attn_term *b)
{
    return a->left == b->left && a->right == b->right && a->begin == b->begin && a->end == b->end &&
           a->chunk == b->chunk && a->back == b->back && a->ahead == b->ahead;
}

int attn_term_is_empty(const attn_term *term)
{
    return term->left + term->right < 0 || term->begin >= term->end;
}

attn_range attn_term_keys(const attn_term *term, int64_t p, int64_t keys)
{
    attn_range range = { attn_most(term->begin, p - term->left),
                         attn_least(p + term->right + 1, attn_least(term->end, keys)) };
    if (term->chunk > 0) {
        int64_t own = attn_floor_divide(p, term->chunk);
        range.begin = attn_most(range.begin, (own - term->back) * term->chunk);
        range.end = attn_least(range.end, (own + term->ahead + 1) * term->chunk);
    }
    return range;
}

int64_t attn_visible_count(const attn_visible *visible, int64_t p, int64_t keys)
{
    attn_range range[ATTN_MAX_TERMS];
    for (int t = 0; t < visible->count; t++)
        range[t] = attn_term_keys(&visible->term[t], p, keys);
    int64_t count = 0, from = 0; /* keys below `from` are counted */
    for (;;) {
        int next = -1;
        for (int t = 0; t < visible->count; t++) {
            range[t].begin = attn_most(range[t].begin, from);
            if (range[t].begin < range[t].end && (next < 0 || range[t].begin < range[next].begin))
                next = t;
        }
        if (next < 0)
            return count;
        count += range[next].end - range[next].begin;
        from = range[next].end;
    }
}

/* Bits 0 .. n-1, for any n. */
static uint64_t bits_below(int64_t n)
{
    if (n <= 0)
        return 0;
    return n >= 64 ? UINT64_MAX : (UINT64_C(1) << n) - 1;
}

uint64_t attn_bits_between(int64_t begin, int64_t end, int64_t first)
{
    return bits_below(end - first) & ~bits_below(begin - first);
}

uint64_t attn_visible_bits(const attn_visible *visible, int64_t p, int64_t first, int64_t keys)
{
    uint64_t bits = 0;
    for (int t = 0; t < visible->count; t++) {
        attn_range range = attn_term_keys(&visible->term[t], p, keys);
        bits |= attn_bits_between(range.begin, range.end, first);
    }
    return bits;
}
