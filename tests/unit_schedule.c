/*
 * Unit tests of compiled schedules by brute force: random expressions, lengths and tiles, every pair asked three times:
 * the meaning transcribed in pattern_sees.c, attn_pattern_word, and the schedule spread out into elements.
 *
 * ATTN_TEST_SEED=N starts at another seed, ATTN_TEST_COUNT=N checks another number of them: a failure names both.
 *
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE.
 */
#include "config.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "pattern_random.h"
#include "status.h"

enum { MOST_HEADS = 4, MOST_LENGTH = 300, WORDS = (MOST_LENGTH + 63) / 64, COUNT = 4000 };

/* One expression, compiled, and what it means: bit j % 64 of sees[head][r][j / 64]. */
struct trial {
    uint64_t seed;
    attn_lengths lengths;
    int tile_q, tile_k;
    struct expression *expression;
    attn_pattern *pattern;
    attn_schedule *schedule;
    attn_schedule_info info;
    uint64_t sees[MOST_HEADS][MOST_LENGTH][WORDS], got[MOST_HEADS][MOST_LENGTH][WORDS];
    uint64_t full, partial, pairs; /* counted */
    unsigned char *used;           /* [masks] */
    char wrong[256];               /* "": nothing */
};

static int wrong(struct trial *t, const char *format, ...) ATTN_PRINTF(2, 3);
static int wrong(struct trial *t, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(t->wrong, sizeof t->wrong, format, arguments);
    va_end(arguments);
    return 1;
}

static int64_t divide_up(int64_t a, int64_t b)
{
    return (a + b - 1) / b;
}

/* ---- drawing --------------------------------------------------------------------------------------------------- */

static int64_t draw_length(struct draws *draws)
{
    static const int64_t corners[] = { 0, 1, 2, 63, 64, 65, 127, 128, 129, 192, 256, 257, 300 };

    if (draw_below(draws, 3) == 0)
        return corners[draw_below(draws, sizeof corners / sizeof *corners)];
    return draw_below(draws, draw_below(draws, 2) ? 80 : MOST_LENGTH + 1);
}

/* A decode step, self attention, more keys, more queries. */
static void draw_trial(struct trial *t, uint64_t seed)
{
    static const int tiles_q[] = { 1, 7, 16, 64, 96, 128 }, tiles_k[] = { 64, 128, 256 };
    const attn_lengths none = ATTN_LENGTHS_INIT;
    struct draws draws = { seed, 1000000 };
    int64_t way = draw_below(&draws, 8);

    memset(t, 0, sizeof *t);
    t->seed = seed;
    t->lengths = none;
    t->lengths.heads = 1 + draw_below(&draws, MOST_HEADS);
    t->lengths.len_k = draw_length(&draws);
    t->lengths.len_q = way == 0 ? 1 : way < 4 ? t->lengths.len_k : draw_length(&draws);
    t->lengths.alignment = draw_below(&draws, 3) ? ATTN_ALIGN_END : ATTN_ALIGN_START;
    t->tile_q = tiles_q[draw_below(&draws, 6)];
    t->tile_k = tiles_k[draw_below(&draws, 3)];
}

/* ---- what it means --------------------------------------------------------------------------------------------- */

static uint64_t meant_word(const struct trial *t, int64_t head, int64_t r, int64_t first)
{
    uint64_t word = 0;

    for (int64_t i = 0; i < 64 && first + i < t->lengths.len_k; i++)
        word |= (uint64_t)expression_sees(t->expression, &t->lengths, head, r, first + i) << i;
    return word;
}

static int check_row(struct trial *t, int64_t head, int64_t r)
{
    for (int64_t first = 0; first < t->lengths.len_k; first += 64) {
        uint64_t word = 0, meant = meant_word(t, head, r, first);

        if (attn_pattern_word(t->pattern, &t->lengths, head, r, first, &word))
            return wrong(t, "attn_pattern_word: %s", attn_reason());
        if (word != meant)
            return wrong(t,
                         "attn_pattern_word of head %" PRId64 ", row %" PRId64 ", keys from %" PRId64 " is %016" PRIx64
                         ", expected %016" PRIx64,
                         head, r, first, word, meant);
        t->sees[head][r][first / 64] = word;
    }
    return 0;
}

