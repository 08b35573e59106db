/*
 * Unit tests of the pattern language as text: what parses, what is printed, what is refused and where.
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

#include "numbers.h"
#include "pattern.h"

enum { LONGEST = 1 << 19 };

static attn_pattern *parse(const char *text)
{
    attn_pattern *pattern = NULL;

    if (attn_pattern_parse(text, NULL, 0, &pattern))
        fail_msg("%.200s: %s", text, attn_reason());
    return pattern;
}

static void prints(const attn_pattern *pattern, const char *expected)
{
    char text[1024];

    assert_int_equal(attn_pattern_print(pattern, text, sizeof text), strlen(expected));
    assert_string_equal(text, expected);
}

static void parses_to(const char *text, const char *expected)
{
    attn_pattern *pattern = parse(text);

    prints(pattern, expected);
    attn_pattern_release(pattern);
}

static void refused(const char *text, const char *reason)
{
    attn_pattern *pattern = (attn_pattern *)&pattern;

    assert_int_equal(attn_pattern_parse(text, NULL, 0, &pattern), ATTN_INVALID);
    assert_string_equal(attn_reason(), reason);
    assert_null(pattern);
}

/* ---- printing -------------------------------------------------------------------------------------------------- */

static void spaces_and_parentheses(void **state)
{
    static const char *const texts[][2] = {
        { "causal", "causal" },
        { " \t\n\v\f\rfull \n", "full" },
        { "full()", "full" },
        { "(((causal)))", "causal" },
        { "causal&(last(4096)|sink(4))", "causal & (last(4096) | sink(4))" },
        { "causal & last(3) | sink(4)", "causal & last(3) | sink(4)" },
        { "(causal & last(3)) | sink(4)", "causal & last(3) | sink(4)" },
        { "full | (full | full) | (full & (full & full))", "full | full | full | full & full & full" },
        { "! ! causal", "!!causal" },
        { "!(causal)", "!causal" },
        { "!(causal | full) & !(causal & full)", "!(causal | full) & !(causal & full)" },
        { "window ( -1 , 4k )", "window(-1, 4096)" },
        { "chunk(8)", "chunk(8)" },
        { "chunk(8, 0)", "chunk(8)" },
        { "chunk(8, 2, 0)", "chunk(8, 2)" },
        { "chunk(8, 0, 2)", "chunk(8, 0, 2)" },
        { "band(007)", "band(7)" },
        { "last(1099511627776)", "last(1099511627776)" },
        { "dilated(1, 0) | strided(5) | summary(4, 4)", "dilated(1, 0) | strided(5) | summary(4, 4)" },
        { "random(64, 16777216, 0)", "random(64, 16777216, 0)" },
        { "keys(0..3,5 , -1 .. -1, 4..-2)", "keys(0..3, 5, -1, 4..-2)" },
        { "queries(-1k..-3) | global(7)", "queries(-1024..-3) | global(7)" },
        { "heads(0 .. 3 : causal | full ; 4 : (full))", "heads(0..3: causal | full; 4: full)" },
        { "heads(2..4: full; 0..1: full; 5: full)", "heads(2..4: full; 0..1: full; 5: full)" },
        { "!heads(0: heads(0: full)) & full", "!heads(0: heads(0: full)) & full" },
        { "mistral", "causal & last(4096)" },
        { "mistral()|full", "causal & last(4096) | full" },
        { "full & longformer(4)", "full & (band(4) | global(0))" },
        { "longformer(4, 0)", "band(4)" },
        { "longformer(6, 3)", "band(6) | global(0..2)" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        parses_to(texts[i][0], texts[i][1]);
        parses_to(texts[i][1], texts[i][1]);
    }
}

static void short_buffers(void **state)
{
    attn_pattern *pattern = parse("causal & last(12)");
    char text[32];

    (void)state;
    for (size_t capacity = 0; capacity < sizeof text; capacity++) {
        memset(text, '#', sizeof text);
        assert_int_equal(attn_pattern_print(pattern, text, capacity), 17);
        if (capacity) {
            assert_int_equal(strlen(text), capacity > 17 ? 17 : capacity - 1);
            assert_memory_equal(text, "causal & last(12)", strlen(text));
        }
        for (size_t i = capacity; i < sizeof text; i++)
            assert_int_equal(text[i], '#');
    }
    assert_int_equal(attn_pattern_print(pattern, NULL, 100), 17);
    assert_int_equal(attn_pattern_print(NULL, text, sizeof text), 0);
    assert_string_equal(text, "");
    attn_pattern_release(pattern);
}

/* ---- expressions at random --------------------------------------------------------------------------------------- */

struct draws {
    uint64_t count;
};

static int64_t draw(struct draws *draws, int64_t below)
{
    return (int64_t)(number_hash(23, draws->count++) % (uint64_t)below);
}

struct text {
    char bytes[16384];
    size_t length;
};

static void put(struct text *text, const char *bytes)
{
    text->length += (size_t)snprintf(text->bytes + text->length, sizeof text->bytes - text->length, "%s", bytes);
    assert_in_range(text->length, 0, sizeof text->bytes - 1);
}

/* More parentheses and white space than anything needs. */
static void put_expression(struct text *text, struct draws *draws, int depth)
{
    static const char *const leaves[] = { "causal",         "window( 3,-1)",   "last(2)",       "band(3)",
                                          "strided(3)",     "sink(2)",         "summary(5, 2)", "chunk(4,1, 0)",
                                          "keys(1,-2)",     "random(2, 2, 9)", "mistral(5)",    "bigbird(2, 1)",
                                          "dilated(2,\n2)", "global(0)" };
    static const char *const wraps[][2] = { { "!", "" }, { "(", ")" }, { "heads(0..1:", ";3 : full)" }, { " ", "\t" } };
    int64_t way = depth ? draw(draws, 4) : 3;

    if (way < 2) {
        const char *separator = draw(draws, 2) ? "|" : " & ";
        int64_t operands = 2 + draw(draws, 3);

        for (int64_t i = 0; i < operands; i++) {
            put(text, i ? separator : "");
            put_expression(text, draws, depth - 1);
        }
    } else if (way == 2) {
        int64_t wrap = draw(draws, 4);

        put(text, wraps[wrap][0]);
        put_expression(text, draws, depth - 1);
        put(text, wraps[wrap][1]);
    } else {
        put(text, leaves[draw(draws, sizeof leaves / sizeof *leaves)]);
    }
}

static void same_meaning(const attn_pattern *a, const attn_pattern *b)
{
    const attn_lengths lengths = { sizeof lengths, 4, 13, 17, ATTN_ALIGN_END };

    for (int64_t head = 0; head < lengths.heads; head++)
        for (int64_t r = 0; r < lengths.len_q; r++) {
            uint64_t of_a, of_b;

            assert_int_equal(attn_pattern_word(a, &lengths, head, r, 0, &of_a), ATTN_OK);
            assert_int_equal(attn_pattern_word(b, &lengths, head, r, 0, &of_b), ATTN_OK);
            assert_int_equal(of_a, of_b);
        }
}

/* Returns what the pattern prints as, which the caller frees. */
static char *survives(const attn_pattern *pattern)
{
    char *text = malloc(LONGEST), *again = malloc(LONGEST);
    attn_pattern *parsed;

    assert_true(text && again);
    assert_in_range(attn_pattern_print(pattern, text, LONGEST), 1, LONGEST - 1);
    parsed = parse(text);
    attn_pattern_print(parsed, again, LONGEST);
    assert_string_equal(text, again);
    same_meaning(pattern, parsed);
    attn_pattern_release(parsed);
    free(again);
    return text;
}

static void round_trips(void **state)
{
    struct draws draws = { 0 };
    struct text text;

    (void)state;
    for (int n = 0; n < 2000; n++) {
        attn_pattern *pattern;

        text.length = 0;
        put_expression(&text, &draws, 5);
        pattern = parse(text.bytes);
        free(survives(pattern));
        attn_pattern_release(pattern);
    }
}

/* ---- errors ------------------------------------------------------------------------------------------------------ */

static void columns(void **state)
{
    static const char *const texts[][2] = {
        { "", "column 1: found the end, expected a name, '!' or '('" },
        { "  ", "column 3: found the end, expected a name, '!' or '('" },
        { "causl", "column 1: found \"causl\", expected the name of a primitive, preset or binding" },
        { "full & Causal", "column 8: found \"Causal\", expected the name of a primitive, preset or binding" },
        { "causal causal", "column 8: found \"causal\", expected '|', '&' or the end" },
        { "causal )", "column 8: found \")\", expected '|', '&' or the end" },
        { "(causal", "column 8: found the end, expected '|', '&' or ')'" },
        { "causal &", "column 9: found the end, expected a name, '!' or '('" },
        { "causal & | full", "column 10: found \"|\", expected a name, '!' or '('" },
        { "causal && full", "column 9: found \"&\", expected a name, '!' or '('" },
        { "!", "column 2: found the end, expected a name, '!' or '('" },
        { "12", "column 1: found \"12\", expected a name, '!' or '('" },
        { "\x07", "column 1: found byte 7, expected a name, '!' or '('" },
        { "full \xc3\xa9", "column 6: found byte 195, expected '|', '&' or the end" },
        { "full(1)", "column 6: found \"1\", expected ')'" },
        { "last", "column 5: found the end, expected '('" },
        { "last()", "column 6: found \")\", expected an integer" },
        { "last(x)", "column 6: found \"x\", expected an integer" },
        { "last(-)", "column 6: found \"-\", expected an integer" },
        { "last(+3)", "column 6: found \"+\", expected an integer" },
        { "last(3x)", "column 6: found \"3x\", expected an integer" },
        { "last(3kk)", "column 6: found \"3kk\", expected an integer" },
        { "last(3 k)", "column 8: found \"k\", expected ')'" },
        { "last(- 3)", "column 6: found \"-\", expected an integer" },
        { "last(1, 2)", "column 7: found \",\", expected ')'" },
        { "last(1", "column 7: found the end, expected ')'" },
        { "window(1)", "column 9: found \")\", expected ','" },
        { "window(1 2)", "column 10: found \"2\", expected ','" },
        { "window(1,)", "column 10: found \")\", expected an integer" },
        { "chunk(1 2)", "column 9: found \"2\", expected ',' or ')'" },
        { "chunk(1, 2", "column 11: found the end, expected ',' or ')'" },
        { "chunk(1, 2, 3, 4)", "column 14: found \",\", expected ')'" },
        { "keys", "column 5: found the end, expected '('" },
        { "keys()", "column 6: found \")\", expected an integer" },
        { "keys(1.2)", "column 7: found \".\", expected '..'" },
        { "keys(1..)", "column 9: found \")\", expected an integer" },
        { "keys(1 2)", "column 8: found \"2\", expected ',' or ')'" },
        { "full | keys(1, 5..3)", "column 8: range 1 of keys is 5..3, expected the smaller end first" },
        { "heads(full)", "column 7: found \"full\", expected an integer" },
        { "heads(0 full)", "column 9: found \"full\", expected '..' or ':'" },
        { "heads(0: full", "column 14: found the end, expected '|', '&', ';' or ')'" },
        { "heads(0: full; )", "column 16: found \")\", expected an integer" },
        { "full & heads(2: full; 1..3: full)", "column 8: heads[1] is 1..3, expected none of heads[0] = 2..2" },
        { "heads(0..2: full; 2..4: full)", "column 1: heads[1] is 2..4, expected none of heads[0] = 0..2" },
        { "heads(2..4: full; 0..2: full)", "column 1: heads[1] is 0..2, expected none of heads[0] = 2..4" },
        { "heads(-1: full)", "column 1: heads[0] is -1..-1, expected 0 <= first <= last <= 1099511627776" },
        { "heads(2..1: full)", "column 1: heads[0] is 2..1, expected 0 <= first <= last <= 1099511627776" },
        { "full & last(-1)", "column 13: W of last is -1, expected 0 .. 1099511627776" },
        { "window(0, -2)", "column 11: right of window is -2, expected -1 .. 1099511627776" },
        { "strided(0)", "column 9: l of strided is 0, expected 1 .. 1099511627776" },
        { "random(1, 16777217, 0)", "column 11: count of random is 16777217, expected 0 .. 16777216" },
        { "full & summary(4, 5)", "column 8: c of summary is 5, expected at most l = 4" },
        { "last(1099511627777)", "column 6: found \"1099511627777\", expected an integer of at most 2^40" },
        { "last(1073741825k)", "column 6: found \"1073741825k\", expected an integer of at most 2^40" },
        { "last(99999999999999999999999999k)",
          "column 6: found \"99999999999999999999999999k\", expected an integer of at most 2^40" },
        { "last(-1099511627777)", "column 6: found \"-1099511627777\", expected an integer of at most 2^40" },
        { "blocks", "column 7: found the end, expected '('" },
        { "blocks()", "column 8: found \")\", expected the name of a binding to blocks" },
        { "blocks(m)", "column 8: found \"m\", expected the name of a binding to blocks" },
        { "mistral(1, 2)", "column 10: found \",\", expected ')'" },
        { "mistral(-1)", "column 9: W of mistral is -1, expected 0 .. 1099511627776" },
        { "full | sparse-transformer-fixed(8, 9)",
          "column 8: c of sparse-transformer-fixed is 9, expected at most l = 8" },
        { "a-very-long-name-of-more-than-forty-characters_0",
          "column 1: found \"a-very-long-name-of-more-than-forty-char...\", expected the name of a primitive, preset "
          "or "
          "binding" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        refused(texts[i][0], texts[i][1]);
}

/* Cut anywhere, a text is refused or is another text; never worse. */
static void cut_texts(void **state)
{
    static const char whole[] = "!causal & (last(4k) | heads(0..3: keys(0..-3, 4); 5: chunk(3, 1))) | mistral(3)";
    char text[sizeof whole];

    (void)state;
    for (size_t length = 0; length < sizeof whole; length++) {
        attn_pattern *pattern;

        memcpy(text, whole, length);
        text[length] = '\0';
        if (attn_pattern_parse(text, NULL, 0, &pattern))
            assert_null(pattern);
        attn_pattern_release(pattern);
    }
}

static void calls(void **state)
{
    attn_pattern *pattern = (attn_pattern *)&pattern;
    const int64_t one = 1;

    (void)state;
    assert_int_equal(attn_pattern_parse("full", NULL, 0, NULL), ATTN_INVALID);
    assert_int_equal(attn_pattern_parse(NULL, NULL, 0, &pattern), ATTN_INVALID);
    assert_null(pattern);
    assert_int_equal(attn_pattern_primitive("last", NULL, 1, &pattern), ATTN_INVALID);
    assert_int_equal(attn_pattern_primitive("last", &one, 0, &pattern), ATTN_INVALID);
    assert_string_equal(attn_reason(), "last has 0 arguments, expected 1");
    assert_int_equal(attn_pattern_primitive("chunk", &one, 4, &pattern), ATTN_INVALID);
    assert_string_equal(attn_reason(), "chunk has 4 arguments, expected 1 .. 3");
    assert_int_equal(attn_pattern_primitive("mistral", &one, -1, &pattern), ATTN_INVALID);
    assert_int_equal(attn_pattern_primitive("keys", &one, 1, &pattern), ATTN_INVALID);
    assert_int_equal(attn_pattern_primitive("blocks", &one, 0, &pattern), ATTN_INVALID);
    assert_int_equal(attn_pattern_primitive("none", &one, 0, &pattern), ATTN_INVALID);
    assert_null(pattern);
    assert_int_equal(attn_pattern_primitive("mistral", &one, 1, &pattern), ATTN_OK);
    prints(pattern, "causal & last(1)");
    attn_pattern_release(pattern);
    assert_int_equal(attn_pattern_primitive("longformer", NULL, 0, &pattern), ATTN_OK);
    prints(pattern, "band(512) | global(0)");
    attn_pattern_release(pattern);
    attn_pattern_release(NULL);
    assert_null(attn_pattern_keep(NULL));
}

/* ---- limits ------------------------------------------------------------------------------------------------------ */

static char *repeat(const char *piece, size_t times, const char *middle, const char *behind)
{
    size_t each = strlen(piece), after = strlen(behind), center = strlen(middle);
    char *text = malloc(times * (each + after) + center + 1), *to = text;

    assert_non_null(text);
    for (size_t i = 0; i < times; i++, to += each)
        memcpy(to, piece, each);
    memcpy(to, middle, center);
    to += center;
    for (size_t i = 0; i < times; i++, to += after)
        memcpy(to, behind, after);
    *to = '\0';
    return text;
}

static void parses_repeated(const char *piece, size_t times, const char *middle, const char *behind, const char *reason)
{
    char *text = repeat(piece, times, middle, behind);

    if (reason)
        refused(text, reason);
    else
        attn_pattern_release(parse(text));
    free(text);
}

static void text_limits(void **state)
{
    (void)state;
    parses_repeated("(", 64, "full", ")", NULL);
    parses_repeated("(", 65, "full", ")", "column 66: more than 64 levels of nesting");
    parses_repeated("(", 30000, "full", ")", "column 66: more than 64 levels of nesting");
    parses_repeated("!", 63, "full", "", NULL);
    parses_repeated("!", 64, "full", "", "column 1: the pattern's depth is 65, expected at most 64");
    parses_repeated("heads(0:", 63, "full", ")", NULL);
    parses_repeated("heads(0:", 64, "full", ")", "column 1: the pattern's depth is 65, expected at most 64");
    parses_repeated("full|", 2047, "full", "", NULL);
    parses_repeated("full & ", 2047, "full", "", NULL);
    parses_repeated("full|", 2048, "full", "", "column 1: the pattern has 4097 nodes, expected at most 4096");
    parses_repeated(" ", 65532, "full", "", NULL);
    parses_repeated(" ", 65533, "full", "", "text has 65537 bytes, expected at most 65536");
    parses_repeated("keys(", 1, "0", ")", NULL);
}

static void chains_are_balanced(void **state)
{
    static const struct {
        const char *text;
        int depth;
    } chains[] = {
        { "full | full | full", 3 },  { "!full | full | full", 3 },          { "full | full | !full", 3 },
        { "full | !full | full", 4 }, { "!!full | full & full | !full", 4 }, { "!!full | full | full | !full", 4 },
    };
    char *text = repeat("full|", 2047, "full", "");
    attn_pattern *pattern;

    (void)state;
    for (size_t i = 0; i < sizeof chains / sizeof *chains; i++) {
        pattern = parse(chains[i].text);
        assert_int_equal(pattern->depth, chains[i].depth);
        attn_pattern_release(pattern);
    }
    pattern = parse(text);
    assert_int_equal(pattern->depth, 12);
    assert_int_equal(pattern->nodes, 4095);
    free(text);
    text = survives(pattern);
    free(text);
    attn_pattern_release(pattern);
}

/* Joins `count` patterns in any order of neighbours, as deep as it gets; takes them over. */
static attn_pattern *join_at_random(attn_pattern **part, int count, struct draws *draws)
{
    while (count > 1) {
        int at = draw(draws, 3) ? 0 : (int)draw(draws, count - 1);
        attn_pattern *joined = NULL;

        assert_int_equal(attn_pattern_union(part[at], part[at + 1], &joined), ATTN_OK);
        attn_pattern_release(part[at]);
        attn_pattern_release(part[at + 1]);
        part[at] = joined;
        memmove(part + at + 1, part + at + 2, (size_t)(--count - at - 1) * sizeof *part);
    }
    return part[0];
}

/* A tree of constructors as deep as allowed prints as one chain, whose tree must not be deeper. */
static void any_tree_is_parsed(void **state)
{
    struct draws draws = { 5000 };
    attn_pattern *part[64];

    (void)state;
    for (int n = 0; n < 200; n++) {
        int count = 2 + (int)draw(&draws, 40), deepest = (int)draw(&draws, 25);
        attn_pattern *tree;

        for (int i = 0; i < count; i++) {
            char *text = repeat("!", draw(&draws, 3) ? (size_t)draw(&draws, 3) : (size_t)deepest, "sink(4)", "");

            part[i] = parse(text);
            free(text);
        }
        tree = join_at_random(part, count, &draws);
        for (int depth = tree->depth; depth < ATTN_PATTERN_DEPTH; depth++) {
            attn_pattern *deeper, *leaf = parse("last(2)");

            assert_int_equal(attn_pattern_union(depth % 2 ? tree : leaf, depth % 2 ? leaf : tree, &deeper), ATTN_OK);
            attn_pattern_release(tree);
            attn_pattern_release(leaf);
            tree = deeper;
        }
        assert_int_equal(tree->depth, ATTN_PATTERN_DEPTH);
        free(survives(tree));
        attn_pattern_release(tree);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(spaces_and_parentheses),
        cmocka_unit_test(short_buffers),
        cmocka_unit_test(round_trips),
        cmocka_unit_test(columns),
        cmocka_unit_test(cut_texts),
        cmocka_unit_test(calls),
        cmocka_unit_test(text_limits),
        cmocka_unit_test(chains_are_balanced),
        cmocka_unit_test(any_tree_is_parsed),
    };
    return cmocka_run_group_tests_name("pattern", tests, NULL, NULL);
}
