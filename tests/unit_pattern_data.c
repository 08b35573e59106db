/*
 * Unit tests of a caller's part in patterns: block masks, segments and element masks, which are checked and copied;
 * names bound to patterns; presets as they are described.
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

#include "pattern.h"

static attn_pattern *parse(const char *text)
{
    attn_pattern *pattern = NULL;

    if (attn_pattern_parse(text, NULL, 0, &pattern))
        fail_msg("%s: %s", text, attn_reason());
    return pattern;
}

/* Row r of the picture is query row r of that head, '#' a key that it sees. Aligned at the end. */
static void looks(const attn_pattern *pattern, int64_t head, int64_t len_q, int64_t len_k, const char *const *picture)
{
    const attn_lengths lengths = { sizeof lengths, 3, len_q, len_k, ATTN_ALIGN_END };

    for (int64_t r = 0; r < len_q; r++) {
        char row[65] = "";

        for (int64_t j = 0; j < len_k; j++)
            row[j] = attn_pattern_sees(pattern, &lengths, head, r, j) ? '#' : '.';
        assert_string_equal(row, picture[r]);
    }
}

static void prints(const attn_pattern *pattern, const char *expected)
{
    char text[1024];

    assert_int_equal(attn_pattern_print(pattern, text, sizeof text), strlen(expected));
    assert_string_equal(text, expected);
}

/* ---- block masks ------------------------------------------------------------------------------------------------- */

/* Blocks of 2 rows x 3 keys, 2 x 2 of them, for two heads. */
static const unsigned char dense[] = { 1, 0, 0, 9, 0, 0, 1, 1 };
static const int32_t row_ptr[] = { 0, 1, 2, 2, 2, 4 };
static const int32_t col_idx[] = { 0, 1, 0, 1 };

static attn_block_mask block_mask(const unsigned char *of_dense, const int32_t *of_row_ptr, const int32_t *of_col_idx)
{
    const attn_block_mask mask = { sizeof mask, 2, 3, 2, 2, 2, of_dense, of_row_ptr, of_col_idx };

    return mask;
}

static void looks_like_blocks(const attn_block_mask *mask)
{
    /* Rows, not positions: fewer keys than rows make no difference. */
    static const char *const of_head[][6] = {
        { "###.....", "###.....", "...###..", "...###..", "........", "........" },
        { "........", "........", "######..", "######..", "........", "........" },
        { "........", "........", "........", "........", "........", "........" },
    };
    attn_pattern *pattern = NULL;

    assert_int_equal(attn_pattern_blocks(NULL, mask, &pattern), ATTN_OK);
    for (int64_t head = 0; head < 3; head++)
        looks(pattern, head, 6, 8, of_head[head]);
    prints(pattern, "blocks(mask)");
    attn_pattern_release(pattern);
}

static void blocks(void **state)
{
    static const int32_t far_row_ptr[] = { 5, 6, 7, 1, 1, 3 };
    static const int32_t far_col_idx[] = { 77, 0, 1, -5, 99, 0, 1 };
    static const char *const short_keys[] = { "##", "##", "..", "..", ".." };
    attn_block_mask mask = block_mask(dense, NULL, NULL);
    attn_pattern *pattern;

    (void)state;
    looks_like_blocks(&mask);
    mask = block_mask(NULL, row_ptr, col_idx);
    looks_like_blocks(&mask);
    /* Each head's rows may lie anywhere. */
    mask = block_mask(NULL, far_row_ptr, far_col_idx);
    looks_like_blocks(&mask);
    /* One mask for all heads. */
    mask.heads = 1;
    assert_int_equal(attn_pattern_blocks("b", &mask, &pattern), ATTN_OK);
    looks(pattern, 2, 5, 2, short_keys);
    attn_pattern_release(pattern);
}

static void data_are_copied(void **state)
{
    unsigned char blocks_of_one[] = { 1 };
    int32_t ids[] = { 3, 3 };
    uint64_t bits[] = { 3, 3 };
    attn_block_mask mask = { sizeof mask, 2, 2, 1, 1, 1, blocks_of_one, NULL, NULL };
    attn_pattern *pattern[3];
    static const char *const all[] = { "##", "##" };

    (void)state;
    assert_int_equal(attn_pattern_blocks("a", &mask, &pattern[0]), ATTN_OK);
    assert_int_equal(attn_pattern_segments("a", ids, 2, &pattern[1]), ATTN_OK);
    assert_int_equal(attn_pattern_bits("a", bits, 2, 2, 1, &pattern[2]), ATTN_OK);
    blocks_of_one[0] = 0;
    ids[0] = 4;
    bits[0] = bits[1] = 0;
    for (int i = 0; i < 3; i++) {
        looks(pattern[i], 0, 2, 2, all);
        attn_pattern_release(pattern[i]);
    }
}

