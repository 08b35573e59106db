/* Flash attention in OpenCL C 1.2: one work-group computes TILE_ROWS query rows, walking tiles of TILE_KEYS keys with an online
 * softmax (Dao 2023, arXiv:2307.08691). Scores are in base 2. f32 arithmetic, whatever the storage.
 *
 * Behind shared.h and storage.cl. Built for the storage of K and V (K_TYPE, V_TYPE: attn_dtype), TILE_ROWS and GROUP_SIZE =
 * 2 * TILE_ROWS; all else is in the structs of shared.h, so that few programs serve all problems.
 *
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */

#define DEPTH 16      /* channels of Q and K in local memory at a time */
#define VALUES 16     /* keys of V in local memory at a time */
#define COLUMNS 16    /* work-items side by side */
#define LINES (GROUP_SIZE / COLUMNS)
#define ROWS (TILE_ROWS / LINES)         /* of a work-item */
#define KEYS (TILE_KEYS / COLUMNS)       /* of a work-item */
#define SUMS (CHANNELS / COLUMNS)        /* channels of a work-item */
#define LOG2_E 1.44269504088896340736f
#define LN_2 0.69314718055994530942f

#if GROUP_SIZE != 2 * TILE_ROWS
#error "two work-items share a row of scores"
#endif

/* ---- what a position sees: visible.h ----------------------------------------------------------------------------- */

long floor_divide(long a, long b)
{
    return a / b - (a % b < 0 ? 1 : 0);
}

long term_begin(__constant struct term *t, long p)
{
    long begin = max(t->begin, p - t->left);
    return t->chunk > 0 ? max(begin, (floor_divide(p, t->chunk) - t->back) * t->chunk) : begin;
}

long term_end(__constant struct term *t, long p, long keys)
{
    long end = min(p + t->right + 1, min(t->end, keys));
    return t->chunk > 0 ? min(end, (floor_divide(p, t->chunk) + t->ahead + 1) * t->chunk) : end;
}

int sees(__constant struct plan *plan, long p, long j, long keys)
{
    int seen = 0;
    for (int i = 0; i < plan->terms; i++)
        seen |= j >= term_begin(&plan->term[i], p) && j < term_end(&plan->term[i], p, keys);
    return seen;
}

/* The first tile at `from` or behind that positions first .. last may see; one behind all: none. */
long next_tile(__constant struct plan *plan, long first, long last, long keys, long from)
{
    long next = (keys + TILE_KEYS - 1) / TILE_KEYS;
    for (int i = 0; i < plan->terms; i++) {
        long begin = term_begin(&plan->term[i], first), end = term_end(&plan->term[i], last, keys);
        if (begin < end && from * TILE_KEYS < end)
            next = min(next, max(from, begin / TILE_KEYS));
    }
    return next;
}

int tile_is_full(__constant struct plan *plan, long first, long last, long keys, long tile)
{
    int full = 0;
    for (int i = 0; i < plan->terms; i++)
        full |= term_begin(&plan->term[i], last) <= tile * TILE_KEYS &&
                term_end(&plan->term[i], first, keys) >= min((tile + 1) * TILE_KEYS, keys);
    return full;
}

/* ---- one sequence -------------------------------------------------------------------------------------------------- */

struct sequence {
    long number, rows, keys, row_q, row_k, shift;
};

struct sequence sequence_of(__constant struct plan *plan, long number, __global const int *cu_q,
                            __global const int *cu_k, __global const int *used)
{
    struct sequence s;
    s.number = number;
    s.row_q = plan->ragged_q ? cu_q[number * plan->cu_q_stride] : 0;
    s.rows = plan->ragged_q ? cu_q[(number + 1) * plan->cu_q_stride] - s.row_q : plan->max_q;
    s.row_k = plan->ragged_k ? cu_k[number * plan->cu_k_stride] : 0;
    s.keys = plan->ragged_k ? cu_k[(number + 1) * plan->cu_k_stride] - s.row_k : plan->max_k;
    if (plan->has_used)
        s.keys = used[number * plan->used_stride];
    s.shift = plan->align_end ? s.keys - s.rows : 0;
    return s;
}

