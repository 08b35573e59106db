/*
 * Unit tests of what patterns mean: truth tables written by hand for every primitive, and the random draw.
 *
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE.
 */
#include "config.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "pattern.h"
#include "random.h"

static attn_pattern *parse(const char *text)
{
    attn_pattern *pattern = NULL;

    if (attn_pattern_parse(text, NULL, 0, &pattern))
        fail_msg("%s: %s", text, attn_reason());
    return pattern;
}

/* ---- truth tables ------------------------------------------------------------------------------------------------ */

/* Row r of the picture is query row r of that head, '#' a key that it sees. */
static void looks(const char *name, const attn_pattern *pattern, const attn_lengths *lengths, int64_t head,
                  const char *const *picture)
{
    for (int64_t r = 0; r < lengths->len_q; r++) {
        uint64_t word = 0;
        char row[65] = "";

        for (int64_t j = 0; j < lengths->len_k; j++)
            row[j] = attn_pattern_sees(pattern, lengths, head, r, j) ? '#' : '.';
        if (strcmp(row, picture[r]))
            fail_msg("%s: row %" PRId64 " is %s, expected %s", name, r, row, picture[r]);
        assert_int_equal(attn_pattern_word(pattern, lengths, head, r, 0, &word), ATTN_OK);
        for (int64_t j = 0; j < 64; j++)
            assert_int_equal(word >> j & 1, j < lengths->len_k && row[j] == '#');
    }
}

struct picture {
    const char *text, *row[6];
};

static void all_look(const struct picture *pictures, size_t count, const attn_lengths *lengths, int64_t head)
{
    for (size_t i = 0; i < count; i++) {
        attn_pattern *pattern = parse(pictures[i].text);

        looks(pictures[i].text, pattern, lengths, head, pictures[i].row);
        attn_pattern_release(pattern);
    }
}

#define ALL_LOOK(pictures, lengths, head) all_look(pictures, sizeof pictures / sizeof *pictures, lengths, head)

/* p = r. */
static void square(void **state)
{
    static const struct picture pictures[] = {
        { "full", { "######", "######", "######", "######", "######", "######" } },
        { "causal", { "#.....", "##....", "###...", "####..", "#####.", "######" } },
        { "window(1, 2)", { "###...", "####..", ".####.", "..####", "...###", "....##" } },
        { "window(-1, 1)", { "##....", "###...", "####..", "#####.", "######", "######" } },
        { "window(0, -1)", { "######", ".#####", "..####", "...###", "....##", ".....#" } },
        { "window(-1, -1)", { "######", "######", "######", "######", "######", "######" } },
        { "last(2)", { "#.....", "##....", ".##...", "..##..", "...##.", "....##" } },
        { "last(0)", { "......", "......", "......", "......", "......", "......" } },
        { "band(2)", { "##....", "###...", ".###..", "..###.", "...###", "....##" } },
        { "band(3)", { "##....", "###...", ".###..", "..###.", "...###", "....##" } },
        { "band(1)", { "#.....", ".#....", "..#...", "...#..", "....#.", ".....#" } },
        { "dilated(2, 1)", { "#.#...", ".#.#..", "#.#.#.", ".#.#.#", "..#.#.", "...#.#" } },
        { "dilated(2, 0)", { "#.....", ".#....", "..#...", "...#..", "....#.", ".....#" } },
        { "strided(3)", { "#..#..", ".#..#.", "..#..#", "#..#..", ".#..#.", "..#..#" } },
        { "strided(1)", { "######", "######", "######", "######", "######", "######" } },
        { "summary(3, 1)", { "..#..#", "..#..#", "..#..#", "..#..#", "..#..#", "..#..#" } },
        { "summary(4, 0)", { "......", "......", "......", "......", "......", "......" } },
        { "summary(4, 3)", { ".###.#", ".###.#", ".###.#", ".###.#", ".###.#", ".###.#" } },
        { "chunk(4)", { "####..", "####..", "####..", "####..", "....##", "....##" } },
        { "chunk(2, 1)", { "##....", "##....", "####..", "####..", "..####", "..####" } },
        { "chunk(2, 0, 1)", { "####..", "####..", "..####", "..####", "....##", "....##" } },
        { "sink(2)", { "##....", "##....", "##....", "##....", "##....", "##...." } },
        { "sink(0)", { "......", "......", "......", "......", "......", "......" } },
        { "keys(1, -2..-1)", { ".#..##", ".#..##", ".#..##", ".#..##", ".#..##", ".#..##" } },
        { "keys(2..-2)", { "..###.", "..###.", "..###.", "..###.", "..###.", "..###." } },
        { "keys(5..-3, 9)", { "......", "......", "......", "......", "......", "......" } },
        { "queries(0, -2)", { "######", "......", "......", "......", "######", "......" } },
        { "global(2)", { "..#...", "..#...", "######", "..#...", "..#...", "..#..." } },
        { "random(1, 0, 3)", { "......", "......", "......", "......", "......", "......" } },
        { "random(4, 2, 3)", { "######", "######", "######", "######", "######", "######" } },
        { "!causal", { ".#####", "..####", "...###", "....##", ".....#", "......" } },
        { "causal & sink(2) | last(1)", { "#.....", "##....", "###...", "##.#..", "##..#.", "##...#" } },
        { "causal & (sink(2) | chunk(3))", { "#.....", "##....", "###...", "##.#..", "##.##.", "##.###" } },
    };
    static const attn_lengths end = { sizeof end, 1, 6, 6, ATTN_ALIGN_END };
    static const attn_lengths start = { sizeof start, 1, 6, 6, ATTN_ALIGN_START };

    (void)state;
    ALL_LOOK(pictures, &end, 0);
    ALL_LOOK(pictures, &start, 0);
}

