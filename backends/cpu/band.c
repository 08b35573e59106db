/* What happens to a band: the addresses of its keys and values, masks, scores, weights, sums.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#include "config.h"

#include "band.h"
#include "half.h"
#include "integer.h"

/* What stands in for rows behind the last key: a row of any type up to the largest dimension. */
static const float zero_row[ATTN_CPU_LARGEST_DIM];

/* Addresses of the rows of the tile that begins at `first`, zeros behind the last; finding a page takes divisions, so once a page. */
static void find_tile(const attn_cpu_item *item, const attn_rows *rows, int64_t first, const void **addresses)
{
    int count = (int)attn_least(attn_most(item->class.keys - first, 0), ATTN_TILE_K);
    for (int j = 0; j < count;) {
        int64_t row = rows->first + (first + j) * rows->step;
        int64_t left = rows->table ? (rows->page_size - row % rows->page_size + rows->step - 1) / rows->step : count;
        int in_page = left < count - j ? (int)left : count - j;
        item->tile->address_rows(attn_host_row(rows, row), rows->stride * rows->step, in_page, addresses + j);
        j += in_page;
    }
    for (int j = count; j < ATTN_TILE_K; j++)
        addresses[j] = zero_row;
}

/* Word w of what a row sees of a tile: by the list's mask (NULL: full), or by the intervals. */
static uint64_t mask_word(const attn_cpu_item *item, const uint64_t *listed, int row, int64_t first, int w)
{
    first += 64 * w;
    if (!item->schedule)
        return attn_visible_bits(&item->class.visible, position_of(item, row), first, item->class.keys);
    if (listed)
        return listed[row / item->pack * ATTN_MASK_WORDS + w];
    return attn_bits_between(first, item->class.keys, first);
}

/* Element masks of some rows; heads of one query share theirs. Returns the first to the last row that sees anything. */
static attn_range make_masks(const attn_cpu_item *item, int64_t tile, attn_range rows, uint64_t *masks)
{
    const uint64_t *listed =
        item->schedule ? attn_schedule_mask(item->schedule, attn_tile_mask(&item->walk, tile)) : NULL;
    attn_range seeing = { rows.end, rows.begin };
    for (int r = (int)rows.begin; r < rows.end; r++) {
        uint64_t *words = masks + (r - rows.begin) * ATTN_MASK_WORDS, any = 0;
        int64_t p = position_of(item, r);
        if (r > rows.begin && position_of(item, r - 1) == p)
            memcpy(words, words - ATTN_MASK_WORDS, ATTN_MASK_WORDS * sizeof *words);
        else
            for (int w = 0; w < ATTN_MASK_WORDS; w++)
                words[w] = mask_word(item, listed, r, tile * ATTN_TILE_K, w);
        for (int w = 0; w < ATTN_MASK_WORDS; w++)
            any |= words[w];
        if (any) {
            seeing.begin = r < seeing.begin ? r : seeing.begin;
            seeing.end = r + 1;
        }
    }
    return seeing;
}

const uint64_t *attn_cpu_masks_of(const attn_cpu_item *item, const attn_tile_rows *walk, const attn_cpu_visit *v,
                                  attn_range *rows, uint64_t *room)
{
    int64_t tile = v->first / ATTN_TILE_K;
    if (v->count == ATTN_TILE_K && attn_tile_is_full(walk, tile))
        return NULL;
    *rows = make_masks(item, tile, *rows, room);
    return room;
}

static float alibi_slope(const attn_cpu_item *item, int row)
{
    const attn_tensor *t = &item->plan->problem.alibi;
    return *(const float *)attn_host_element(t, item->args->alibi, item->sequence.batch, head_of(item, row), 0);
}

static void add_bias(const attn_cpu_item *item, int row, int64_t first, int count, float *scores, int r)
{
    const attn_tensor *t = &item->plan->problem.bias;
    int64_t stride = t->size[CHANNEL] > 1 ? t->stride[CHANNEL] * item->step : 0;
    const char *bias =
        attn_host_element(t, item->args->bias, item->sequence.batch, head_of(item, row), query_of(item, row));
    if (t->size[CHANNEL] > 1)
        bias += item->class.first_key * t->stride[CHANNEL] * (int64_t)attn_dtype_size(t->dtype);
    if (stride == 1) {
        item->tile->bias(scores, r, bias + first * (int64_t)attn_dtype_size(t->dtype), t->dtype, count);
        return;
    }
    float gathered[ATTN_TILE_K];
    for (int j = 0; j < count; j++)
        gathered[j] = attn_load(t->dtype, bias, (first + j) * stride);
    item->tile->bias(scores, r, gathered, ATTN_F32, count);
}

/* Scores that are not scaled yet can wait for the softmax when nothing else is done to them, unless it would turn the order
 * of their sizes round. */
static int scales_late(const attn_cpu_item *item)
{
    const attn_problem *p = &item->plan->problem;
    return item->tile->halves && scale_of(item) > 0 && !(p->softcap > 0) && !attn_present(&p->alibi) &&
           !attn_present(&p->bias);
}

/* Scale, softcap, ALiBi, bias: only what is left and the problem has. `first`: key of column 0. */
static void modify_scores(const attn_cpu_item *item, attn_range rows, int64_t first, int count, float *scores)
{
    const attn_problem *p = &item->plan->problem;
    int scale = item->tile->halves && !scales_late(item);
    int softcap = p->softcap > 0, alibi = attn_present(&p->alibi), bias = attn_present(&p->bias);
    if (!scale && !softcap && !alibi && !bias)
        return;
    for (int row = (int)rows.begin, r = 0; row < rows.end; row++, r++) {
        if (scale)
            item->tile->scale(scores, r, scale_of(item));
        if (softcap)
            item->tile->softcap(scores, r, p->softcap * LOG2_E);
        if (alibi)
            item->tile->alibi(scores, r, alibi_slope(item, row) * LOG2_E * (float)item->step,
                              (float)(first - position_of(item, row)));
        if (bias)
            add_bias(item, row, first, count, scores, r);
    }
}