long key_row(__constant struct plan *plan, const struct sequence *s, __global const int *pages, long j, long head,
             __constant long *stride)
{
    if (plan->paged) {
        long page = pages[s->number * plan->pages_stride[0] + j / plan->page_size * plan->pages_stride[1]];
        return page * stride[0] + head * stride[1] + j % plan->page_size * stride[2];
    }
    return (plan->ragged_k ? 0 : s->number * stride[0]) + head * stride[1] + (s->row_k + j) * stride[2];
}

/* ---- output --------------------------------------------------------------------------------------------------------- */

/* Row `row` of a unit's rows: head fastest. */
struct row_at {
    long query, head, batch;
};

struct row_at row_of(__constant struct plan *plan, const struct sequence *s, long unit, long row)
{
    struct row_at at;
    at.query = row / plan->pack;
    at.head = unit * plan->pack + row % plan->pack;
    at.batch = plan->ragged_q ? 0 : s->number;
    return at;
}

/* What o is multiplied with. */
float share_of(__constant struct plan *plan, __global const uchar *sink, long head, float most, float sum)
{
    if (sum == 0)
        return 0;
    if (!plan->has_sink)
        return 1 / sum;
    float lse = most * LN_2 + log(sum);
    return 1 / (sum * (1 + exp(((__global const float *)sink)[head * plan->sink_stride] - lse)));
}

void store_lse(__constant struct plan *plan, const struct sequence *s, const struct row_at *at, __global float *lse,
               float most, float sum)
{
    if (plan->has_lse)
        lse[at->batch * plan->lse_stride[0] + at->head * plan->lse_stride[1] +
            (s->row_q + at->query) * plan->lse_stride[2]] = sum == 0 ? -INFINITY : most * LN_2 + log(sum);
}

long output_row(__constant struct plan *plan, const struct sequence *s, const struct row_at *at)
{
    return at->batch * plan->o_stride[0] + at->head * plan->o_stride[1] + (s->row_q + at->query) * plan->o_stride[2];
}

/* ---- forward ---------------------------------------------------------------------------------------------------------- */

/* Element (sequence, head, query, key) of bias; sizes of 1 have stride 0. */
long bias_at(__constant struct plan *plan, long sequence, long head, long query)
{
    return sequence * plan->bias_stride[0] + head * plan->bias_stride[1] + query * plan->bias_stride[2];
}

