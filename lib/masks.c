/* The masks of a schedule: built on the first use of a signature, stored once for equal contents.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#include "config.h"

#include "masks.h"

#include <stdlib.h>
#include <string.h>

/* ---- one mask ------------------------------------------------------------------------------------------------ */

uint64_t attn_program_word(const attn_program *program, int64_t r, int64_t p, int64_t first)
{
    uint64_t stack[ATTN_PROGRAM_STACK];
    int top = -1;
    for (int i = 0; i < program->steps; i++) {
        const attn_step *step = &program->step[i];
        const attn_leaf *leaf = &program->leaf[step->leaf];
        if (step->kind == ATTN_STEP_LEAF) {
            uint64_t word = leaf->kind->word(leaf, r, p, first);
            stack[++top] = leaf->negated ? ~word : word;
            continue;
        }
        top--;
        stack[top] = step->kind == ATTN_STEP_AND ? stack[top] & stack[top + 1] : stack[top] | stack[top + 1];
    }
    return stack[0];
}

static int64_t next_row(const attn_program *program, int64_t r, int64_t p)
{
    int64_t next = ATTN_FAR;
    for (int i = 0; i < program->leaves; i++) {
        int64_t leaf_next = program->leaf[i].kind->next_row(&program->leaf[i], r, p);
        next = leaf_next < next ? leaf_next : next;
    }
    return next;
}

/* Writes all words; returns the bits that are set. */
static uint64_t build(const attn_masks *m, const attn_program *program, const attn_band *band, int64_t first,
                      uint64_t *word)
{
    int64_t a_row = m->tile_k / 64, next = band->r, previous = 0;
    uint64_t set = 0;
    memset(word, 0, (size_t)m->words * sizeof *word);
    for (int64_t i = 0; i < band->count; i++) {
        uint64_t *row = word + i * a_row;
        int same = band->r + i < next;
        if (!same)
            next = next_row(program, band->r + i, band->p + i);
        for (int64_t w = 0; w < a_row; w++) {
            int64_t key = first + 64 * w;
            row[w] = same ? row[w - a_row]
                          : attn_program_word(program, band->r + i, band->p + i, key) &
                                attn_bits_between(key, band->keys, key);
            previous += same ? 0 : __builtin_popcountll(row[w]);
        }
        set += (uint64_t)previous;
        if (band->r + i + 1 >= next)
            previous = 0;
    }
    return set;
}

/* ---- equal contents ------------------------------------------------------------------------------------------- */

static uint64_t mix(uint64_t hash, uint64_t value)
{
    hash = (hash ^ value) * UINT64_C(0x9e3779b97f4a7c15);
    return hash ^ hash >> 29;
}

static uint64_t hash_words(const uint64_t *word, int64_t count)
{
    uint64_t hash = (uint64_t)count;
    for (int64_t i = 0; i < count; i++)
        hash = mix(hash, word[i]);
    return hash;
}

static void place(attn_masks *m, int32_t mask)
{
    int64_t at = (int64_t)(hash_words(m->word + mask * m->words, m->words) & (uint64_t)(m->slots - 1));
    while (m->slot[at] >= 0)
        at = (at + 1) & (m->slots - 1);
    m->slot[at] = mask;
}

static int grow_slots(attn_masks *m)
{
    int64_t slots = m->slots ? 2 * m->slots : 64;
    int32_t *slot = malloc((size_t)slots * sizeof *slot);
    if (!slot)
        return 0;
    memset(slot, 0xff, (size_t)slots * sizeof *slot);
    free(m->slot);
    m->slot = slot;
    m->slots = slots;
    for (int64_t i = 0; i < m->count; i++)
        place(m, (int32_t)i);
    return 1;
}

/* Room for one mask behind the last. */
static int make_room(attn_masks *m)
{
    if (m->count + 1 < m->capacity)
        return 1;
    int64_t capacity = m->capacity ? 2 * m->capacity : 16;
    uint64_t *word = realloc(m->word, (size_t)(capacity * m->words) * sizeof *word);
    m->word = word ? word : m->word;
    uint64_t *pairs = realloc(m->pairs, (size_t)capacity * sizeof *pairs);
    m->pairs = pairs ? pairs : m->pairs;
    if (!word || !pairs || capacity > INT32_MAX)
        return 0;
    m->capacity = capacity;
    return 1;
}

/* The stored mask that equals the one being built, which is stored when there is none. */
static int32_t store(attn_masks *m, uint64_t pairs)
{
    if (2 * m->count >= m->slots && !grow_slots(m)) {
        m->failed = 1;
        return ATTN_MASK_EMPTY;
    }
    const uint64_t *built = m->word + m->count * m->words;
    int64_t at = (int64_t)(hash_words(built, m->words) & (uint64_t)(m->slots - 1));
    for (; m->slot[at] >= 0; at = (at + 1) & (m->slots - 1))
        if (memcmp(m->word + m->slot[at] * m->words, built, (size_t)m->words * sizeof *built) == 0)
            return m->slot[at];
    m->slot[at] = (int32_t)m->count;
    m->pairs[m->count] = pairs;
    return (int32_t)m->count++;
}

