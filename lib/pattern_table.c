/* The primitives of the pattern language: their names, their arguments, the limits.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#include "config.h"

#include "pattern.h"

#include <inttypes.h>
#include <string.h>

#define MOST ATTN_PATTERN_LARGEST

enum { LONGEST_NAME = 64, RANGES = -1 };

/* clang-format off */
static const attn_primitive primitives[] = {
    { "full", ATTN_P_FULL, 0, 0, { { 0 } }, 0 },
    { "causal", ATTN_P_CAUSAL, 0, 0, { { 0 } }, 0 },
    { "window", ATTN_P_WINDOW, 2, 2, { { "left", -1, MOST, 0, 0 }, { "right", -1, MOST, 0, 0 } }, 0 },
    { "last", ATTN_P_LAST, 1, 1, { { "W", 0, MOST, 0, 0 } }, 0 },
    { "band", ATTN_P_BAND, 1, 1, { { "w", 0, MOST, 0, 0 } }, 0 },
    { "dilated", ATTN_P_DILATED, 2, 2, { { "step", 1, MOST, 0, 0 }, { "a", 0, MOST, 0, 0 } }, 0 },
    { "strided", ATTN_P_STRIDED, 1, 1, { { "l", 1, MOST, 0, 0 } }, 0 },
    { "summary", ATTN_P_SUMMARY, 2, 2, { { "l", 1, MOST, 0, 0 }, { "c", 0, MOST, 0, 1 } }, 0 },
    { "chunk", ATTN_P_CHUNK, 1, 3, { { "C", 1, MOST, 0, 0 }, { "back", 0, MOST, 0, 0 }, { "ahead", 0, MOST, 0, 0 } }, 0 },
    { "sink", ATTN_P_SINK, 1, 1, { { "s", 0, MOST, 0, 0 } }, 0 },
    { "random", ATTN_P_RANDOM, 3, 3,
      { { "block", 1, MOST, 0, 0 }, { "count", 0, INT64_C(1) << 24, 0, 0 }, { "seed", 0, MOST, 0, 0 } }, 0 },
    { "keys", ATTN_P_KEYS, RANGES, RANGES, { { 0 } }, 0 },
    { "queries", ATTN_P_QUERIES, RANGES, RANGES, { { 0 } }, 0 },
    { "global", ATTN_P_GLOBAL, RANGES, RANGES, { { 0 } }, 0 },
    { "blocks", ATTN_P_BLOCKS, 0, 0, { { 0 } }, 1 },
    { "segments", ATTN_P_SEGMENTS, 0, 0, { { 0 } }, 1 },
    { "bits", ATTN_P_BITS, 0, 0, { { 0 } }, 1 },
    { "heads", ATTN_P_HEADS, RANGES, RANGES, { { 0 } }, 0 },
};
/* clang-format on */

enum { PRIMITIVES = sizeof primitives / sizeof primitives[0] };

const attn_primitive *attn_primitive_of_name(const char *name, size_t length)
{
    for (int i = 0; i < PRIMITIVES; i++)
        if (strlen(primitives[i].name) == length && !memcmp(primitives[i].name, name, length))
            return &primitives[i];
    return NULL;
}

const attn_primitive *attn_primitive_of_kind(attn_pattern_kind kind)
{
    for (int i = 0; i < PRIMITIVES; i++)
        if (primitives[i].kind == kind)
            return &primitives[i];
    return NULL;
}

attn_status attn_check_argument(const char *name, const attn_pattern_argument *argument, int64_t value)
{
    if (value < argument->low || value > argument->high)
        return attn_fail(ATTN_INVALID, "%s of %s is %" PRId64 ", expected %" PRId64 " .. %" PRId64, argument->name,
                         name, value, argument->low, argument->high);
    return ATTN_OK;
}

static attn_status check_count(const char *name, int least, int most, int count)
{
    if (count >= least && count <= most)
        return ATTN_OK;
    if (least == most)
        return attn_fail(ATTN_INVALID, "%s has %d arguments, expected %d", name, count, most);
    return attn_fail(ATTN_INVALID, "%s has %d arguments, expected %d .. %d", name, count, least, most);
}

attn_status attn_complete_arguments(const char *name, int least, int most, const attn_pattern_argument *argument,
                                    const int64_t *given, int count, int64_t *complete)
{
    ATTN_TRY(check_count(name, least, most, count));
    for (int i = 0; i < most; i++) {
        complete[i] = i < count ? given[i] : argument[i].missing;
        ATTN_TRY(attn_check_argument(name, &argument[i], complete[i]));
    }
    for (int i = 0; i < most; i++) {
        int bound = argument[i].bound;
        if (bound && complete[i] > complete[bound - 1])
            return attn_fail(ATTN_INVALID, "%s of %s is %" PRId64 ", expected at most %s = %" PRId64, argument[i].name,
                             name, complete[i], argument[bound - 1].name, complete[bound - 1]);
    }
    return ATTN_OK;
}

static int is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static int continues_name(char c)
{
    return is_letter(c) || (c >= '0' && c <= '9') || c == '_' || c == '-';
}

size_t attn_name_length(const char *text, size_t length)
{
    size_t end = 0;
    if (length && is_letter(text[0]))
        while (end < length && continues_name(text[end]))
            end++;
    return end;
}

attn_status attn_check_pattern_name(const char *what, const char *name)
{
    if (!name)
        return attn_fail(ATTN_INVALID, "%s is NULL", what);
    size_t length = strlen(name);
    if (length < 1 || length > LONGEST_NAME || attn_name_length(name, length) != length)
        return attn_fail(ATTN_INVALID,
                         "%s is \"%.*s\", expected 1 .. %d letters, digits, '_' and '-' that begin with a letter", what,
                         LONGEST_NAME, name, LONGEST_NAME);
    if (attn_primitive_of_name(name, length) || attn_preset_of_name(name, length))
        return attn_fail(ATTN_INVALID, "%s is \"%s\", expected no name of a primitive or preset", what, name);
    return ATTN_OK;
}