static int keys_in_tile(const attn_cpu_item *item, int64_t tile)
{
    int64_t left = item->class.keys - tile * ATTN_TILE_K;
    return left < ATTN_TILE_K ? (int)left : ATTN_TILE_K;
}

void attn_cpu_visit_at(const attn_cpu_item *item, const attn_cpu_scratch *s, int64_t tile, attn_cpu_visit *v)
{
    int grain = item->tile->grain, count = keys_in_tile(item, tile);
    int64_t slot_keys = tile % item->geometry->slots * ATTN_TILE_K;
    v->first = tile * ATTN_TILE_K;
    v->count = count;
    v->padded = (count + grain - 1) / grain * grain;
    v->packed = 1;
    v->keys = s->keys + slot_keys * item->geometry->dim;
    v->values = s->values + slot_keys * item->geometry->dim_v;
}

void attn_cpu_find_rows(const attn_cpu_item *item, const attn_rows *rows, const attn_cpu_visit *v, int64_t *known,
                        const void **addresses)
{
    if (*known == v->first)
        memcpy(addresses, addresses + ATTN_TILE_K, ATTN_TILE_K * sizeof *addresses);
    else
        find_tile(item, rows, v->first, addresses);
    *known = v->first + ATTN_TILE_K;
    find_tile(item, rows, *known, addresses + ATTN_TILE_K);
}

void attn_cpu_pack_tile(const attn_cpu_item *item, const attn_cpu_scratch *s, const attn_cpu_visit *v)
{
    const attn_operands *o = &item->operands;
    int64_t tile = v->first / ATTN_TILE_K, slot = tile % item->geometry->slots;
    int keys = s->key_tiles[slot] != tile, values = v->packed && s->value_tiles[slot] != tile;
    if (!keys && !values && v->packed)
        return;
    find_tile(item, &item->keys, v->first, s->key_rows);
    find_tile(item, &item->values, v->first, s->value_rows);
    if (!v->packed)
        find_tile(item, &item->values, v->first + ATTN_TILE_K, s->value_rows + ATTN_TILE_K);
    if (keys)
        item->tile->pack_keys(s->key_rows, v->padded, o->k, o->dim, v->keys);
    if (values)
        item->tile->pack_values(s->value_rows, v->padded, o->v, o->dim_v, v->values);
    s->key_tiles[slot] = keys ? tile : s->key_tiles[slot];
    s->value_tiles[slot] = values ? tile : s->value_tiles[slot];
}

/* The grains with keys that some of the rows see. */
static attn_range seen_keys(const attn_cpu_item *item, const uint64_t *masks, int64_t rows, int padded)
{
    uint64_t any[ATTN_MASK_WORDS] = { 0 };
    int first = 0, last = ATTN_TILE_K - 1, grain = item->tile->grain;
    for (int64_t i = 0; i < rows * ATTN_MASK_WORDS; i++)
        any[i % ATTN_MASK_WORDS] |= masks[i];
    while (first < ATTN_TILE_K && !(any[first / 64] >> first % 64 & 1))
        first++;
    while (last > first && !(any[last / 64] >> last % 64 & 1))
        last--;
    if (first == ATTN_TILE_K)
        return (attn_range){ 0, 0 };
    return (attn_range){ first / grain * grain, attn_least(padded, last / grain * grain + grain) };
}

void attn_cpu_see(const attn_cpu_item *item, const uint64_t *masks, attn_cpu_band *b)
{
    b->masks = masks;
    b->keys.begin = 0;
    b->keys.end = b->v.padded;
    if (masks && b->v.packed)
        b->keys = seen_keys(item, masks, b->rows.end - b->rows.begin, b->v.padded);
}

void attn_cpu_score_band(const attn_cpu_item *item, const attn_cpu_scratch *s, const attn_cpu_band *b,
                         attn_softmax_job *meanwhile)
{
    const attn_operands *o = &item->operands;
    const float *query = s->query + b->rows.begin * o->query_stride;
    item->tile->score(o, rows_of(b), b->keys, query, b->v.keys, b->scores, meanwhile);
}

void attn_cpu_begin_weights(const attn_cpu_item *item, const attn_cpu_scratch *s, const attn_cpu_band *b, float *max,
                            attn_softmax_job *job)
{
    int64_t begin = b->rows.begin;
    modify_scores(item, b->rows, b->v.first, b->v.count, b->scores);
    for (int r = 0; b->masks && r < rows_of(b); r++)
        item->tile->mask(b->scores, r, b->masks + r * ATTN_MASK_WORDS);
    job->rows = rows_of(b);
    job->keys = &b->keys;
    job->factor = scales_late(item) ? scale_of(item) : 1;
    job->scores = b->scores;
    job->max = max + begin;
    job->lane_sums = s->lane_sums + begin * item->tile->panel;
    job->rescale = s->rescale + begin;
    job->done = 0;
}

void attn_cpu_add_band(const attn_cpu_item *item, const attn_cpu_scratch *s, const attn_cpu_band *b,
                       const float *rescale, float *acc, int64_t stride, attn_softmax_job *meanwhile)
{
    const attn_operands *o = &item->operands;
    if (b->v.packed)
        item->tile->add_values(o, rows_of(b), b->keys, b->scores, b->v.values, acc, stride, rescale, meanwhile);
    else
        item->tile->few_values(rows_of(b), s->value_rows, b->v.count, item->few, o->v, o->dim_v, b->scores, acc, stride,
                               rescale);
}
