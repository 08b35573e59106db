/* Which instruction sets this CPU has and the caller allows.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#ifndef ATTN_CPU_ISA_H
#define ATTN_CPU_ISA_H

/* Levels in ascending order. */
typedef enum attn_cpu_isa { ATTN_ISA_C, ATTN_ISA_NEON, ATTN_ISA_AVX2, ATTN_ISA_AVX512, ATTN_ISA_AMX } attn_cpu_isa;

/* "c", "neon", "avx2", "avx512", "amx". */
const char *attn_cpu_isa_name(attn_cpu_isa isa);

/* -1: no such name. */
int attn_cpu_isa_of_name(const char *name);

/* Built into this library and offered by this CPU and operating system. */
int attn_cpu_has_isa(attn_cpu_isa isa);

/* The best level that attn_cpu_has_isa. */
attn_cpu_isa attn_cpu_best_isa(void);

/* Maker's name of the CPU, "" when unknown. */
void attn_cpu_model(char *text, int capacity);

#endif
