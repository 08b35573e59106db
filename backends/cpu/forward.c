/* Runs a plan: query tiles, or chunks of them, as work items of OpenMP threads.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#include "config.h"

#ifdef _OPENMP
#include <omp.h>
#endif

#include "cpu.h"
#include "integer.h"

/* One attn_run. Query tiles are numbered group by group, last rows first: under a causal mask those are the longest. Without
 * forms a group is a sequence, with all its KV heads; with forms it is one unit of one sequence. */
typedef struct forward {
    const attn_plan *plan;
    const attn_args *args;
    attn_cpu_geometry geometry;
    int64_t groups, units; /* units of heads in a group */
    int64_t *first_item;   /* [groups + 1]: number of the first query tile of a group */
    char *scratch, *parts, *totals;
    int part;     /* of the forms: the one under way */
    int64_t wave; /* first group of those under way */
} forward;

static int thread_number(void)
{
#ifdef _OPENMP
    return omp_get_thread_num();
#else
    return 0;
#endif
}

static const attn_forms *forms_of(const forward *f)
{
    return f->plan->forms;
}

static int64_t sequence_of(const forward *f, int64_t group)
{
    return forms_of(f) ? group / forms_of(f)->units : group;
}

static const attn_unit *unit_of(const forward *f, int64_t group)
{
    return &forms_of(f)->unit[group % forms_of(f)->units];
}

static const attn_form *form_of(const forward *f, int64_t group)
{
    return &forms_of(f)->form[unit_of(f, group)->form];
}

static const attn_schedule *schedule_of(const forward *f, int64_t group)
{
    return forms_of(f)->schedule[forms_of(f)->schedule_of[sequence_of(f, group)]];
}

static int64_t tiles_of_rows(const forward *f, int64_t rows)
{
    return attn_ceil_divide(rows, f->geometry.rows);
}

/* Query tiles of one class of a view. */
static int64_t tiles_of_class(const forward *f, const attn_view *view, int64_t rows)
{
    return tiles_of_rows(f, attn_ceil_divide(rows, view->modulus) * forms_of(f)->pack);
}

static int64_t tiles_of_group(const forward *f, int64_t group)
{
    attn_sequence sequence = attn_host_sequence(f->plan, f->args, sequence_of(f, group));
    if (!forms_of(f))
        return tiles_of_rows(f, sequence.len_q * f->plan->shape.group) * f->units;
    const attn_form *form = form_of(f, group);
    if (form->parts == 0)
        return f->part == 0 ? schedule_of(f, group)->tiles : 0;
    if (f->part >= form->parts)
        return 0;
    const attn_view *view = &form->part[f->part];
    return attn_view_classes(view, sequence.len_q) * tiles_of_class(f, view, sequence.len_q);
}

/* Numbers the query tiles of groups from f->wave on; returns how many there are. */
static int64_t number_items(forward *f, int64_t groups)
{
    f->groups = groups;
    f->first_item[0] = 0;
    for (int64_t i = 0; i < groups; i++)
        f->first_item[i + 1] = f->first_item[i] + tiles_of_group(f, f->wave + i);
    return f->first_item[groups];
}

static forward begin_forward(const attn_plan *plan, const attn_args *args)
{
    forward f = { .plan = plan, .args = args, .geometry = attn_cpu_geometry_of(plan) };
    char *memory = attn_host_pointer(args->workspace);
    f.units = plan->forms ? 1 : plan->shape.heads_k;
    f.first_item = (int64_t *)(void *)memory;
    f.scratch = memory + f.geometry.first_items;
    f.parts = f.scratch + (size_t)plan->threads * f.geometry.scratch;
    f.totals = f.parts + (size_t)f.geometry.parts * f.geometry.part;
    return f;
}

/* The group, counted from f->wave, whose items hold number `item`. */
static int64_t group_of(const forward *f, int64_t item)
{
    int64_t low = 0, high = f->groups;
    while (high - low > 1) {
        int64_t middle = low + (high - low) / 2;
        if (f->first_item[middle] <= item)
            low = middle;
        else
            high = middle;
    }
    return low;
}

/* Who multiplies, and what. */
static void set_operands(attn_cpu_item *item)
{
    const attn_problem *p = &item->plan->problem;
    const attn_shape *s = &item->plan->shape;
    if (item->few && item->tile->few)
        item->tile = item->tile->few;
    int64_t room = item->geometry->dim; /* halves of one part take half of it */
    item->operands = (attn_operands){ p->q.dtype, p->k.dtype, p->v.dtype, s->dim, s->dim_v, 0 };
    item->operands.query_stride = item->few ? s->dim : item->tile->halves && p->q.dtype == ATTN_BF16 ? room / 2 : room;
}

