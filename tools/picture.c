/*
 * The elements of a pattern, and what each tile of them is.
 *
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE.
 */
#include "config.h"

#include "picture.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "commands.h"

/* What attn_schedule_create takes. */
enum { SCHEDULE_MOST_TILE = 1024, SCHEDULE_STEP = 64 };

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t divide_up(int64_t n, int64_t by)
{
    return (n + by - 1) / by;
}

int64_t picture_first_position(const struct picture *picture)
{
    const attn_lengths *lengths = &picture->lengths;
    return lengths->alignment == ATTN_ALIGN_END ? lengths->len_k - lengths->len_q : 0;
}

int64_t picture_count(const struct picture *picture, int64_t r, int64_t rows, int64_t j, int64_t keys, int64_t *all)
{
    int64_t last_row = least(r + rows, picture->lengths.len_q), last_key = least(j + keys, picture->lengths.len_k);
    int64_t visible = 0;
    for (int64_t row = r; row < last_row; row++)
        for (int64_t key = j; key < last_key; key++)
            visible += picture_sees(picture, row, key);
    *all = last_row > r && last_key > j ? (last_row - r) * (last_key - j) : 0;
    return visible;
}

/* ---- elements and tiles ---------------------------------------------------------------------------------------- */

static int fill_elements(const char *command, const attn_pattern *pattern, struct picture *picture)
{
    const attn_lengths *lengths = &picture->lengths;
    for (int64_t r = 0; r < lengths->len_q; r++) {
        for (int64_t w = 0; w < picture->stride; w++) {
            uint64_t *word = &picture->word[r * picture->stride + w];
            if (attn_pattern_word(pattern, lengths, picture->head, r, 64 * w, word)) {
                fprintf(stderr, "attn %s: %s\n", command, attn_reason());
                return EXIT_FAILED;
            }
        }
    }
    return EXIT_OK;
}

static void fill_tiles(struct picture *picture)
{
    for (int64_t i = 0; i < picture->tiles[0] * picture->tiles[1]; i++) {
        int64_t down = i / picture->tiles[1], across = i % picture->tiles[1], all;
        int64_t visible = picture_count(picture, down * picture->tile[0], picture->tile[0], across * picture->tile[1],
                                        picture->tile[1], &all);
        enum picture_state state = !visible ? TILE_EMPTY : visible == all ? TILE_FULL : TILE_PARTIAL;
        picture->state[i] = (unsigned char)state;
        picture->count[state]++;
        picture->pairs += (uint64_t)visible;
    }
}

/* ---- distinct masks -------------------------------------------------------------------------------------------- */

/* A set of tiles with equal elements counted once: numbers of tiles at the hash of their elements, -1 where free. */
struct tile_set {
    const struct picture *picture;
    int64_t *slot;
    uint64_t last_slot; /* slots are 2^k */
};

/* Element (r, j) of a tile; 0 behind the lengths. */
static int tile_sees(const struct picture *picture, int64_t tile, int64_t r, int64_t j)
{
    int64_t row = tile / picture->tiles[1] * picture->tile[0] + r,
            key = tile % picture->tiles[1] * picture->tile[1] + j;
    return row < picture->lengths.len_q && key < picture->lengths.len_k && picture_sees(picture, row, key);
}

/* FNV-1a over the elements. */
static uint64_t hash_tile(const struct picture *picture, int64_t tile)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (int64_t r = 0; r < picture->tile[0]; r++)
        for (int64_t j = 0; j < picture->tile[1]; j++)
            hash = (hash ^ (uint64_t)tile_sees(picture, tile, r, j)) * UINT64_C(0x100000001b3);
    return hash ^ hash >> 32;
}

static int equal_tiles(const struct picture *picture, int64_t a, int64_t b)
{
    for (int64_t r = 0; r < picture->tile[0]; r++)
        for (int64_t j = 0; j < picture->tile[1]; j++)
            if (tile_sees(picture, a, r, j) != tile_sees(picture, b, r, j))
                return 0;
    return 1;
}

/* 1 if no equal tile was there. */
static int add_tile(struct tile_set *set, int64_t tile)
{
    uint64_t i = hash_tile(set->picture, tile) & set->last_slot;
    for (; set->slot[i] >= 0; i = (i + 1) & set->last_slot)
        if (equal_tiles(set->picture, set->slot[i], tile))
            return 0;
    set->slot[i] = tile;
    return 1;
}

