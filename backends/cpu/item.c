/* One query tile: walks its key tiles chunk by chunk with an online softmax.
 *
 *     for each key tile:  S = Q K^T;  softcap, ALiBi, bias, mask;  P = exp2(S - max);  acc = rescale acc + P V
 *
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#include "config.h"

#include <math.h>
#include <string.h>

#include "cpu.h"
#include "half.h"
#include "integer.h"

static const float LOG2_E = 1.44269504088896340736f;
static const double LN_2 = 0.69314718055994530942;

/* Member of the class, query row of the sequence, query head. */
static int64_t member_of(const attn_cpu_item *item, int row)
{
    return (item->first_row + row) / item->pack;
}

static int64_t query_of(const attn_cpu_item *item, int row)
{
    return item->class.first_row + member_of(item, row) * item->step;
}

static int64_t head_of(const attn_cpu_item *item, int row)
{
    return item->head + (item->first_row + row) % item->pack;
}

/* Position within the class: a distance there is that of the sequence divided by `step`. */
static int64_t position_of(const attn_cpu_item *item, int row)
{
    return member_of(item, row) + item->class.shift;
}

/* softcap takes s / cap, and multiplies by cap and log2(e) itself. */
static float scale_of(const attn_cpu_item *item)
{
    float softcap = item->plan->problem.softcap;
    return item->plan->shape.scale * (softcap > 0 ? 1 / softcap : LOG2_E);
}

void attn_cpu_load_query(const attn_cpu_item *item, const attn_cpu_scratch *scratch)
{
    const attn_problem *p = &item->plan->problem;
    for (int r = 0; r < item->rows; r++) {
        const char *row = attn_host_element(&p->q, item->args->q, item->sequence.batch_q, head_of(item, r),
                                            item->sequence.row_q + query_of(item, r));
        item->tile->load_query(row, p->q.dtype, item->operands.dim, scale_of(item), scratch->query,
                               item->operands.query_stride, r);
    }
}

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

