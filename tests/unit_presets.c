/*
 * Unit tests of presets: each against its source's own words, transcribed here element by element. Positions are i for
 * queries and j for keys, both from 0; n is the number of keys.
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

#include "attn_pattern.h"

enum { MOST_ARGUMENTS = 3, HEADS = 5, MOST_KEYS = 512 };

/* A pair in question, and the arguments of the preset. */
struct question {
    int64_t a[MOST_ARGUMENTS], head, i, j, n;
};

/* ---- sliding windows ------------------------------------------------------------------------------------------- */

/* Jiang et al. 2023, arXiv:2310.06825, section 2, with its rolling buffer of W entries, slot i mod W: token i sees
 * what the buffer holds once i is in it. */
static int mistral(const struct question *q)
{
    int64_t slot[MOST_KEYS], W = q->a[0];

    for (int64_t t = 0; t < W && t < MOST_KEYS; t++)
        slot[t] = -1;
    for (int64_t t = 0; t <= q->i && W > 0; t++)
        slot[t % W] = t;
    return q->j <= q->i && W > 0 && slot[q->j % W] == q->j;
}

/* Beltagy et al. 2020, arXiv:2004.05150, section 3.1: a token attends to w/2 tokens on each side; one with
 * global attention attends to all, and all attend to it. */
static int longformer(const struct question *q)
{
    int64_t side = q->a[0] / 2, globals = q->a[1];

    if (q->i < globals)
        return 1;
    for (int64_t j = 0; j < globals; j++)
        if (q->j == j)
            return 1;
    for (int64_t j = q->i - side; j <= q->i + side; j++)
        if (q->j == j)
            return 1;
    return 0;
}

/* The same section: the window has gaps of size dilation d, so j = i + d t for t = -w/2 .. w/2. */
static int longformer_dilated(const struct question *q)
{
    for (int64_t t = -(q->a[0] / 2); t <= q->a[0] / 2; t++)
        if (q->j == q->i + q->a[1] * t)
            return 1;
    return 0;
}

/* ---- BigBird --------------------------------------------------------------------------------------------------- */

/* The random blocks are a table that both sides are given. */
static int drawn_block(const struct question *q, int64_t query_block, int64_t key_block)
{
    attn_lengths lengths = ATTN_LENGTHS_INIT;
    attn_pattern *table = NULL;
    uint64_t word = 0;

    lengths.len_q = lengths.len_k = q->n;
    assert_int_equal(attn_pattern_primitive("random", q->a, 3, &table), ATTN_OK);
    assert_int_equal(attn_pattern_word(table, &lengths, 0, query_block * q->a[0], key_block * q->a[0], &word), ATTN_OK);
    attn_pattern_release(table);
    return (int)(word & 1);
}

/* Zaheer et al. 2020, arXiv:2007.14062, section 2 and appendix D, internal transformer construction on blocks: the
 * first and the last block are global; query block q sees blocks q-1, q, q+1, the global ones and its random ones. */
static int bigbird(const struct question *q)
{
    int64_t block = q->a[0], blocks = q->n / block, own = q->i / block, other = q->j / block;

    if (own == 0 || own == blocks - 1)
        return 1;
    return other == 0 || other == blocks - 1 || other == own - 1 || other == own || other == own + 1 ||
           drawn_block(q, own, other);
}

/* ---- Sparse Transformer ---------------------------------------------------------------------------------------- */

/* Child et al. 2019, arXiv:1904.10509, section 4.3. Strided: A1 = { t, t + 1, .., i } with t = max(0, i - l), A2 =
 * { j : (i - j) mod l = 0 }. */
static int strided_first(const struct question *q)
{
    int64_t t = q->i - q->a[0] > 0 ? q->i - q->a[0] : 0;

    return t <= q->j && q->j <= q->i;
}

static int strided_second(const struct question *q)
{
    for (int64_t j = q->i; j >= 0; j -= q->a[0])
        if (q->j == j)
            return 1;
    return 0;
}

/* Fixed: A1 = { j : floor(j / l) = floor(i / l) }, A2 = { j : j mod l in { t, t + 1, .., l - 1 } } with t = l - c;
 * j <= i. */
static int fixed_first(const struct question *q)
{
    return q->j <= q->i && q->j / q->a[0] == q->i / q->a[0];
}

static int fixed_second(const struct question *q)
{
    int64_t t = q->a[0] - q->a[1];

    return q->j <= q->i && q->j % q->a[0] >= t;
}

/* Section 5.1, equation (7): a merged head attends to the union of both. */
static int strided_merged(const struct question *q)
{
    return strided_first(q) || strided_second(q);
}

static int fixed_merged(const struct question *q)
{
    return fixed_first(q) || fixed_second(q);
}

