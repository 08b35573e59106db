/* Compiles a pattern to lists of key tiles. The work is that of what is emitted, and of the runs of each primitive: no pair of
 * tiles is looked at for its own sake.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#include "config.h"

#include "compile.h"

#include <stdlib.h>
#include <string.h>

#include "integer.h"
#include "lower_lists.h"

typedef struct compiler {
    attn_schedule *schedule;
    attn_cover cover;
    attn_range *bound; /* [steps]: key tiles that a step's value matters in */
    int *operand;      /* [steps]: step that makes the first operand; the second is the step before */
    int steps;         /* room */
    int failed;
} compiler;

/* ---- one query tile ---------------------------------------------------------------------------------------------- */

static attn_range hull_of(const attn_leaf *leaf, const attn_band *band)
{
    attn_range keys = leaf->negated ? (attn_range){ 0, band->keys } : leaf->kind->hull(leaf, band);
    if (keys.begin >= keys.end)
        return (attn_range){ 0, 0 };
    return (attn_range){ keys.begin / band->tile_k, (keys.end + band->tile_k - 1) / band->tile_k };
}

static attn_range intersect(attn_range a, attn_range b)
{
    attn_range both = { attn_most(a.begin, b.begin), attn_least(a.end, b.end) };
    return both.begin < both.end ? both : (attn_range){ 0, 0 };
}

static attn_range unite(attn_range a, attn_range b)
{
    if (a.begin >= a.end)
        return b;
    return b.begin >= b.end ? a : (attn_range){ attn_least(a.begin, b.begin), attn_most(a.end, b.end) };
}

/* Upwards: the tiles where each step's value can be other than EMPTY. Downwards: cut to where the value matters. */
static void bound_steps(const compiler *c, const attn_program *program, const attn_band *band)
{
    attn_range *bound = c->bound;
    int *operand = c->operand;
    int stack[ATTN_PROGRAM_STACK], top = -1;
    for (int i = 0; i < program->steps; i++) {
        const attn_step *step = &program->step[i];
        if (step->kind == ATTN_STEP_LEAF) {
            bound[i] = hull_of(&program->leaf[step->leaf], band);
        } else {
            operand[i] = stack[top - 1];
            top -= 2;
            bound[i] = step->kind == ATTN_STEP_AND ? intersect(bound[operand[i]], bound[i - 1])
                                                   : unite(bound[operand[i]], bound[i - 1]);
        }
        stack[++top] = i;
    }
    for (int i = program->steps - 1; i >= 0; i--)
        if (program->step[i].kind != ATTN_STEP_LEAF) {
            bound[operand[i]] = intersect(bound[operand[i]], bound[i]);
            bound[i - 1] = intersect(bound[i - 1], bound[i]);
        }
}

static void cover_leaf(const attn_leaf *leaf, const attn_band *band, attn_range tiles, attn_cover *cover)
{
    if (tiles.begin >= tiles.end)
        return;
    leaf->kind->cover(leaf, band, tiles, cover);
    if (leaf->negated)
        attn_cover_complement(cover, tiles);
}

/* Runs the program on covers; the result is the only one. */
static void cover_band(compiler *c, const attn_program *program, const attn_band *band)
{
    int64_t base[ATTN_PROGRAM_STACK];
    int top = -1;
    c->cover.count = c->cover.base = 0;
    bound_steps(c, program, band);
    for (int i = 0; i < program->steps && !c->cover.failed; i++) {
        const attn_step *step = &program->step[i];
        if (step->kind == ATTN_STEP_LEAF) {
            base[++top] = attn_cover_begin(&c->cover);
            cover_leaf(&program->leaf[step->leaf], band, c->bound[i], &c->cover);
            continue;
        }
        top--;
        attn_cover_combine(&c->cover, base[top], base[top + 1],
                           step->kind == ATTN_STEP_AND ? ATTN_COVER_AND : ATTN_COVER_OR);
    }
}

/* Lists of 8 GiB: a pattern that needs more is dense in all but name. */
static const int64_t MOST_ENTRIES = (int64_t)1 << 30;

static void add_entry(compiler *c, int64_t *entries, int64_t tile, int32_t mask)
{
    attn_schedule *s = c->schedule;
    if (mask == ATTN_MASK_EMPTY)
        return;
    if (*entries == s->entry_capacity) {
        int64_t capacity = s->entry_capacity ? 2 * s->entry_capacity : 1024;
        attn_tile_entry *entry =
            capacity <= MOST_ENTRIES ? realloc(s->entry, (size_t)capacity * sizeof *entry) : NULL;
        if (!entry) {
            c->failed = 1;
            return;
        }
        s->entry = entry;
        s->entry_capacity = capacity;
    }
    s->entry[(*entries)++] = (attn_tile_entry){ (int32_t)tile, mask };
}

static void emit_band(compiler *c, const attn_program *program, const attn_band *band, int64_t *entries)
{
    cover_band(c, program, band);
    for (int64_t i = 0; i < c->cover.count; i++) {
        attn_cover_run run = c->cover.run[i];
        for (int64_t tile = run.begin; tile < run.end && !c->failed; tile++)
            add_entry(c, entries, tile,
                      run.kind == ATTN_FULL ? ATTN_MASK_FULL
                                            : attn_masks_find(&c->schedule->masks, program, band, tile * band->tile_k));
        c->failed |= c->schedule->masks.failed;
    }
    c->failed |= c->cover.failed;
}

/* ---- tables ---------------------------------------------------------------------------------------------------- */

