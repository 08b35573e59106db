/* Which keys a query position sees, as a union of a few intervals.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#include "config.h"

#include "visible.h"

#include <inttypes.h>

#include "status.h"
#include "tensor.h"

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t most(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static int64_t floor_divide(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

static attn_status check_field(const char *name, int64_t value, int64_t low, int64_t high)
{
    if (value < low || value > high)
        return attn_fail(ATTN_INVALID, "mask.%s is %" PRId64 ", expected %" PRId64 " .. %" PRId64, name, value, low,
                         high);
    return ATTN_OK;
}

static attn_status check_mask(const attn_mask *mask)
{
    const struct {
        const char *name;
        int64_t value, low, high;
    } fields[] = {
        { "causal", mask->causal, 0, 1 },
        { "window_left", mask->window_left, -1, ATTN_MAX_SIZE },
        { "window_right", mask->window_right, -1, ATTN_MAX_SIZE },
        { "chunk", mask->chunk, 0, ATTN_MAX_SIZE },
        { "chunk_back", mask->chunk_back, 0, ATTN_MAX_SIZE },
        { "combine", (int64_t)mask->combine, ATTN_INTERSECTION, ATTN_UNION },
        { "sink", mask->sink, 0, ATTN_MAX_SIZE },
    };
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        attn_status status = check_field(fields[i].name, fields[i].value, fields[i].low, fields[i].high);
        if (status)
            return status;
    }
    return ATTN_OK;
}

attn_status attn_visible_from_mask(const attn_mask *mask, attn_visible *visible)
{
    attn_status status = check_mask(mask);
    if (status)
        return status;
    int64_t right_limit = mask->causal ? 0 : ATTN_FAR;
    int window = mask->window_left >= 0 || mask->window_right >= 0;
    int chunk = mask->chunk > 0;
    const attn_term all = { ATTN_FAR, right_limit, ATTN_FAR, 0, 0 };
    attn_term local = all;
    visible->count = 0;
    if (window) {
        local.left = mask->window_left < 0 ? ATTN_FAR : mask->window_left;
        local.right = mask->window_right < 0 ? right_limit : least(mask->window_right, right_limit);
    }
    if (chunk && window && mask->combine == ATTN_UNION) {
        visible->term[visible->count++] = local;
        local = all;
    }
    if (chunk) {
        local.chunk = mask->chunk;
        /* More chunks back than there can be: the product with chunk must not overflow. */
        local.back = least(mask->chunk_back, ATTN_FAR / mask->chunk);
    }
    visible->term[visible->count++] = local;
    if (mask->sink > 0 && (window || chunk)) {
        attn_term sink = all;
        sink.end = mask->sink;
        visible->term[visible->count++] = sink;
    }
    return ATTN_OK;
}

attn_range attn_term_keys(const attn_term *term, int64_t p, int64_t keys)
{
    attn_range range = { most(0, p - term->left), least(p + term->right + 1, least(term->end, keys)) };
    if (term->chunk > 0) {
        int64_t own = floor_divide(p, term->chunk);
        range.begin = most(range.begin, (own - term->back) * term->chunk);
        range.end = least(range.end, (own + 1) * term->chunk);
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
            range[t].begin = most(range[t].begin, from);
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

uint64_t attn_visible_bits(const attn_visible *visible, int64_t p, int64_t first, int64_t keys)
{
    uint64_t bits = 0;
    for (int t = 0; t < visible->count; t++) {
        attn_range range = attn_term_keys(&visible->term[t], p, keys);
        bits |= bits_below(range.end - first) & ~bits_below(range.begin - first);
    }
    return bits;
}