/* Section 5.1, equation (8): heads with either pattern, here in turn. */
static int strided_in_turn(const struct question *q)
{
    return q->head < q->a[1] && (q->head % 2 == 0 ? strided_first(q) : strided_second(q));
}

static int fixed_in_turn(const struct question *q)
{
    return q->head < q->a[2] && (q->head % 2 == 0 ? fixed_first(q) : fixed_second(q));
}

/* ---- sinks ----------------------------------------------------------------------------------------------------- */

/* Xiao et al. 2023, arXiv:2309.17453, section 3.2: a cache of s first tokens and w recent ones; when a token comes, the
 * oldest that is no sink goes. Positions are the original ones. */
static int streaming_llm(const struct question *q)
{
    int64_t cache[MOST_KEYS], held = 0, s = q->a[0], w = q->a[1];

    for (int64_t token = 0; token <= q->i; token++) {
        if (held == s + w) {
            memmove(cache + s, cache + s + 1, (size_t)(w - 1) * sizeof *cache);
            held--;
        }
        cache[held++] = token;
    }
    for (int64_t t = 0; t < held; t++)
        if (cache[t] == q->j)
            return 1;
    return 0;
}

/* Jiang et al. 2024, arXiv:2407.02490, A-shape: the first tokens and a local window. */
static int a_shape(const struct question *q)
{
    return q->j <= q->i && (q->j < q->a[0] || q->i - q->j < q->a[1]);
}

/* Block Sparse Attention, token streaming: j <= i and (j >= i - (l - 1) or j < s). */
static int mit_tokens(const struct question *q)
{
    return q->j <= q->i && (q->j >= q->i - (q->a[1] - 1) || q->j < q->a[0]);
}

/* Block streaming: the first s columns of blocks and the l columns that end at the diagonal block. */
static int mit_blocks(const struct question *q)
{
    int64_t own = q->i / q->a[2], other = q->j / q->a[2];

    return q->j <= q->i && (other < q->a[0] || (own - (q->a[1] - 1) <= other && other <= own));
}

/* Kitaev et al. 2020, arXiv:2001.04451, section 2: chunks that see themselves and those before; causal. */
static int block_diagonal(const struct question *q)
{
    int64_t own = q->i / q->a[0];

    for (int64_t chunk = own - q->a[1]; chunk <= own; chunk++)
        if (chunk * q->a[0] <= q->j && q->j < (chunk + 1) * q->a[0])
            return q->j <= q->i;
    return 0;
}

/* ---- comparison ------------------------------------------------------------------------------------------------ */

/* `multiple`: argument 0 must divide the length. */
static const struct preset_row {
    const char *name;
    int (*sees)(const struct question *q);
    int count, multiple;
    int64_t argument[3][MOST_ARGUMENTS];
} rows[] = {
    { "mistral", mistral, 1, 0, { { 1 }, { 16 }, { 300 } } },
    { "longformer", longformer, 2, 0, { { 8, 1 }, { 32, 5 }, { 7, 0 } } },
    { "longformer-dilated", longformer_dilated, 2, 0, { { 8, 2 }, { 20, 7 }, { 6, 1 } } },
    { "bigbird", bigbird, 3, 1, { { 8, 3, 0 }, { 16, 1, 7 }, { 4, 0, 1 } } },
    { "sparse-transformer-strided", strided_merged, 1, 0, { { 8 }, { 11 }, { 200 } } },
    { "sparse-transformer-fixed", fixed_merged, 2, 0, { { 8, 2 }, { 11, 11 }, { 16, 1 } } },
    { "sparse-transformer-strided-heads", strided_in_turn, 2, 0, { { 8, 4 }, { 11, 5 }, { 64, 1 } } },
    { "sparse-transformer-fixed-heads", fixed_in_turn, 3, 0, { { 8, 2, 4 }, { 11, 11, 5 }, { 16, 1, 2 } } },
    { "streaming-llm", streaming_llm, 2, 0, { { 4, 16 }, { 1, 1 }, { 0, 20 } } },
    { "a-shape", a_shape, 2, 0, { { 10, 20 }, { 0, 7 }, { 64, 64 } } },
    { "mit-streaming", mit_tokens, 2, 0, { { 4, 16 }, { 0, 1 }, { 70, 3 } } },
    { "mit-streaming-block", mit_blocks, 3, 0, { { 1, 2, 16 }, { 0, 1, 8 }, { 2, 3, 7 } } },
    { "block-diagonal", block_diagonal, 2, 0, { { 16, 1 }, { 7, 0 }, { 5, 3 } } },
};
enum { ROWS = sizeof rows / sizeof *rows };

static attn_lengths lengths_of(int64_t len_q, int64_t len_k)
{
    attn_lengths lengths = ATTN_LENGTHS_INIT;

    lengths.heads = HEADS;
    lengths.len_q = len_q;
    lengths.len_k = len_k;
    return lengths;
}