/* Element masks of all rows; heads of one query share theirs. Returns the first to the last row that sees anything. */
static attn_range make_masks(const attn_cpu_item *item, int64_t tile, uint64_t *masks)
{
    const uint64_t *listed =
        item->schedule ? attn_schedule_mask(item->schedule, attn_tile_mask(&item->walk, tile)) : NULL;
    attn_range seeing = { item->rows, 0 };
    for (int r = 0; r < item->rows; r++) {
        uint64_t *words = masks + (int64_t)r * ATTN_MASK_WORDS, any = 0;
        int64_t p = position_of(item, r);
        if (r > 0 && position_of(item, r - 1) == p)
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

/* A key tile under way. */
typedef struct visit {
    int64_t first;        /* its first key */
    int count, padded;    /* keys; up to a whole panel */
    int masked;           /* not every row sees every key */
    int packed;           /* 0: products take K and V from their rows */
    attn_range rows;      /* from the first to the last that sees anything */
    int64_t bands;        /* of them */
    float *keys, *values; /* packed */
} visit;

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
static attn_range seen_keys(const attn_cpu_item *item, const uint64_t *masks, attn_range rows, int padded)
{
    uint64_t any[ATTN_MASK_WORDS] = { 0 };
    int first = 0, last = ATTN_TILE_K - 1, panel = item->tile->panel;
    for (int64_t i = rows.begin * ATTN_MASK_WORDS; i < rows.end * ATTN_MASK_WORDS; i++)
        any[i % ATTN_MASK_WORDS] |= masks[i];
    while (first < ATTN_TILE_K && !(any[first / 64] >> first % 64 & 1))
        first++;
    while (last > first && !(any[last / 64] >> last % 64 & 1))
        last--;
    if (first == ATTN_TILE_K)
        return (attn_range){ 0, 0 };
    return (attn_range){ first / panel * panel, attn_least(padded, last / panel * panel + panel) };
}

/* Rows that pass the key tile together. */
typedef struct band {
    attn_range rows, keys; /* keys that they need; none: the band is skipped */
    float *scores;         /* [rows][ATTN_TILE_K] */
} band;

/* Band `number` of the rows that see anything; the scores of three bands in a row have memory. */
static band band_at(const attn_cpu_item *item, const attn_cpu_scratch *s, const visit *v, int64_t number)
{
    int64_t most = item->tile->band, begin = v->rows.begin + number * most;
    band b = { .rows = { begin, attn_least(begin + most, v->rows.end) }, .keys = { 0, v->padded } };
    if (number < 0 || b.rows.begin >= b.rows.end)
        return (band){ .scores = NULL };
    b.scores = s->scores + (item->tile->overlaps ? number % 3 : 0) * most * ATTN_TILE_K;
    if (v->masked && v->packed)
        b.keys = seen_keys(item, s->masks, b.rows, v->padded);
    return b;
}

static int rows_of(const band *b)
{
    return b->keys.begin < b->keys.end ? (int)(b->rows.end - b->rows.begin) : 0;
}

static void score_band(const attn_cpu_item *item, const attn_cpu_scratch *s, const visit *v, const band *b,
                       attn_softmax_job *meanwhile)
{
    const attn_operands *o = &item->operands;
    const float *query = s->query + b->rows.begin * o->query_stride;
    if (item->few)
        item->tile->few_keys(rows_of(b), s->key_rows, v->padded, o->k, o->dim, query, b->scores);
    else
        item->tile->score(o, rows_of(b), b->keys, query, v->keys, b->scores, meanwhile);
}

/* The band's scores as they should be, and the softmax that is left to do. */
static attn_softmax_job begin_weights(const attn_cpu_item *item, const attn_cpu_scratch *s, const visit *v,
                                      const band *b, const attn_softmax *part)
{
    int64_t begin = b->rows.begin;
    modify_scores(item, b->rows, v->first, v->count, b->scores);
    for (int64_t r = begin; v->masked && r < b->rows.end; r++)
        item->tile->mask(b->scores, (int)(r - begin), s->masks + r * ATTN_MASK_WORDS);
    return (attn_softmax_job){
        .rows = rows_of(b),
        .keys = b->keys,
        .factor = scales_late(item) ? scale_of(item) : 1,
        .scores = b->scores,
        .max = part->max + begin,
        .lane_sums = s->lane_sums + begin * item->tile->panel,
        .rescale = s->rescale + begin,
    };
}

/* acc = rescale acc + weights V. */
static void add_band(const attn_cpu_item *item, const attn_cpu_scratch *s, const visit *v, const band *b,
                     const attn_softmax *part, attn_softmax_job *meanwhile)
{
    const attn_operands *o = &item->operands;
    float *acc = part->acc + b->rows.begin * part->stride;
    const float *rescale = s->rescale + b->rows.begin;
    if (v->packed)
        item->tile->add_values(o, rows_of(b), b->keys, b->scores, v->values, acc, part->stride, rescale, meanwhile);
    else
        item->tile->few_values(rows_of(b), s->value_rows, v->count, o->v, o->dim_v, b->scores, acc, part->stride,
                               rescale);
}

static void visit_in_turn(const attn_cpu_item *item, const attn_cpu_scratch *s, const visit *v,
                          const attn_softmax *part)
{
    for (int64_t i = 0; i < v->bands; i++) {
        band b = band_at(item, s, v, i);
        if (!rows_of(&b))
            continue;
        score_band(item, s, v, &b, NULL);
        attn_softmax_job job = begin_weights(item, s, v, &b, part);
        item->tile->softmax(&item->operands, &job);
        add_band(item, s, v, &b, part, NULL);
    }
}

/* While one band has its softmax, the products of the one before and the one behind are under way. */
static void visit_overlapped(const attn_cpu_item *item, const attn_cpu_scratch *s, const visit *v,
                             const attn_softmax *part)
{
    band last = { .scores = NULL }, middle = last, next = last;
    for (int64_t i = 0; i < v->bands + 2; i++, last = middle, middle = next) {
        attn_softmax_job job = { .rows = 0 };
        next = band_at(item, s, v, i);
        if (rows_of(&middle))
            job = begin_weights(item, s, v, &middle, part);
        if (rows_of(&last))
            add_band(item, s, v, &last, part, &job);
        if (rows_of(&next))
            score_band(item, s, v, &next, &job);
        item->tile->softmax(&item->operands, &job);
    }
}

static void visit_tile(const attn_cpu_item *item, const attn_cpu_scratch *s, int64_t tile, const attn_softmax *part)
{
    int panel = item->tile->panel, most = item->tile->band;
    int64_t slot_keys = tile % item->geometry->slots * ATTN_TILE_K;
    visit v = {
        .first = tile * ATTN_TILE_K,
        .count = keys_in_tile(item, tile),
        .keys = s->keys + slot_keys * item->geometry->dim,
        .values = s->values + slot_keys * item->geometry->dim_v,
    };
    v.padded = (v.count + panel - 1) / panel * panel;
    v.masked = v.count < ATTN_TILE_K || !attn_tile_is_full(&item->walk, tile);
    v.rows = v.masked ? make_masks(item, tile, s->masks) : (attn_range){ 0, item->rows };
    if (v.rows.begin >= v.rows.end)
        return;
    v.packed = !item->tile->few_values || v.rows.end - v.rows.begin > ATTN_FEW_ROWS;
    v.rows.begin -= v.rows.begin % item->tile->side;
    v.bands = attn_ceil_divide(v.rows.end - v.rows.begin, most);
    pack_tile(item, s, &v);
    if (item->tile->overlaps)
        visit_overlapped(item, s, &v, part);
    else
        visit_in_turn(item, s, &v, part);
}

static void begin_empty(const attn_cpu_item *item, const attn_softmax *total)
{
    for (int r = 0; r < item->rows; r++) {
        total->max[r] = -INFINITY;
        total->sum[r] = 0;
    }
    memset(total->acc, 0, (size_t)(item->rows * total->stride) * sizeof(float));
}

int attn_cpu_run_chunk(const attn_cpu_item *item, const attn_cpu_scratch *scratch, int64_t chunk,
                       const attn_softmax *part)
{
    int64_t end = (chunk + 1) * ATTN_CPU_SPLIT_TILES, tile = attn_next_tile(&item->walk, chunk * ATTN_CPU_SPLIT_TILES);
    int any = tile >= 0 && tile < end;
    memset(part->sum, 0, (size_t)item->rows * sizeof(float));
    if (!any)
        return 0;
    begin_empty(item, part);
    memset(scratch->lane_sums, 0, (size_t)(item->rows * item->tile->panel) * sizeof(float));
    unsigned before = item->tile->enter ? item->tile->enter() : 0;
    for (; tile >= 0 && tile < end; tile = attn_next_tile(&item->walk, tile + 1))
        visit_tile(item, scratch, tile, part);
    if (item->tile->leave)
        item->tile->leave(before);
    item->tile->reduce_sums(item->rows, scratch->lane_sums, part->sum);
    return 1;
}

/* The unit's totals of a row: acc, max, sum. */
static float *total_of(const attn_cpu_item *item, int row)
{
    int64_t stride = item->geometry->dim_v + 2;
    return item->totals + (query_of(item, row) * item->pack + (item->first_row + row) % item->pack) * stride;
}

void attn_cpu_begin_total(const attn_cpu_item *item, const attn_softmax *total)
{
    if (!item->resume) {
        begin_empty(item, total);
        return;
    }
    for (int r = 0; r < item->rows; r++) {
        const float *kept = total_of(item, r);
        memcpy(total->acc + r * total->stride, kept, (size_t)total->stride * sizeof *kept);
        total->max[r] = kept[total->stride];
        total->sum[r] = kept[total->stride + 1];
    }
}

static void keep_total(const attn_cpu_item *item, const attn_softmax *total)
{
    for (int r = 0; r < item->rows; r++) {
        float *kept = total_of(item, r);
        memcpy(kept, total->acc + r * total->stride, (size_t)total->stride * sizeof *kept);
        kept[total->stride] = total->max[r];
        kept[total->stride + 1] = total->sum[r];
    }
}

/* Share of the keys beside a learned sink logit. */
static double sink_share(const attn_cpu_item *item, int row, double lse)
{
    const attn_tensor *t = &item->plan->problem.sink_logit;
    if (!attn_present(t))
        return 1;
    return 1 / (1 + exp(*(const float *)attn_host_element(t, item->args->sink_logit, 0, head_of(item, row), 0) - lse));
}

static void store_output(const attn_cpu_item *item, const attn_softmax *total)
{
    const attn_problem *p = &item->plan->problem;
    int wants_lse = attn_present(&p->lse) || attn_present(&p->sink_logit);
    for (int r = 0; r < item->rows; r++) {
        int64_t batch = item->sequence.batch_q, head = head_of(item, r),
                position = item->sequence.row_q + query_of(item, r);
        double sum = total->sum[r], lse = wants_lse ? total->max[r] * LN_2 + log(sum) : 0;
        double factor = sum == 0 ? 0 : sink_share(item, r, lse) / sum;
        item->tile->store_output(total->acc + r * total->stride, item->plan->shape.dim_v, (float)factor, p->o.dtype,
                                 attn_host_element(&p->o, item->args->o, batch, head, position));
        if (attn_present(&p->lse))
            *(float *)attn_host_element(&p->lse, item->args->lse, batch, head, position) = (float)lse;
    }
}

void attn_cpu_end_total(const attn_cpu_item *item, const attn_softmax *total)
{
    if (item->keep)
        keep_total(item, total);
    else
        store_output(item, total);
}