static void refuses_blocks(attn_block_mask mask, const char *reason)
{
    attn_pattern *pattern = (attn_pattern *)&pattern;

    assert_int_equal(attn_pattern_blocks("b", &mask, &pattern), ATTN_INVALID);
    assert_string_equal(attn_reason(), reason);
    assert_null(pattern);
}

static void blocks_refused(void **state)
{
    static const struct {
        int32_t row_ptr[6], col_idx[4];
        const char *reason;
    } wrong[] = {
        { { -1, 1, 2, 2, 2, 4 },
          { 0, 1, 0, 1 },
          "mask.row_ptr is -1, 1 at row 0, head 0, expected ascending numbers from 0 on" },
        { { 0, 1, 2, 2, 1, 4 },
          { 0, 1, 0, 1 },
          "mask.row_ptr is 2, 1 at row 0, head 1, expected ascending numbers from 0 on" },
        { { 0, 1, 2, 2, 2, 4 }, { 0, 2, 0, 1 }, "mask.col_idx is 2 at entry 0 of row 1, head 0, expected 0 .. 1" },
        { { 0, 1, 2, 2, 2, 4 }, { -1, 1, 0, 1 }, "mask.col_idx is -1 at entry 0 of row 0, head 0, expected 0 .. 1" },
        { { 0, 1, 2, 2, 2, 4 },
          { 0, 1, 1, 1 },
          "mask.col_idx is 1 at entry 1 of row 1, head 1, expected more than the 1 before it" },
        { { 0, 1, 2, 2, 2, 4 },
          { 0, 1, 1, 0 },
          "mask.col_idx is 0 at entry 1 of row 1, head 1, expected more than the 1 before it" },
    };
    const int64_t large = INT64_C(1) << 24;
    attn_block_mask mask = block_mask(dense, NULL, NULL);
    attn_pattern *pattern;

    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        refuses_blocks(block_mask(NULL, wrong[i].row_ptr, wrong[i].col_idx), wrong[i].reason);
    refuses_blocks(block_mask(NULL, row_ptr, NULL), "mask.col_idx is NULL, but row 0 of head 0 has entries");
    refuses_blocks(block_mask(NULL, NULL, col_idx), "mask.dense and mask.row_ptr are both NULL, expected one of them");
    refuses_blocks(block_mask(dense, row_ptr, col_idx),
                   "mask.dense and mask.row_ptr are both set, expected one of them");
    mask.block_q = 0;
    refuses_blocks(mask, "mask.block_q is 0, expected 1 .. 1099511627776");
    mask = block_mask(dense, NULL, NULL);
    mask.block_k = -1;
    refuses_blocks(mask, "mask.block_k is -1, expected 1 .. 1099511627776");
    mask = block_mask(dense, NULL, NULL);
    mask.rows = 0;
    refuses_blocks(mask, "mask.rows is 0, expected 1 .. 16777216");
    mask.rows = mask.columns = large;
    mask.heads = 65536;
    refuses_blocks(mask, "mask.heads x rows x columns is above 2^63, expected an array that fits memory");
    mask.columns++;
    refuses_blocks(mask, "mask.columns is 16777217, expected 1 .. 16777216");
    mask = block_mask(dense, NULL, NULL);
    mask.heads = 0;
    refuses_blocks(mask, "mask.heads is 0, expected 1 .. 65536");
    mask.size = 0;
    assert_int_equal(attn_pattern_blocks("b", &mask, &pattern), ATTN_INVALID);
    assert_int_equal(attn_pattern_blocks("b", NULL, &pattern), ATTN_INVALID);
    assert_int_equal(attn_pattern_blocks("b", &mask, NULL), ATTN_INVALID);
}

/* ---- segments and bits ------------------------------------------------------------------------------------------- */

static void segments(void **state)
{
    static const int32_t ids[] = { 7, 7, -2, 7, INT32_MIN };
    static const char *const square[] = { "##.#..", "##.#..", "..#...", "##.#..", "....#.", "......" };
    static const char *const later[] = { "....", "..#.", "##.#" };
    static const char *const negative[] = { "..", "##", "##" };
    attn_pattern *pattern;

    (void)state;
    assert_int_equal(attn_pattern_segments("docs", ids, 5, &pattern), ATTN_OK);
    looks(pattern, 0, 6, 6, square);
    looks(pattern, 1, 2, 4, later + 1);
    looks(pattern, 1, 3, 2, negative);
    prints(pattern, "segments(docs)");
    attn_pattern_release(pattern);
    assert_int_equal(attn_pattern_segments("docs", ids, 0, &pattern), ATTN_INVALID);
    assert_string_equal(attn_reason(), "count is 0, expected 1 .. 2147483648");
    assert_int_equal(attn_pattern_segments("docs", ids, (INT64_C(1) << 31) + 1, &pattern), ATTN_INVALID);
    assert_int_equal(attn_pattern_segments("docs", NULL, 5, &pattern), ATTN_INVALID);
    assert_null(pattern);
    assert_int_equal(attn_pattern_segments("docs", ids, 5, NULL), ATTN_INVALID);
}