static int count_masks(const char *command, struct picture *picture)
{
    size_t slots = 2;
    while (slots < 2 * (size_t)picture->count[TILE_PARTIAL])
        slots *= 2;
    struct tile_set set = { picture, malloc(slots * sizeof *set.slot), slots - 1 };
    if (!set.slot) {
        fprintf(stderr, "attn %s: no memory\n", command);
        return EXIT_FAILED;
    }
    memset(set.slot, -1, slots * sizeof *set.slot);
    for (int64_t i = 0; i < picture->tiles[0] * picture->tiles[1]; i++)
        if (picture->state[i] == TILE_PARTIAL)
            picture->masks += add_tile(&set, i);
    free(set.slot);
    return EXIT_OK;
}

/* ---- the library's schedule ------------------------------------------------------------------------------------ */

/* 1 if an entry of the schedule, NULL for a tile that it leaves out, says what the elements of the tile are. */
static int agrees(const struct picture *picture, int64_t tile, const attn_schedule *schedule,
                  const attn_tile_entry *entry)
{
    int64_t words = picture->tile[1] / SCHEDULE_STEP;
    if (!entry)
        return picture->state[tile] == TILE_EMPTY;
    if (entry->mask < 0)
        return picture->state[tile] == TILE_FULL;
    const uint64_t *mask = attn_schedule_mask(schedule, entry->mask);
    for (int64_t r = 0; mask && r < picture->tile[0]; r++)
        for (int64_t j = 0; j < picture->tile[1]; j++)
            if ((int)(mask[r * words + j / 64] >> (j & 63) & 1) != tile_sees(picture, tile, r, j))
                return 0;
    return mask != NULL;
}

/* Number of the first tile where the schedule and the elements differ; -1: none. */
static int64_t find_difference(const struct picture *picture, const attn_schedule *schedule)
{
    const attn_tile_entry *entries = NULL;
    int64_t count = 0, next = 0;
    for (int64_t tile = 0; tile < picture->tiles[0] * picture->tiles[1]; tile++) {
        int64_t down = tile / picture->tiles[1], across = tile % picture->tiles[1];
        if (!across && attn_schedule_list(schedule, picture->head, down, &entries, &count))
            return tile;
        next = across ? next : 0;
        const attn_tile_entry *entry = next < count && entries[next].tile == across ? &entries[next++] : NULL;
        if (!agrees(picture, tile, schedule, entry))
            return tile;
    }
    return -1;
}

static int check_schedule(const char *command, const attn_pattern *pattern, const struct picture *picture)
{
    attn_schedule *schedule = NULL;
    const int64_t *tile = picture->tile;
    if (tile[0] > SCHEDULE_MOST_TILE || tile[1] > SCHEDULE_MOST_TILE || tile[1] % SCHEDULE_STEP)
        return EXIT_OK;
    if (attn_schedule_create(pattern, &picture->lengths, (int)tile[0], (int)tile[1], &schedule)) {
        fprintf(stderr, "attn %s: %s\n", command, attn_reason());
        return EXIT_FAILED;
    }
    int64_t differs = find_difference(picture, schedule);
    attn_schedule_destroy(schedule);
    if (differs < 0)
        return EXIT_OK;
    fprintf(stderr, "attn %s: the compiled schedule is wrong at query tile %" PRId64 ", key tile %" PRId64 "\n",
            command, differs / picture->tiles[1], differs % picture->tiles[1]);
    return EXIT_FAILED;
}

/* ---- whole ----------------------------------------------------------------------------------------------------- */

int picture_create(const char *command, const attn_pattern *pattern, const attn_lengths *lengths, int64_t head,
                   const int64_t tile[2], struct picture *picture)
{
    memset(picture, 0, sizeof *picture);
    picture->lengths = *lengths;
    picture->head = head;
    memcpy(picture->tile, tile, sizeof picture->tile);
    picture->tiles[0] = divide_up(lengths->len_q, tile[0]);
    picture->tiles[1] = divide_up(lengths->len_k, tile[1]);
    picture->stride = divide_up(lengths->len_k, 64);
    picture->word = calloc((size_t)(lengths->len_q * picture->stride), sizeof *picture->word);
    picture->state = calloc((size_t)(picture->tiles[0] * picture->tiles[1]), 1);
    if (!picture->word || !picture->state) {
        fprintf(stderr, "attn %s: no memory\n", command);
        return EXIT_FAILED;
    }
    if (fill_elements(command, pattern, picture))
        return EXIT_FAILED;
    fill_tiles(picture);
    return count_masks(command, picture) || check_schedule(command, pattern, picture) ? EXIT_FAILED : EXIT_OK;
}

void picture_free(struct picture *picture)
{
    free(picture->word);
    free(picture->state);
}
