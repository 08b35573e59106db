/* Text as patterns: recursive descent over the grammar in attn_pattern.h.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#include "config.h"

#include "pattern.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Every rule that makes a pattern pushes it onto `made`, which owns it; so a failure anywhere has nothing to release. No
 * text makes more patterns or ranges than it has characters, and the arrays are as long. */
struct parser {
    const char *text;
    size_t length, at;
    const attn_binding *bindings;
    int binding_count, level;
    attn_head_pattern *made; /* with the heads in front of it, inside heads(...) */
    attn_index_range *range; /* of the list that is read at present */
    int made_count, range_count;
};

static attn_status parse_expression(struct parser *parser);

/* ---- characters and errors ----------------------------------------------------------------------------------------- */

static int is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* The next character that is not white space, unread; '\0' at the end. */
static char next(struct parser *parser)
{
    while (parser->at < parser->length && strchr(" \t\n\v\f\r", parser->text[parser->at]))
        parser->at++;
    return parser->at < parser->length ? parser->text[parser->at] : '\0';
}

static int take(struct parser *parser, char c)
{
    if (next(parser) != c)
        return 0;
    parser->at++;
    return 1;
}

/* Bytes of what an error shows: a name, a number, or one character. */
static size_t token_length(const char *text, size_t length)
{
    size_t end = attn_name_length(text, length);
    if (!end && length && text[0] == '-')
        end = 1;
    while (end < length && (is_digit(text[end]) || attn_name_length(text + end, length - end)))
        end++;
    return end ? end : 1;
}

static attn_status unexpected_at(struct parser *parser, size_t at, const char *expected)
{
    enum { LONGEST_SHOWN = 40 };
    if (at == parser->length)
        return attn_fail(ATTN_INVALID, "column %zu: found the end, expected %s", at + 1, expected);
    unsigned char c = (unsigned char)parser->text[at];
    if (c < ' ' || c > '~')
        return attn_fail(ATTN_INVALID, "column %zu: found byte %u, expected %s", at + 1, c, expected);
    size_t length = token_length(parser->text + at, parser->length - at);
    return attn_fail(ATTN_INVALID, "column %zu: found \"%.*s%s\", expected %s", at + 1,
                     (int)(length < LONGEST_SHOWN ? length : LONGEST_SHOWN), parser->text + at,
                     length > LONGEST_SHOWN ? "..." : "", expected);
}

static attn_status unexpected(struct parser *parser, const char *expected)
{
    next(parser);
    return unexpected_at(parser, parser->at, expected);
}

/* Puts a column in front of the reason of what refused a value. */
static attn_status at_column(size_t at, attn_status status)
{
    char reason[512];
    if (status != ATTN_INVALID)
        return status;
    snprintf(reason, sizeof reason, "%s", attn_reason());
    return attn_fail(ATTN_INVALID, "column %zu: %s", at + 1, reason);
}

static attn_status expect(struct parser *parser, char c, const char *expected)
{
    return take(parser, c) ? ATTN_OK : unexpected(parser, expected);
}

/* ---- numbers ------------------------------------------------------------------------------------------------------- */

/* Digits with an optional sign in front and a k behind. Numbers above the largest argument all stand for one more. */
static attn_status parse_integer(struct parser *parser, int64_t *value)
{
    char sign = next(parser);
    size_t begin = parser->at, at = begin + (sign == '-');
    if (at >= parser->length || !is_digit(parser->text[at]))
        return unexpected_at(parser, begin, "an integer");
    *value = 0;
    for (; at < parser->length && is_digit(parser->text[at]); at++)
        if (*value <= ATTN_PATTERN_LARGEST)
            *value = *value * 10 + (parser->text[at] - '0');
    if (at < parser->length && parser->text[at] == 'k') {
        *value *= 1024;
        at++;
    }
    if (attn_name_length(parser->text + at, parser->length - at))
        return unexpected_at(parser, begin, "an integer");
    if (*value > ATTN_PATTERN_LARGEST)
        return unexpected_at(parser, begin, "an integer of at most 2^40");
    *value = sign == '-' ? -*value : *value;
    parser->at = at;
    return ATTN_OK;
}

