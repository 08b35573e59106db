/* One chunk of one query tile: walks its key tiles with an online softmax.
 *
 *     for each key tile:  S = Q K^T;  softcap, ALiBi, bias, mask;  P = exp2(S - max);  acc = rescale acc + P V
 *
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#include "config.h"

#include "half.h"
#include "integer.h"
#include "item.h"

/* What stands in for rows behind the last key: a row of any type up to the largest dimension. */
static const float zero_row[ATTN_CPU_LARGEST_DIM];

/* Addresses of rows of one page. */
static void address_rows(const char *row, int64_t stride, int count, const void **addresses)
{
#pragma omp simd linear(row : stride)
    for (int j = 0; j < count; j++) {
        addresses[j] = row;
        row += stride;
    }
}

/* Addresses of a tile's rows, zeros from `count` to `padded`; finding a page takes divisions, so once a page. */
static void gather_rows(const attn_rows *rows, int64_t first, int count, int padded, const void **addresses)
{
    for (int j = 0; j < count;) {
        int64_t row = rows->first + (first + j) * rows->step;
        int64_t left = rows->table ? (rows->page_size - row % rows->page_size + rows->step - 1) / rows->step : count;
        int in_page = left < count - j ? (int)left : count - j;
        address_rows(attn_host_row(rows, row), rows->stride * rows->step, in_page, addresses + j);
        j += in_page;
    }
    for (int j = count; j < padded; j++)
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

/* A key tile. */
typedef struct visit {
    int64_t first;        /* its first key */
    int count, padded;    /* keys; up to a whole panel */
    int packed;           /* 0: products take K and V from their rows */
    float *keys, *values; /* packed */
} visit;

static visit visit_at(const attn_cpu_item *item, const attn_cpu_scratch *s, int64_t tile)
{
    int panel = item->tile->panel, count = keys_in_tile(item, tile);
    int64_t slot_keys = tile % item->geometry->slots * ATTN_TILE_K;
    return (visit){
        .first = tile * ATTN_TILE_K,
        .count = count,
        .padded = (count + panel - 1) / panel * panel,
        .packed = 1,
        .keys = s->keys + slot_keys * item->geometry->dim,
        .values = s->values + slot_keys * item->geometry->dim_v,
    };
}

static void pack_tile(const attn_cpu_item *item, const attn_cpu_scratch *s, const visit *v)
{
    const attn_operands *o = &item->operands;
    int64_t tile = v->first / ATTN_TILE_K, slot = tile % item->geometry->slots, left = item->class.keys - v->first;
    int keys = !item->few && s->key_tiles[slot] != tile, values = v->packed && s->value_tiles[slot] != tile;
    if (!keys && !values && v->packed)
        return;
    int named = left < ATTN_TILE_K + ATTN_ROWS_AHEAD ? (int)left : ATTN_TILE_K + ATTN_ROWS_AHEAD;
    gather_rows(&item->keys, v->first, named, ATTN_TILE_K + ATTN_ROWS_AHEAD, s->key_rows);
    gather_rows(&item->values, v->first, named, ATTN_TILE_K + ATTN_ROWS_AHEAD, s->value_rows);
    if (keys)
        item->tile->pack_keys(s->key_rows, v->padded, o->k, o->dim, v->keys);
    if (values)
        item->tile->pack_values(s->value_rows, v->padded, o->v, o->dim_v, v->values);
    s->key_tiles[slot] = keys ? tile : s->key_tiles[slot];
    s->value_tiles[slot] = values ? tile : s->value_tiles[slot];
}

/* The panels with keys that some of the rows see. */
static attn_range seen_keys(const attn_cpu_item *item, const uint64_t *masks, int64_t rows, int padded)
{
    uint64_t any[ATTN_MASK_WORDS] = { 0 };
    int first = 0, last = ATTN_TILE_K - 1, panel = item->tile->panel;
    for (int64_t i = 0; i < rows * ATTN_MASK_WORDS; i++)
        any[i % ATTN_MASK_WORDS] |= masks[i];
    while (first < ATTN_TILE_K && !(any[first / 64] >> first % 64 & 1))
        first++;
    while (last > first && !(any[last / 64] >> last % 64 & 1))
        last--;
    if (first == ATTN_TILE_K)
        return (attn_range){ 0, 0 };
    return (attn_range){ first / panel * panel, attn_least(padded, last / panel * panel + panel) };
}

/* Rows that pass a key tile together. */
typedef struct band {
    visit v;
    attn_range rows, keys; /* keys that they need; none: the band is skipped */
    const uint64_t *masks; /* [rows]; NULL: every row sees every key */
    float *scores;         /* [rows][ATTN_TILE_K] */
} band;

static band band_of(const attn_cpu_item *item, const visit *v, attn_range rows, const uint64_t *masks, float *scores)
{
    band b = { .v = *v, .rows = rows, .keys = { 0, v->padded }, .masks = masks, .scores = scores };
    if (masks && v->packed)
        b.keys = seen_keys(item, masks, rows.end - rows.begin, v->padded);
    return b;
}

static int rows_of(const band *b)
{
    return b->keys.begin < b->keys.end ? (int)(b->rows.end - b->rows.begin) : 0;
}

static void score_band(const attn_cpu_item *item, const attn_cpu_scratch *s, const band *b, attn_softmax_job *meanwhile)
{
    const attn_operands *o = &item->operands;
    const float *query = s->query + b->rows.begin * o->query_stride;
    if (item->few)
        item->tile->few_keys(rows_of(b), s->key_rows, b->v.padded, o->k, o->dim, query, b->scores);
    else
        item->tile->score(o, rows_of(b), b->keys, query, b->v.keys, b->scores, meanwhile);
}

/* The band's scores as they should be, and the softmax that is left to do. */
static attn_softmax_job begin_weights(const attn_cpu_item *item, const attn_cpu_scratch *s, const band *b, float *max)
{
    int64_t begin = b->rows.begin;
    modify_scores(item, b->rows, b->v.first, b->v.count, b->scores);
    for (int r = 0; b->masks && r < rows_of(b); r++)
        item->tile->mask(b->scores, r, b->masks + r * ATTN_MASK_WORDS);
    return (attn_softmax_job){
        .rows = rows_of(b),
        .keys = b->keys,
        .factor = scales_late(item) ? scale_of(item) : 1,
        .scores = b->scores,
        .max = max + begin,
        .lane_sums = s->lane_sums + begin * item->tile->panel,
        .rescale = s->rescale + begin,
    };
}

/* acc = rescale acc + weights V. */
static void add_band(const attn_cpu_item *item, const attn_cpu_scratch *s, const band *b, float *acc, int64_t stride,
                     attn_softmax_job *meanwhile)
{
    const attn_operands *o = &item->operands;
    const float *rescale = s->rescale + b->rows.begin;
    if (b->v.packed)
        item->tile->add_values(o, rows_of(b), b->keys, b->scores, b->v.values, acc, stride, rescale, meanwhile);
    else
        item->tile->few_values(rows_of(b), s->value_rows, b->v.count, o->v, o->dim_v, b->scores, acc, stride, rescale);
}

static void pass_in_turn(const attn_cpu_item *item, const attn_cpu_scratch *s, const band *b, const attn_softmax *part)
{
    if (!rows_of(b))
        return;
    score_band(item, s, b, NULL);
    attn_softmax_job job = begin_weights(item, s, b, part->max);
    item->tile->softmax(&item->operands, &job);
    add_band(item, s, b, part->acc + b->rows.begin * part->stride, part->stride, NULL);
}

/* All rows pass a key tile before the next one, which so is packed once and needs no room beside others. */
static void visit_tile(const attn_cpu_item *item, const attn_cpu_scratch *s, int64_t tile, const attn_softmax *part)
{
    visit v = visit_at(item, s, tile);
    attn_range rows = { 0, item->rows };
    int masked = v.count < ATTN_TILE_K || !attn_tile_is_full(&item->walk, tile);
    if (masked)
        rows = make_masks(item, tile, rows, s->masks);
    if (rows.begin >= rows.end)
        return;
    v.packed = !item->tile->few_values || rows.end - rows.begin > ATTN_FEW_ROWS;
    pack_tile(item, s, &v);
    for (int64_t i = rows.begin - rows.begin % item->tile->side; i < rows.end; i += item->tile->band) {
        attn_range some = { i, attn_least(i + item->tile->band, rows.end) };
        band b = band_of(item, &v, some, masked ? s->masks + i * ATTN_MASK_WORDS : NULL, s->scores);
        pass_in_turn(item, s, &b, part);
    }
}

static void visit_in_turn(const attn_cpu_item *item, const attn_cpu_scratch *s, attn_range tiles,
                          const attn_softmax *part)
{
    for (int64_t tile = tiles.begin; tile >= 0 && tile < tiles.end; tile = attn_next_tile(&item->walk, tile + 1))
        visit_tile(item, s, tile, part);
}

/* The bands of a chunk: some rows pass all its key tiles before the next ones, so that what they have stays in a near cache. */
typedef struct bands {
    const attn_cpu_item *item;
    const attn_cpu_scratch *scratch;
    attn_range tiles, rows;
    attn_tile_rows walk; /* of the rows */
    int64_t tile, number;
} bands;

static void enter_rows(bands *all, int64_t first)
{
    const attn_cpu_item *item = all->item;
    all->rows = (attn_range){ first, attn_least(first + item->tile->band, item->rows) };
    all->walk.first_p = position_of(item, (int)first);
    all->walk.last_p = position_of(item, (int)all->rows.end - 1);
    all->tile = attn_next_tile(&all->walk, all->tiles.begin);
}

static bands bands_of(const attn_cpu_item *item, const attn_cpu_scratch *s, attn_range tiles)
{
    bands all = { .item = item, .scratch = s, .tiles = tiles, .walk = item->walk };
    enter_rows(&all, 0);
    return all;
}

/* Two bands in a row have memory. */
static band make_band(const bands *all)
{
    const attn_cpu_item *item = all->item;
    const attn_cpu_scratch *s = all->scratch;
    int64_t place = all->number % 2 * item->tile->band;
    uint64_t *masks = s->masks + place * ATTN_MASK_WORDS;
    visit v = visit_at(item, s, all->tile);
    int masked = v.count < ATTN_TILE_K || !attn_tile_is_full(&all->walk, all->tile);
    if (masked)
        make_masks(item, all->tile, all->rows, masks);
    return band_of(item, &v, all->rows, masked ? masks : NULL, s->scores + place * ATTN_TILE_K);
}

/* The next one that sees anything, packed; after the last one, one without rows. */
static band next_band(bands *all)
{
    for (;;) {
        if (all->tile < 0 || all->tile >= all->tiles.end) {
            if (all->rows.end == all->item->rows)
                return (band){ .scores = NULL };
            enter_rows(all, all->rows.end);
            continue;
        }
        band b = make_band(all);
        all->tile = attn_next_tile(&all->walk, all->tile + 1);
        if (!rows_of(&b))
            continue;
        pack_tile(all->item, all->scratch, &b.v);
        all->number++;
        return b;
    }
}

static attn_softmax rows_from(const attn_softmax *all, int64_t row)
{
    return (attn_softmax){ all->max + row, all->sum + row, all->acc + row * all->stride, all->stride };
}

/* acc += weights V, where acc is that of a single band; from the first to the last of the same rows. */
static void pass_last(const attn_cpu_item *item, const attn_cpu_scratch *s, const band *b, int first,
                      attn_softmax_job *job)
{
    const attn_softmax *part = &s->part;
    if (first)
        memset(part->acc, 0, (size_t)(rows_of(b) * part->stride) * sizeof(float));
    add_band(item, s, b, part->acc, part->stride, job);
}

static void end_rows(const attn_cpu_item *item, const attn_cpu_scratch *s, const band *b, const attn_softmax *total)
{
    attn_softmax to = rows_from(total, b->rows.begin), from = rows_from(&s->part, b->rows.begin);
    from.acc = s->part.acc;
    item->tile->reduce_sums(rows_of(b), s->lane_sums + b->rows.begin * item->tile->panel, from.sum);
    item->tile->merge(rows_of(b), &to, &from);
}

/* While one band has its softmax, the products of the one before and the one behind are under way; first of the one before,
 * whose scores have the place of those behind. */
static void visit_overlapped(const attn_cpu_item *item, const attn_cpu_scratch *s, attn_range tiles,
                             const attn_softmax *total)
{
    bands all = bands_of(item, s, tiles);
    band last = { .scores = NULL }, middle = last, next = last;
    int64_t entered = -1;
    do {
        attn_softmax_job job = { .rows = 0 };
        if (rows_of(&middle))
            job = begin_weights(item, s, &middle, s->part.max);
        if (rows_of(&last)) {
            pass_last(item, s, &last, last.rows.begin != entered, &job);
            entered = last.rows.begin;
            if (!rows_of(&middle) || middle.rows.begin != entered)
                end_rows(item, s, &last, total);
        }
        next = next_band(&all);
        if (rows_of(&next))
            score_band(item, s, &next, &job);
        item->tile->softmax(&item->operands, &job);
        last = middle;
        middle = next;
    } while (rows_of(&last) || rows_of(&middle));
}

static void begin_lane_sums(const attn_cpu_item *item, const attn_cpu_scratch *scratch)
{
    memset(scratch->lane_sums, 0, (size_t)(item->rows * item->tile->panel) * sizeof(float));
}

static void run_in_turn(const attn_cpu_item *item, const attn_cpu_scratch *scratch, attn_range tiles,
                        const attn_softmax *part)
{
    begin_empty(item, part);
    begin_lane_sums(item, scratch);
    visit_in_turn(item, scratch, tiles, part);
    item->tile->reduce_sums(item->rows, scratch->lane_sums, part->sum);
}

/* Each band of rows is merged while it is in a near cache. */
static void add_overlapped(const attn_cpu_item *item, const attn_cpu_scratch *scratch, attn_range tiles,
                           const attn_softmax *total)
{
    for (int r = 0; r < item->rows; r++)
        scratch->part.max[r] = -INFINITY;
    begin_lane_sums(item, scratch);
    unsigned before = item->tile->enter();
    visit_overlapped(item, scratch, tiles, total);
    item->tile->leave(before);
}

/* The result in `part`, which with overlaps is empty or is merged with; 0 when no row sees any of the chunk's keys. */
static int run_tiles(const attn_cpu_item *item, const attn_cpu_scratch *scratch, int64_t chunk,
                     const attn_softmax *part)
{
    attn_range tiles = { attn_next_tile(&item->walk, chunk * ATTN_CPU_SPLIT_TILES),
                         (chunk + 1) * ATTN_CPU_SPLIT_TILES };
    if (tiles.begin < 0 || tiles.begin >= tiles.end)
        return 0;
    if (item->tile->overlaps)
        add_overlapped(item, scratch, tiles, part);
    else
        run_in_turn(item, scratch, tiles, part);
    return 1;
}

void attn_cpu_run_chunk(const attn_cpu_item *item, const attn_cpu_scratch *scratch, int64_t chunk,
                        const attn_softmax *part)
{
    memset(part->sum, 0, (size_t)item->rows * sizeof(float));
    run_tiles(item, scratch, chunk, part);
}

/* A first chunk's result is the total: a merge with nothing would change no bit. */
void attn_cpu_add_chunk(const attn_cpu_item *item, const attn_cpu_scratch *scratch, int64_t chunk, int first)
{
    const attn_softmax *total = &scratch->total, *part = first || item->tile->overlaps ? total : &scratch->part;
    if (run_tiles(item, scratch, chunk, part) && part != total)
        item->tile->merge(item->rows, total, part);
}