static int check_words(struct trial *t)
{
    for (int64_t head = 0; head < t->lengths.heads; head++)
        for (int64_t r = 0; r < t->lengths.len_q; r++)
            if (check_row(t, head, r))
                return 1;
    return 0;
}

/* ---- the schedule, spread out ---------------------------------------------------------------------------------- */

/* Where one entry of a list lies. */
struct spot {
    int64_t head, tile_q, tile_k, rows, keys; /* rows and keys that the sequence has there */
};

static int bits_of(uint64_t word)
{
    int count = 0;

    for (; word != 0; word &= word - 1)
        count++;
    return count;
}

/* Word `w` of a row where every key of the tile is seen. */
static uint64_t whole_word(const struct spot *spot, int64_t w)
{
    int64_t keys = spot->keys - 64 * w;

    return keys <= 0 ? 0 : keys >= 64 ? UINT64_MAX : (UINT64_C(1) << keys) - 1;
}

static int spread_mask(struct trial *t, const struct spot *spot, const uint64_t *mask)
{
    int64_t words = t->tile_k / 64, seen = 0;

    for (int64_t r = 0; r < t->tile_q; r++)
        for (int64_t w = 0; w < words; w++) {
            uint64_t word = mask ? mask[r * words + w] : r < spot->rows ? whole_word(spot, w) : 0;

            if (word & ~(r < spot->rows ? whole_word(spot, w) : 0))
                return wrong(
                    t, "mask of head %" PRId64 ", tiles %" PRId64 ", %" PRId64 ": bits behind the end, row %" PRId64,
                    spot->head, spot->tile_q, spot->tile_k, r);
            if (word)
                t->got[spot->head][spot->tile_q * t->tile_q + r][spot->tile_k * words + w] = word;
            seen += bits_of(word);
        }
    t->pairs += (uint64_t)seen;
    if (seen == 0 || (mask && seen == spot->rows * spot->keys))
        return wrong(t, "head %" PRId64 ", tiles %" PRId64 ", %" PRId64 ": listed %s, sees %" PRId64 " of %" PRId64,
                     spot->head, spot->tile_q, spot->tile_k, mask ? "partial" : "full", seen, spot->rows * spot->keys);
    return 0;
}

static int spread_entry(struct trial *t, int64_t head, int64_t tile_q, attn_tile_entry entry)
{
    struct spot spot = { head, tile_q, entry.tile, t->lengths.len_q - tile_q * t->tile_q,
                         t->lengths.len_k - (int64_t)entry.tile * t->tile_k };

    spot.rows = spot.rows < t->tile_q ? spot.rows : t->tile_q;
    spot.keys = spot.keys < t->tile_k ? spot.keys : t->tile_k;
    if (entry.tile < 0 || spot.keys <= 0 || entry.mask < -1 || entry.mask >= t->info.masks)
        return wrong(t, "head %" PRId64 ", tile %" PRId64 ": entry of tile %d, mask %d of %" PRId64, head, tile_q,
                     (int)entry.tile, (int)entry.mask, t->info.masks);
    t->full += entry.mask == -1;
    t->partial += entry.mask != -1;
    if (entry.mask != -1)
        t->used[entry.mask] = 1;
    return spread_mask(t, &spot, entry.mask == -1 ? NULL : attn_schedule_mask(t->schedule, entry.mask));
}