static void make_room(compiler *c, int steps)
{
    if (steps <= c->steps)
        return;
    attn_range *bound = realloc(c->bound, (size_t)steps * sizeof *bound);
    c->bound = bound ? bound : c->bound;
    int *operand = realloc(c->operand, (size_t)steps * sizeof *operand);
    c->operand = operand ? operand : c->operand;
    c->failed |= !bound || !operand;
    c->steps = c->failed ? c->steps : steps;
}

static void compile_table(compiler *c, const attn_program *program, int64_t table)
{
    attn_schedule *s = c->schedule;
    int64_t shift = attn_lengths_shift(&s->lengths), entries = s->first[table * s->tiles];
    make_room(c, program->steps);
    for (int64_t tile = 0; tile < s->tiles && !c->failed; tile++) {
        int64_t r = tile * s->tile_q, left = s->lengths.len_q - r;
        attn_band band = { r, r + shift, (int)attn_least(left, s->tile_q), s->lengths.len_k, s->tile_k };
        emit_band(c, program, &band, &entries);
        s->first[table * s->tiles + tile + 1] = entries;
    }
}

/* The table of a program met before; -1: none. */
static int32_t find_table(const attn_program *programs, int64_t count, const attn_program *program)
{
    for (int64_t i = 0; i < count; i++)
        if (attn_program_equal(&programs[i], program))
            return (int32_t)i;
    return -1;
}

static attn_status compile_head(compiler *c, const attn_pattern *pattern, const attn_visible *mask, int64_t head,
                                attn_program *programs)
{
    attn_schedule *s = c->schedule;
    attn_program *program = &programs[s->tables];
    ATTN_TRY(attn_lower(pattern, mask, &s->lengths, head, program));
    int32_t table = find_table(programs, s->tables, program);
    s->table_of_head[head] = table;
    if (table >= 0) {
        attn_program_free(program);
        return ATTN_OK;
    }
    s->table_of_head[head] = (int32_t)s->tables++;
    int64_t *first = realloc(s->first, (size_t)(s->tables * s->tiles + 1) * sizeof *first);
    if (!first)
        return attn_fail(ATTN_NO_MEMORY, "no memory for the schedule of %lld query tiles", (long long)s->tiles);
    if (!s->first)
        first[0] = 0;
    s->first = first;
    compile_table(c, program, s->tables - 1);
    return c->failed ? attn_fail(ATTN_NO_MEMORY, "no memory for the schedule of the pattern") : ATTN_OK;
}

static attn_status compile_heads(compiler *c, const attn_pattern *pattern, const attn_visible *mask,
                                 const unsigned char *use)
{
    attn_schedule *s = c->schedule;
    int headless = attn_pattern_is_headless(pattern);
    attn_program *programs = calloc((size_t)(headless ? 2 : s->heads + 1), sizeof *programs);
    attn_status status = programs ? ATTN_OK : attn_fail(ATTN_NO_MEMORY, "no memory to compile the pattern");
    for (int64_t head = 0; head < s->heads && !status; head++) {
        s->table_of_head[head] = -1;
        if (use && !use[head])
            continue;
        if (headless && s->tables)
            s->table_of_head[head] = 0;
        else
            status = compile_head(c, pattern, mask, head, programs);
    }
    for (int64_t i = 0; programs && i < s->tables; i++)
        attn_program_free(&programs[i]);
    free(programs);
    return status;
}

static attn_schedule *new_schedule(const attn_lengths *lengths, int tile_q, int tile_k)
{
    attn_schedule *s = calloc(1, sizeof *s);
    if (!s)
        return NULL;
    s->lengths = *lengths;
    s->heads = lengths->heads;
    s->tile_q = tile_q;
    s->tile_k = tile_k;
    s->tiles = (lengths->len_q + tile_q - 1) / tile_q;
    s->masks = (attn_masks){ .tile_q = tile_q, .tile_k = tile_k, .words = (int64_t)tile_q * (tile_k / 64) };
    s->table_of_head = malloc((size_t)s->heads * sizeof *s->table_of_head);
    if (s->table_of_head)
        return s;
    free(s);
    return NULL;
}

attn_status attn_compile(const attn_pattern *pattern, const attn_visible *mask, const attn_lengths *lengths,
                         const unsigned char *use, int tile_q, int tile_k, attn_schedule **result)
{
    compiler c = { .schedule = new_schedule(lengths, tile_q, tile_k) };
    *result = NULL;
    if (!c.schedule)
        return attn_fail(ATTN_NO_MEMORY, "no memory for a schedule of %lld heads", (long long)lengths->heads);
    if ((lengths->len_k + tile_k - 1) / tile_k > INT32_MAX) {
        attn_schedule_destroy(c.schedule);
        return attn_fail(ATTN_INVALID, "lengths.len_k is %lld, expected at most 2^31 - 1 tiles of %d keys",
                         (long long)lengths->len_k, tile_k);
    }
    attn_status status = compile_heads(&c, pattern, mask, use);
    free(c.cover.run);
    free(c.bound);
    free(c.operand);
    attn_masks_close(&c.schedule->masks);
    if (!status && !c.schedule->entry && !(c.schedule->entry = calloc(1, sizeof *c.schedule->entry)))
        status = attn_fail(ATTN_NO_MEMORY, "no memory for the schedule of the pattern");
    if (status) {
        attn_schedule_destroy(c.schedule);
        return status;
    }
    *result = c.schedule;
    return ATTN_OK;
}

void attn_schedule_destroy(attn_schedule *s)
{
    if (!s)
        return;
    attn_masks_free(&s->masks);
    free(s->table_of_head);
    free(s->first);
    free(s->entry);
    free(s);
}