/* p = 4, 5. */
static void fewer_queries(void **state)
{
    static const struct picture pictures[] = {
        { "causal", { "#####.", "######" } },      { "last(2)", { "...##.", "....##" } },
        { "chunk(5)", { "#####.", ".....#" } },    { "strided(4)", { "#...#.", ".#...#" } },
        { "queries(-1)", { "......", "######" } }, { "queries(0)", { "......", "......" } },
        { "global(4)", { "######", "....#." } },
    };
    static const attn_lengths lengths = { sizeof lengths, 1, 2, 6, ATTN_ALIGN_END };

    (void)state;
    ALL_LOOK(pictures, &lengths, 0);
}

/* p = -3 .. 2. */
static void negative_positions(void **state)
{
    static const struct picture pictures[] = {
        { "full", { "###", "###", "###", "###", "###", "###" } },
        { "causal", { "...", "...", "...", "#..", "##.", "###" } },
        { "window(0, 3)", { "#..", "##.", "###", "###", ".##", "..#" } },
        { "band(4)", { "...", "#..", "##.", "###", "###", "###" } },
        { "dilated(2, 1)", { "...", "#..", ".#.", "#.#", ".#.", "#.#" } },
        { "strided(2)", { ".#.", "#.#", ".#.", "#.#", ".#.", "#.#" } },
        { "chunk(2)", { "...", "...", "...", "##.", "##.", "..#" } },
        { "chunk(2, 0, 1)", { "...", "##.", "##.", "###", "###", "..#" } },
        { "keys(-1)", { "..#", "..#", "..#", "..#", "..#", "..#" } },
        { "queries(-3..-1)", { "...", "...", "...", "###", "###", "###" } },
        { "queries(-4)", { "...", "...", "###", "...", "...", "..." } },
        { "queries(0..1)", { "...", "...", "...", "###", "###", "..." } },
    };
    static const attn_lengths lengths = { sizeof lengths, 1, 6, 3, ATTN_ALIGN_END };

    (void)state;
    ALL_LOOK(pictures, &lengths, 0);
}

/* p = 0 .. 3. */
static void aligned_at_the_start(void **state)
{
    static const struct picture pictures[] = {
        { "causal", { "#..", "##.", "###", "###" } },
        { "last(2)", { "#..", "##.", ".##", "..#" } },
        { "queries(-1)", { "...", "...", "###", "..." } },
        { "queries(3)", { "...", "...", "...", "###" } },
    };
    static const attn_lengths lengths = { sizeof lengths, 1, 4, 3, ATTN_ALIGN_START };

    (void)state;
    ALL_LOOK(pictures, &lengths, 0);
}

