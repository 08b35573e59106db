/* What a position sees: the unions of intervals of lib/visible.h. Behind shared.h.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */

DEVICE long floor_divide(long a, long b)
{
    return a / b - (a % b < 0 ? 1 : 0);
}

DEVICE long term_begin(__constant const struct term *t, long p)
{
    long begin = max(t->begin, p - t->left);
    return t->chunk > 0 ? max(begin, (floor_divide(p, t->chunk) - t->back) * t->chunk) : begin;
}

DEVICE long term_end(__constant const struct term *t, long p, long keys)
{
    long end = min(p + t->right + 1, min(t->end, keys));
    return t->chunk > 0 ? min(end, (floor_divide(p, t->chunk) + t->ahead + 1) * t->chunk) : end;
}

/* Keys of the tile that position p sees, a bit each. */
DEVICE ulong seen_word(PLAN, long p, long keys, long tile)
{
    ulong word = 0;
    for (int i = 0; i < plan->terms; i++) {
        long begin = max(term_begin(&plan->term[i], p) - tile * TILE_KEYS, 0L);
        long end = min(term_end(&plan->term[i], p, keys) - tile * TILE_KEYS, (long)TILE_KEYS);
        if (begin < end)
            word |= ~(ulong)0 >> (TILE_KEYS - (int)(end - begin)) << (int)begin;
    }
    return word;
}

/* The first tile at `from` or behind that positions first .. last may see; one behind all: none. */
DEVICE long next_tile(PLAN, long first, long last, long keys, long from)
{
    long next = (keys + TILE_KEYS - 1) / TILE_KEYS;
    for (int i = 0; i < plan->terms; i++) {
        long begin = term_begin(&plan->term[i], first), end = term_end(&plan->term[i], last, keys);
        if (begin < end && from * TILE_KEYS < end)
            next = min(next, max(from, begin / TILE_KEYS));
    }
    return next;
}

DEVICE int tile_is_full(PLAN, long first, long last, long keys, long tile)
{
    int full = 0;
    for (int i = 0; i < plan->terms; i++)
        full |= term_begin(&plan->term[i], last) <= tile * TILE_KEYS &&
                term_end(&plan->term[i], first, keys) >= min((tile + 1) * TILE_KEYS, keys);
    return full;
}