/* a..b, or a alone. */
static attn_status parse_range(struct parser *parser, int64_t *first, int64_t *last)
{
    ATTN_TRY(parse_integer(parser, first));
    *last = *first;
    if (next(parser) != '.')
        return ATTN_OK;
    if (parser->at + 1 >= parser->length || parser->text[parser->at + 1] != '.')
        return unexpected(parser, "'..'");
    parser->at += 2;
    return parse_integer(parser, last);
}

/* ---- calls --------------------------------------------------------------------------------------------------------- */

/* A call whose name is read. */
struct call {
    size_t at; /* of the name */
    const char *name;
    attn_pattern_kind kind;
    int least, most;
    const attn_pattern_argument *argument;
};

static attn_status push(struct parser *parser, attn_pattern *pattern)
{
    parser->made[parser->made_count++] = (attn_head_pattern){ 0, 0, pattern };
    return ATTN_OK;
}

static attn_status parse_integers(struct parser *parser, const struct call *call, int64_t *value, int *count)
{
    if (!call->least && take(parser, ')'))
        return ATTN_OK;
    while (*count < call->most) {
        next(parser);
        size_t at = parser->at;
        ATTN_TRY(parse_integer(parser, &value[*count]));
        ATTN_TRY(at_column(at, attn_check_argument(call->name, &call->argument[*count], value[*count])));
        ++*count;
        if (*count == call->most || !take(parser, ','))
            break;
    }
    if (*count < call->least)
        return unexpected(parser, "','");
    return expect(parser, ')', *count < call->most ? "',' or ')'" : "')'");
}

static attn_status parse_with_integers(struct parser *parser, const struct call *call)
{
    int64_t value[ATTN_PATTERN_ARGUMENTS];
    int count = 0;
    attn_pattern *pattern = NULL;
    if (take(parser, '('))
        ATTN_TRY(parse_integers(parser, call, value, &count));
    else if (call->least)
        return unexpected(parser, "'('");
    ATTN_TRY(at_column(call->at, attn_pattern_primitive(call->name, value, count, &pattern)));
    return push(parser, pattern);
}

static attn_status parse_with_ranges(struct parser *parser, const struct call *call)
{
    attn_pattern *pattern = NULL;
    parser->range_count = 0;
    ATTN_TRY(expect(parser, '(', "'('"));
    do {
        attn_index_range *range = &parser->range[parser->range_count++];
        ATTN_TRY(parse_range(parser, &range->first, &range->last));
    } while (take(parser, ','));
    ATTN_TRY(expect(parser, ')', "',' or ')'"));
    ATTN_TRY(at_column(call->at, attn_pattern_ranges(call->name, parser->range, parser->range_count, &pattern)));
    return push(parser, pattern);
}

static const attn_binding *find_binding(const struct parser *parser, const char *name, size_t length)
{
    for (int i = 0; i < parser->binding_count; i++)
        if (strlen(parser->bindings[i].name) == length && !memcmp(parser->bindings[i].name, name, length))
            return &parser->bindings[i];
    return NULL;
}

/* blocks(name), segments(name), bits(name). */
static attn_status parse_with_name(struct parser *parser, const struct call *call)
{
    char expected[64];
    ATTN_TRY(expect(parser, '(', "'('"));
    next(parser);
    size_t at = parser->at, length = attn_name_length(parser->text + at, parser->length - at);
    const attn_binding *binding = find_binding(parser, parser->text + at, length);
    if (!binding || binding->pattern->kind != call->kind) {
        snprintf(expected, sizeof expected, "the name of a binding to %s", call->name);
        return unexpected_at(parser, at, expected);
    }
    parser->at += length;
    ATTN_TRY(expect(parser, ')', "')'"));
    return push(parser, attn_pattern_keep(binding->pattern));
}

/* Replaces the patterns from `base` on by one. */
static void replace(struct parser *parser, int base, attn_pattern *pattern)
{
    while (parser->made_count > base)
        attn_pattern_release((attn_pattern *)(uintptr_t)parser->made[--parser->made_count].pattern);
    push(parser, pattern);
}