static void bits(void **state)
{
    static const uint64_t words[] = { 5, 99, UINT64_C(1) << 63, 0xff };
    static const char *const few[] = { "#.#...", "......", "......" };
    attn_pattern *pattern;
    uint64_t word;

    (void)state;
    assert_int_equal(attn_pattern_bits("tree", words, 2, 66, 2, &pattern), ATTN_OK);
    assert_int_equal(pattern->data.bits.stride, 2);
    assert_true(pattern->data.bits.word[1] == 3 && pattern->data.bits.word[3] == 3);
    /* Rows, not positions. */
    looks(pattern, 0, 3, 6, few);
    const attn_lengths lengths = { sizeof lengths, 1, 2, 100, ATTN_ALIGN_END };
    assert_int_equal(attn_pattern_word(pattern, &lengths, 0, 1, 63, &word), ATTN_OK);
    assert_true(word == 7);
    prints(pattern, "bits(tree)");
    attn_pattern_release(pattern);
    /* A stride beyond the columns; 64 of them leave nothing to clear. */
    assert_int_equal(attn_pattern_bits("tree", words + 1, 2, 64, 2, &pattern), ATTN_OK);
    assert_int_equal(pattern->data.bits.stride, 1);
    assert_true(pattern->data.bits.word[0] == 99 && pattern->data.bits.word[1] == 0xff);
    attn_pattern_release(pattern);
    assert_int_equal(attn_pattern_bits("tree", NULL, 0, 64, 1, &pattern), ATTN_OK);
    attn_pattern_release(pattern);
    assert_int_equal(attn_pattern_bits("tree", NULL, 3, 0, 0, &pattern), ATTN_OK);
    looks(pattern, 0, 3, 6, (const char *[]){ "......", "......", "......" });
    attn_pattern_release(pattern);
}

static void bits_refused(void **state)
{
    static const uint64_t words[] = { 1 };
    static const int64_t wrong[][3] = {
        { -1, 1, 1 },
        { 1, -1, 1 },
        { 1, 65, 1 },
        { 1, 1, 0 },
        { 1, 1, -1 },
        { (INT64_C(1) << 40) + 1, 1, 1 },
        { INT64_C(1) << 40, 1, INT64_C(1) << 40 },
    };
    attn_pattern *pattern;

    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        pattern = (attn_pattern *)&pattern;
        assert_int_equal(attn_pattern_bits("b", words, wrong[i][0], wrong[i][1], wrong[i][2], &pattern), ATTN_INVALID);
        assert_null(pattern);
    }
    assert_int_equal(attn_pattern_bits("b", NULL, 1, 1, 1, &pattern), ATTN_INVALID);
    assert_int_equal(attn_pattern_bits("b", words, 1, 1, 1, NULL), ATTN_INVALID);
    assert_int_equal(attn_pattern_bits("causal", words, 1, 1, 1, &pattern), ATTN_INVALID);
    assert_string_equal(attn_reason(), "name is \"causal\", expected no name of a primitive or preset");
    assert_int_equal(attn_pattern_bits("a b", words, 1, 1, 1, &pattern), ATTN_INVALID);
    assert_int_equal(attn_pattern_bits("", words, 1, 1, 1, &pattern), ATTN_INVALID);
    assert_null(pattern);
}

/* ---- constructors ------------------------------------------------------------------------------------------------ */

