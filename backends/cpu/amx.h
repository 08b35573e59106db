/* What comes before AMX's first product: whether the CPU has it, the system's permission, the shapes of the tile registers.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#ifndef ATTN_CPU_AMX_H
#define ATTN_CPU_AMX_H

#include <cpuid.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

/* A tile register: rows, and bytes of a row. */
enum { ATTN_AMX_SIDE = 16, ATTN_AMX_ROW = 64 };

/* As the instruction reads it. */
typedef struct attn_amx_config {
    uint8_t palette, start_row, reserved[14];
    uint16_t row_bytes[16];
    uint8_t rows[16];
} attn_amx_config;

/* All eight registers whole. */
static inline attn_amx_config attn_amx_whole(void)
{
    attn_amx_config config = { .palette = 1 };
    for (int i = 0; i < 8; i++) {
        config.row_bytes[i] = ATTN_AMX_ROW;
        config.rows[i] = ATTN_AMX_SIDE;
    }
    return config;
}

/* The CPU multiplies tiles of bf16. */
static inline int attn_amx_present(void)
{
    enum { AMX_BF16 = 1 << 22, AMX_TILE = 1 << 24 };
    unsigned a, b, c, d;
    return __get_cpuid_count(7, 0, &a, &b, &c, &d) && (d & AMX_BF16) && (d & AMX_TILE);
}

/* Linux keeps tile registers for processes that asked for them; all their threads, also later ones, may then use them. */
static inline int attn_amx_permitted(void)
{
#ifdef SYS_arch_prctl
    enum { ARCH_REQ_XCOMP_PERM = 0x1023, XFEATURE_XTILEDATA = 18 };
    return syscall(SYS_arch_prctl, ARCH_REQ_XCOMP_PERM, XFEATURE_XTILEDATA) == 0;
#else
    return 0;
#endif
}

#endif
