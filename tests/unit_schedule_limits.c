/*
 * Unit tests of compiled schedules where brute force does not reach: long sequences, arguments out of range.
 *
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE.
 */
#include "config.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "attn_pattern.h"

/* ---- long sequences -------------------------------------------------------------------------------------------- */

/* Visible pairs worked out by hand where no brute force reaches. */
static void long_sequences(void **state)
{
    static const struct {
        const char *text;
        int64_t len_q, len_k;
        uint64_t pairs;
    } rows[] = {
        { "causal", 100000, 100000, UINT64_C(100000) * 100001 / 2 },
        { "causal & last(4096)", 1000000, 1000000, UINT64_C(4096) * 4097 / 2 + UINT64_C(995904) * 4096 },
        { "band(512)", 1000000, 1000000, UINT64_C(513) * 1000000 - UINT64_C(256) * 257 },
        { "band(512) & !band(510)", 1000000, 1000000, 2 * UINT64_C(999744) },
        { "full", 1, INT64_C(1) << 27, UINT64_C(1) << 27 },
        { "sink(4) | last(100)", 1, INT64_C(1) << 27, 104 },
        { "causal & strided(1000)", 1, 100000, 100 },
        { "!keys(5..-2)", 16, INT64_C(1) << 27, 16 * 6 },
        { "full & !full", 100000, 100000, 0 },
        { "chunk(1024)", 100000, 100000, UINT64_C(97) * 1024 * 1024 + UINT64_C(672) * 672 },
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        attn_lengths lengths = ATTN_LENGTHS_INIT;
        attn_schedule_info info = ATTN_SCHEDULE_INFO_INIT;
        attn_schedule *schedule = NULL;
        attn_pattern *pattern = NULL;

        lengths.len_q = rows[i].len_q;
        lengths.len_k = rows[i].len_k;
        assert_int_equal(attn_pattern_parse(rows[i].text, NULL, 0, &pattern), ATTN_OK);
        assert_int_equal(attn_schedule_create(pattern, &lengths, 128, 128, &schedule), ATTN_OK);
        assert_int_equal(attn_schedule_get_info(schedule, &info), ATTN_OK);
        if (info.pairs != rows[i].pairs)
            fail_msg("%s: %" PRIu64 " pairs, expected %" PRIu64, rows[i].text, info.pairs, rows[i].pairs);
        attn_schedule_destroy(schedule);
        attn_pattern_release(pattern);
    }
}

/* ---- arguments ------------------------------------------------------------------------------------------------- */

static void refuses_nonsense(void **state)
{
    static const struct {
        int tile_q, tile_k;
        int64_t heads, len_q, len_k;
        int alignment;
        const char *reason;
    } rows[] = {
        { 0, 64, 1, 1, 1, 0, "tile_q" },
        { 1025, 64, 1, 1, 1, 0, "tile_q" },
        { 1, 0, 1, 1, 1, 0, "tile_k" },
        { 1, 63, 1, 1, 1, 0, "tile_k" },
        { 1, 96, 1, 1, 1, 0, "tile_k" },
        { 1, 1088, 1, 1, 1, 0, "tile_k" },
        { 1, -64, 1, 1, 1, 0, "tile_k" },
        { 1, 64, 0, 1, 1, 0, "heads" },
        { 1, 64, 65537, 1, 1, 0, "heads" },
        { 1, 64, 1, -1, 1, 0, "len_q" },
        { 1, 64, 1, 1, -1, 0, "len_k" },
        { 1, 64, 1, (INT64_C(1) << 40) + 1, 1, 0, "len_q" },
        { 1, 64, 1, 1, INT64_MAX, 0, "len_k" },
        { 1, 64, 1, 1, 1, 2, "alignment" },
        { 1, 64, 1, 1, INT64_C(1) << 40, 0, "len_k" }, /* tiles are numbered by an int32_t */
        { 1, 64, 1, 1, INT64_C(1) << 40, 0, "len_k" },
    };
    attn_pattern *pattern = NULL;
    attn_schedule *schedule = NULL;
    attn_lengths lengths = ATTN_LENGTHS_INIT;

    (void)state;
    assert_int_equal(attn_pattern_parse("causal", NULL, 0, &pattern), ATTN_OK);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        lengths.heads = rows[i].heads;
        lengths.len_q = rows[i].len_q;
        lengths.len_k = rows[i].len_k;
        lengths.alignment = (attn_alignment)rows[i].alignment;
        assert_int_equal(attn_schedule_create(pattern, &lengths, rows[i].tile_q, rows[i].tile_k, &schedule),
                         ATTN_INVALID);
        assert_null(schedule);
        if (strstr(attn_reason(), rows[i].reason) == NULL)
            fail_msg("reason of row %zu is '%s', expected %s", i, attn_reason(), rows[i].reason);
    }
    assert_int_equal(attn_schedule_create(NULL, &lengths, 64, 64, &schedule), ATTN_INVALID);
    assert_int_equal(attn_schedule_create(pattern, NULL, 64, 64, &schedule), ATTN_INVALID);
    assert_int_equal(attn_schedule_create(pattern, &lengths, 64, 64, NULL), ATTN_INVALID);
    attn_schedule_destroy(NULL);
    attn_pattern_release(pattern);
}

static void lists_beyond(void **state)
{
    static const int64_t places[][2] = { { -1, 0 }, { 2, 0 }, { 0, -1 }, { 0, 3 }, { INT64_MAX, INT64_MAX } };
    attn_lengths lengths = ATTN_LENGTHS_INIT;
    attn_pattern *pattern = NULL;
    attn_schedule *schedule = NULL;
    const attn_tile_entry *entries = NULL;
    int64_t count = 0;

    (void)state;
    lengths.heads = 2;
    lengths.len_q = lengths.len_k = 150;
    assert_int_equal(attn_pattern_parse("causal & strided(3)", NULL, 0, &pattern), ATTN_OK);
    assert_int_equal(attn_schedule_create(pattern, &lengths, 64, 64, &schedule), ATTN_OK);
    /* A schedule keeps nothing of its pattern. */
    attn_pattern_release(pattern);
    for (size_t i = 0; i < sizeof places / sizeof *places; i++)
        assert_int_equal(attn_schedule_list(schedule, places[i][0], places[i][1], &entries, &count), ATTN_INVALID);
    assert_int_equal(attn_schedule_list(schedule, 1, 2, &entries, &count), ATTN_OK);
    assert_int_equal(count, 3);
    assert_null(attn_schedule_mask(schedule, -1));
    assert_null(attn_schedule_mask(schedule, INT32_MAX));
    attn_schedule_destroy(schedule);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(long_sequences),
        cmocka_unit_test(refuses_nonsense),
        cmocka_unit_test(lists_beyond),
    };
    return cmocka_run_group_tests_name("schedule_limits", tests, NULL, NULL);
}
