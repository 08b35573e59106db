/* Patterns as values: making, keeping and releasing the nodes of a tree.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#include "config.h"

#include "pattern.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_RANGES = 65536, MOST_HEAD_RANGES = 1024 };

/* ---- nodes ----------------------------------------------------------------------------------------------------- */

attn_pattern *attn_pattern_keep(const attn_pattern *pattern)
{
    /* The counter is the one thing of a pattern that changes. */
    attn_pattern *kept = (attn_pattern *)(uintptr_t)pattern;
    if (kept)
        atomic_fetch_add_explicit(&kept->holders, 1, memory_order_relaxed);
    return kept;
}

static void free_data(attn_pattern *pattern)
{
    if (pattern->kind == ATTN_P_BLOCKS) {
        free(pattern->data.blocks.row_ptr);
        free(pattern->data.blocks.column);
    } else if (pattern->kind == ATTN_P_SEGMENTS) {
        free(pattern->data.segments.id);
    } else if (pattern->kind == ATTN_P_BITS) {
        free(pattern->data.bits.word);
    }
}

/* Recursion ends: no tree is deeper than ATTN_PATTERN_DEPTH. */
void attn_pattern_release(attn_pattern *pattern)
{
    if (!pattern || atomic_fetch_sub_explicit(&pattern->holders, 1, memory_order_acq_rel) != 1)
        return;
    for (int i = 0; i < pattern->child_count; i++)
        attn_pattern_release(pattern->child[i]);
    free_data(pattern);
    free(pattern->child);
    free(pattern->range);
    free(pattern->name);
    free(pattern);
}

/* Depth and nodes of the tree above these children. */
static attn_status measure(attn_pattern *node, const attn_pattern *const *child, int count)
{
    node->depth = node->nodes = 1;
    for (int i = 0; i < count; i++) {
        node->nodes += child[i]->nodes;
        if (child[i]->depth >= node->depth)
            node->depth = child[i]->depth + 1;
    }
    if (node->depth > ATTN_PATTERN_DEPTH)
        return attn_fail(ATTN_INVALID, "the pattern's depth is %d, expected at most %d", node->depth,
                         ATTN_PATTERN_DEPTH);
    if (node->nodes > ATTN_PATTERN_NODES)
        return attn_fail(ATTN_INVALID, "the pattern has %d nodes, expected at most %d", node->nodes,
                         ATTN_PATTERN_NODES);
    return ATTN_OK;
}

/* The node owns what it has got so far whatever happens here. */
static attn_status fill_node(attn_pattern *node, const attn_pattern *const *child, int child_count,
                             const attn_index_range *range, int range_count)
{
    ATTN_TRY(measure(node, child, child_count));
    if (child_count && !(node->child = malloc((size_t)child_count * sizeof *node->child)))
        return attn_fail(ATTN_NO_MEMORY, "no memory for %d children of a pattern", child_count);
    for (; node->child_count < child_count; node->child_count++)
        node->child[node->child_count] = attn_pattern_keep(child[node->child_count]);
    if (range_count && !(node->range = malloc((size_t)range_count * sizeof *node->range)))
        return attn_fail(ATTN_NO_MEMORY, "no memory for %d ranges of a pattern", range_count);
    if (range_count)
        memcpy(node->range, range, (size_t)range_count * sizeof *range);
    node->range_count = range_count;
    return ATTN_OK;
}

attn_status attn_pattern_new(attn_pattern_kind kind, const attn_pattern *const *child, int child_count,
                             const attn_index_range *range, int range_count, attn_pattern **pattern)
{
    attn_pattern *node = calloc(1, sizeof *node);
    if (!node)
        return attn_fail(ATTN_NO_MEMORY, "no memory for %zu bytes of a pattern", sizeof *node);
    atomic_init(&node->holders, 1);
    node->kind = kind;
    attn_status status = fill_node(node, child, child_count, range, range_count);
    if (status)
        attn_pattern_release(node);
    else
        *pattern = node;
    return status;
}

/* ---- constructors ------------------------------------------------------------------------------------------------ */

/* The caller's `pattern` is there, and empty until a constructor succeeds. */
static attn_status clear(attn_pattern **pattern)
{
    if (!pattern)
        return attn_fail(ATTN_INVALID, "pattern is NULL");
    *pattern = NULL;
    return ATTN_OK;
}

static attn_status new_primitive(const attn_primitive *primitive, const int64_t *arguments, int count,
                                 attn_pattern **pattern)
{
    int64_t complete[ATTN_PATTERN_ARGUMENTS] = { 0 };
    ATTN_TRY(attn_complete_arguments(primitive->name, primitive->least, primitive->most, primitive->argument, arguments,
                                     count, complete));
    ATTN_TRY(attn_pattern_new(primitive->kind, NULL, 0, NULL, 0, pattern));
    memcpy((*pattern)->argument, complete, sizeof complete);
    return ATTN_OK;
}

attn_status attn_pattern_primitive(const char *name, const int64_t *arguments, int count, attn_pattern **pattern)
{
    ATTN_TRY(clear(pattern));
    if (!name || (count > 0 && !arguments))
        return attn_fail(ATTN_INVALID, "%s is NULL", name ? "arguments" : "name");
    const attn_primitive *primitive = attn_primitive_of_name(name, strlen(name));
    const attn_preset *preset = attn_preset_of_name(name, strlen(name));
    if (preset)
        return attn_preset_expand(preset, arguments, count, pattern);
    if (!primitive || primitive->least < 0 || primitive->takes_name)
        return attn_fail(ATTN_INVALID, "name is \"%.64s\", expected a primitive with integer arguments or a preset",
                         name);
    return new_primitive(primitive, arguments, count, pattern);
}