/* Queries are the last of the keys. */
static void compare(const struct preset_row *row, const int64_t *argument, int64_t len_q, int64_t len_k)
{
    attn_lengths lengths = lengths_of(len_q, len_k);
    attn_pattern *pattern = NULL;
    struct question q = { { 0 }, 0, 0, 0, len_k };
    uint64_t word = 0;

    memcpy(q.a, argument, sizeof q.a);
    if (attn_pattern_primitive(row->name, argument, row->count, &pattern))
        fail_msg("%s: %s", row->name, attn_reason());
    for (q.head = 0; q.head < HEADS; q.head++)
        for (int64_t r = 0; r < len_q; r++)
            for (q.j = 0; q.j < len_k; q.j++) {
                q.i = r + len_k - len_q;
                if (q.j % 64 == 0)
                    assert_int_equal(attn_pattern_word(pattern, &lengths, q.head, r, q.j, &word), ATTN_OK);
                if ((int)(word >> q.j % 64 & 1) != row->sees(&q))
                    fail_msg("%s(%" PRId64 ", %" PRId64 ", %" PRId64 ") of %" PRId64 " keys: head %" PRId64
                             ", i %" PRId64 ", j %" PRId64 ": expected %d",
                             row->name, q.a[0], q.a[1], q.a[2], len_k, q.head, q.i, q.j, row->sees(&q));
            }
    attn_pattern_release(pattern);
}

static void definitions(void **state)
{
    static const int64_t lengths[] = { 1, 5, 24, 64, 80, 97, 128 };

    (void)state;
    for (int i = 0; i < ROWS; i++)
        for (int a = 0; a < 3; a++)
            for (size_t n = 0; n < sizeof lengths / sizeof *lengths; n++) {
                if (rows[i].multiple && lengths[n] % rows[i].argument[a][0] != 0)
                    continue;
                compare(&rows[i], rows[i].argument[a], lengths[n], lengths[n]);
                compare(&rows[i], rows[i].argument[a], 1, lengths[n]);
            }
}

/* ---- the table ------------------------------------------------------------------------------------------------- */

static attn_pattern *parse(const char *text)
{
    attn_pattern *pattern = NULL;

    if (attn_pattern_parse(text, NULL, 0, &pattern))
        fail_msg("%s: %s", text, attn_reason());
    return pattern;
}

static void same_elements(const attn_pattern *a, const attn_pattern *b, const char *name)
{
    attn_lengths lengths = lengths_of(8192, 8192);

    for (int64_t head = 0; head < HEADS; head += 2)
        for (int64_t r = 0; r < lengths.len_q; r += 331)
            for (int64_t first = 0; first < lengths.len_k; first += 64) {
                uint64_t of_a = 0, of_b = 1;

                assert_int_equal(attn_pattern_word(a, &lengths, head, r, first, &of_a), ATTN_OK);
                assert_int_equal(attn_pattern_word(b, &lengths, head, r, first, &of_b), ATTN_OK);
                if (of_a != of_b)
                    fail_msg("%s: head %" PRId64 ", row %" PRId64 ", keys from %" PRId64 " differ", name, head, r,
                             first);
            }
}

/* Every preset is tested above, and without arguments it is what it says it is. */
static void descriptions(void **state)
{
    (void)state;
    assert_int_equal(attn_preset_count(), ROWS);
    for (int i = 0; i < attn_preset_count(); i++) {
        attn_preset_info info = ATTN_PRESET_INFO_INIT;
        attn_pattern *named, *example;
        int known = 0;

        assert_int_equal(attn_preset_describe(i, &info), ATTN_OK);
        for (int row = 0; row < ROWS; row++)
            known += strcmp(rows[row].name, info.name) == 0;
        assert_int_equal(known, 1);
        assert_true(info.summary[0] != '\0' && info.source[0] != '\0' && info.arguments[0] == '(');
        named = parse(info.name);
        example = parse(info.example);
        same_elements(named, example, info.name);
        attn_pattern_release(named);
        attn_pattern_release(example);
    }
}

static void beyond_the_table(void **state)
{
    attn_preset_info info = ATTN_PRESET_INFO_INIT;

    (void)state;
    assert_int_equal(attn_preset_describe(-1, &info), ATTN_INVALID);
    assert_int_equal(attn_preset_describe(attn_preset_count(), &info), ATTN_INVALID);
    assert_int_equal(attn_preset_describe(0, NULL), ATTN_INVALID);
    info.size = 0;
    assert_int_equal(attn_preset_describe(0, &info), ATTN_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(definitions),
        cmocka_unit_test(descriptions),
        cmocka_unit_test(beyond_the_table),
    };
    return cmocka_run_group_tests_name("presets", tests, NULL, NULL);
}