static attn_status parse_heads(struct parser *parser, const struct call *call)
{
    int base = parser->made_count;
    attn_pattern *pattern = NULL;
    ATTN_TRY(expect(parser, '(', "'('"));
    do {
        int64_t first, last;
        ATTN_TRY(parse_range(parser, &first, &last));
        ATTN_TRY(expect(parser, ':', "'..' or ':'"));
        ATTN_TRY(parse_expression(parser));
        parser->made[parser->made_count - 1].first = first;
        parser->made[parser->made_count - 1].last = last;
    } while (take(parser, ';'));
    ATTN_TRY(expect(parser, ')', "'|', '&', ';' or ')'"));
    ATTN_TRY(at_column(call->at, attn_pattern_heads(parser->made + base, parser->made_count - base, &pattern)));
    replace(parser, base, pattern);
    return ATTN_OK;
}

static attn_status parse_primitive(struct parser *parser, const struct call *call, int takes_name)
{
    if (call->kind == ATTN_P_HEADS)
        return parse_heads(parser, call);
    if (takes_name)
        return parse_with_name(parser, call);
    return call->least < 0 ? parse_with_ranges(parser, call) : parse_with_integers(parser, call);
}

static attn_status parse_call(struct parser *parser)
{
    size_t at = parser->at, length = attn_name_length(parser->text + at, parser->length - at);
    const attn_primitive *primitive = attn_primitive_of_name(parser->text + at, length);
    const attn_preset *preset = attn_preset_of_name(parser->text + at, length);
    const attn_binding *binding = find_binding(parser, parser->text + at, length);
    if (!primitive && !preset && !binding)
        return unexpected_at(parser, at, "the name of a primitive, preset or binding");
    parser->at += length;
    if (binding)
        return push(parser, attn_pattern_keep(binding->pattern));
    if (preset)
        return parse_with_integers(parser,
                                   &(struct call){ at, preset->name, ATTN_P_FULL, 0, preset->most, preset->argument });
    const struct call call = {
        at, primitive->name, primitive->kind, primitive->least, primitive->most, primitive->argument
    };
    return parse_primitive(parser, &call, primitive->takes_name);
}

/* ---- expressions --------------------------------------------------------------------------------------------------- */

static attn_status parse_factor(struct parser *parser);

static attn_status parse_complement(struct parser *parser)
{
    size_t at = parser->at++;
    int base = parser->made_count;
    attn_pattern *pattern = NULL;
    ATTN_TRY(parse_factor(parser));
    ATTN_TRY(at_column(at, attn_pattern_complement(parser->made[base].pattern, &pattern)));
    replace(parser, base, pattern);
    return ATTN_OK;
}

static attn_status parse_parentheses(struct parser *parser)
{
    parser->at++;
    ATTN_TRY(parse_expression(parser));
    return expect(parser, ')', "'|', '&' or ')'");
}

/* The recursion, which all comes through here, is as deep as the text nests. */
static attn_status parse_factor(struct parser *parser)
{
    char c = next(parser);
    if (parser->level > ATTN_PATTERN_DEPTH)
        return attn_fail(ATTN_INVALID, "column %zu: more than %d levels of nesting", parser->at + 1,
                         ATTN_PATTERN_DEPTH);
    if (c != '!' && c != '(' && !attn_name_length(&c, 1))
        return unexpected(parser, "a name, '!' or '('");
    parser->level++;
    attn_status status = c == '!'   ? parse_complement(parser)
                         : c == '(' ? parse_parentheses(parser)
                                    : parse_call(parser);
    parser->level--;
    return status;
}

/* Joins patterns i and i + 1 into place `to`, which is not behind them. */
static attn_status join(struct parser *parser, attn_pattern_kind kind, int i, int to)
{
    attn_pattern *pair[] = { (attn_pattern *)(uintptr_t)parser->made[i].pattern,
                             (attn_pattern *)(uintptr_t)parser->made[i + 1].pattern };
    attn_pattern *pattern = NULL;
    ATTN_TRY(attn_pattern_new(kind, (const attn_pattern *[]){ pair[0], pair[1] }, 2, NULL, 0, &pattern));
    parser->made[i].pattern = parser->made[i + 1].pattern = NULL;
    parser->made[to].pattern = pattern;
    attn_pattern_release(pair[0]);
    attn_pattern_release(pair[1]);
    return ATTN_OK;
}

