/*
 * The receptive field of the last position.
 *
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE.
 */
#include "config.h"

#include "reach.h"

#include <stdlib.h>
#include <string.h>

/* A query tile in which positions are fresh, and the list of a head for it. */
struct tile_step {
    struct reach *reach;
    const attn_schedule *schedule;
    const attn_schedule_info *info;
    int64_t first, behind; /* rows of the query tile */
};

static int has(const uint64_t *set, int64_t i)
{
    return set[i / 64] >> (i & 63) & 1;
}

/* Bits of word `w` that stand for positions below n. */
static uint64_t below(int64_t w, int64_t n)
{
    return n - 64 * w >= 64 ? ~UINT64_C(0) : n > 64 * w ? (UINT64_C(1) << (n - 64 * w)) - 1 : 0;
}

static int any(const uint64_t *set, int64_t first, int64_t behind)
{
    for (int64_t w = first / 64; 64 * w < behind; w++)
        if (set[w] & below(w, behind) & ~below(w, first))
            return 1;
    return 0;
}

static void add_keys(const struct tile_step *step, const attn_tile_entry *entry)
{
    struct reach *reach = step->reach;
    int64_t words = step->info->tile_k / 64, at = entry->tile * words;
    const uint64_t *mask = entry->mask < 0 ? NULL : attn_schedule_mask(step->schedule, entry->mask);
    int64_t rows = mask ? step->behind - step->first : 1;
    for (int64_t r = 0; r < rows; r++) {
        if (mask && !has(reach->fresh, step->first + r))
            continue;
        for (int64_t w = 0; w < words && at + w < reach->words; w++)
            reach->next[at + w] |= mask ? mask[r * words + w] : below(at + w, reach->n);
    }
}

/* Heads with equal patterns share their lists; each list is followed once. */
static void add_tile(const struct tile_step *step, int64_t tile)
{
    const attn_tile_entry *before = NULL, *entries;
    int64_t count;
    for (int64_t head = 0; head < step->info->heads; head++) {
        if (attn_schedule_list(step->schedule, head, tile, &entries, &count) || entries == before)
            continue;
        before = entries;
        for (int64_t i = 0; i < count; i++)
            add_keys(step, &entries[i]);
    }
}

/* Fresh become those of `next` that were not reached before. */
static void take_fresh(struct reach *reach)
{
    for (int64_t w = reach->words - 1; w >= 0; w--) {
        uint64_t fresh = reach->next[w] & ~reach->reached[w];
        reach->fresh[w] = fresh;
        reach->reached[w] |= fresh;
        for (int bit = 63; fresh && bit >= 0; bit--) {
            int is_fresh = fresh >> bit & 1;
            reach->keys += is_fresh;
            if (is_fresh && 64 * w + bit < reach->earliest)
                reach->earliest = 64 * w + bit;
        }
    }
}

int reach_begin(struct reach *reach, int64_t n)
{
    memset(reach, 0, sizeof *reach);
    reach->n = n;
    reach->words = (n + 63) / 64;
    reach->reached = calloc((size_t)reach->words + 1, sizeof *reach->reached);
    reach->fresh = calloc((size_t)reach->words + 1, sizeof *reach->fresh);
    reach->next = calloc((size_t)reach->words + 1, sizeof *reach->next);
    if (!reach->reached || !reach->fresh || !reach->next)
        return 1;
    reach->earliest = n;
    if (n > 0)
        reach->next[(n - 1) / 64] = UINT64_C(1) << ((n - 1) & 63);
    take_fresh(reach);
    return 0;
}

void reach_add_layer(struct reach *reach, const attn_schedule *schedule)
{
    attn_schedule_info info = ATTN_SCHEDULE_INFO_INIT;
    if (attn_schedule_get_info(schedule, &info))
        return;
    memset(reach->next, 0, (size_t)reach->words * sizeof *reach->next);
    for (int64_t tile = 0; tile < info.tiles; tile++) {
        int64_t first = tile * info.tile_q, behind = first + info.tile_q < reach->n ? first + info.tile_q : reach->n;
        const struct tile_step step = { reach, schedule, &info, first, behind };
        if (any(reach->fresh, first, behind))
            add_tile(&step, tile);
    }
    take_fresh(reach);
    reach->layers++;
}

void reach_free(struct reach *reach)
{
    free(reach->reached);
    free(reach->fresh);
    free(reach->next);
}