/* The item's rows, once its class is known: query tile `tile` of `rows` rows each. */
static void place_item(attn_cpu_item *item, int64_t tile, int64_t rows)
{
    const attn_plan *plan = item->plan;
    const attn_problem *p = &plan->problem;
    int64_t all_rows = item->class.rows * item->pack, first = tile * rows;
    item->first_row = first;
    item->rows = (int)(all_rows - first < rows ? (all_rows > first ? all_rows - first : 0) : rows);
    item->few = all_rows <= ATTN_FEW_ROWS && !p->batch_invariant;
    set_operands(item);
    item->keys = attn_host_rows(plan, item->args, &p->k, item->args->k, &item->sequence, item->head_k);
    item->values = attn_host_rows(plan, item->args, &p->v, item->args->v, &item->sequence, item->head_k);
    item->keys.first = item->values.first = item->class.first_key;
    item->keys.step = item->values.step = item->step;
    item->walk = (attn_tile_rows){
        .visible = &item->class.visible,
        .first_p = first / item->pack + item->class.shift,
        .last_p = (first + item->rows - 1) / item->pack + item->class.shift,
        .keys = item->class.keys,
        .tile_k = ATTN_TILE_K,
    };
}

static void begin_item(const forward *f, int64_t group, attn_cpu_item *item)
{
    *item =
        (attn_cpu_item){ .plan = f->plan, .args = f->args, .tile = f->plan->kernel->variant, .geometry = &f->geometry };
    item->sequence = attn_host_sequence(f->plan, f->args, sequence_of(f, group));
}

static void set_class(attn_cpu_item *item, const attn_view *view, int64_t number)
{
    const attn_sequence *s = &item->sequence;
    item->step = view->modulus;
    item->class = attn_view_class(view, number, s->len_q, s->len_k, s->shift);
}

/* Item `inside` of a group without forms. */
static void make_plain_item(const forward *f, int64_t group, int64_t inside, attn_cpu_item *item)
{
    const attn_view all = { 1, f->plan->shape.visible };
    begin_item(f, group, item);
    item->pack = f->plan->shape.group;
    int64_t tiles = tiles_of_rows(f, item->sequence.len_q * item->pack);
    item->head_k = inside / tiles;
    item->head = item->head_k * item->pack;
    set_class(item, &all, 0);
    place_item(item, tiles - 1 - inside % tiles, f->geometry.rows);
}

static void begin_unit_item(const forward *f, int64_t group, attn_cpu_item *item)
{
    const attn_unit *unit = unit_of(f, group);
    begin_item(f, group, item);
    item->pack = forms_of(f)->pack;
    item->head_k = unit->head_k;
    item->head = unit->head_q;
}

static void make_list_item(const forward *f, int64_t group, int64_t tile, attn_cpu_item *item)
{
    const attn_view all = { 1, { 0 } };
    begin_unit_item(f, group, item);
    set_class(item, &all, 0);
    place_item(item, tile, (int64_t)forms_of(f)->tile_q * item->pack);
    item->schedule = schedule_of(f, group);
    item->walk.entry = attn_schedule_entries(item->schedule, item->head, tile, &item->walk.entries);
}

static void make_view_item(const forward *f, int64_t group, int64_t inside, attn_cpu_item *item)
{
    const attn_form *form = form_of(f, group);
    const attn_view *view = &form->part[f->part];
    begin_unit_item(f, group, item);
    int64_t tiles = tiles_of_class(f, view, item->sequence.len_q);
    set_class(item, view, inside / tiles);
    place_item(item, tiles - 1 - inside % tiles, f->geometry.rows);
    if (form->parts == 1)
        return;
    item->totals = (float *)(void *)(f->totals + (size_t)(group - f->wave) * f->geometry.totals);
    item->resume = f->part > 0;
    item->keep = f->part + 1 < form->parts;
}

static void item_at(const forward *f, int64_t number, attn_cpu_item *item)
{
    int64_t index = group_of(f, number), inside = number - f->first_item[index], group = f->wave + index;
    if (!forms_of(f))
        make_plain_item(f, group, inside, item);
    else if (form_of(f, group)->parts == 0)
        make_list_item(f, group, schedule_of(f, group)->tiles - 1 - inside, item);
    else
        make_view_item(f, group, inside, item);
}

static attn_cpu_scratch scratch_of_thread(const forward *f)
{
    return attn_cpu_scratch_at(f->plan, &f->geometry, f->scratch + (size_t)thread_number() * f->geometry.scratch);
}

