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

/* What one of the work-items that copy does: 16 bytes, number `chunk`, of row `row` and of every `apart`-th behind it. */
struct share {
    int row, chunk, apart;
};

DEVICE struct share share_of_copier(int me, int copiers, int pitch)
{
    const int chunks = pitch / 8;
    struct share share = { me / chunks, me % chunks, copiers / chunks };
    return share;
}

/* Where a work-item's row number `i` goes. Rows that are a multiple of 8 apart are swizzled alike: few instructions. */
DEVICE uint place_of_copy(const struct share *share, int i, int panel, uint to)
{
    if (share->apart % 8 == 0)
        return to + swizzled(share->row, share->chunk, panel) + 128 * share->apart * i;
    return to + swizzled(share->row + share->apart * i, share->chunk, panel);
}

/* K or V as a work-item copies it. */
struct source {
    __global const uchar *tensor;
    PLAN_SPACE const long *stride;
    __global const int *pages;
    struct share share;
    long at;   /* element of its row of key 0; of paged ones: from that of any row on */
    int dim;   /* elements of a row from its first on */
    int whole; /* rows have as many elements as are read. Not asked of each lane's own: a warp must stay together */
    int slow;  /* rows are not aligned, or each must be looked up in the page table */
};

DEVICE struct source source_of(PLAN, const struct item *item, __global const uchar *tensor, PLAN_SPACE const long *stride,
                               __global const int *pages, int dim, int padded, int wide, struct share share)
{
    struct source source = { tensor, stride, pages, share, 8 * share.chunk, dim - 8 * share.chunk, dim == padded, !wide };
    if (plan->paged) {
        source.slow |= plan->page_size % TILE_KEYS != 0;
        source.at += share.row * stride[2];
    } else {
        source.at += key_row(plan, &item->s, 0, share.row, item->head_k, stride);
    }
    return source;
}

/* Any rows, one by one. */
DEVICE void copy_slowly(PLAN, const struct item *item, const struct source *source, long key, int rows, int count, int panel,
                        uint to)
{
    const struct share *share = &source->share;
    for (int i = share->row; i < count; i += share->apart) {
        const long row = key_row(plan, &item->s, source->pages, key + max(min(i, rows - 1), 0), item->head_k, source->stride);
        copy_eight(to + swizzled(i, share->chunk, panel), source->tensor, row + 8 * share->chunk,
                   i < rows ? source->dim : 0, 0);
    }
}

/* `count` rows of K or V from row `first` of a tile's keys on; rows beyond the sequence become 0. Panels have `panel` rows, and
 * `padded` elements of a row are read there. */
DEVICE void copy_rows(PLAN, const struct item *item, const struct source *source, int tile, int first, int count, int panel,
                      uint to, int padded)
{
    const struct share *share = &source->share;
    const int rows = keys_of(item, tile) - first, step = (int)source->stride[2], bytes = max(0, min(16, 2 * source->dim));
    const long key = (long)tile * TILE_KEYS + first;
    if (8 * share->chunk >= padded)
        return;
    if (source->slow) {
        copy_slowly(plan, item, source, key, rows, count, panel, to);
        return;
    }
    const long at =
        source->at + (plan->paged ? key_row(plan, &item->s, source->pages, key, item->head_k, source->stride) : key * step);
    __global const uchar *from = source->tensor + 2 * at;
    if (rows >= count && source->whole) {
        UNROLL
        for (int i = 0; i < count / share->apart; i++, from += 2L * step * share->apart)
            copy_sixteen(place_of_copy(share, i, panel, to), from);
        return;
    }
    ROLLED
    for (int i = 0; i < count / share->apart; i++) {
        const int mine = share->row + share->apart * i;
        copy_async(place_of_copy(share, i, panel, to), from + 2L * step * (min(mine, rows - 1) - share->row),
                   mine < rows ? bytes : 0);
    }
}

/* The rows of a query tile; those that the sequence has not become 0. */
DEVICE void copy_queries(PLAN, const struct item *item, __global const uchar *q, int wide, struct share share, int count, uint to,
                         int padded)
{
    if (8 * share.chunk >= padded)
        return;
    for (int row = share.row; row < count; row += share.apart) {
        const long at = query_row(plan, &item->s, item->unit, item->first_row + min(row, item->rows - 1));
        copy_eight(to + swizzled(row, share.chunk, count), q, at + 8 * share.chunk,
                   row < item->rows ? (int)plan->dim - 8 * share.chunk : 0, wide);
    }
}
