/* What a position sees: lib/visible.h. A term's two ends never decrease with the position, so the tiles that a query tile
 * visits are a range a term, and those that need no element test another, both known from its first and last position.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#ifndef ATTN_VISIBLE_GLSL
#define ATTN_VISIBLE_GLSL

#include "plan.glsl"

const int MAX_TERMS = 4;
const int NO_TILE = 0x7ffffffe;

/* Without %, which GLSL leaves undefined for negative numbers. */
int64_t floor_divide(int64_t a, int64_t b)
{
    return a < 0 ? ~(~a / b) : a / b;
}

int64_t term_begin(int i, int64_t p)
{
    term t = run.block.plan.term[i];
    int64_t begin = max(t.begin, p - t.left);
    return t.chunk > 0 ? max(begin, (floor_divide(p, t.chunk) - t.back) * t.chunk) : begin;
}

int64_t term_end(int i, int64_t p, int64_t keys)
{
    term t = run.block.plan.term[i];
    int64_t end = min(p + t.right + 1, min(t.end, keys));
    return t.chunk > 0 ? min(end, (floor_divide(p, t.chunk) + t.ahead + 1) * t.chunk) : end;
}

/* Bits begin .. end - 1 of the 64 from key `first` on. */
uint64_t bits_between(int64_t begin, int64_t end, int64_t first)
{
    int from = int(clamp(begin - first, int64_t(0), int64_t(64))), to = int(clamp(end - first, int64_t(0), int64_t(64)));
    if (from >= to)
        return uint64_t(0);
    return ~uint64_t(0) >> 64 - (to - from) << from;
}

/* Bit i: position p sees key first + i. */
uint64_t visible_bits(int64_t p, int64_t first, int64_t keys)
{
    uint64_t bits = uint64_t(0);
    for (int i = 0; i < int(run.block.plan.terms); i++)
        bits |= bits_between(term_begin(i, p), term_end(i, p, keys), first);
    return bits;
}

/* Tiles of a query tile by term: those seen, and among them those without an element test. */
struct Ranges {
    ivec4 begin, end, full_begin, full_end;
};

Ranges ranges_of(int64_t first_p, int64_t last_p, int64_t keys)
{
    Ranges r = Ranges(ivec4(0), ivec4(0), ivec4(0), ivec4(0));
    [[unroll]] for (int i = 0; i < MAX_TERMS; i++) {
        if (i >= int(run.block.plan.terms))
            break;
        int64_t begin = term_begin(i, first_p), end = term_end(i, last_p, keys);
        if (begin >= end)
            continue;
        r.begin[i] = tiles_within(begin);
        r.end[i] = tiles_until(end);
        int64_t full_end = term_end(i, first_p, keys);
        r.full_begin[i] = tiles_until(term_begin(i, last_p));
        r.full_end[i] = full_end >= keys ? r.end[i] : tiles_within(full_end);
    }
    return r;
}

/* Of rows that see all keys. */
Ranges ranges_of_all(int64_t keys)
{
    ivec4 end = ivec4(tiles_until(keys), 0, 0, 0);
    return Ranges(ivec4(0), end, ivec4(0), end);
}

/* The first tile at `from` or behind that is seen, or NO_TILE. */
int next_tile(Ranges r, int from)
{
    ivec4 next = mix(ivec4(NO_TILE), max(r.begin, ivec4(from)), lessThan(ivec4(from), r.end));
    return min(min(next.x, next.y), min(next.z, next.w));
}

/* Behind the last of the tiles from `tile` on that need no element test; 0: it needs one. */
int full_end(Ranges r, int tile)
{
    ivec4 end = mix(ivec4(0), r.full_end, lessThanEqual(r.full_begin, ivec4(tile)));
    end = mix(ivec4(0), end, lessThan(ivec4(tile), end));
    return max(max(end.x, end.y), max(end.z, end.w));
}

#endif
