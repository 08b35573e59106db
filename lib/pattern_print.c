/* Patterns as text, with no parentheses that the grammar does not need.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#include "config.h"

#include "pattern.h"

#include <inttypes.h>

#include "text.h"

/* How tightly the grammar binds. */
enum binding { LOOSE, IN_UNION, IN_INTERSECTION, IN_COMPLEMENT };

static void print(attn_text *to, const attn_pattern *pattern, enum binding outside);

static void print_range(attn_text *to, const attn_index_range *range)
{
    attn_append(to, "%" PRId64, range->first);
    if (range->last != range->first)
        attn_append(to, "..%" PRId64, range->last);
}

/* Arguments at the end that have their default value are left out. */
static void print_arguments(attn_text *to, const attn_pattern *pattern, const attn_primitive *primitive)
{
    int count = primitive->most;
    while (count > primitive->least && pattern->argument[count - 1] == primitive->argument[count - 1].missing)
        count--;
    for (int i = 0; i < count; i++)
        attn_append(to, "%s%" PRId64 "%s", i ? ", " : "(", pattern->argument[i], i == count - 1 ? ")" : "");
}

static void print_primitive(attn_text *to, const attn_pattern *pattern)
{
    const attn_primitive *primitive = attn_primitive_of_kind(pattern->kind);
    attn_append(to, "%s", primitive->name);
    if (primitive->takes_name)
        attn_append(to, "(%s)", pattern->name);
    else if (primitive->least >= 0)
        print_arguments(to, pattern, primitive);
    for (int i = 0; i < pattern->range_count; i++) {
        attn_append(to, "%s", i ? ", " : "(");
        print_range(to, &pattern->range[i]);
        attn_append(to, "%s", i == pattern->range_count - 1 ? ")" : "");
    }
}

static void print_heads(attn_text *to, const attn_pattern *pattern)
{
    for (int i = 0; i < pattern->child_count; i++) {
        attn_append(to, "%s", i ? "; " : "heads(");
        print_range(to, &pattern->range[i]);
        attn_append(to, ": ");
        print(to, pattern->child[i], LOOSE);
    }
    attn_append(to, ")");
}

static void print_pair(attn_text *to, const attn_pattern *pattern, enum binding outside)
{
    enum binding own = pattern->kind == ATTN_P_UNION ? IN_UNION : IN_INTERSECTION;
    attn_append(to, "%s", outside > own ? "(" : "");
    print(to, pattern->child[0], own);
    attn_append(to, "%s", own == IN_UNION ? " | " : " & ");
    print(to, pattern->child[1], own);
    attn_append(to, "%s", outside > own ? ")" : "");
}

static void print(attn_text *to, const attn_pattern *pattern, enum binding outside)
{
    if (pattern->kind == ATTN_P_UNION || pattern->kind == ATTN_P_INTERSECTION) {
        print_pair(to, pattern, outside);
    } else if (pattern->kind == ATTN_P_COMPLEMENT) {
        attn_append(to, "!");
        print(to, pattern->child[0], IN_COMPLEMENT);
    } else if (pattern->kind == ATTN_P_HEADS) {
        print_heads(to, pattern);
    } else {
        print_primitive(to, pattern);
    }
}

size_t attn_pattern_print(const attn_pattern *pattern, char *text, size_t capacity)
{
    attn_text to = { capacity ? text : NULL, capacity, 0 };
    if (to.bytes)
        to.bytes[0] = '\0';
    if (pattern)
        print(&to, pattern, LOOSE);
    return to.length;
}
