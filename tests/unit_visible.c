/*
 * Unit tests of masks as intervals and of tile schedules, against asking every pair.
 *
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE.
 */
#include "config.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "numbers.h"
#include "oracle.h"
#include "schedule.h"
#include "visible.h"

/* ---- masks at random ------------------------------------------------------------------------------------------- */

struct draws {
    uint64_t count;
};

static int64_t draw(struct draws *draws, int64_t below)
{
    return (int64_t)(number_hash(11, draws->count++) % (uint64_t)below);
}

static int64_t one_of(struct draws *draws, const int64_t *values, int64_t count)
{
    return values[draw(draws, count)];
}

static attn_mask random_mask(struct draws *draws)
{
    static const int64_t widths[] = { -1, -1, 0, 1, 2, 7, 15, 16, 17, 40, INT64_C(1) << 40 };
    static const int64_t chunks[] = { 0, 0, 0, 1, 3, 8, 16, 33, 100, INT64_C(1) << 40 };
    static const int64_t backs[] = { 0, 0, 1, 2, INT64_C(1) << 40 };
    static const int64_t sinks[] = { 0, 0, 0, 1, 4, 20, 200 };
    attn_mask mask = ATTN_MASK_INIT;

    mask.causal = (int)draw(draws, 2);
    mask.window_left = one_of(draws, widths, 11);
    mask.window_right = one_of(draws, widths, 11);
    mask.chunk = one_of(draws, chunks, 10);
    mask.chunk_back = one_of(draws, backs, 5);
    mask.combine = draw(draws, 2) ? ATTN_UNION : ATTN_INTERSECTION;
    mask.sink = one_of(draws, sinks, 7);
    return mask;
}

static int sees(const attn_mask *mask, int64_t p, int64_t j)
{
    attn_problem problem = ATTN_PROBLEM_INIT;

    problem.mask = *mask;
    problem.alignment = ATTN_ALIGN_START;
    return oracle_visible(&problem, 0, 0, p, j);
}

enum { MASKS = 3000, KEYS = 90 };

static void every_pair(void **state)
{
    struct draws draws = { 0 };

    (void)state;
    for (int n = 0; n < MASKS; n++) {
        attn_mask mask = random_mask(&draws);
        int64_t keys = draw(&draws, KEYS), p = draw(&draws, 140) - 40, first = draw(&draws, KEYS), count = 0;
        attn_visible visible;

        assert_int_equal(attn_visible_from_mask(&mask, &visible), ATTN_OK);
        for (int64_t j = 0; j < keys; j++) {
            int by_terms = 0, by_bits = (int)(attn_visible_bits(&visible, p, j, keys) & 1);

            for (int t = 0; t < visible.count; t++) {
                attn_range range = attn_term_keys(&visible.term[t], p, keys);

                by_terms |= range.begin <= j && j < range.end;
            }
            assert_int_equal(by_terms, sees(&mask, p, j));
            assert_int_equal(by_bits, sees(&mask, p, j));
            count += by_terms;
        }
        assert_int_equal(attn_visible_count(&visible, p, keys), count);
        for (int64_t i = 0; i < 64; i++)
            assert_int_equal(attn_visible_bits(&visible, p, first, keys) >> i & 1,
                             first + i < keys && sees(&mask, p, first + i));
    }
}

static void refuses_nonsense(void **state)
{
    static const attn_mask wrong[] = {
        { 2, -1, -1, 0, 0, ATTN_INTERSECTION, 0 },        { 0, -2, -1, 0, 0, ATTN_INTERSECTION, 0 },
        { 0, -1, -2, 0, 0, ATTN_INTERSECTION, 0 },        { 0, -1, -1, -1, 0, ATTN_INTERSECTION, 0 },
        { 0, -1, -1, 0, -1, ATTN_INTERSECTION, 0 },       { 0, -1, -1, 0, 0, ATTN_INTERSECTION, -1 },
        { 0, INT64_MAX, -1, 0, 0, ATTN_INTERSECTION, 0 },
    };
    attn_visible visible;

    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_int_equal(attn_visible_from_mask(&wrong[i], &visible), ATTN_INVALID);
}