static int32_t build_and_store(attn_masks *m, const attn_program *program, const attn_band *band, int64_t first)
{
    if (!make_room(m)) {
        m->failed = 1;
        return ATTN_MASK_EMPTY;
    }
    int64_t keys = band->keys - first < m->tile_k ? band->keys - first : m->tile_k;
    uint64_t pairs = build(m, program, band, first, m->word + m->count * m->words);
    if (pairs == 0)
        return ATTN_MASK_EMPTY;
    return pairs == (uint64_t)keys * (uint64_t)band->count ? ATTN_MASK_FULL : store(m, pairs);
}

/* ---- equal signatures ------------------------------------------------------------------------------------------- */

static void sign(const attn_program *program, const attn_band *band, int64_t first, attn_signature *signature)
{
    int64_t keys = band->keys - first < band->tile_k ? band->keys - first : band->tile_k;
    signature->count = 0;
    attn_sign(signature, band->count);
    attn_sign(signature, keys);
    for (int i = 0; i < program->leaves; i++)
        program->leaf[i].kind->sign(&program->leaf[i], band, first, signature);
}

static attn_signature_entry *entry_of(const attn_masks *m, const attn_program *program, const int64_t *number,
                                      int64_t count)
{
    uint64_t hash = mix(0, (uint64_t)(uintptr_t)program);
    for (int64_t i = 0; i < count; i++)
        hash = mix(hash, (uint64_t)number[i]);
    for (int64_t at = (int64_t)(hash & (uint64_t)(m->entry_slots - 1));; at = (at + 1) & (m->entry_slots - 1)) {
        attn_signature_entry *entry = &m->entry[at];
        if (!entry->used || (entry->program == program && m->number[entry->at - 1] == count &&
                             memcmp(m->number + entry->at, number, (size_t)count * sizeof *number) == 0))
            return entry;
    }
}

static int grow_entries(attn_masks *m)
{
    attn_masks before = *m;
    m->entry_slots = before.entry_slots ? 2 * before.entry_slots : 64;
    m->entry = calloc((size_t)m->entry_slots, sizeof *m->entry);
    if (!m->entry) {
        *m = before;
        return 0;
    }
    for (int64_t i = 0; i < before.entry_slots; i++) {
        const attn_signature_entry *old = &before.entry[i];
        if (old->used)
            *entry_of(m, old->program, m->number + old->at, m->number[old->at - 1]) = *old;
    }
    free(before.entry);
    return 1;
}

static int keep_numbers(attn_masks *m, const attn_signature *signature)
{
    if (m->numbers + signature->count + 1 > m->number_capacity) {
        int64_t capacity = m->number_capacity ? 2 * m->number_capacity : 1024;
        int64_t *number = realloc(m->number, (size_t)capacity * sizeof *number);
        if (!number)
            return 0;
        m->number = number;
        m->number_capacity = capacity;
    }
    m->number[m->numbers++] = signature->count;
    memcpy(m->number + m->numbers, signature->number, (size_t)signature->count * sizeof *m->number);
    m->numbers += signature->count;
    return 1;
}

int32_t attn_masks_find(attn_masks *m, const attn_program *program, const attn_band *band, int64_t first)
{
    attn_signature signature;
    sign(program, band, first, &signature);
    if (signature.count > ATTN_SIGNATURE)
        return build_and_store(m, program, band, first);
    if (2 * m->entries >= m->entry_slots && !grow_entries(m)) {
        m->failed = 1;
        return ATTN_MASK_EMPTY;
    }
    attn_signature_entry *entry = entry_of(m, program, signature.number, signature.count);
    if (entry->used)
        return entry->mask;
    int32_t mask = build_and_store(m, program, band, first);
    if (!keep_numbers(m, &signature)) {
        m->failed = 1;
        return mask;
    }
    *entry = (attn_signature_entry){ program, m->numbers - signature.count, mask, 1 };
    m->entries++;
    return mask;
}

void attn_masks_close(attn_masks *m)
{
    free(m->slot);
    free(m->entry);
    free(m->number);
    m->slot = NULL;
    m->entry = NULL;
    m->number = NULL;
    m->slots = m->entry_slots = m->entries = m->numbers = m->number_capacity = 0;
}

void attn_masks_free(attn_masks *m)
{
    attn_masks_close(m);
    free(m->word);
    free(m->pairs);
}