static void heads(void **state)
{
    static const struct picture first[] = {
        { "heads(0..1: full; 3: causal)", { "##", "##" } },
        { "!heads(0..1: full; 3: causal)", { "..", ".." } },
        { "causal & heads(3: full; 0: heads(0: !full | last(1)))", { "#.", ".#" } },
    };
    static const struct picture third[] = {
        { "heads(0..1: full; 3: causal)", { "..", ".." } },
        { "!heads(0..1: full; 3: causal)", { "##", "##" } },
        { "sparse-transformer-strided-heads(1, 3)", { "#.", "##" } },
        { "sparse-transformer-strided-heads(1, 2)", { "..", ".." } },
    };
    static const attn_lengths lengths = { sizeof lengths, 4, 2, 2, ATTN_ALIGN_END };

    (void)state;
    ALL_LOOK(first, &lengths, 0);
    ALL_LOOK(third, &lengths, 2);
}

/* The largest arguments and lengths together: nothing overflows. */
static void far_away(void **state)
{
    static const struct {
        const char *text;
        uint64_t word; /* of the last position, from key 0 on */
    } patterns[] = {
        { "window(1099511627776, 1099511627776)", UINT64_MAX },
        { "chunk(1, 1099511627776, 1099511627776)", UINT64_MAX },
        { "last(1024k)", 0 },
        { "dilated(1099511627776, 1099511627776)", 0 },
        { "dilated(1, 1099511627776)", UINT64_MAX },
        { "strided(1099511627775)", 1 },
        { "summary(1099511627776, 1099511627776)", UINT64_MAX },
        { "global(1099511627776, -1099511627776)", 1 },
        { "band(1099511627776)", 0 },
        { "random(1, 3, 1099511627776)", 0 },
    };
    const int64_t far = INT64_C(1) << 40;
    const attn_lengths long_k = { sizeof long_k, 1, far, far, ATTN_ALIGN_START };
    const attn_lengths long_q = { sizeof long_q, 1, far, 1, ATTN_ALIGN_END };

    (void)state;
    for (size_t i = 0; i < sizeof patterns / sizeof *patterns; i++) {
        attn_pattern *pattern = parse(patterns[i].text);
        uint64_t word;

        assert_int_equal(attn_pattern_word(pattern, &long_k, 0, far - 1, 0, &word), ATTN_OK);
        if (word != patterns[i].word)
            fail_msg("%s: %" PRIx64 ", expected %" PRIx64, patterns[i].text, word, patterns[i].word);
        assert_int_equal(attn_pattern_word(pattern, &long_q, 0, 0, 0, &word), ATTN_OK);
        attn_pattern_release(pattern);
    }
}