__kernel __attribute__((reqd_work_group_size(GROUP_SIZE, 1, 1))) void forward(
    __constant struct plan *plan, struct offsets offset, int launch, __global const uchar *q, __global const uchar *k,
    __global const uchar *v, __global uchar *o, __global uchar *lse_bytes, __global const uchar *alibi,
    __global const uchar *bias, __global const uchar *sink, __global const uchar *cu_q, __global const uchar *cu_k,
    __global const uchar *used, __global const uchar *pages_bytes, __global const struct list_table *lists,
    __global const int *table_of, __global const long *first_of, __global const int2 *entries,
    __global const ulong *masks, __global const struct long_chunk *chunks, __global uchar *workspace)
{
    __local float query[TILE_ROWS][DEPTH + 1], key[TILE_KEYS][DEPTH + 1], value[VALUES][CHANNELS];
    __local float score[TILE_ROWS][TILE_KEYS + 1], half_row[2][TILE_ROWS], most[TILE_ROWS], total[TILE_ROWS],
        rescale[TILE_ROWS];
    __local long key_at[TILE_KEYS], value_at[TILE_KEYS];
    const int me = get_local_id(0), column = me % COLUMNS, line = me / COLUMNS;
    const long channels = (long)get_group_id(2) * CHANNELS;
    __global const int *pages = (__global const int *)(pages_bytes + offset.page_table);

    /* Which query tile, and which part of its keys. */
    long unit_index = get_group_id(1), tile_index = get_group_id(0), chunk = -1, slot = 0;
    if (launch == LAUNCH_LONG) {
        __global const struct long_chunk *c = &chunks[tile_index];
        slot = tile_index;
        unit_index = c->unit;
        tile_index = c->tile;
        chunk = c->chunk;
    } else if (launch == LAUNCH_SPLIT) {
        slot = unit_index * get_num_groups(0) + tile_index;
        chunk = tile_index % plan->chunks;
        tile_index /= plan->chunks;
    }
    const long sequence_number = unit_index / plan->units, unit = unit_index % plan->units;
    const struct sequence s =
        sequence_of(plan, sequence_number, (__global const int *)(cu_q + offset.cu_q),
                    (__global const int *)(cu_k + offset.cu_k), (__global const int *)(used + offset.used));
    const long rows = s.rows * plan->pack, first_row = tile_index * plan->tile_rows;
    const long here = min(rows - first_row, (long)plan->tile_rows), head_k = unit * plan->pack / plan->group;
    if (here <= 0)
        return;
    const long first_p = first_row / plan->pack + s.shift, last_p = (first_row + here - 1) / plan->pack + s.shift;

    /* The list of the query tile, if it has one. */
    __global const int2 *entry = entries;
    long entry_count = 0, mask_base = 0;
    if (plan->listed) {
        __global const struct list_table *t = &lists[sequence_number];
        long list = t->first + table_of[t->heads + unit * plan->pack] * t->tiles + tile_index;
        entry = entries + t->entries + first_of[list];
        entry_count = first_of[list + 1] - first_of[list];
        mask_base = t->masks;
        if (launch == LAUNCH_WHOLE && entry_count > plan->long_entries)
            return;
    }
    const long chunk_tiles = plan->split_keys / TILE_KEYS;
    const long begin_tile = chunk < 0 ? 0 : chunk * chunk_tiles;
    const long end_tile = min((s.keys + TILE_KEYS - 1) / TILE_KEYS, chunk < 0 ? LONG_MAX : begin_tile + chunk_tiles);

    float sum[ROWS][SUMS];
    for (int r = 0; r < ROWS; r++)
        for (int c = 0; c < SUMS; c++)
            sum[r][c] = 0;
    if (me < TILE_ROWS) {
        most[me] = -INFINITY;
        total[me] = 0;
    }

    long at = 0, tile = begin_tile;
    for (;; at++, tile++) {
        int mask = -1, full;
        if (plan->listed) {
            while (at < entry_count && entry[at].x < begin_tile)
                at++;
            if (at >= entry_count || entry[at].x >= end_tile)
                break;
            tile = entry[at].x;
            mask = entry[at].y;
            full = mask < 0;
        } else {
            tile = next_tile(plan, first_p, last_p, s.keys, tile);
            if (tile >= end_tile)
                break;
            full = tile_is_full(plan, first_p, last_p, s.keys, tile);
        }
        const long first_key = tile * TILE_KEYS;
        const int keys_here = (int)min(s.keys - first_key, (long)TILE_KEYS);
        barrier(CLK_LOCAL_MEM_FENCE);
        for (int j = me; j < TILE_KEYS; j += GROUP_SIZE) {
            long row = first_key + min(j, keys_here - 1);
            key_at[j] = key_row(plan, &s, pages, row, head_k, plan->k_stride);
            value_at[j] = key_row(plan, &s, pages, row, head_k, plan->v_stride);
        }

        /* Scores. */
        float product[ROWS][KEYS];
        for (int r = 0; r < ROWS; r++)
            for (int j = 0; j < KEYS; j++)
                product[r][j] = 0;
        for (long depth = 0; depth < plan->dim; depth += DEPTH) {
            barrier(CLK_LOCAL_MEM_FENCE);
            for (int i = me; i < TILE_ROWS * DEPTH; i += GROUP_SIZE) {
                long row = first_row + i / DEPTH, c = depth + i % DEPTH;
                float element = 0;
                if (i / DEPTH < here && c < plan->dim) {
                    struct row_at r = row_of(plan, &s, unit, row);
                    element = load(q + offset.q, plan->q_type,
                                   r.batch * plan->q_stride[0] + r.head * plan->q_stride[1] +
                                       (s.row_q + r.query) * plan->q_stride[2] + c);
                }
                query[i / DEPTH][i % DEPTH] = element * plan->scale;
            }
            for (int i = me; i < TILE_KEYS * DEPTH; i += GROUP_SIZE) {
                long c = depth + i % DEPTH;
                key[i / DEPTH][i % DEPTH] = i / DEPTH < keys_here && c < plan->dim
                                                ? load(k + offset.k, K_TYPE, key_at[i / DEPTH] + c)
                                                : 0;
            }
            barrier(CLK_LOCAL_MEM_FENCE);
            for (int c = 0; c < DEPTH; c++) {
                float a[ROWS], b[KEYS];
                for (int r = 0; r < ROWS; r++)
                    a[r] = query[line * ROWS + r][c];
                for (int j = 0; j < KEYS; j++)
                    b[j] = key[column + COLUMNS * j][c];
                for (int r = 0; r < ROWS; r++)
                    for (int j = 0; j < KEYS; j++)
                        product[r][j] = fma(a[r], b[j], product[r][j]);
            }
        }
        for (int r = 0; r < ROWS; r++) {
            int local_row = line * ROWS + r;
            struct row_at row = row_of(plan, &s, unit, first_row + min((long)local_row, here - 1));
            long p = row.query + s.shift;
            for (int j = 0; j < KEYS; j++) {
                int local_key = column + COLUMNS * j;
                long global_key = first_key + local_key;
                float a = product[r][j];
                int seen = local_row < here && local_key < keys_here;
                if (plan->has_softcap)
                    a = plan->softcap * tanh(a);
                if (plan->has_alibi)
                    a -= ((__global const float *)(alibi + offset.alibi))[s.number * plan->alibi_stride[0] +
                                                                         row.head * plan->alibi_stride[1]] *
                         (LOG2_E * (float)(p > global_key ? p - global_key : global_key - p));
                if (plan->has_bias && seen)
                    a += LOG2_E * load(bias + offset.bias, plan->bias_type,
                                       bias_at(plan, s.number, row.head, row.query) +
                                           global_key * plan->bias_stride[3]);
                if (!full && seen)
                    seen = plan->listed
                               ? (int)(masks[mask_base + ((long)mask * plan->mask_rows +
                                                          (first_row + local_row) / plan->pack -
                                                          first_row / plan->pack)] >>
                                           local_key & 1)
                               : sees(plan, p, global_key, s.keys);
                score[local_row][local_key] = seen ? a : -INFINITY;
            }
        }
        barrier(CLK_LOCAL_MEM_FENCE);

        /* Weights: two work-items a row. */
        const int my_row = me % TILE_ROWS, my_half = me / TILE_ROWS;
        float highest = -INFINITY;
        for (int j = 0; j < TILE_KEYS / 2; j++)
            highest = fmax(highest, score[my_row][my_half * (TILE_KEYS / 2) + j]);
        half_row[my_half][my_row] = highest;
        barrier(CLK_LOCAL_MEM_FENCE);
        highest = fmax(fmax(half_row[0][my_row], half_row[1][my_row]), most[my_row]);
        float weights = 0;
        for (int j = 0; j < TILE_KEYS / 2; j++) {
            float a = score[my_row][my_half * (TILE_KEYS / 2) + j];
            a = a == -INFINITY ? 0 : exp2(a - highest);
            score[my_row][my_half * (TILE_KEYS / 2) + j] = a;
            weights += a;
        }
        barrier(CLK_LOCAL_MEM_FENCE);
        half_row[my_half][my_row] = weights;
        barrier(CLK_LOCAL_MEM_FENCE);
        if (my_half == 0) {
            float factor = most[my_row] == -INFINITY ? 1 : exp2(most[my_row] - highest);
            rescale[my_row] = factor;
            total[my_row] = total[my_row] * factor + half_row[0][my_row] + half_row[1][my_row];
            most[my_row] = highest;
        }
        barrier(CLK_LOCAL_MEM_FENCE);
        for (int r = 0; r < ROWS; r++)
            for (int c = 0; c < SUMS; c++)
                sum[r][c] *= rescale[line * ROWS + r];

        /* Values. */
        for (int j = 0; j < keys_here; j += VALUES) {
            barrier(CLK_LOCAL_MEM_FENCE);
            for (int i = me; i < VALUES * CHANNELS; i += GROUP_SIZE) {
                long c = channels + i % CHANNELS;
                int row = j + i / CHANNELS;
                value[i / CHANNELS][i % CHANNELS] =
                    row < keys_here && c < plan->dim_v ? load(v + offset.v, V_TYPE, value_at[row] + c) : 0;
            }
            barrier(CLK_LOCAL_MEM_FENCE);
            for (int i = 0; i < VALUES; i++) {
                float a[ROWS], b[SUMS];
                for (int r = 0; r < ROWS; r++)
                    a[r] = score[line * ROWS + r][j + i];
                for (int c = 0; c < SUMS; c++)
                    b[c] = value[i][column + COLUMNS * c];
                for (int r = 0; r < ROWS; r++)
                    for (int c = 0; c < SUMS; c++)
                        sum[r][c] = fma(a[r], b[c], sum[r][c]);
            }
        }
    }
    barrier(CLK_LOCAL_MEM_FENCE);

    /* The result, or a part of it. */
    __global float *part = (__global float *)(workspace + offset.workspace) +
                           slot * plan->tile_rows * (plan->dim_v + 2);
    for (int r = 0; r < ROWS; r++) {
        int local_row = line * ROWS + r;
        if (local_row >= here)
            continue;
        if (launch != LAUNCH_WHOLE) {
            for (int c = 0; c < SUMS; c++) {
                long channel = channels + column + COLUMNS * c;
                if (channel < plan->dim_v)
                    part[local_row * (plan->dim_v + 2) + channel] = sum[r][c];
            }
            if (column == 0 && channels == 0) {
                part[local_row * (plan->dim_v + 2) + plan->dim_v] = most[local_row];
                part[local_row * (plan->dim_v + 2) + plan->dim_v + 1] = total[local_row];
            }
            continue;
        }
        struct row_at row = row_of(plan, &s, unit, first_row + local_row);
        float factor = share_of(plan, sink + offset.sink, row.head, most[local_row], total[local_row]);
        for (int c = 0; c < SUMS; c++) {
            long channel = channels + column + COLUMNS * c;
            if (channel < plan->dim_v)
                store(o + offset.o, plan->o_type, output_row(plan, &s, &row) + channel, factor * sum[r][c]);
        }
        if (column == 0 && channels == 0)
            store_lse(plan, &s, &row, (__global float *)(lse_bytes + offset.lse), most[local_row], total[local_row]);
    }
}

