/* The masks of a schedule, each stored once.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#ifndef ATTN_LIB_MASKS_H
#define ATTN_LIB_MASKS_H

#include "lower.h"

enum { ATTN_MASK_FULL = -1, ATTN_MASK_EMPTY = -2 };

/* One signature that was met, and the mask it has. */
typedef struct attn_signature_entry {
    const attn_program *program;
    int64_t at; /* of its numbers in `number`; [at - 1] is their count */
    int32_t mask;
    int used;
} attn_signature_entry;

typedef struct attn_masks {
    int tile_q, tile_k;
    int64_t words;   /* of a mask */
    int64_t count;   /* masks */
    uint64_t *word;  /* [count + 1][words]: the last one is being built */
    uint64_t *pairs; /* [count]: bits set */
    int64_t capacity;
    int32_t *slot; /* hash of contents to mask, -1: free */
    int64_t slots;
    attn_signature_entry *entry;
    int64_t entries, entry_slots;
    int64_t *number;
    int64_t numbers, number_capacity;
    int failed; /* out of memory, or of mask numbers */
} attn_masks;

/* Mask of a band's tile at key `first`: its number, or FULL or EMPTY. `program` must stay as it is. */
int32_t attn_masks_find(attn_masks *masks, const attn_program *program, const attn_band *band, int64_t first);

/* Frees what only attn_masks_find needs. */
void attn_masks_close(attn_masks *masks);
void attn_masks_free(attn_masks *masks);

/* Bits of row r at position p: keys first .. first + 63. */
uint64_t attn_program_word(const attn_program *program, int64_t r, int64_t p, int64_t first);

#endif
