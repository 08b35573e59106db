/* What a position sees: the unions of intervals of lib/visible.h. Behind shared.h.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */

DEVICE long floor_divide(long a, long b)
{
    return a / b - (a % b < 0 ? 1 : 0);
}

DEVICE long term_begin(PLAN_SPACE const struct term *t, long p)
{
    long begin = max(t->begin, p - t->left);
    return t->chunk > 0 ? max(begin, (floor_divide(p, t->chunk) - t->back) * t->chunk) : begin;
}

DEVICE long term_end(PLAN_SPACE const struct term *t, long p, long keys)
{
    long end = min(p + t->right + 1, min(t->end, keys));
    return t->chunk > 0 ? min(end, (floor_divide(p, t->chunk) + t->ahead + 1) * t->chunk) : end;
}

/* Keys of the tile that position p sees, a bit each. */
DEVICE ulong seen_word(PLAN, long p, long keys, long tile)
{
    ulong word = 0;
    ROLLED
    for (int i = 0; i < plan->terms; i++) {
        long begin = max(term_begin(&plan->term[i], p) - tile * TILE_KEYS, (long)0);
        long end = min(term_end(&plan->term[i], p, keys) - tile * TILE_KEYS, (long)TILE_KEYS);
        if (begin < end)
            word |= ~(ulong)0 >> (TILE_KEYS - (int)(end - begin)) << (int)begin;
    }
    return word;
}

/* Consecutive key tiles that a query tile visits, and those of them that it sees whole. */
struct run {
    int begin, end, full_begin, full_end;
};

/* The first run at tile `from` or behind that positions first .. last may see; an empty one: none. A tile that only several
 * terms together cover counts as partial, which costs time and no more. */
DEVICE struct run next_run(PLAN, long first, long last, long keys, int from)
{
    const int tiles = (int)((keys + TILE_KEYS - 1) / TILE_KEYS);
    struct run run = { tiles, tiles, 0, 0 };
    ROLLED
    for (int i = 0; i < plan->terms; i++) {
        const long begin = term_begin(&plan->term[i], first), end = term_end(&plan->term[i], last, keys);
        if (begin < end && (long)from * TILE_KEYS < end)
            run.begin = min(run.begin, max(from, (int)(begin / TILE_KEYS)));
    }
    run.end = run.begin;
    ROLLED
    for (int i = 0; i < plan->terms; i++) {
        const long begin = term_begin(&plan->term[i], first), end = term_end(&plan->term[i], last, keys);
        if (begin >= (long)(run.begin + 1) * TILE_KEYS || end <= (long)run.begin * TILE_KEYS || run.begin == tiles)
            continue;
        const long last_end = term_end(&plan->term[i], first, keys);
        const int full_begin = (int)((term_begin(&plan->term[i], last) + TILE_KEYS - 1) / TILE_KEYS);
        const int full_end = last_end >= keys ? tiles : (int)(last_end / TILE_KEYS);
        run.end = max(run.end, (int)((end + TILE_KEYS - 1) / TILE_KEYS));
        if (full_end - full_begin > run.full_end - run.full_begin) {
            run.full_begin = full_begin;
            run.full_end = full_end;
        }
    }
    return run;
}
