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

void attn_cpu_load_query(const attn_cpu_item *item, const attn_cpu_scratch *scratch)
{
    const attn_problem *p = &item->plan->problem;
    int64_t dim = item->plan->shape.dim;
    /* softcap takes s / cap, and multiplies by cap and log2(e) itself. */
    float scale = item->plan->shape.scale * (p->softcap > 0 ? 1 / p->softcap : LOG2_E);
    for (int r = 0; r < item->rows; r++) {
        const char *row = attn_host_element(&p->q, item->args->q, item->sequence.batch_q, head_of(item, r),
                                            item->sequence.row_q + query_of(item, r));
        item->tile->load_query(row, p->q.dtype, dim, scale, scratch->query + r * dim);
    }
}

/* What stands in for rows behind the last key: a row of any type up to the largest dimension. */
static const float zero_row[ATTN_CPU_LARGEST_DIM];

/* Addresses of rows of one page. */
static void address_rows(const char *row, int64_t stride, int count, const void **addresses)
{
#pragma omp simd
    for (int j = 0; j < count; j++)
        addresses[j] = row + j * stride;
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

static void add_bias(const attn_cpu_item *item, int row, int64_t first, int count, float *scores)
{
    const attn_tensor *t = &item->plan->problem.bias;
    int64_t stride = t->size[CHANNEL] > 1 ? t->stride[CHANNEL] * item->step : 0;
    const char *bias =
        attn_host_element(t, item->args->bias, item->sequence.batch, head_of(item, row), query_of(item, row));
    if (t->size[CHANNEL] > 1)
        bias += item->class.first_key * t->stride[CHANNEL] * (int64_t)attn_dtype_size(t->dtype);
    if (stride == 1) {
        item->tile->bias(scores, bias + first * (int64_t)attn_dtype_size(t->dtype), t->dtype, count);
        return;
    }
    float gathered[ATTN_TILE_K];
    for (int j = 0; j < count; j++)
        gathered[j] = attn_load(t->dtype, bias, (first + j) * stride);
    item->tile->bias(scores, gathered, ATTN_F32, count);
}

/* softcap, ALiBi, bias: only what the problem has. */
static void modify_scores(const attn_cpu_item *item, attn_range rows, int64_t first, int count, float *all_scores)
{
    const attn_problem *p = &item->plan->problem;
    int softcap = p->softcap > 0, alibi = attn_present(&p->alibi), bias = attn_present(&p->bias);
    if (!softcap && !alibi && !bias)
        return;
    for (int r = (int)rows.begin; r < rows.end; r++) {
        float *scores = all_scores + (int64_t)r * ATTN_TILE_K;
        if (softcap)
            item->tile->softcap(scores, p->softcap * LOG2_E);
        if (alibi)
            item->tile->alibi(scores, alibi_slope(item, r) * LOG2_E * (float)item->step,
                              (float)(first - position_of(item, r)));
        if (bias)
            add_bias(item, r, first, count, scores);
    }
}

static int keys_in_tile(const attn_cpu_item *item, int64_t tile)
{
    int64_t left = item->class.keys - tile * ATTN_TILE_K;
    return left < ATTN_TILE_K ? (int)left : ATTN_TILE_K;
}

/* Scores of the rows that see anything of the tile, then their weights. */
static attn_range weigh_keys(const attn_cpu_item *item, const attn_cpu_scratch *s, int64_t tile,
                             const attn_softmax *part)
{
    const attn_cpu_tile *f = item->tile;
    const attn_problem *p = &item->plan->problem;
    int64_t dim = item->plan->shape.dim, first = tile * ATTN_TILE_K;
    int count = keys_in_tile(item, tile), padded = (count + f->panel - 1) / f->panel * f->panel;
    int masked = count < ATTN_TILE_K || !attn_tile_is_full(&item->walk, tile);
    attn_range rows = masked ? make_masks(item, tile, s->masks) : (attn_range){ 0, item->rows };
    int64_t begin = rows.begin, seen = rows.end - rows.begin;
    float *scores = s->scores + begin * ATTN_TILE_K;
    if (seen <= 0)
        return rows;
    int64_t left = item->class.keys - first;
    int named = left < ATTN_TILE_K + ATTN_ROWS_AHEAD ? (int)left : ATTN_TILE_K + ATTN_ROWS_AHEAD;
    gather_rows(&item->keys, first, named, ATTN_TILE_K + ATTN_ROWS_AHEAD, s->key_rows);
    gather_rows(&item->values, first, named, ATTN_TILE_K + ATTN_ROWS_AHEAD, s->value_rows);
    if (item->few)
        f->few_keys((int)seen, s->key_rows, padded, p->k.dtype, dim, s->query + begin * dim, scores);
    for (int key = 0; !item->few && key < padded; key += f->panel) {
        f->pack_keys(s->key_rows + key, p->k.dtype, dim, s->panel);
        f->product((int)seen, dim, s->query + begin * dim, dim, s->panel, scores + key, ATTN_TILE_K, NULL);
    }
    modify_scores(item, rows, first, count, s->scores);
    for (int64_t r = begin; masked && r < rows.end; r++)
        f->mask(s->scores + r * ATTN_TILE_K, s->masks + r * ATTN_MASK_WORDS);
    f->softmax((int)seen, scores, part->max + begin, s->lane_sums + begin * f->panel, s->rescale + begin);
    return rows;
}

/* acc = rescale acc + weights V. */
static void add_values(const attn_cpu_item *item, const attn_cpu_scratch *s, int64_t tile, attn_range rows,
                       const attn_softmax *part)
{
    const attn_cpu_tile *f = item->tile;
    attn_dtype dtype = item->plan->problem.v.dtype;
    int64_t dim_v = item->plan->shape.dim_v;
    int count = keys_in_tile(item, tile);
    const float *weights = s->scores + rows.begin * ATTN_TILE_K, *rescale = s->rescale + rows.begin;
    float *acc = part->acc + rows.begin * part->stride;
    int seen = (int)(rows.end - rows.begin);
    if (seen <= ATTN_FEW_ROWS)
        f->few_values(seen, s->value_rows, count, dtype, dim_v, weights, acc, part->stride, rescale);
    else
        f->pack_values(s->value_rows, count, dtype, dim_v, s->panel);
    for (int64_t first = 0; seen > ATTN_FEW_ROWS && first < part->stride; first += f->panel)
        f->product(seen, count, weights, ATTN_TILE_K, s->panel + first * ATTN_TILE_K, acc + first, part->stride,
                   rescale);
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
    for (; tile >= 0 && tile < end; tile = attn_next_tile(&item->walk, tile + 1)) {
        attn_range rows = weigh_keys(item, scratch, tile, part);
        if (rows.begin < rows.end)
            add_values(item, scratch, tile, rows, part);
    }
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
    for (int r = 0; r < item->rows; r++) {
        int64_t batch = item->sequence.batch_q, head = head_of(item, r),
                position = item->sequence.row_q + query_of(item, r);
        double sum = total->sum[r], lse = total->max[r] * LN_2 + log(sum);
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