/* ---- tiles ----------------------------------------------------------------------------------------------------- */

/* How many pairs of the tile are visible, and of how many. */
struct pairs {
    int64_t visible, all;
};

static struct pairs tile_pairs(const attn_mask *mask, const attn_tile_rows *rows, int64_t tile)
{
    struct pairs pairs = { 0, 0 };

    for (int64_t p = rows->first_p; p <= rows->last_p; p++)
        for (int64_t j = tile * rows->tile_k; j < (tile + 1) * rows->tile_k && j < rows->keys; j++) {
            pairs.visible += sees(mask, p, j);
            pairs.all++;
        }
    return pairs;
}

/* No tile with a visible pair is left out, none without one is visited, none with a hidden pair is called full, and a
 * full one of a mask of one term is. */
static void check_schedule(const attn_mask *mask, const attn_visible *visible, const attn_tile_rows *rows)
{
    attn_tile_count count = { 0, 0 }, counted = attn_count_tiles(rows);
    int64_t tiles = (rows->keys + rows->tile_k - 1) / rows->tile_k, next = attn_next_tile(rows, 0);

    for (int64_t tile = 0; tile < tiles; tile++) {
        struct pairs pairs = tile_pairs(mask, rows, tile);

        assert_int_equal(next == tile, pairs.visible > 0);
        if (next != tile)
            continue;
        if (attn_tile_is_full(rows, tile))
            assert_int_equal(pairs.visible, pairs.all);
        else if (visible->count == 1)
            assert_true(pairs.visible < pairs.all);
        count.full += (uint64_t)attn_tile_is_full(rows, tile);
        count.partial += (uint64_t)!attn_tile_is_full(rows, tile);
        next = attn_next_tile(rows, tile + 1);
    }
    assert_int_equal(next, -1);
    assert_int_equal(counted.full, count.full);
    assert_int_equal(counted.partial, count.partial);
}

static void every_tile(void **state)
{
    static const int64_t heights[] = { 1, 2, 5, 16, 33 }, widths[] = { 1, 4, 8, 16, 64 };
    struct draws draws = { 1000000 };

    (void)state;
    for (int n = 0; n < MASKS; n++) {
        attn_mask mask = random_mask(&draws);
        attn_visible visible;
        attn_tile_rows rows = { .visible = &visible, .first_p = draw(&draws, 140) - 40 };

        rows.keys = draw(&draws, KEYS);
        rows.tile_k = one_of(&draws, widths, 5);
        rows.last_p = rows.first_p + one_of(&draws, heights, 5) - 1;
        assert_int_equal(attn_visible_from_mask(&mask, &visible), ATTN_OK);
        check_schedule(&mask, &visible, &rows);
    }
}

/* Far into a long sequence, where products of positions and sizes are large. */
static void far_tiles(void **state)
{
    const int64_t far = INT64_C(1) << 39;
    attn_mask mask = ATTN_MASK_INIT;
    attn_visible visible;
    attn_tile_rows rows = {
        .visible = &visible, .first_p = far, .last_p = far + 15, .keys = INT64_C(1) << 40, .tile_k = 64
    };

    (void)state;
    mask.causal = 1;
    mask.window_left = 127;
    assert_int_equal(attn_visible_from_mask(&mask, &visible), ATTN_OK);
    assert_int_equal(attn_next_tile(&rows, 0), (far - 127) / 64);
    assert_int_equal(attn_next_tile(&rows, far / 64 + 1), -1);
    assert_int_equal(attn_visible_count(&visible, far, rows.keys), 128);
    mask.sink = 5;
    assert_int_equal(attn_visible_from_mask(&mask, &visible), ATTN_OK);
    assert_int_equal(attn_next_tile(&rows, 0), 0);
    assert_int_equal(attn_next_tile(&rows, 1), (far - 127) / 64);
    assert_int_equal(attn_visible_count(&visible, far, rows.keys), 133);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_pair),
        cmocka_unit_test(refuses_nonsense),
        cmocka_unit_test(every_tile),
        cmocka_unit_test(far_tiles),
    };
    return cmocka_run_group_tests_name("visible", tests, NULL, NULL);
}