static attn_softmax part_at(const forward *f, int64_t part)
{
    return attn_cpu_part_at(&f->geometry, f->parts + (size_t)part * f->geometry.part);
}

/* A list that is cut into chunks: attn_forms_cut. */
static int is_long(const forward *f, const attn_cpu_item *item)
{
    return item->schedule && item->walk.entries > forms_of(f)->long_tiles;
}

/* A query tile under way. */
typedef struct sharer {
    attn_cpu_item item;
    attn_cpu_scratch scratch;
    int computes; /* 0: it has no rows, or a list that is cut */
    int first;    /* nothing is in its total yet */
    int64_t next; /* key tile; -1: none is left */
} sharer;

static int same_keys(const attn_cpu_item *a, const attn_cpu_item *b)
{
    return a->sequence.batch == b->sequence.batch && a->head_k == b->head_k && a->step == b->step &&
           a->class.first_key == b->class.first_key && a->class.keys == b->class.keys;
}

/* Up to `most` query tiles from `number` on that have the same keys. */
static int64_t sharers_at(const forward *f, int64_t number, int64_t most, sharer *sharers)
{
    attn_cpu_scratch scratch = scratch_of_thread(f);
    int64_t count = 0;
    for (; count < most; count++) {
        sharer *s = sharers + count;
        item_at(f, number + count, &s->item);
        if (count > 0 && !same_keys(&s->item, &sharers->item))
            break;
        s->scratch = attn_cpu_scratch_of(&f->geometry, &scratch, count);
        s->computes = s->item.rows > 0 && !is_long(f, &s->item);
    }
    return count;
}

static void begin_sharer(sharer *s)
{
    attn_cpu_load_query(&s->item, &s->scratch);
    attn_cpu_begin_total(&s->item, &s->scratch.total);
    s->first = !s->item.resume;
    s->next = attn_next_tile(&s->item.walk, 0);
}

static void advance_sharer(sharer *s, int64_t chunk)
{
    attn_cpu_add_chunk(&s->item, &s->scratch, chunk, s->first);
    s->first = 0;
    s->next = attn_next_tile(&s->item.walk, (chunk + 1) * ATTN_CPU_SPLIT_TILES);
}

static void run_sharers(const forward *f, sharer *sharers, int64_t count)
{
    attn_cpu_forget_tiles(&f->geometry, &sharers->scratch);
    for (sharer *s = sharers; s < sharers + count; s++)
        if (s->computes)
            begin_sharer(s);
    for (int64_t chunk = 0; chunk < f->geometry.chunks; chunk++)
        for (sharer *s = sharers; s < sharers + count; s++)
            if (s->computes && s->next >= 0 && s->next / ATTN_CPU_SPLIT_TILES == chunk)
                advance_sharer(s, chunk);
    for (sharer *s = sharers; s < sharers + count; s++)
        if (s->computes)
            attn_cpu_end_total(&s->item, &s->scratch.total);
}

/* Query tiles from `number` on, before `end`. */
static void run_items(const forward *f, int64_t number, int64_t end)
{
    sharer sharers[ATTN_CPU_MOST_SHARING];
    while (number < end) {
        int64_t count = sharers_at(f, number, end - number, sharers);
        run_sharers(f, sharers, count);
        number += count;
    }
}

static void run_chunk(const forward *f, const attn_cpu_item *item, int64_t chunk, int64_t number)
{
    attn_cpu_scratch scratch = scratch_of_thread(f);
    attn_softmax part = part_at(f, number);
    attn_cpu_forget_tiles(&f->geometry, &scratch);
    attn_cpu_load_query(item, &scratch);
    attn_cpu_run_chunk(item, &scratch, chunk, &part);
}

static void merge_parts(const forward *f, const attn_cpu_item *item, int64_t first, int64_t count)
{
    attn_cpu_scratch scratch = scratch_of_thread(f);
    attn_cpu_begin_total(item, &scratch.total);
    for (int64_t i = 0; i < count; i++) {
        attn_softmax part = part_at(f, first + i);
        item->tile->merge(item->rows, &scratch.total, &part);
    }
    attn_cpu_end_total(item, &scratch.total);
}

static void run_item_chunk(const forward *f, int64_t number, int64_t chunk)
{
    attn_cpu_item item;
    item_at(f, number, &item);
    run_chunk(f, &item, chunk, number * f->geometry.chunks + chunk);
}

static void merge_item(const forward *f, int64_t number)
{
    attn_cpu_item item;
    item_at(f, number, &item);
    merge_parts(f, &item, number * f->geometry.chunks, f->geometry.chunks);
}

