/* Covers: runs of key tiles, and their merges.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#include "config.h"

#include "cover.h"

#include <stdlib.h>
#include <string.h>

#include "integer.h"

static int make_room(attn_cover *cover)
{
    if (cover->count < cover->capacity)
        return 1;
    int64_t capacity = cover->capacity ? 2 * cover->capacity : 256;
    attn_cover_run *run = realloc(cover->run, (size_t)capacity * sizeof *run);
    if (!run) {
        cover->failed = 1;
        return 0;
    }
    cover->run = run;
    cover->capacity = capacity;
    return 1;
}

int64_t attn_cover_begin(attn_cover *cover)
{
    return cover->base = cover->count;
}

void attn_cover_push(attn_cover *cover, int64_t begin, int64_t end, attn_cover_kind kind)
{
    attn_cover_run *last = cover->count > cover->base ? &cover->run[cover->count - 1] : NULL;
    if (last && last->end > begin)
        begin = last->end;
    if (begin >= end || kind == ATTN_EMPTY)
        return;
    if (last && last->end == begin && last->kind == kind)
        last->end = end;
    else if (make_room(cover))
        cover->run[cover->count++] = (attn_cover_run){ begin, end, kind };
}

void attn_cover_push_keys(attn_cover *cover, attn_range range, attn_range tiles, int tile_k, int64_t keys)
{
    int64_t begin = attn_most(range.begin, tiles.begin * tile_k),
            end = attn_least(attn_least(range.end, tiles.end * tile_k), keys);
    if (begin >= end)
        return;
    int64_t first_full = (begin + tile_k - 1) / tile_k, behind = (end + tile_k - 1) / tile_k;
    int64_t end_full = end == keys ? behind : end / tile_k;
    if (first_full >= end_full) {
        attn_cover_push(cover, begin / tile_k, behind, ATTN_PARTIAL);
        return;
    }
    attn_cover_push(cover, begin / tile_k, first_full, ATTN_PARTIAL);
    attn_cover_push(cover, first_full, end_full, ATTN_FULL);
    attn_cover_push(cover, end_full, behind, ATTN_PARTIAL);
}

static attn_cover_kind join(attn_cover_rule rule, attn_cover_kind a, attn_cover_kind b)
{
    static const attn_cover_kind table[3][3][3] = {
        [ATTN_COVER_AND] = { { ATTN_EMPTY, ATTN_EMPTY, ATTN_EMPTY },
                             { ATTN_EMPTY, ATTN_PARTIAL, ATTN_PARTIAL },
                             { ATTN_EMPTY, ATTN_PARTIAL, ATTN_FULL } },
        [ATTN_COVER_OR] = { { ATTN_EMPTY, ATTN_PARTIAL, ATTN_FULL },
                            { ATTN_PARTIAL, ATTN_PARTIAL, ATTN_FULL },
                            { ATTN_FULL, ATTN_FULL, ATTN_FULL } },
        [ATTN_COVER_ROWS] = { { ATTN_EMPTY, ATTN_PARTIAL, ATTN_PARTIAL },
                              { ATTN_PARTIAL, ATTN_PARTIAL, ATTN_PARTIAL },
                              { ATTN_PARTIAL, ATTN_PARTIAL, ATTN_FULL } },
    };
    return table[rule][a][b];
}

/* A reader of runs i .. end - 1 that stands at a tile. */
typedef struct cursor {
    int64_t i, end;
} cursor;

static attn_cover_kind kind_at(const attn_cover *cover, cursor *at, int64_t tile, int64_t *until)
{
    while (at->i < at->end && cover->run[at->i].end <= tile)
        at->i++;
    if (at->i == at->end)
        return ATTN_EMPTY;
    const attn_cover_run *run = &cover->run[at->i];
    int inside = run->begin <= tile;
    *until = attn_least(*until, inside ? run->end : run->begin);
    return inside ? run->kind : ATTN_EMPTY;
}

/* The cover on top of two others replaces them. */
static void collapse(attn_cover *cover, int64_t below)
{
    if (cover->count > cover->base)
        memmove(cover->run + below, cover->run + cover->base,
                (size_t)(cover->count - cover->base) * sizeof *cover->run);
    cover->count -= cover->base - below;
    cover->base = below;
}

void attn_cover_combine(attn_cover *cover, int64_t below, int64_t above, attn_cover_rule rule)
{
    cursor a = { below, above }, b = { above, cover->count };
    attn_cover_begin(cover);
    for (int64_t tile = 0; !cover->failed;) {
        int64_t until = INT64_MAX;
        attn_cover_kind kind_a = kind_at(cover, &a, tile, &until), kind_b = kind_at(cover, &b, tile, &until);
        if (until == INT64_MAX)
            break;
        attn_cover_push(cover, tile, until, join(rule, kind_a, kind_b));
        tile = until;
    }
    collapse(cover, below);
}

void attn_cover_complement(attn_cover *cover, attn_range tiles)
{
    int64_t below = cover->base;
    cursor at = { below, cover->count };
    attn_cover_begin(cover);
    for (int64_t tile = tiles.begin; tile < tiles.end && !cover->failed;) {
        int64_t until = tiles.end;
        attn_cover_kind kind = kind_at(cover, &at, tile, &until);
        attn_cover_push(cover, tile, until, (attn_cover_kind)(ATTN_FULL - kind));
        tile = until;
    }
    collapse(cover, below);
}
