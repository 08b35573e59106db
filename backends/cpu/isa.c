/* Which instruction sets this CPU has.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#include "config.h"

#include "isa.h"

#include <stdio.h>
#include <string.h>

#if defined(__x86_64__) || defined(__i386__)
#include <cpuid.h>
#endif
#ifdef ATTN_HAVE_AMX
#include "amx.h"
#include "lock.h"
#endif

static const char *const names[] = { "c", "neon", "avx2", "avx512", "amx" };

enum { LEVELS = sizeof names / sizeof names[0] };

const char *attn_cpu_isa_name(attn_cpu_isa isa)
{
    return names[isa];
}

int attn_cpu_isa_of_name(const char *name)
{
    for (int i = 0; i < LEVELS; i++)
        if (!strcmp(name, names[i]))
            return i;
    return -1;
}

#ifdef ATTN_HAVE_AVX2
/* Not every compiler's builtin knows the name. */
static int has_f16c(void)
{
    unsigned a, b, c, d;
    return __get_cpuid(1, &a, &b, &c, &d) && (c & bit_F16C);
}
#endif

#ifdef ATTN_HAVE_AMX
static int ask_for_tiles(void *unused)
{
    (void)unused;
    return attn_amx_permitted();
}

/* AVX512-BF16 comes with every AMX so far; it is leaf 7, subleaf 1. */
static int has_amx(void)
{
    enum { AVX512_BF16 = 1 << 5 };
    static attn_once permitted = ATTN_ONCE_INIT;
    unsigned a, b, c, d;
    if (!attn_amx_present() || !__get_cpuid_count(7, 1, &a, &b, &c, &d) || !(a & AVX512_BF16))
        return 0;
    return attn_once_make(&permitted, ask_for_tiles, NULL);
}
#endif

/* The builtin also asks the operating system whether it saves the registers. */
int attn_cpu_has_isa(attn_cpu_isa isa)
{
    switch (isa) {
    case ATTN_ISA_C:
        return 1;
    case ATTN_ISA_NEON:
#ifdef ATTN_HAVE_NEON
        return 1;
#else
        return 0;
#endif
    case ATTN_ISA_AVX2:
#ifdef ATTN_HAVE_AVX2
        return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && has_f16c();
#else
        return 0;
#endif
    case ATTN_ISA_AVX512:
#ifdef ATTN_HAVE_AVX512
        return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
               __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq");
#else
        return 0;
#endif
    case ATTN_ISA_AMX:
#ifdef ATTN_HAVE_AMX
        return attn_cpu_has_isa(ATTN_ISA_AVX512) && has_amx();
#else
        return 0;
#endif
    }
    return 0;
}

attn_cpu_isa attn_cpu_best_isa(void)
{
    int isa = LEVELS - 1;
    while (!attn_cpu_has_isa((attn_cpu_isa)isa))
        isa--;
    return (attn_cpu_isa)isa;
}

void attn_cpu_model(char *text, int capacity)
{
    text[0] = 0;
#if defined(__x86_64__) || defined(__i386__)
    unsigned brand[12];
    if ((unsigned)__get_cpuid_max(0x80000000, NULL) < 0x80000004u)
        return;
    for (unsigned i = 0; i < 3; i++)
        __get_cpuid(0x80000002 + i, &brand[4 * i], &brand[4 * i + 1], &brand[4 * i + 2], &brand[4 * i + 3]);
    snprintf(text, (size_t)capacity, "%.48s", (const char *)brand);
#elif defined(__aarch64__)
    snprintf(text, (size_t)capacity, "AArch64 CPU");
#else
    snprintf(text, (size_t)capacity, "CPU");
#endif
}