static void long_item(const forward *f, int64_t list, attn_cpu_item *item)
{
    const attn_long_list *l = &forms_of(f)->long_list[list];
    make_list_item(f, l->sequence * forms_of(f)->units + l->unit, l->tile, item);
}

static void run_long_chunk(const forward *f, int64_t part)
{
    const attn_chunk *chunk = &forms_of(f)->chunk[part];
    attn_cpu_item item;
    long_item(f, chunk->list, &item);
    run_chunk(f, &item, chunk->chunk, part);
}

static void merge_long(const forward *f, int64_t list)
{
    attn_cpu_item item;
    long_item(f, list, &item);
    merge_parts(f, &item, forms_of(f)->long_list[list].first_part, forms_of(f)->long_list[list].parts);
}

static int threads_for(const forward *f, int64_t units)
{
    return units < f->plan->threads ? (int)units : f->plan->threads;
}

/* Work is taken some at a time, `length` of it, but the last alone, as much as the other threads take while one ends a turn: so all
 * end at about the same time. */
typedef struct turns {
    int64_t count, shared, length; /* turns; those of whole length */
} turns;

static turns turns_of(int64_t work, int64_t length, int threads)
{
    int64_t alone = attn_least(work, length * (threads - 1)), shared = (work - alone) / length;
    return (turns){ work - shared * (length - 1), shared, length };
}

static attn_range turn_at(turns of, int64_t turn)
{
    int64_t first = turn + attn_least(turn, of.shared) * (of.length - 1);
    return (attn_range){ first, first + (turn < of.shared ? of.length : 1) };
}

static void run_whole(const forward *f, int64_t items)
{
    turns of = turns_of(items, f->geometry.sharing, f->plan->threads);
    int threads = threads_for(f, of.count);
    (void)threads;
#pragma omp parallel for num_threads(threads) schedule(dynamic, 1) if (threads > 1)
    for (int64_t turn = 0; turn < of.count; turn++) {
        attn_range some = turn_at(of, turn);
        run_items(f, some.begin, some.end);
    }
}

/* Chunks that follow each other go to one thread, a run at a time: it has asked memory for the beginning of the next. */
enum { RUNS_A_THREAD = 16 };

static void run_split(const forward *f, int64_t items)
{
    int64_t chunks = f->geometry.chunks, units = items * chunks;
    turns of = turns_of(units, units / (RUNS_A_THREAD * f->plan->threads) + 1, f->plan->threads);
    int threads = threads_for(f, of.count);
    (void)threads;
#pragma omp parallel num_threads(threads) if (threads > 1)
    {
#pragma omp for schedule(dynamic, 1)
        for (int64_t turn = 0; turn < of.count; turn++) {
            attn_range some = turn_at(of, turn);
            for (int64_t unit = some.begin; unit < some.end; unit++)
                run_item_chunk(f, unit / chunks, unit % chunks);
        }
#pragma omp for schedule(dynamic, 1)
        for (int64_t number = 0; number < items; number++)
            merge_item(f, number);
    }
}

/* Lists that are cut. */
static void run_long(const forward *f)
{
    int64_t chunks = forms_of(f)->chunks, lists = forms_of(f)->long_lists;
    int threads = threads_for(f, chunks);
    (void)threads;
    if (chunks == 0)
        return;
#pragma omp parallel num_threads(threads) if (threads > 1)
    {
#pragma omp for schedule(dynamic, 1)
        for (int64_t part = 0; part < chunks; part++)
            run_long_chunk(f, part);
#pragma omp for schedule(dynamic, 1)
        for (int64_t list = 0; list < lists; list++)
            merge_long(f, list);
    }
}

/* The parts of the forms one after the other, for as many groups at a time as have room for their totals. */
static void run_forms(forward *f)
{
    int64_t groups = f->plan->shape.batch * forms_of(f)->units, wave = f->geometry.wave ? f->geometry.wave : groups;
    run_long(f);
    for (f->wave = 0; f->wave < groups; f->wave += wave)
        for (f->part = 0; f->part < (f->geometry.wave ? ATTN_MOST_PARTS : 1); f->part++)
            run_whole(f, number_items(f, groups - f->wave < wave ? groups - f->wave : wave));
}

attn_status attn_cpu_run(const attn_plan *plan, const attn_args *args, attn_queue *queue)
{
    (void)queue;
    ATTN_TRY(attn_host_check_lengths(plan, args));
    forward f = begin_forward(plan, args);
    if (plan->forms)
        run_forms(&f);
    else if (f.geometry.split)
        run_split(&f, number_items(&f, plan->shape.batch));
    else
        run_whole(&f, number_items(&f, plan->shape.batch));
    return ATTN_OK;
}