static void sets(void **state)
{
    static const attn_index_range ranges[] = { { 3, 4 }, { 4, 9 }, { -2, -1 }, { 0, -3 } };
    static const attn_index_range wrong[] = { { 3, 2 }, { -1, -2 }, { 0, INT64_MAX }, { INT64_MIN, 0 } };
    attn_pattern *a, *b, *both, *pattern;

    (void)state;
    assert_int_equal(attn_pattern_ranges("keys", ranges, 4, &a), ATTN_OK);
    prints(a, "keys(3..4, 4..9, -2..-1, 0..-3)");
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_int_equal(attn_pattern_ranges("keys", &wrong[i], 1, &pattern), ATTN_INVALID);
    assert_int_equal(attn_pattern_ranges("keys", ranges, 0, &pattern), ATTN_INVALID);
    assert_int_equal(attn_pattern_ranges("keys", ranges, 65537, &pattern), ATTN_INVALID);
    assert_int_equal(attn_pattern_ranges("sink", ranges, 1, &pattern), ATTN_INVALID);
    assert_int_equal(attn_pattern_ranges("heads", ranges, 1, &pattern), ATTN_INVALID);
    assert_int_equal(attn_pattern_ranges("mistral", ranges, 1, &pattern), ATTN_INVALID);
    assert_int_equal(attn_pattern_ranges("keys", NULL, 1, &pattern), ATTN_INVALID);
    /* In any order of release. */
    assert_int_equal(attn_pattern_complement(a, &b), ATTN_OK);
    assert_int_equal(attn_pattern_intersection(b, b, &both), ATTN_OK);
    assert_int_equal(attn_pattern_union(both, a, &pattern), ATTN_OK);
    assert_ptr_equal(attn_pattern_keep(pattern), pattern);
    attn_pattern_release(a);
    attn_pattern_release(both);
    attn_pattern_release(pattern);
    prints(pattern, "!keys(3..4, 4..9, -2..-1, 0..-3) & !keys(3..4, 4..9, -2..-1, 0..-3) | "
                    "keys(3..4, 4..9, -2..-1, 0..-3)");
    attn_pattern_release(pattern);
    assert_int_equal(attn_pattern_union(b, NULL, &pattern), ATTN_INVALID);
    assert_int_equal(attn_pattern_intersection(NULL, b, &pattern), ATTN_INVALID);
    assert_int_equal(attn_pattern_complement(NULL, &pattern), ATTN_INVALID);
    assert_int_equal(attn_pattern_complement(b, NULL), ATTN_INVALID);
    attn_pattern_release(b);
}

static void head_ranges(void **state)
{
    enum { MANY = 1025 };
    attn_pattern *full = parse("full"), *pattern;
    attn_head_pattern heads[MANY];

    (void)state;
    for (int i = 0; i < MANY; i++)
        heads[i] = (attn_head_pattern){ MANY - i, MANY - i, full };
    assert_int_equal(attn_pattern_heads(heads, MANY, &pattern), ATTN_INVALID);
    assert_int_equal(attn_pattern_heads(heads, 0, &pattern), ATTN_INVALID);
    assert_int_equal(attn_pattern_heads(NULL, 1, &pattern), ATTN_INVALID);
    assert_int_equal(attn_pattern_heads(heads, MANY - 1, &pattern), ATTN_OK);
    attn_pattern_release(pattern);
    heads[7].pattern = NULL;
    assert_int_equal(attn_pattern_heads(heads, 9, &pattern), ATTN_INVALID);
    assert_string_equal(attn_reason(), "heads[7].pattern is NULL");
    heads[6].last += 5;
    assert_int_equal(attn_pattern_heads(heads, 7, &pattern), ATTN_INVALID);
    assert_null(pattern);
    attn_pattern_release(full);
}

/* ---- bindings ---------------------------------------------------------------------------------------------------- */

static void bindings(void **state)
{
    const int32_t ids[] = { 0, 0, 1 };
    attn_pattern *docs, *local = parse("causal | last(3)"), *pattern = NULL;

    (void)state;
    assert_int_equal(attn_pattern_segments("docs", ids, 3, &docs), ATTN_OK);
    const attn_binding bound[] = { { "docs", docs }, { "my-local_1", local } };
    assert_int_equal(attn_pattern_parse("segments( docs ) & my-local_1 & docs", bound, 2, &pattern), ATTN_OK);
    attn_pattern_release(docs);
    attn_pattern_release(local);
    prints(pattern, "segments(docs) & (causal | last(3)) & segments(docs)");
    attn_pattern_release(pattern);
}