static void words(void **state)
{
    attn_pattern *causal = parse("causal");
    attn_lengths lengths = { sizeof lengths, 2, 100, 100, ATTN_ALIGN_END };
    uint64_t word;

    (void)state;
    assert_int_equal(attn_pattern_word(causal, &lengths, 1, 70, 10, &word), ATTN_OK);
    assert_true(word == (UINT64_C(1) << 61) - 1);
    assert_int_equal(attn_pattern_word(causal, &lengths, 1, 99, 64, &word), ATTN_OK);
    assert_true(word == (UINT64_C(1) << 36) - 1);
    assert_int_equal(attn_pattern_word(causal, &lengths, 1, 99, 1000, &word), ATTN_OK);
    assert_true(word == 0);
    assert_int_equal(attn_pattern_word(NULL, &lengths, 0, 0, 0, &word), ATTN_INVALID);
    assert_int_equal(attn_pattern_word(causal, NULL, 0, 0, 0, &word), ATTN_INVALID);
    assert_int_equal(attn_pattern_word(causal, &lengths, 0, 0, 0, NULL), ATTN_INVALID);
    assert_int_equal(attn_pattern_word(causal, &lengths, 2, 0, 0, &word), ATTN_INVALID);
    assert_string_equal(attn_reason(), "head is 2, expected 0 .. 1");
    assert_int_equal(attn_pattern_word(causal, &lengths, 0, 100, 0, &word), ATTN_INVALID);
    assert_int_equal(attn_pattern_word(causal, &lengths, 0, 0, -1, &word), ATTN_INVALID);
    static const attn_lengths wrong[] = {
        { 0, 1, 1, 1, ATTN_ALIGN_END },
        { sizeof *wrong, 0, 1, 1, ATTN_ALIGN_END },
        { sizeof *wrong, 65537, 1, 1, ATTN_ALIGN_END },
        { sizeof *wrong, 1, -1, 1, ATTN_ALIGN_END },
        { sizeof *wrong, 1, 1, (INT64_C(1) << 40) + 1, ATTN_ALIGN_END },
        { sizeof *wrong, 1, 1, 1, (attn_alignment)2 },
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_int_equal(attn_pattern_word(causal, &wrong[i], 0, 0, 0, &word), ATTN_INVALID);
    attn_pattern_release(causal);
}

/* ---- the random draw --------------------------------------------------------------------------------------------- */

/* Numbers of an independent program in another language. */
static void draws(void **state)
{
    static const struct {
        int64_t block_count, count, seed, query_block, selected[9];
    } known[] = {
        { 10, 3, 7, 0, { 5, 8, 9 } },
        { 10, 3, 7, 1, { 4, 6, 9 } },
        { 10, 3, 7, 2, { 2, 4, 8 } },
        { 10, 3, 7, -1, { 2, 4, 9 } },
        { 10, 9, 0, 5, { 0, 1, 2, 3, 5, 6, 7, 8, 9 } },
        { 1000000, 4, 12345, 3, { 573981, 632489, 743391, 935418 } },
        { INT64_C(1) << 40, 2, INT64_C(1) << 40, -5, { 1004976383, 4081182464 } },
        { 4, 4, 1, 1, { 0, 1, 2, 3 } },
    };
    int64_t selected[9];

    (void)state;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        attn_random_blocks(known[i].block_count, known[i].count, known[i].seed, known[i].query_block, selected);
        for (int64_t n = 0; n < known[i].count; n++)
            assert_int_equal(selected[n], known[i].selected[n]);
    }
    attn_random_blocks(3, 9, 1, 1, selected);
    for (int64_t n = 0; n < 3; n++)
        assert_int_equal(selected[n], n);
    attn_random_blocks(0, 9, 1, 1, NULL);
    attn_random_blocks(9, 0, 1, 1, NULL);
}

static void draws_agree(void **state)
{
    enum { MOST_COUNT = 60 };
    int64_t selected[MOST_COUNT];

    (void)state;
    for (int64_t blocks = 1; blocks <= MOST_COUNT; blocks += 1 + blocks / 4)
        for (int64_t count = 0; count <= blocks + 3; count++)
            for (int64_t b = -3; b < 10; b++) {
                int64_t n = 0, all = count < blocks ? count : blocks;

                attn_random_blocks(blocks, count, 99, b, selected);
                for (int64_t block = 0; block < blocks; block++) {
                    int listed = n < all && selected[n] == block;

                    assert_int_equal(attn_random_selects(blocks, count, 99, b, block), listed);
                    n += listed;
                }
                assert_int_equal(n, all);
            }
}

static void many_draws(void **state)
{
    const int64_t blocks = 3000000, count = 1 << 20;
    int64_t *selected = malloc((size_t)count * sizeof *selected);

    (void)state;
    assert_non_null(selected);
    attn_random_blocks(blocks, count, 1, 2, selected);
    for (int64_t n = 0; n < count; n++) {
        assert_in_range(selected[n], 0, blocks - 1);
        assert_true(!n || selected[n - 1] < selected[n]);
    }
    free(selected);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(square),     cmocka_unit_test(fewer_queries), cmocka_unit_test(negative_positions),
        cmocka_unit_test(heads),      cmocka_unit_test(far_away),      cmocka_unit_test(aligned_at_the_start),
        cmocka_unit_test(words),      cmocka_unit_test(draws),         cmocka_unit_test(draws_agree),
        cmocka_unit_test(many_draws),
    };
    return cmocka_run_group_tests_name("pattern meaning", tests, NULL, NULL);
}
