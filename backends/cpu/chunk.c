/* One chunk of one query tile: walks its key tiles with an online softmax.
 *
 *     for each key tile:  S = Q K^T;  softcap, ALiBi, bias, mask;  P = exp2(S - max);  acc = rescale acc + P V
 *
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#include "config.h"

#include "band.h"
#include "integer.h"

static void clear_acc(const attn_cpu_item *item, const attn_softmax *part)
{
    memset(part->acc, 0, (size_t)(item->rows * part->stride) * sizeof(float));
}

/* `first`: part's acc holds nothing yet. */
static void add_to(const attn_cpu_item *item, const attn_cpu_scratch *s, const attn_cpu_band *b,
                   const attn_softmax *part, int first)
{
    int64_t begin = b->rows.begin, stride = part->stride;
    attn_cpu_add_band(item, s, b, first ? NULL : s->rescale + begin, part->acc + begin * stride, stride, NULL);
}

static void pass_in_turn(const attn_cpu_item *item, const attn_cpu_scratch *s, const attn_cpu_band *b,
                         const attn_softmax *part, int first)
{
    if (!rows_of(b))
        return;
    attn_softmax_job job;
    attn_cpu_score_band(item, s, b, NULL);
    attn_cpu_begin_weights(item, s, b, part->max, &job);
    item->tile->softmax(&item->operands, &job, job.rows);
    add_to(item, s, b, part, first);
}

/* All rows pass a key tile before the next one, which so is packed once and needs no room beside others. The first tile's sums are
 * acc where all rows see it; else acc begins with zeros. Returns whether acc holds something. */
static int visit_tile(const attn_cpu_item *item, const attn_cpu_scratch *s, int64_t tile, const attn_softmax *part,
                      int begun)
{
    attn_range rows = { 0, item->rows };
    attn_cpu_band b = { .scores = s->scores };
    attn_cpu_visit_at(item, s, tile, &b.v);
    const uint64_t *masks = attn_cpu_masks_of(item, &item->walk, &b.v, &rows, s->masks);
    if (rows.begin >= rows.end)
        return begun;
    b.v.packed = !item->tile->few_values || rows.end - rows.begin > ATTN_FEW_ROWS;
    attn_cpu_pack_tile(item, s, &b.v);
    int first = !begun && b.v.packed && !masks;
    if (!begun && !first)
        clear_acc(item, part);
    for (int64_t i = rows.begin - rows.begin % item->tile->side; i < rows.end; i += item->tile->band) {
        b.rows.begin = i;
        b.rows.end = attn_least(i + item->tile->band, rows.end);
        attn_cpu_see(item, masks ? masks + i * ATTN_MASK_WORDS : NULL, &b);
        pass_in_turn(item, s, &b, part, first);
    }
    return 1;
}

/* Scores of few rows, piece by piece; behind each a row of the job. */
static void score_few(const attn_cpu_item *item, const attn_cpu_scratch *s, const attn_cpu_band *b,
                      attn_softmax_job *meanwhile)
{
    const attn_operands *o = &item->operands;
    const float *query = s->query + b->rows.begin * o->query_stride;
    for (int piece = 0; piece < ATTN_FEW_PIECES; piece++) {
        item->tile->few_keys(rows_of(b), s->key_rows, b->v.padded, piece, o->k, o->dim, query, b->scores);
        item->tile->softmax(&item->operands, meanwhile, (int)attn_least(piece + 1, meanwhile->rows));
    }
}

/* A tile that some of few rows see; else a band without rows. */
static void make_few_band(const attn_cpu_item *item, const attn_cpu_scratch *s, int64_t tile, attn_cpu_band *b)
{
    attn_cpu_visit_at(item, s, tile, &b->v);
    b->v.packed = 0;
    b->rows.begin = 0;
    b->rows.end = item->rows;
    const uint64_t *masks = attn_cpu_masks_of(item, &item->walk, &b->v, &b->rows, s->masks);
    if (b->rows.begin < b->rows.end)
        attn_cpu_see(item, masks ? masks + b->rows.begin * ATTN_MASK_WORDS : NULL, b);
    else
        b->keys.end = b->keys.begin;
}

static void add_few(const attn_cpu_item *item, const attn_cpu_scratch *s, const attn_cpu_band *b, attn_softmax_job *job,
                    int64_t *known, const attn_softmax *part)
{
    if (!rows_of(b))
        return;
    item->tile->softmax(&item->operands, job, job->rows);
    attn_cpu_find_rows(item, &item->values, &b->v, known, s->value_rows);
    add_to(item, s, b, part, 0);
}

/* Memory sets the pace, so it must not wait for the softmax of a tile: that is done row by row among the next one's keys, and
 * then the tile's values are added. */