static void bindings_refused(void **state)
{
    attn_pattern *full = parse("full"), *pattern;
    char name[66];
    const struct {
        attn_binding bound[2];
        int count;
        const char *text, *reason;
    } wrong[] = {
        { { { "a", full } }, -1, "full", "count is -1, expected 0 or more" },
        { { { NULL, full } }, 1, "full", "bindings[0].name is NULL" },
        { { { "a", NULL } }, 1, "full", "bindings[0].pattern is NULL" },
        { { { "last", full } }, 1, "full", "bindings[0].name is \"last\", expected no name of a primitive or preset" },
        { { { "bigbird", full } },
          1,
          "full",
          "bindings[0].name is \"bigbird\", expected no name of a primitive or preset" },
        { { { "a", full }, { "a", full } },
          2,
          "a",
          "bindings[1].name is \"a\", expected another name than that of bindings[0]" },
        { { { "a", full } }, 1, "a(1)", "column 2: found \"(\", expected '|', '&' or the end" },
        { { { "a", full } }, 1, "ab", "column 1: found \"ab\", expected the name of a primitive, preset or binding" },
        { { { "a", full } }, 1, "bits(a)", "column 6: found \"a\", expected the name of a binding to bits" },
    };
    const char *const names[] = { "", "1a", "_a", "-a", "a b", "a.b", "\xc3\xa9", name };

    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        assert_int_equal(attn_pattern_parse(wrong[i].text, wrong[i].bound, wrong[i].count, &pattern), ATTN_INVALID);
        assert_string_equal(attn_reason(), wrong[i].reason);
    }
    assert_int_equal(attn_pattern_parse("full", NULL, 1, &pattern), ATTN_INVALID);
    memset(name, 'a', 65);
    name[65] = '\0';
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        assert_int_equal(attn_pattern_parse("full", &(attn_binding){ names[i], full }, 1, &pattern), ATTN_INVALID);
    name[64] = '\0';
    assert_int_equal(attn_pattern_parse(name, &(attn_binding){ name, full }, 1, &pattern), ATTN_OK);
    attn_pattern_release(pattern);
    attn_pattern_release(full);
}

/* ---- presets ----------------------------------------------------------------------------------------------------- */

/* "(w = 512, g = 1)" from the table of arguments. */
static void arguments_text(const attn_preset *preset, char *text, size_t capacity)
{
    size_t length = 0;

    for (int i = 0; i < preset->most; i++)
        length += (size_t)snprintf(text + length, capacity - length, "%s%s = %" PRId64, i ? ", " : "(",
                                   preset->argument[i].name, preset->argument[i].missing);
    snprintf(text + length, capacity - length, ")");
}

static void presets(void **state)
{
    attn_preset_info info = ATTN_PRESET_INFO_INIT;

    (void)state;
    assert_int_equal(attn_preset_count(), 13);
    for (int i = 0; i < attn_preset_count(); i++) {
        char text[256];
        attn_pattern *pattern;

        assert_int_equal(attn_preset_describe(i, &info), ATTN_OK);
        assert_true(info.name && info.summary && info.source && *info.summary && *info.source);
        arguments_text(attn_preset_of_name(info.name, strlen(info.name)), text, sizeof text);
        assert_string_equal(info.arguments, text);
        pattern = parse(info.name);
        prints(pattern, info.example);
        attn_pattern_release(pattern);
        assert_int_equal(attn_pattern_primitive(info.name, NULL, 0, &pattern), ATTN_OK);
        prints(pattern, info.example);
        attn_pattern_release(pattern);
    }
    assert_int_equal(attn_preset_describe(-1, &info), ATTN_INVALID);
    assert_int_equal(attn_preset_describe(13, &info), ATTN_INVALID);
    assert_int_equal(attn_preset_describe(0, NULL), ATTN_INVALID);
}

/* Whatever arguments a preset's table allows, its expansion is in the limits. */
static void presets_at_their_limits(void **state)
{
    attn_preset_info info = ATTN_PRESET_INFO_INIT;

    (void)state;
    for (int i = 0; i < attn_preset_count(); i++) {
        assert_int_equal(attn_preset_describe(i, &info), ATTN_OK);
        const attn_preset *preset = attn_preset_of_name(info.name, strlen(info.name));

        for (int corner = 0; corner < 1 << preset->most; corner++) {
            int64_t value[ATTN_PATTERN_ARGUMENTS];
            attn_pattern *pattern = NULL;

            for (int a = 0; a < preset->most; a++)
                value[a] = corner >> a & 1 ? preset->argument[a].high : preset->argument[a].low;
            if (attn_pattern_primitive(info.name, value, preset->most, &pattern))
                assert_non_null(strstr(attn_reason(), "expected at most l"));
            attn_pattern_release(pattern);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blocks),         cmocka_unit_test(data_are_copied),
        cmocka_unit_test(blocks_refused), cmocka_unit_test(segments),
        cmocka_unit_test(bits),           cmocka_unit_test(bits_refused),
        cmocka_unit_test(sets),           cmocka_unit_test(head_ranges),
        cmocka_unit_test(bindings),       cmocka_unit_test(bindings_refused),
        cmocka_unit_test(presets),        cmocka_unit_test(presets_at_their_limits),
    };
    return cmocka_run_group_tests_name("pattern data", tests, NULL, NULL);
}
