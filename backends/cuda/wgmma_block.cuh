/* Hopper's kernels: what the warp groups of a block share, and the query tiles that it takes. Behind wgmma.cuh; forward_wgmma.cu has
 * the macros that it is built for.
 *
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */

enum {
    GROUP = 128,         /* threads that issue a product together */
    COPIERS = GROUP / 2, /* two warps copy keys, two Q and values: what one waits for does not delay the other */
    COMPUTING = 2,
    COMPUTERS = COMPUTING * GROUP,
    TILE_ROWS = 64 * COMPUTING,
    SLOTS = 2,
    QUERY_SLOTS = DIM <= 128 ? 2 : 1,
    TILES = STEP / TILE_KEYS, /* of a turn */
    PANEL = 128 * STEP,       /* bytes of 64 channels of a turn's keys */
    PANEL_Q = 128 * TILE_ROWS,
    LAST = 1 << TILES,        /* behind the bits of tiles to be masked: there are no more turns of this query tile */
    JOINED = QUERY_SLOTS > 1, /* a query tile's first scores and the last output of the one before are asked for together */
};

/* Phases of what lies in shared memory: copied, and used. */
struct barriers {
    ulong copied, used;
};

struct memory {
    uchar queries[QUERY_SLOTS][2 * DIM * TILE_ROWS], keys[SLOTS][2 * DIM * STEP], values[SLOTS][2 * DIM_V * STEP];
    ulong words[SLOTS][TILES][TILE_ROWS]; /* what the rows see of a partial tile */
    struct item item[QUERY_SLOTS + 2];    /* the query tiles, and two whose output may still be stored */
    struct barriers query_slot[QUERY_SLOTS], key_slot[SLOTS], value_slot[SLOTS];
    int flags[SLOTS]; /* of a turn */
};

/* Where the number-th of what passes through slots is, and the parity of its phase. */
struct place {
    int slot, parity;
};

template <int slots = SLOTS> DEVICE struct place place_of(uint number)
{
    struct place at = { (int)(number % slots), (int)(number / slots % 2) };
    return at;
}

/* ---- query tiles of a block ---------------------------------------------------------------------------------------------- */

/* The i-th tile of a block, counted over all, the longest first. Every other row of blocks goes backwards, so that each gets as
 * much. */
DEVICE uint tile_number(uint i)
{
    const uint blocks = get_num_groups(0), block = get_group_id(0);
    return i * blocks + (i % 2 ? blocks - 1 - block : block);
}

DEVICE int has_tile(const struct bulk *bulk, uint i)
{
    return tile_number(i) < (uint)bulk->tiles * (uint)bulk->units;
}

DEVICE struct group_at tile_at(const struct bulk *bulk, uint i)
{
    const uint number = tile_number(i), tiles = (uint)bulk->tiles;
    const struct group_at at = { number % tiles, number / tiles, tiles, bulk->units, bulk->together };
    return at;
}
