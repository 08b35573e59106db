/*
 * ceilings.c: the list of ceilings, their memory and their timing.
 *
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE.
 */
#include "config.h" /* madvise and sched_setaffinity are extensions */

#include "ceilings.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#if defined(__linux__)
#include <sched.h>
#include <sys/mman.h>
#endif
#if defined(_OPENMP)
#include <omp.h>
#endif

#include "backends/host/cache.h"
#include "tools/timing.h"

static const ceiling_isa *const isas[] = {
    &ceiling_isa_c,
#if defined(__x86_64__) && defined(__GNUC__)
    &ceiling_isa_avx2,
    &ceiling_isa_avx512,
#endif
#if defined(__aarch64__)
    &ceiling_isa_neon,
#endif
};

enum { ISAS = sizeof isas / sizeof isas[0], MOST = ISAS * 3 + 3, HUGE_PAGE = 2 << 20 };
static const size_t least_memory = (size_t)512 << 20;
static const double round_seconds = 0.1;

static const struct {
    const char *name, *unit;
} kinds[CEILING_KINDS] = {
    { "f32 FMA in registers", "GFLOP/s" },
    { "f32 products from L1", "GFLOP/s" },
    { "bf16 tiles from L1", "GFLOP/s" },
    { "softmax exp f32", "Gexp/s" },
    { "read L2", "GB/s" },
    { "read memory", "GB/s" },
    { "read the same bytes", "GB/s" },
};

typedef struct {
    ceiling_kind kind;
    const ceiling_isa *isa;
    long repeats; /* of one round; 0: not known yet */
} ceiling;

struct ceilings {
    int threads, count;
    int best[CEILING_KINDS];
    ceiling list[MOST];
    ceiling_work *work; /* one per thread */
    uint32_t *words;    /* what CEILING_MEMORY reads */
    size_t word_count;
};

const char *ceiling_kind_name(ceiling_kind kind)
{
    return kinds[kind].name;
}

const char *ceiling_kind_unit(ceiling_kind kind)
{
    return kinds[kind].unit;
}

/* ---- memory ------------------------------------------------------------------------------------------------ */

/* Bytes that every thread reads for CEILING_L2: well inside L2, well beyond L1. */
static size_t l2_bytes(void)
{
    size_t size = (size_t)attn_host_cache_bytes(ATTN_HOST_CACHES, 2);
    return size ? size / 2 : 128 << 10;
}

static size_t memory_bytes(int threads)
{
    size_t cache = (size_t)attn_host_cache_bytes(ATTN_HOST_CACHES, 3), least = (size_t)threads * l2_bytes();
    size_t size = 4 * cache > least_memory ? 4 * cache : least_memory;
    if (size < least)
        size = least;
    size_t step = (size_t)HUGE_PAGE * (size_t)threads;
    return (size + step - 1) / step * step;
}

/* Huge pages where the system gives them: the ceiling is what the memory can do, not what its page walks cost. */
static uint32_t *take_words(size_t bytes)
{
    uint32_t *words = aligned_alloc(HUGE_PAGE, bytes);
#if defined(__linux__) && defined(MADV_HUGEPAGE)
    if (words)
        madvise(words, bytes, MADV_HUGEPAGE);
#endif
    return words;
}

static void fill_work(ceilings *c, int thread)
{
    ceiling_work *work = &c->work[thread];
    memset(work, 0, sizeof *work);
    for (int i = 0; i < CEILING_ROW; i++)
        work->in[i] = -20.0f * (float)(i + 1) / CEILING_ROW;
    size_t slice = c->word_count / (size_t)c->threads;
    work->words = c->words + (size_t)thread * slice;
    memset(c->words + (size_t)thread * slice, thread + 1, slice * sizeof(uint32_t));
}

/* ---- the list ----------------------------------------------------------------------------------------------- */

static void add(ceilings *c, ceiling_kind kind, const ceiling_isa *isa)
{
    c->best[kind] = c->count;
    c->list[c->count++] = (ceiling){ kind, isa, 0 };
}

static int has_kernel(ceiling_kind kind, const ceiling_isa *isa)
{
    return isa->present() && (kind != CEILING_PRODUCTS || isa->product);
}

static void list_levels(ceilings *c, ceiling_kind kind, const ceiling_isa *best, int all_isas)
{
    for (int i = 0; i < ISAS; i++)
        if (isas[i] != best && all_isas && has_kernel(kind, isas[i]))
            add(c, kind, isas[i]);
    if (has_kernel(kind, best))
        add(c, kind, best);
}

static void list_all(ceilings *c, int all_isas)
{
    const ceiling_isa *best = isas[0];
    for (int i = 0; i < ISAS; i++)
        if (isas[i]->present())
            best = isas[i];
    for (int kind = 0; kind < CEILING_KINDS; kind++)
        c->best[kind] = -1;
    list_levels(c, CEILING_FMA, best, all_isas);
    list_levels(c, CEILING_PRODUCTS, best, all_isas);
    if (ceiling_isa_amx.present())
        add(c, CEILING_TILES, &ceiling_isa_amx);
    list_levels(c, CEILING_EXP, best, all_isas);
    add(c, CEILING_L2, best);
    add(c, CEILING_MEMORY, best);
}

/* Threads that a parallel region really has: fewer than asked for without OpenMP or under OMP_THREAD_LIMIT. */
static int team_size(int threads)
{
    int size = 1;
    (void)threads;
#if defined(_OPENMP)
#pragma omp parallel num_threads(threads)
#pragma omp single
    size = omp_get_num_threads();
#endif
    return size;
}