static attn_status check_end(const char *name, int i, int64_t end)
{
    if (end < -ATTN_PATTERN_LARGEST || end > ATTN_PATTERN_LARGEST)
        return attn_fail(ATTN_INVALID, "range %d of %s ends at %" PRId64 ", expected %" PRId64 " .. %" PRId64, i, name,
                         end, -ATTN_PATTERN_LARGEST, ATTN_PATTERN_LARGEST);
    return ATTN_OK;
}

/* Ends of different sign cannot be compared before the lengths are known. */
static attn_status check_range(const char *name, int i, const attn_index_range *range)
{
    ATTN_TRY(check_end(name, i, range->first));
    ATTN_TRY(check_end(name, i, range->last));
    if ((range->first < 0) == (range->last < 0) && range->first > range->last)
        return attn_fail(ATTN_INVALID, "range %d of %s is %" PRId64 "..%" PRId64 ", expected the smaller end first", i,
                         name, range->first, range->last);
    return ATTN_OK;
}

attn_status attn_pattern_ranges(const char *name, const attn_index_range *ranges, int count, attn_pattern **pattern)
{
    ATTN_TRY(clear(pattern));
    if (!name || !ranges)
        return attn_fail(ATTN_INVALID, "%s is NULL", name ? "ranges" : "name");
    const attn_primitive *primitive = attn_primitive_of_name(name, strlen(name));
    if (!primitive || primitive->least >= 0 || primitive->kind == ATTN_P_HEADS)
        return attn_fail(ATTN_INVALID, "name is \"%.64s\", expected keys, queries or global", name);
    if (count < 1 || count > MOST_RANGES)
        return attn_fail(ATTN_INVALID, "count is %d, expected 1 .. %d", count, MOST_RANGES);
    for (int i = 0; i < count; i++)
        ATTN_TRY(check_range(name, i, &ranges[i]));
    return attn_pattern_new(primitive->kind, NULL, 0, ranges, count, pattern);
}

static attn_status new_pair(attn_pattern_kind kind, const attn_pattern *a, const attn_pattern *b,
                            attn_pattern **pattern)
{
    ATTN_TRY(clear(pattern));
    if (!a || !b)
        return attn_fail(ATTN_INVALID, "%s is NULL", a ? "b" : "a");
    return attn_pattern_new(kind, (const attn_pattern *[]){ a, b }, 2, NULL, 0, pattern);
}

attn_status attn_pattern_union(const attn_pattern *a, const attn_pattern *b, attn_pattern **pattern)
{
    return new_pair(ATTN_P_UNION, a, b, pattern);
}

attn_status attn_pattern_intersection(const attn_pattern *a, const attn_pattern *b, attn_pattern **pattern)
{
    return new_pair(ATTN_P_INTERSECTION, a, b, pattern);
}

attn_status attn_pattern_complement(const attn_pattern *a, attn_pattern **pattern)
{
    ATTN_TRY(clear(pattern));
    if (!a)
        return attn_fail(ATTN_INVALID, "a is NULL");
    return attn_pattern_new(ATTN_P_COMPLEMENT, &a, 1, NULL, 0, pattern);
}

/* ---- one pattern for each range of heads ------------------------------------------------------------------------- */

static attn_status check_heads(const attn_head_pattern *heads, int count)
{
    for (int i = 0; i < count; i++) {
        const attn_head_pattern *own = &heads[i];
        if (!own->pattern)
            return attn_fail(ATTN_INVALID, "heads[%d].pattern is NULL", i);
        if (own->first < 0 || own->last < own->first || own->last > ATTN_PATTERN_LARGEST)
            return attn_fail(ATTN_INVALID,
                             "heads[%d] is %" PRId64 "..%" PRId64 ", expected 0 <= first <= last <= %" PRId64, i,
                             own->first, own->last, ATTN_PATTERN_LARGEST);
        for (int before = 0; before < i; before++)
            if (own->first <= heads[before].last && heads[before].first <= own->last)
                return attn_fail(ATTN_INVALID,
                                 "heads[%d] is %" PRId64 "..%" PRId64 ", expected none of heads[%d] = %" PRId64
                                 "..%" PRId64,
                                 i, own->first, own->last, before, heads[before].first, heads[before].last);
    }
    return ATTN_OK;
}

attn_status attn_pattern_heads(const attn_head_pattern *heads, int count, attn_pattern **pattern)
{
    ATTN_TRY(clear(pattern));
    if (!heads)
        return attn_fail(ATTN_INVALID, "heads is NULL");
    if (count < 1 || count > MOST_HEAD_RANGES)
        return attn_fail(ATTN_INVALID, "count is %d, expected 1 .. %d", count, MOST_HEAD_RANGES);
    ATTN_TRY(check_heads(heads, count));
    const attn_pattern *child[MOST_HEAD_RANGES];
    attn_index_range range[MOST_HEAD_RANGES];
    for (int i = 0; i < count; i++) {
        child[i] = heads[i].pattern;
        range[i] = (attn_index_range){ heads[i].first, heads[i].last };
    }
    return attn_pattern_new(ATTN_P_HEADS, child, count, range, count, pattern);
}