static int spread_list(struct trial *t, int64_t head, int64_t tile)
{
    const attn_tile_entry *entries = NULL;
    int64_t count = -1;

    if (attn_schedule_list(t->schedule, head, tile, &entries, &count))
        return wrong(t, "attn_schedule_list: %s", attn_reason());
    for (int64_t i = 0; i < count; i++) {
        if (i > 0 && entries[i].tile <= entries[i - 1].tile)
            return wrong(t, "head %" PRId64 ", tile %" PRId64 ": tile %d behind tile %d", head, tile,
                         (int)entries[i].tile, (int)entries[i - 1].tile);
        if (spread_entry(t, head, tile, entries[i]))
            return 1;
    }
    return 0;
}

static int spread(struct trial *t)
{
    for (int64_t head = 0; head < t->lengths.heads; head++)
        for (int64_t tile = 0; tile < t->info.tiles; tile++)
            if (spread_list(t, head, tile))
                return 1;
    return 0;
}

static int compare(struct trial *t)
{
    for (int64_t head = 0; head < t->lengths.heads; head++)
        for (int64_t r = 0; r < t->lengths.len_q; r++)
            for (int64_t w = 0; w < WORDS; w++)
                if (t->got[head][r][w] != t->sees[head][r][w])
                    return wrong(t,
                                 "schedule of head %" PRId64 ", row %" PRId64 ", keys from %" PRId64 " is %016" PRIx64
                                 ", expected %016" PRIx64,
                                 head, r, 64 * w, t->got[head][r][w], t->sees[head][r][w]);
    return 0;
}

/* ---- masks, tables, counts ------------------------------------------------------------------------------------- */

static size_t mask_bytes; /* for same_mask, which qsort gives no context */

static int compare_masks(const void *a, const void *b)
{
    return memcmp(*(const uint64_t *const *)a, *(const uint64_t *const *)b, mask_bytes);
}

/* Every mask is used, and no two are equal. */
static int check_masks(struct trial *t)
{
    const uint64_t **masks = malloc((size_t)(t->info.masks + 1) * sizeof *masks);
    int64_t twice = 0;

    assert_non_null(masks);
    mask_bytes = (size_t)(t->tile_q * t->tile_k / 64) * sizeof **masks;
    for (int64_t i = 0; i < t->info.masks; i++)
        masks[i] = attn_schedule_mask(t->schedule, (int32_t)i);
    qsort(masks, (size_t)t->info.masks, sizeof *masks, compare_masks);
    for (int64_t i = 1; i < t->info.masks; i++)
        twice += compare_masks(&masks[i - 1], &masks[i]) == 0;
    free(masks);
    if (twice > 0)
        return wrong(t, "%" PRId64 " of %" PRId64 " masks are stored before", twice, t->info.masks);
    for (int64_t i = 0; i < t->info.masks; i++)
        if (!t->used[i])
            return wrong(t, "mask %" PRId64 " of %" PRId64 " is in no list", i, t->info.masks);
    return 0;
}

/* Heads for which the expression says the same share their lists, where there are any. */
static int check_sharing(struct trial *t, int64_t a, int64_t b)
{
    for (int64_t tile = 0; tile < t->info.tiles; tile++) {
        const attn_tile_entry *of_a = NULL, *of_b = NULL;
        int64_t count_a = -1, count_b = -1;

        attn_schedule_list(t->schedule, a, tile, &of_a, &count_a);
        attn_schedule_list(t->schedule, b, tile, &of_b, &count_b);
        if (count_a != count_b || (count_a > 0 && of_a != of_b))
            return wrong(t, "heads %" PRId64 " and %" PRId64 " do not share the list of tile %" PRId64, a, b, tile);
    }
    return 0;
}

