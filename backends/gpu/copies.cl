/* Asynchronous copies of rows of Q, K and V of 16-bit elements to local memory, for kernels with tensor cores. Behind item.cl
 * and ptx.cl.
 *
 * Rows lie there in panels of 64 channels, 128 bytes a row, and are swizzled: 16 bytes number c of row r of a panel lie at
 * c ^ (r % 8), so that neither copies nor loads of 8 x 8 matrices meet bank conflicts (what tensor maps call SWIZZLE_128B).
 *
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */

/* Elements of a row in local memory. */
#define PITCH_OF(dim) ((dim) <= 64 ? 64 : (dim) <= 128 ? 128 : 256)

/* Byte of 16 bytes number `chunk` of a row, in panels of `rows` rows. */
DEVICE uint swizzled(int row, int chunk, int rows)
{
    return (uint)(((chunk >> 3) * rows + row) * 128 + (((chunk ^ row) & 7) << 4));
}

/* Elements i .. i + 7, of which `valid` are there; the others become 0. */
DEVICE void copy_eight(uint to, __global const uchar *from, long i, int valid, int wide)
{
    __global const ushort *source = (__global const ushort *)from + i;
    if (wide) {
        copy_async(to, (__global const uchar *)source, max(0, min(16, 2 * valid)));
    } else {
        uint two[4];
        UNROLL
        for (int j = 0; j < 4; j++)
            two[j] = (2 * j < valid ? source[2 * j] : 0) | (uint)(2 * j + 1 < valid ? source[2 * j + 1] : 0) << 16;
        put_four(to, two[0], two[1], two[2], two[3]);
    }
}

/* What one of the work-items that copy does: 16 bytes, number `chunk`, of each panel of row `row` and of every `apart`-th
 * behind it. */
struct share {
    int row, chunk, apart;
};

DEVICE struct share share_of_copier(int me, int copiers)
{
    struct share share = { me / 8, me % 8, copiers / 8 };
    return share;
}

/* Where a work-item's row number `i` goes, in the first panel. Rows that are a multiple of 8 apart are swizzled alike, those
 * that are 4 apart by turns: few instructions. */
DEVICE uint place_of_copy(const struct share *share, int i, uint to)
{
    if (share->apart % 4 == 0)
        return to + (swizzled(share->row, share->chunk, 0) ^ (uint)(share->apart * i & 4) << 4) + 128 * share->apart * i;
    return to + swizzled(share->row + share->apart * i, share->chunk, 0);
}

/* K or V as a work-item copies it. */
struct source {
    __global const uchar *tensor;
    PLAN_SPACE const long *stride;
    __global const int *pages;
    struct share share;
    long at;       /* element of its row of key 0; of paged ones: from that of any row on */
    int dim;       /* elements of a row from its first on */
    int whole;     /* rows have as many elements as are read. Not asked of each lane's own: a warp must stay together */
    int wide;      /* rows are aligned to 16 bytes */
    int scattered; /* each must be looked up in the page table */
};

DEVICE struct source source_of(PLAN, const struct item *item, __global const uchar *tensor, PLAN_SPACE const long *stride,
                               __global const int *pages, int dim, int padded, int wide, struct share share)
{
    struct source source = { tensor, stride, pages, share, 8 * share.chunk, dim - 8 * share.chunk, dim == padded, wide, 0 };
    if (plan->paged) {
        source.scattered = plan->page_size % TILE_KEYS != 0;
        source.at += share.row * stride[2];
    } else {
        source.at += key_row(plan, &item->s, 0, share.row, item->head_k, stride);
    }
    return source;
}

/* Rows that must be looked up, some at once, so that none waits for the page of the one before. */
enum { LOOKED_UP_AT_ONCE = 4 };

DEVICE void copy_looked_up(PLAN, const struct item *item, const struct source *source, long key, int rows, int count, int panel,
                           uint to, int padded)
{
    const struct share *share = &source->share;
    const int mine = count / share->apart;
    ROLLED
    for (int i = 0; i < mine; i += LOOKED_UP_AT_ONCE) {
        long at[LOOKED_UP_AT_ONCE];
        UNROLL
        for (int j = 0; j < LOOKED_UP_AT_ONCE; j++)
            at[j] = key_row(plan, &item->s, source->pages, key + max(min(share->row + share->apart * (i + j), rows - 1), 0),
                            item->head_k, source->stride);
        UNROLL
        for (int j = 0; j < LOOKED_UP_AT_ONCE; j++)
            UNROLL
            for (int c = 0; c < padded && i + j < mine; c += 64)
                copy_async(place_of_copy(share, i + j, to) + 2 * panel * c,
                           source->tensor + 2 * (at[j] + 8 * share->chunk + c),
                           share->row + share->apart * (i + j) < rows ? max(0, min(16, 2 * (source->dim - c))) : 0);
    }
}