/* Merges the parts of one query row in ascending order; one work-group a row. */
__kernel void merge_parts(__constant struct plan *plan, struct offsets offset, int launch, __global uchar *o,
                          __global uchar *lse_bytes, __global const uchar *sink, __global const uchar *cu_q,
                          __global const uchar *cu_k, __global const uchar *used,
                          __global const struct long_list *long_lists, __global const uchar *workspace)
{
    long unit_index = get_group_id(1), tile = get_group_id(0) / plan->tile_rows, parts = plan->chunks;
    const long local_row = get_group_id(0) % plan->tile_rows;
    long slot = unit_index * plan->tiles * plan->chunks + tile * plan->chunks;
    if (launch == LAUNCH_LONG) {
        __global const struct long_list *l = &long_lists[tile];
        unit_index = l->unit;
        slot = l->first_part;
        parts = l->parts;
        tile = l->tile;
    }
    const struct sequence s = sequence_of(plan, unit_index / plan->units, (__global const int *)(cu_q + offset.cu_q),
                                          (__global const int *)(cu_k + offset.cu_k),
                                          (__global const int *)(used + offset.used));
    const long first_row = tile * plan->tile_rows, width = plan->dim_v + 2;
    if (first_row + local_row >= s.rows * plan->pack)
        return;
    __global const float *part = (__global const float *)(workspace + offset.workspace) +
                                 (slot * plan->tile_rows + local_row) * width;
    const long step = plan->tile_rows * width;
    float most = -INFINITY, total = 0;
    for (long i = 0; i < parts; i++)
        most = fmax(most, part[i * step + plan->dim_v]);
    for (long i = 0; i < parts; i++)
        if (part[i * step + plan->dim_v] > -INFINITY)
            total += part[i * step + plan->dim_v + 1] * exp2(part[i * step + plan->dim_v] - most);
    struct row_at row = row_of(plan, &s, unit_index % plan->units, first_row + local_row);
    float factor = share_of(plan, sink + offset.sink, row.head, most, total);
    for (long c = get_local_id(0); c < plan->dim_v; c += get_local_size(0)) {
        float sum = 0;
        for (long i = 0; i < parts; i++)
            if (part[i * step + plan->dim_v] > -INFINITY)
                sum += part[i * step + c] * exp2(part[i * step + plan->dim_v] - most);
        store(o + offset.o, plan->o_type, output_row(plan, &s, &row) + c, factor * sum);
    }
    if (get_local_id(0) == 0)
        store_lse(plan, &s, &row, (__global float *)(lse_bytes + offset.lse), most, total);
}
