/*
 * libFuzzer target: any text is refused with a column or parses; what it prints as parses again and prints the same.
 *
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE.
 */
#include "config.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "attn_pattern.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The longest text that attn_pattern_parse takes. */
enum { LONGEST = 65536 };

static void require(int condition, const char *what)
{
    if (condition)
        return;
    fprintf(stderr, "fuzz_pattern: %s\n", what);
    abort();
}

/* What texts may refer to. */
static void bind(attn_binding *bound)
{
    static const int32_t ids[] = { 1, 1, 2 };
    static const uint64_t bits[] = { 5, 6 };
    static const unsigned char dense[] = { 1, 0, 1, 1 };
    const attn_block_mask mask = { sizeof mask, 2, 3, 2, 2, 1, dense, NULL, NULL };
    attn_pattern *pattern[3] = { NULL, NULL, NULL };
    static const char *const names[] = { "s", "e", "m" };

    require(!attn_pattern_segments("s", ids, 3, &pattern[0]) && !attn_pattern_bits("e", bits, 2, 3, 1, &pattern[1]) &&
                !attn_pattern_blocks("m", &mask, &pattern[2]),
            "no bindings");
    for (int i = 0; i < 3; i++)
        bound[i] = (attn_binding){ names[i], pattern[i] };
}

static void check_words(const attn_pattern *a, const attn_pattern *b, unsigned shape)
{
    const attn_lengths lengths = { sizeof lengths, 3, 1 + shape % 5, 1 + shape / 5 % 7,
                                   shape & 128 ? ATTN_ALIGN_START : ATTN_ALIGN_END };

    for (int64_t head = 0; head < lengths.heads; head++)
        for (int64_t r = 0; r < lengths.len_q; r++) {
            uint64_t of_a = 1, of_b = 2;

            require(!attn_pattern_word(a, &lengths, head, r, 0, &of_a) &&
                        !attn_pattern_word(b, &lengths, head, r, 0, &of_b) && of_a == of_b,
                    "the printed text means something else");
        }
}

static void check_accepted(const attn_pattern *pattern, const attn_binding *bound, unsigned shape)
{
    size_t length = attn_pattern_print(pattern, NULL, 0);
    char *text = malloc(length + 1), *again = malloc(length + 1);
    attn_pattern *parsed = NULL;

    require(text && again, "out of memory");
    require(attn_pattern_print(pattern, text, length + 1) == length && strlen(text) == length, "length of the text");
    if (length <= LONGEST) {
        require(!attn_pattern_parse(text, bound, 3, &parsed), "the printed text is refused");
        require(attn_pattern_print(parsed, again, length + 1) == length && !strcmp(text, again),
                "the printed text is no fixed point");
        check_words(pattern, parsed, shape);
    }
    attn_pattern_release(parsed);
    free(text);
    free(again);
}

/* The first byte is a shape, the rest a text. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);
    attn_binding bound[3];
    attn_pattern *pattern = NULL;

    require(text != NULL, "out of memory");
    if (size)
        memcpy(text, data + 1, size - 1);
    text[size ? size - 1 : 0] = '\0';
    bind(bound);
    if (attn_pattern_parse(text, bound, 3, &pattern))
        require(!pattern && (!strncmp(attn_reason(), "column ", 7) || strlen(text) > LONGEST),
                "refused without a column");
    else
        check_accepted(pattern, bound, size ? data[0] : 0);
    attn_pattern_release(pattern);
    for (int i = 0; i < 3; i++)
        attn_pattern_release((attn_pattern *)(uintptr_t)bound[i].pattern);
    free(text);
    return 0;
}