static void visit_few(const attn_cpu_item *item, const attn_cpu_scratch *s, attn_range tiles, const attn_softmax *part)
{
    attn_softmax_job job = { .rows = 0 };
    attn_cpu_band two[2] = { { .scores = s->scores }, { .scores = s->scores + ATTN_FEW_ROWS * ATTN_TILE_K } };
    int64_t number = 0, known_keys = -1, known_values = -1;
    clear_acc(item, part);
    for (int64_t tile = tiles.begin; tile >= 0 && tile < tiles.end; tile = attn_next_tile(&item->walk, tile + 1)) {
        attn_cpu_band *b = &two[number % 2], *before = &two[(number + 1) % 2];
        make_few_band(item, s, tile, b);
        if (!rows_of(b))
            continue;
        attn_cpu_find_rows(item, &item->keys, &b->v, &known_keys, s->key_rows);
        score_few(item, s, b, &job);
        add_few(item, s, before, &job, &known_values, part);
        attn_cpu_begin_weights(item, s, b, part->max, &job);
        number++;
    }
    add_few(item, s, &two[(number + 1) % 2], &job, &known_values, part);
}

static void visit_in_turn(const attn_cpu_item *item, const attn_cpu_scratch *s, attn_range tiles,
                          const attn_softmax *part)
{
    int begun = 0;
    for (int64_t tile = tiles.begin; tile >= 0 && tile < tiles.end; tile = attn_next_tile(&item->walk, tile + 1))
        begun = visit_tile(item, s, tile, part, begun);
}

/* The bands of a chunk: some rows pass all its key tiles before the next ones, so that what they have stays in a near cache. */
typedef struct bands {
    const attn_cpu_item *item;
    const attn_cpu_scratch *scratch;
    attn_range tiles;
    attn_tile_rows walk; /* of the rows */
    int64_t begin, end;  /* the rows */
    int64_t tile, number;
} bands;

static void enter_rows(bands *all, int64_t first)
{
    const attn_cpu_item *item = all->item;
    all->begin = first;
    all->end = attn_least(first + item->tile->band, item->rows);
    all->walk.first_p = position_of(item, (int)first);
    all->walk.last_p = position_of(item, (int)all->end - 1);
    all->tile = attn_next_tile(&all->walk, all->tiles.begin);
}

static bands bands_of(const attn_cpu_item *item, const attn_cpu_scratch *s, attn_range tiles)
{
    bands all = { .item = item, .scratch = s, .tiles = tiles, .walk = item->walk };
    enter_rows(&all, 0);
    return all;
}

/* Two bands in a row have memory. */
static void make_band(const bands *all, attn_cpu_band *b)
{
    const attn_cpu_item *item = all->item;
    const attn_cpu_scratch *s = all->scratch;
    int64_t place = all->number % 2 * item->tile->band;
    attn_range seeing = { all->begin, all->end };
    attn_cpu_visit_at(item, s, all->tile, &b->v);
    b->rows.begin = all->begin;
    b->rows.end = all->end;
    b->scores = s->scores + place * ATTN_TILE_K;
    attn_cpu_see(item, attn_cpu_masks_of(item, &all->walk, &b->v, &seeing, s->masks + place * ATTN_MASK_WORDS), b);
}

/* The next one that sees anything, packed; after the last one, one without rows. */
static void next_band(bands *all, attn_cpu_band *b)
{
    do {
        while (all->tile < 0 || all->tile >= all->tiles.end) {
            b->keys.end = b->keys.begin;
            if (all->end == all->item->rows)
                return;
            enter_rows(all, all->end);
        }
        make_band(all, b);
        all->tile = attn_next_tile(&all->walk, all->tile + 1);
    } while (!rows_of(b));
    attn_cpu_pack_tile(all->item, all->scratch, &b->v);
    all->number++;
}

static attn_softmax rows_from(const attn_softmax *all, int64_t row)
{
    return (attn_softmax){ all->max + row, all->sum + row, all->acc + row * all->stride, all->stride };
}

/* Values of a band, into the acc of a single one; `first` of its rows in this chunk. */
static void pass_last(const attn_cpu_item *item, const attn_cpu_scratch *s, const attn_cpu_band *b, int first,
                      attn_softmax_job *job)
{
    const attn_softmax *part = &s->part;
    attn_cpu_add_band(item, s, b, first ? NULL : s->rescale + b->rows.begin, part->acc, part->stride, job);
}

static void end_rows(const attn_cpu_item *item, const attn_cpu_scratch *s, const attn_cpu_band *b,
                     const attn_softmax *total)
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
    attn_cpu_band three[3] = { { .scores = NULL } }, *last = &three[0], *middle = &three[1], *next = &three[2];
    int64_t entered = -1;
    do {
        attn_softmax_job job = { .rows = 0 };
        if (rows_of(middle))
            attn_cpu_begin_weights(item, s, middle, s->part.max, &job);
        if (rows_of(last)) {
            pass_last(item, s, last, last->rows.begin != entered, &job);
            entered = last->rows.begin;
            if (!rows_of(middle) || middle->rows.begin != entered)
                end_rows(item, s, last, total);
        }
        next_band(&all, next);
        if (rows_of(next))
            attn_cpu_score_band(item, s, next, &job);
        item->tile->softmax(&item->operands, &job, job.rows);
        attn_cpu_band *passed = last;
        last = middle;
        middle = next;
        next = passed;
    } while (rows_of(last) || rows_of(middle));
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
    if (item->few)
        visit_few(item, scratch, tiles, part);
    else
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