ceilings *ceilings_open(int threads, int all_isas)
{
    threads = team_size(threads);
    ceilings *c = calloc(1, sizeof *c);
    if (!c)
        return NULL;
    size_t bytes = memory_bytes(threads);
    c->threads = threads;
    c->word_count = bytes / sizeof(uint32_t);
    c->work = aligned_alloc(64, sizeof *c->work * (size_t)threads);
    c->words = take_words(bytes);
    if (!c->work || !c->words) {
        ceilings_close(c);
        return NULL;
    }
    list_all(c, all_isas);
#pragma omp parallel for num_threads(threads) schedule(static, 1)
    for (int thread = 0; thread < threads; thread++)
        fill_work(c, thread);
    return c;
}

void ceilings_close(ceilings *c)
{
    if (!c)
        return;
    free(c->work);
    free(c->words);
    free(c);
}

int ceilings_count(const ceilings *c)
{
    return c->count;
}

ceiling_kind ceilings_kind(const ceilings *c, int index)
{
    return c->list[index].kind;
}

const char *ceilings_isa(const ceilings *c, int index)
{
    return c->list[index].isa->name;
}

int ceilings_best(const ceilings *c, ceiling_kind kind)
{
    return c->best[kind];
}

int ceilings_at_level(const ceilings *c, ceiling_kind kind, const char *level)
{
    for (int i = 0; i < c->count; i++)
        if (c->list[i].kind == kind && !strcmp(c->list[i].isa->name, level))
            return i;
    return -1;
}

/* ---- timing -------------------------------------------------------------------------------------------------- */

/* Binds the calling thread to the thread-th CPU of `allowed`, so that two threads never share one while another idles.
 * Undone after each round: a process that stays bound would look like a one-CPU machine to the library. */
#if defined(__linux__)
static void pin(int thread, const cpu_set_t *allowed)
{
    int left = thread % CPU_COUNT(allowed);
    for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
        if (!CPU_ISSET(cpu, allowed) || left-- > 0)
            continue;
        cpu_set_t one;
        CPU_ZERO(&one);
        CPU_SET(cpu, &one);
        sched_setaffinity(0, sizeof one, &one);
        return;
    }
}
#endif

static ceiling_run *kernel_of(const ceiling *item)
{
    if (item->kind == CEILING_FMA)
        return item->isa->fma;
    if (item->kind <= CEILING_TILES)
        return item->isa->product;
    return item->kind == CEILING_EXP ? item->isa->softmax : item->isa->read;
}

/* Wall time from the first thread past the common barrier to the last one's end; once more before that when `warm`. */
static double timed(ceilings *c, ceiling_run *run, long repeats, int warm)
{
    double begin = INFINITY, end = 0.0;
#pragma omp parallel num_threads(c->threads)
    {
        int thread = 0;
#if defined(_OPENMP)
        thread = omp_get_thread_num();
#endif
#if defined(__linux__)
        cpu_set_t allowed;
        int pinned = sched_getaffinity(0, sizeof allowed, &allowed) == 0;
        if (pinned)
            pin(thread, &allowed);
#endif
        if (warm)
            run(&c->work[thread], 1);
#pragma omp barrier
        double from = monotonic_seconds();
        run(&c->work[thread], repeats);
        double to = monotonic_seconds();
#pragma omp critical(attn_bench_ceilings)
        {
            begin = fmin(begin, from);
            end = fmax(end, to);
        }
#if defined(__linux__)
        if (pinned)
            sched_setaffinity(0, sizeof allowed, &allowed);
#endif
    }
    return end - begin;
}

/* Sets every thread's slice for a kind that reads; returns what all threads do in one repeat, in flops, exps, bytes. */
static double prepare(ceilings *c, const ceiling *item)
{
    if (item->kind <= CEILING_TILES)
        return (item->kind == CEILING_FMA ? item->isa->flops : item->isa->product_flops) * c->threads;
    if (item->kind == CEILING_EXP)
        return (double)CEILING_ROW * c->threads;
    size_t words = item->kind == CEILING_L2 ? l2_bytes() / sizeof(uint32_t) : c->word_count / (size_t)c->threads;
    words -= words % CEILING_BLOCK;
    for (int thread = 0; thread < c->threads; thread++)
        c->work[thread].word_count = words;
    return (double)(words * sizeof(uint32_t)) * c->threads;
}

double ceilings_evict(ceilings *c)
{
    ceiling *item = &c->list[c->best[CEILING_MEMORY]];
    double bytes = prepare(c, item);
    return timed(c, item->isa->read, 1, 0) / bytes;
}

/* Each thread reads its share; then the threads have their slices of the buffer back. */
double ceilings_read(ceilings *c, const void *data, size_t bytes)
{
    size_t share = bytes / sizeof(uint32_t) / (size_t)c->threads / CEILING_BLOCK * CEILING_BLOCK;
    size_t slice = c->word_count / (size_t)c->threads;
    for (int thread = 0; thread < c->threads; thread++) {
        c->work[thread].words = (const uint32_t *)data + (size_t)thread * share;
        c->work[thread].word_count = share;
    }
    double seconds = timed(c, c->list[c->best[CEILING_MEMORY]].isa->read, 1, 0);
    for (int thread = 0; thread < c->threads; thread++)
        c->work[thread].words = c->words + (size_t)thread * slice;
    return seconds;
}

double ceilings_measure(ceilings *c, int index)
{
    ceiling *item = &c->list[index];
    ceiling_run *run = kernel_of(item);
    double per_repeat = prepare(c, item);
    if (item->repeats == 0) {
        double seconds = timed(c, run, item->repeats = 1, 1);
        while (seconds < round_seconds)
            seconds = timed(c, run, item->repeats *= 2, 1);
        item->repeats = (long)((double)item->repeats * round_seconds / seconds) + 1;
    }
    return per_repeat * (double)item->repeats / timed(c, run, item->repeats, 1);
}
