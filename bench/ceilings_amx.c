/*
 * ceilings_amx.c: what AMX does at best with operands in L1: bf16 tiles of 32 rows and 32 columns, summed over 128 and
 * stored.
 *
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE.
 */
#include "config.h" /* syscall is an extension */

#include "ceilings.h"

#if defined(ATTN_HAVE_AMX) && defined(__linux__)
#include <cpuid.h>
#include <immintrin.h>
#include <sys/syscall.h>
#include <unistd.h>

#define AMX __attribute__((target("amx-tile,amx-bf16")))

enum { SIDE = 16, ROW = 64, TILE = SIDE * ROW, DEPTH = 128, BLOCK = 32, STEPS = 16 };

/* As the instruction reads it. */
typedef struct {
    uint8_t palette, start_row, reserved[14];
    uint16_t row_bytes[16];
    uint8_t rows[16];
} tile_config;

AMX static void configure(void)
{
    tile_config config = { .palette = 1 };
    for (int i = 0; i < 8; i++) {
        config.row_bytes[i] = ROW;
        config.rows[i] = SIDE;
    }
    __asm__ volatile("" ::"r"(&config) : "memory"); /* all of it is read, whatever the compiler is told */
    _tile_loadconfig(&config);
}

/* The two operands take one half of work->in each. */
AMX static void block(const char *a, const char *b, char *c)
{
    _tile_zero(0);
    _tile_zero(1);
    _tile_zero(2);
    _tile_zero(3);
    for (int i = 0; i < DEPTH / BLOCK; i++, a += 2 * TILE, b += 2 * TILE) {
        _tile_loadd(4, a, ROW);
        _tile_loadd(6, b, ROW);
        _tile_dpbf16ps(0, 4, 6);
        _tile_loadd(7, b + TILE, ROW);
        _tile_dpbf16ps(1, 4, 7);
        _tile_loadd(5, a + TILE, ROW);
        _tile_dpbf16ps(2, 5, 6);
        _tile_dpbf16ps(3, 5, 7);
    }
    _tile_stored(0, c, ROW);
    _tile_stored(1, c + TILE, ROW);
    _tile_stored(2, c + 2 * TILE, ROW);
    _tile_stored(3, c + 3 * TILE, ROW);
}

AMX static void tiles(ceiling_work *work, long repeats)
{
    configure();
    for (long i = 0; i < repeats * STEPS; i++)
        block((const char *)work->in, (const char *)(work->in + CEILING_ROW / 2), (char *)work->out);
    _tile_release();
    work->sink = work->out[0];
}

static int present(void)
{
    enum { AMX_BF16 = 1 << 22, AMX_TILE = 1 << 24, ARCH_REQ_XCOMP_PERM = 0x1023, XFEATURE_XTILEDATA = 18 };
    unsigned a, b, c, d;
    return __get_cpuid_count(7, 0, &a, &b, &c, &d) && (d & AMX_BF16) && (d & AMX_TILE) &&
           syscall(SYS_arch_prctl, ARCH_REQ_XCOMP_PERM, XFEATURE_XTILEDATA) == 0;
}

const ceiling_isa ceiling_isa_amx = { "amx", present, 2.0 * BLOCK *BLOCK *DEPTH *STEPS, tiles, NULL, NULL };
#else
static int absent(void)
{
    return 0;
}

const ceiling_isa ceiling_isa_amx = { "amx", absent, 0, NULL, NULL, NULL };
#endif