/* `tables` is at least the number of heads that see different pairs, and at most that of heads told apart. */
static int check_tables(struct trial *t)
{
    int64_t different = 0, apart = 0;

    for (int64_t b = 0; b < t->lengths.heads; b++) {
        int same = 0, alike = 0;

        for (int64_t a = 0; a < b; a++) {
            same |= memcmp(t->sees[a], t->sees[b], sizeof *t->sees) == 0;
            if (expression_same_heads(t->expression, a, b) && check_sharing(t, a, b))
                return 1;
            alike |= expression_same_heads(t->expression, a, b);
        }
        different += !same;
        apart += !alike;
    }
    if (t->info.tables < different || t->info.tables > apart)
        return wrong(t, "%" PRId64 " tables, expected %" PRId64 " .. %" PRId64, t->info.tables, different, apart);
    return 0;
}

static int check_info(struct trial *t)
{
    const attn_schedule_info *i = &t->info;

    if (i->tile_q != t->tile_q || i->tile_k != t->tile_k || i->heads != t->lengths.heads ||
        i->tiles != divide_up(t->lengths.len_q, t->tile_q))
        return wrong(t, "info: tile %d x %d, %" PRId64 " heads, %" PRId64 " tiles", i->tile_q, i->tile_k, i->heads,
                     i->tiles);
    if (i->full != t->full || i->partial != t->partial || i->pairs != t->pairs)
        return wrong(t,
                     "info: %" PRIu64 " full, %" PRIu64 " partial, %" PRIu64 " pairs; counted %" PRIu64 ", %" PRIu64
                     ", %" PRIu64,
                     i->full, i->partial, i->pairs, t->full, t->partial, t->pairs);
    return i->bytes > 0 ? 0 : wrong(t, "info: 0 bytes");
}

/* ---- trials ---------------------------------------------------------------------------------------------------- */

static int check_schedule(struct trial *t)
{
    const attn_schedule_info none = ATTN_SCHEDULE_INFO_INIT;

    if (attn_schedule_create(t->pattern, &t->lengths, t->tile_q, t->tile_k, &t->schedule))
        return wrong(t, "attn_schedule_create: %s", attn_reason());
    t->info = none;
    if (attn_schedule_get_info(t->schedule, &t->info))
        return wrong(t, "attn_schedule_get_info: %s", attn_reason());
    t->used = calloc((size_t)t->info.masks + 1, 1);
    assert_non_null(t->used);
    return spread(t) || compare(t) || check_info(t) || check_masks(t) || check_tables(t);
}

static int check_trial(struct trial *t)
{
    int broken;

    t->expression = expression_create(t->seed, &t->lengths, VOCABULARY_ALL);
    assert_non_null(t->expression);
    if (expression_pattern(t->expression, &t->pattern))
        broken = wrong(t, "no pattern: %s", attn_reason());
    else
        broken = check_words(t) || check_schedule(t);
    if (broken)
        print_error("seed %" PRIu64 ": %s\n    %s\n    %" PRId64 " heads, %" PRId64 " rows, %" PRId64
                    " keys, aligned at the %s, tile %d x %d\n",
                    t->seed, t->wrong, expression_text(t->expression), t->lengths.heads, t->lengths.len_q,
                    t->lengths.len_k, t->lengths.alignment == ATTN_ALIGN_END ? "end" : "start", t->tile_q, t->tile_k);
    attn_schedule_destroy(t->schedule);
    attn_pattern_release(t->pattern);
    expression_destroy(t->expression);
    free(t->used);
    return broken;
}

enum { SHOWN = 5 };

static void random_expressions(void **state)
{
    uint64_t first = pattern_environment("ATTN_TEST_SEED", 1), count = pattern_environment("ATTN_TEST_COUNT", COUNT), seed;
    struct trial *t = malloc(sizeof *t);
    int broken = 0;

    (void)state;
    assert_non_null(t);
    for (seed = first; seed < first + count && broken < SHOWN; seed++) {
        draw_trial(t, seed);
        broken += check_trial(t);
    }
    free(t);
    printf("# %" PRIu64 " expressions, seeds %" PRIu64 "..%" PRIu64 "\n", seed - first, first, seed - 1);
    assert_int_equal(broken, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_expressions),
    };
    return cmocka_run_group_tests_name("schedule", tests, NULL, NULL);
}