/* Any rows, one by one. */
DEVICE void copy_slowly(PLAN, const struct item *item, const struct source *source, long key, int rows, int count, int panel,
                        uint to, int padded)
{
    const struct share *share = &source->share;
    for (int i = share->row; i < count; i += share->apart) {
        const long row = key_row(plan, &item->s, source->pages, key + max(min(i, rows - 1), 0), item->head_k, source->stride);
        for (int c = 0; c < padded; c += 64)
            copy_eight(to + swizzled(i, share->chunk, panel) + 2 * panel * c, source->tensor, row + 8 * share->chunk + c,
                       i < rows ? source->dim - c : 0, 0);
    }
}

/* Where a work-item's first row of a tile begins; rows that are looked up have no such place. */
DEVICE __global const uchar *place_of_tile(PLAN, const struct item *item, const struct source *source, int tile)
{
    const long key = (long)tile * TILE_KEYS;
    if (source->scattered)
        return source->tensor;
    return source->tensor + 2 * (source->at + (plan->paged ? key_row(plan, &item->s, source->pages, key, item->head_k,
                                                                     source->stride)
                                                           : key * (int)source->stride[2]));
}

/* `count` rows, all of them and all of their elements there, of which a work-item's first is at `from`. */
DEVICE void copy_all(const struct source *source, __global const uchar *from, int count, int panel, uint to, int padded)
{
    const struct share *share = &source->share;
    UNROLL
    for (int i = 0; i < count / share->apart; i++, from += 2L * (int)source->stride[2] * share->apart)
        UNROLL
        for (int c = 0; c < padded; c += 64)
            if (c + 64 <= padded)
                copy_sixteen(place_of_copy(share, i, to) + 2 * panel * c, from + 2 * c);
            else
                copy_async(place_of_copy(share, i, to) + 2 * panel * c, from + 2 * c,
                           8 * share->chunk < padded - c ? 16 : 0);
}

/* `count` rows of K or V from row `first` of a tile's keys on, where the tile is at `from` by place_of_tile; of them `rows` are
 * of the sequence, the others become 0. Panels have `panel` rows, and `padded` elements of a row are read there. */
DEVICE void copy_rows_of_tile(PLAN, const struct item *item, const struct source *source, int tile, __global const uchar *from,
                              int first, int rows, int count, int panel, uint to, int padded)
{
    const struct share *share = &source->share;
    const long apart = 2L * (int)source->stride[2];
    if (!source->wide) {
        copy_slowly(plan, item, source, (long)tile * TILE_KEYS + first, rows, count, panel, to, padded);
        return;
    }
    if (source->scattered) {
        copy_looked_up(plan, item, source, (long)tile * TILE_KEYS + first, rows, count, panel, to, padded);
        return;
    }
    from += apart * first;
    if (rows >= count && source->whole) {
        copy_all(source, from, count, panel, to, padded);
        return;
    }
    ROLLED
    for (int i = 0; i < count / share->apart; i++) {
        const int mine = share->row + share->apart * i;
        UNROLL
        for (int c = 0; c < padded; c += 64)
            copy_async(place_of_copy(share, i, to) + 2 * panel * c, from + apart * (min(mine, rows - 1) - share->row) + 2 * c,
                       mine < rows ? max(0, min(16, 2 * (source->dim - c))) : 0);
    }
}

/* The same of a tile whose place is not known. */
DEVICE void copy_rows(PLAN, const struct item *item, const struct source *source, int tile, int first, int count, int panel,
                      uint to, int padded)
{
    copy_rows_of_tile(plan, item, source, tile, place_of_tile(plan, item, source, tile), first, keys_of(item, tile) - first,
                      count, panel, to, padded);
}

/* The rows of a query tile; those that the sequence has not become 0. */
DEVICE void copy_queries(PLAN, const struct item *item, __global const uchar *q, int wide, struct share share, int count,
                         uint to, int padded)
{
    for (int row = share.row; row < count; row += share.apart) {
        const long at = query_row(plan, &item->s, item->unit, item->first_row + min(row, item->rows - 1));
        for (int c = 0; c < padded; c += 64)
            copy_eight(to + swizzled(row, share.chunk, count) + 2 * count * c, q, at + 8 * share.chunk + c,
                       row < item->rows ? (int)plan->dim - 8 * share.chunk - c : 0, wide);
    }
}

/* The three buffers that K, V, K, V, ... pass through: the keys and the values of a turn, and where the next turn's keys go. Its
 * values go where the keys were. */
struct ring {
    uint keys, values, next;
};

DEVICE struct ring ring_at(uint at, uint bytes)
{
    struct ring ring = { at, at + bytes, at + 2 * bytes };
    return ring;
}

DEVICE void turn_ring(struct ring *ring)
{
    const uint free = ring->values;
    ring->values = ring->keys;
    ring->keys = ring->next;
    ring->next = free;
}
