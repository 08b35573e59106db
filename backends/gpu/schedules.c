/* The schedules of a plan's pattern as arrays on its device.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "problem.h"

/* Arrays of all schedules, one behind the other. */
typedef struct flat {
    struct list_table *lists; /* [batch] */
    int32_t *table_of;
    WIDE *first;
    attn_tile_entry *entries;
    uint64_t *masks;
    int64_t heads, firsts, entry_count, mask_words;
} flat;

static int64_t entries_of(const attn_schedule *s)
{
    return s->first ? s->first[s->tables * s->tiles] : 0;
}

static int64_t firsts_of(const attn_schedule *s)
{
    return s->first ? s->tables * s->tiles + 1 : 0;
}

static void add_schedule(flat *all, const attn_schedule *s)
{
    if (all->table_of) {
        memcpy(all->table_of + all->heads, s->table_of_head, (size_t)s->heads * sizeof *all->table_of);
        if (s->first)
            memcpy(all->first + all->firsts, s->first, (size_t)firsts_of(s) * sizeof *all->first);
        memcpy(all->entries + all->entry_count, s->entry, (size_t)entries_of(s) * sizeof *all->entries);
        if (s->masks.count)
            memcpy(all->masks + all->mask_words, s->masks.word,
                   (size_t)(s->masks.count * s->masks.words) * sizeof *all->masks);
    }
    all->heads += s->heads;
    all->firsts += firsts_of(s);
    all->entry_count += entries_of(s);
    all->mask_words += s->masks.count * s->masks.words;
}

static void flatten(flat *all, const attn_plan *plan)
{
    const attn_forms *f = plan->forms;
    all->heads = all->firsts = all->entry_count = all->mask_words = 0;
    for (int64_t i = 0; i < f->schedules; i++) {
        for (int64_t b = 0; all->lists && b < plan->shape.batch; b++)
            if (f->schedule_of[b] == i)
                all->lists[b] = (struct list_table){ all->firsts, all->entry_count, all->mask_words, all->heads,
                                                     f->schedule[i]->tiles };
        add_schedule(all, f->schedule[i]);
    }
}

static void free_flat(flat *all)
{
    free(all->lists);
    free(all->table_of);
    free(all->first);
    free(all->entries);
    free(all->masks);
}

static attn_status upload_flat(const attn_plan *plan, attn_gpu_problem *made, const flat *all)
{
    ATTN_TRY(attn_gpu_upload(plan, made, ATTN_GPU_LISTS, all->lists, (size_t)plan->shape.batch * sizeof *all->lists));
    ATTN_TRY(attn_gpu_upload(plan, made, ATTN_GPU_TABLE_OF, all->table_of, (size_t)all->heads * sizeof *all->table_of));
    ATTN_TRY(attn_gpu_upload(plan, made, ATTN_GPU_FIRST, all->first, (size_t)all->firsts * sizeof *all->first));
    ATTN_TRY(
        attn_gpu_upload(plan, made, ATTN_GPU_ENTRIES, all->entries, (size_t)all->entry_count * sizeof *all->entries));
    return attn_gpu_upload(plan, made, ATTN_GPU_MASKS, all->masks, (size_t)all->mask_words * sizeof *all->masks);
}

static attn_status upload_long(const attn_plan *plan, attn_gpu_problem *made)
{
    const attn_forms *f = plan->forms;
    struct long_chunk *chunks = malloc((size_t)(f->chunks + 1) * sizeof *chunks);
    struct long_list *lists = malloc((size_t)(f->long_lists + 1) * sizeof *lists);
    attn_status status = chunks && lists ? ATTN_OK : attn_fail(ATTN_NO_MEMORY, "no memory for the plan's work items");
    for (int64_t i = 0; i < f->long_lists && !status; i++) {
        const attn_long_list *l = &f->long_list[i];
        lists[i] = (struct long_list){ l->sequence * f->units + l->unit, l->tile, l->first_part, l->parts };
    }
    for (int64_t i = 0; i < f->chunks && !status; i++) {
        const struct long_list *l = &lists[f->chunk[i].list];
        chunks[i] = (struct long_chunk){ l->unit, l->tile, f->chunk[i].chunk };
    }
    if (!status)
        status = attn_gpu_upload(plan, made, ATTN_GPU_CHUNKS, chunks, (size_t)f->chunks * sizeof *chunks);
    if (!status)
        status = attn_gpu_upload(plan, made, ATTN_GPU_LONG_LISTS, lists, (size_t)f->long_lists * sizeof *lists);
    free(chunks);
    free(lists);
    return status;
}

attn_status attn_gpu_upload_schedules(const attn_plan *plan, attn_gpu_problem *made)
{
    flat all = { 0 };
    flatten(&all, plan);
    all.lists = malloc((size_t)(plan->shape.batch + 1) * sizeof *all.lists);
    all.first = malloc((size_t)(all.firsts + 1) * sizeof *all.first);
    all.entries = malloc((size_t)(all.entry_count + 1) * sizeof *all.entries);
    all.masks = malloc((size_t)(all.mask_words + 1) * sizeof *all.masks);
    all.table_of = malloc((size_t)(all.heads + 1) * sizeof *all.table_of);
    attn_status status = ATTN_OK;
    if (!all.lists || !all.first || !all.entries || !all.masks || !all.table_of)
        status = attn_fail(ATTN_NO_MEMORY, "no memory for the plan's schedules");
    if (!status) {
        flatten(&all, plan);
        status = upload_flat(plan, made, &all);
    }
    free_flat(&all);
    return status ? status : upload_long(plan, made);
}
