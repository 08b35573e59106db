/*
 * ceilings_amx.c: what AMX does at best with operands in L1: bf16 tiles of 32 rows and 32 columns, summed over 128 and
 * stored.
 *
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE.
 */
#include "config.h" /* syscall is an extension */

#include "ceilings.h"

#ifdef ATTN_HAVE_AMX
#include <immintrin.h>

#include "backends/cpu/amx.h"

#define AMX __attribute__((target("amx-tile,amx-bf16")))

enum { ROW = ATTN_AMX_ROW, TILE = ATTN_AMX_SIDE * ROW, BLOCK = 32, STEPS = 16 };

AMX static void configure(void)
{
    attn_amx_config config = attn_amx_whole();
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
    for (int i = 0; i < CEILING_DEPTH / BLOCK; i++, a += 2 * TILE, b += 2 * TILE) {
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
    return attn_amx_present() && attn_amx_permitted();
}

const ceiling_isa ceiling_isa_amx = {
    .name = "amx", .present = present, .product_flops = 2.0 * BLOCK * BLOCK * CEILING_DEPTH * STEPS, .product = tiles
};
#else
static int absent(void)
{
    return 0;
}

const ceiling_isa ceiling_isa_amx = { .name = "amx", .present = absent };
#endif
