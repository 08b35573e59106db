/*
 * ceilings.h: what this machine can do at best, measured beside the cases.
 *
 * A ceiling is a rate of the host: f32 multiply-adds held in registers, products of tiles from L1 with their results stored, in f32 and
 * in AMX's bf16, exponentials as a softmax row needs them, bytes read from L2 and from memory. The highest instruction set present is the yardstick of every case, whatever
 * level the library runs at. A machine changes speed for seconds at a time, so ceilings are measured in short rounds
 * between the cases and only ratios taken within one round are trusted.
 *
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE.
 */
#ifndef ATTN_BENCH_CEILINGS_H
#define ATTN_BENCH_CEILINGS_H

#include <stddef.h>
#include <stdint.h>

enum {
    CEILING_ROW = 4096,  /* floats of a softmax row; in and out together fill a 32 KiB L1 */
    CEILING_BLOCK = 256, /* 32-bit words that every read kernel takes at once */
    CEILING_DEPTH = 128  /* of a product of tiles: a common head size */
};

/* What one thread works on. Kernels touch nothing else. */
typedef struct ceiling_work {
    _Alignas(64) float in[CEILING_ROW];
    _Alignas(64) float out[CEILING_ROW];
    const uint32_t *words; /* slice to read, 64-byte aligned */
    size_t word_count;     /* a multiple of CEILING_BLOCK */
    volatile float sink;   /* results go here, so that no work is dropped */
} ceiling_work;

typedef void ceiling_run(ceiling_work *work, long repeats);

/* The kernels of one instruction set. */
typedef struct ceiling_isa {
    const char *name;     /* as the library's kernel names end */
    int (*present)(void); /* on this CPU and kernel */
    double flops;         /* of one repeat of fma */
    ceiling_run *fma;     /* independent chains of acc = acc * a + b */
    double product_flops; /* of one repeat of product */
    ceiling_run *product; /* of tiles from L1, summed over CEILING_DEPTH and stored; NULL: not written for this level */
    ceiling_run *softmax; /* out = exp(in - shift) and the row's sum, relative error 2e-7 at most */
    ceiling_run *read;    /* the whole slice once */
} ceiling_isa;

extern const ceiling_isa ceiling_isa_c;
#if defined(__x86_64__) && defined(__GNUC__)
extern const ceiling_isa ceiling_isa_avx2;
extern const ceiling_isa ceiling_isa_avx512;
#endif
#if defined(__aarch64__)
extern const ceiling_isa ceiling_isa_neon;
#endif
extern const ceiling_isa ceiling_isa_amx; /* products of bf16 tiles alone */

typedef enum ceiling_kind {
    CEILING_FMA,      /* flops a second */
    CEILING_PRODUCTS, /* flops a second: f32 tiles from L1; where a level has the kernel */
    CEILING_TILES,    /* flops a second: bf16 tiles from L1; only where AMX is */
    CEILING_EXP,      /* exponentials a second */
    CEILING_L2,       /* bytes a second */
    CEILING_MEMORY,   /* bytes a second */
    CEILING_SAME,     /* bytes a second: a case's own K and V read plainly; not in the list, see ceilings_read */
    CEILING_KINDS
} ceiling_kind;

typedef struct ceilings ceilings;

/* Prepares the ceilings of `threads` threads (at least 1); `all_isas` adds the FMA and exp rates of the lower levels
 * to those of the best one. Takes a buffer of at least 512 MiB and four times the last-level cache. NULL: no memory. */
ceilings *ceilings_open(int threads, int all_isas);
void ceilings_close(ceilings *c);

int ceilings_count(const ceilings *c);
ceiling_kind ceilings_kind(const ceilings *c, int index);
const char *ceilings_isa(const ceilings *c, int index);

/* The yardstick of a kind: its index at the best instruction set; -1: this CPU has none. */
int ceilings_best(const ceilings *c, ceiling_kind kind);

/* The index of a kind at the level of this name; -1: it is not measured. */
int ceilings_at_level(const ceilings *c, ceiling_kind kind, const char *level);

/* One round of ceiling `index`, about a tenth of a second from a common barrier to the last thread's end: its rate. */
double ceilings_measure(ceilings *c, int index);

/* Reads the memory buffer once, so that nothing else is left in the caches: seconds a byte. */
double ceilings_evict(ceilings *c);

/* Reads `bytes` of 64-byte aligned data once, as they lie, with all threads: seconds. Less than CEILING_BLOCK words a thread are left
 * out at the ends. */
double ceilings_read(ceilings *c, const void *data, size_t bytes);

/* "f32 FMA in registers", "GFLOP/s", and the factor from a rate to that unit. */
const char *ceiling_kind_name(ceiling_kind kind);
const char *ceiling_kind_unit(ceiling_kind kind);

#endif