/* Joins neighbours among the patterns from `base` on that are at most `depth` deep. */
static attn_status join_level(struct parser *parser, attn_pattern_kind kind, int base, int depth)
{
    int to = base;
    for (int i = base; i < parser->made_count; i++, to++) {
        const attn_pattern *own = parser->made[i].pattern;
        if (i + 1 < parser->made_count && own->depth <= depth && parser->made[i + 1].pattern->depth <= depth) {
            ATTN_TRY(join(parser, kind, i++, to));
        } else {
            parser->made[i].pattern = NULL;
            parser->made[to].pattern = own;
        }
    }
    parser->made_count = to;
    return ATTN_OK;
}

/* operand { separator operand }, as a tree that is as flat as any in this order: neighbours of one depth are joined
 * first, then those of the next. So a text of any tree in the limits is in the limits, and long chains are. */
static attn_status parse_chain(struct parser *parser, char separator, attn_pattern_kind kind,
                               attn_status (*parse_operand)(struct parser *))
{
    int base = parser->made_count;
    next(parser);
    size_t at = parser->at;
    do
        ATTN_TRY(parse_operand(parser));
    while (take(parser, separator));
    for (int depth = 1; parser->made_count - base > 1; depth++)
        ATTN_TRY(at_column(at, join_level(parser, kind, base, depth)));
    return ATTN_OK;
}

static attn_status parse_term(struct parser *parser)
{
    return parse_chain(parser, '&', ATTN_P_INTERSECTION, parse_factor);
}

static attn_status parse_expression(struct parser *parser)
{
    return parse_chain(parser, '|', ATTN_P_UNION, parse_term);
}

/* ---- a text -------------------------------------------------------------------------------------------------------- */

static attn_status check_bindings(const attn_binding *bindings, int count)
{
    char what[32];
    if (count < 0 || (count && !bindings))
        return attn_fail(ATTN_INVALID, count < 0 ? "count is %d, expected 0 or more" : "bindings is NULL, count is %d",
                         count);
    for (int i = 0; i < count; i++) {
        snprintf(what, sizeof what, "bindings[%d].name", i);
        ATTN_TRY(attn_check_pattern_name(what, bindings[i].name));
        if (!bindings[i].pattern)
            return attn_fail(ATTN_INVALID, "bindings[%d].pattern is NULL", i);
        for (int before = 0; before < i; before++)
            if (!strcmp(bindings[i].name, bindings[before].name))
                return attn_fail(ATTN_INVALID, "%s is \"%s\", expected another name than that of bindings[%d]", what,
                                 bindings[i].name, before);
    }
    return ATTN_OK;
}

static attn_status parse_text(struct parser *parser)
{
    parser->made = malloc((parser->length + 1) * sizeof *parser->made);
    parser->range = malloc((parser->length + 1) * sizeof *parser->range);
    if (!parser->made || !parser->range)
        return attn_fail(ATTN_NO_MEMORY, "no memory to read a pattern of %zu bytes", parser->length);
    ATTN_TRY(parse_expression(parser));
    next(parser);
    return parser->at == parser->length ? ATTN_OK : unexpected(parser, "'|', '&' or the end");
}

attn_status attn_pattern_parse(const char *text, const attn_binding *bindings, int count, attn_pattern **pattern)
{
    if (!pattern)
        return attn_fail(ATTN_INVALID, "pattern is NULL");
    *pattern = NULL;
    if (!text)
        return attn_fail(ATTN_INVALID, "text is NULL");
    ATTN_TRY(check_bindings(bindings, count));
    struct parser parser = { text, strlen(text), 0, bindings, count, 0, NULL, NULL, 0, 0 };
    if (parser.length > ATTN_PATTERN_TEXT)
        return attn_fail(ATTN_INVALID, "text has %zu bytes, expected at most %d", parser.length, ATTN_PATTERN_TEXT);
    attn_status status = parse_text(&parser);
    if (!status)
        *pattern = attn_pattern_keep(parser.made[0].pattern);
    while (parser.made_count)
        attn_pattern_release((attn_pattern *)(uintptr_t)parser.made[--parser.made_count].pattern);
    free(parser.made);
    free(parser.range);
    return status;
}
