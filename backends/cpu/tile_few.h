/* Products for a few rows (a decode step's query heads): memory sets the pace, so K and V go from their rows through
 * registers into the sums and are packed nowhere. few_keys sums channels lane by lane and adds up lanes at the end, which
 * halves its instructions, so its bits are not those of tile_product.h; few_values has the same ones when keys go in order.
 * Lines of bf16 may go in pairs (tile_pairs.h): queries, and sums from the first group of keys to the last, have their order
 * then.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */

enum { CACHE_LINE = 64 };

/* A core has few lines under way to L1 (16 on a Xeon), and what waits for one holds up what is behind it; the prefetcher of L2 has
 * more of its own, but runs ahead only within a page, behind some lines of it. So rows of STREAMS parts of a tile go in turn, a
 * run of each, and the prefetcher has as many pages to run ahead in. With AVX-512 f16 and bf16 gain by it; f32, which computes half
 * as much a line, loses, and goes in order as on the other levels. */
enum { STREAMS = 4, RUN = 4, PART = ATTN_TILE_K / STREAMS };

INLINE int takes_turns(attn_dtype dtype)
{
    return LANES == 16 && dtype != ATTN_F32;
}

/* Of a tile's rows of V, the n-th to be taken. */
INLINE int in_turn(int n)
{
    return n / RUN % STREAMS * PART + n / (RUN * STREAMS) * RUN + n % RUN;
}

/* Rows are asked for twice: long before their use into L2, which memory fills with many lines under way, and shortly before
 * into L1, whose few lines under way then wait for L2 alone. On a Xeon keys reach 0.84 to 0.88 of a plain read with the
 * first one only, 0.97 to 1.00 with both. In turn, that is a tile before and a run of the same part before (to
 * reach a part's first rows so would cost more than it saves). */
enum { TO_L2 = 2, TO_L1 = 3, NEAR_ROWS = 8, FAR_ROWS = 32 };

/* Rows of V whose panels are summed together: they stay in L1 from panel to panel. Panels are as wide as sums of all rows have
 * registers for, which halves the loads of weights. RUN rows ask for whole lines at every level. */
enum { FEW_VECTORS = PANEL_VECTORS, LAST_VECTORS = LANES == 16 ? 2 : PANEL_VECTORS, GROUP = 4 * RUN };

INLINE int64_t row_bytes(attn_dtype dtype, int64_t dim)
{
    return dim * (dtype == ATTN_F32 ? 4 : 2);
}

INLINE int line_channels(attn_dtype dtype)
{
    return CACHE_LINE / (dtype == ATTN_F32 ? 4 : 2);
}

/* Rows are asked for in the order of their addresses, spread over the work on the rows before them: a burst would stall the
 * loads behind it, and lines out of order cost up to half of the memory's rate (measured on Zen 3). */
typedef struct asked {
    const void *const *row;
    int64_t byte; /* of *row: where the next line begins */
} asked;

INLINE void ask_for(const void *line, const int level)
{
    if (level == TO_L1) /* a compiler may want the level as it is written */
        __builtin_prefetch(line, 0, TO_L1);
    else
        __builtin_prefetch(line, 0, TO_L2);
}

INLINE void ask_for_line(asked *next, int64_t bytes, const int level)
{
    ask_for((const char *)*next->row + next->byte, level);
    next->byte += CACHE_LINE;
    if (next->byte >= bytes)
        *next = (asked){ next->row + 1, 0 };
}

/* Sums of one vector of channels: sum[r * keys + k] is row r with key k of `keys`; `query`: its first channel. */
INLINE void few_key_channels(const int count, const int keys, const vf key[LANES], const float *query, int64_t dim,
                             vf sum[LANES])
{
    UNROLLED (r, count) {
        vf element = vf_load_once(query + r * dim);
        UNROLLED (k, keys)
            sum[r * keys + k] = vf_fma(element, key[k], sum[r * keys + k]);
    }
}

/* The channels of a cache line; meanwhile as many lines are asked for. */
INLINE void few_key_line(const int count, const int keys, attn_dtype dtype, const void *const *rows, int64_t i,
                         const float *query, int64_t dim, vf sum[LANES], asked *far, asked *near)
{
    UNROLLED (k, keys) {
        ask_for_line(far, row_bytes(dtype, dim), TO_L2);
        ask_for_line(near, row_bytes(dtype, dim), TO_L1);
    }
    UNROLLED (v, line_channels(dtype) / LANES) {
        vf key[LANES];
        UNROLLED (k, keys)
            key[k] = load_paired(dtype, rows[k], i, v);
        few_key_channels(count, keys, key, query + i + v * LANES, dim, sum);
    }
}

INLINE void few_key_tail(const int count, const int keys, attn_dtype dtype, const void *const *rows, int64_t i,
                         const float *query, int64_t dim, vf sum[LANES])
{
    UNROLLED (k, keys)
        UNROLLED (r, count)
            sum[r * keys + k] = vf_fma(load_tail(ATTN_F32, query + r * dim, i, dim), load_tail(dtype, rows[k], i, dim),
                                       sum[r * keys + k]);
}

/* Scores of `keys` keys: as many sums as a vector has lanes, so that all their lanes are added up at once. `known`: dim, where
 * the compiler is to know it; else 0. */
INLINE void few_key_group(const int count, const int keys, attn_dtype dtype, const void *const *rows, const int known,
                          int64_t dim, const float *query, float *scores)
{
    vf sum[LANES];
    float total[LANES];
    const int turns = takes_turns(dtype);
    asked far = { rows + (turns ? ATTN_TILE_K : FAR_ROWS), 0 }, near = { rows + (turns ? keys : NEAR_ROWS), 0 };
    int64_t i = known, line = line_channels(dtype);
    UNROLLED (slot, LANES)
        sum[slot] = vf_zero();
    UNROLLED (l, known / line_channels(dtype))
        few_key_line(count, keys, dtype, rows, l * line, query, dim, sum, &far, &near);
    for (; i + line <= dim; i += line)
        few_key_line(count, keys, dtype, rows, i, query, dim, sum, &far, &near);
    for (; i + LANES <= dim; i += LANES) {
        vf key[LANES];
        UNROLLED (k, keys)
            key[k] = load_lanes(dtype, rows[k], i);
        few_key_channels(count, keys, key, query + i, dim, sum);
    }
    if (i < dim)
        few_key_tail(count, keys, dtype, rows, i, query, dim, sum);
    vf_store(total, vf_lane_sums(sum));
    UNROLLED (r, count)
        memcpy(scores + r * ATTN_TILE_K, total + r * keys, keys * sizeof *scores);
}

/* The lines behind a group of rows that a panel asks for: where the next ones begin, and how many are left. */
typedef struct asked_lines {
    asked far, near;
    int64_t left;
} asked_lines;

/* They begin where those of the panels before end. */
INLINE asked_lines asked_by_panel(const void *const *rows, attn_dtype dtype, int64_t first, int64_t dim_v)
{
    int64_t row_lines = (row_bytes(dtype, dim_v) + CACHE_LINE - 1) / CACHE_LINE;
    int64_t line = first * GROUP / line_channels(dtype), row = line / row_lines, byte = line % row_lines * CACHE_LINE;
    return (asked_lines){ { rows + FAR_ROWS + row, byte }, { rows + GROUP + row, byte }, GROUP * row_lines - line };
}

/* As many lines as vector n of a step has. Panels with channels that V lacks would ask for more than there are. */
INLINE void ask_for_lines(const int n, const int whole, attn_dtype dtype, int64_t dim_v, asked_lines *next)
{
    const int line = line_channels(dtype);
    UNROLLED (i, (n + 1) * LANES / line - n * LANES / line) {
        if (!whole && next->left-- <= 0)
            break;
        ask_for_line(&next->far, row_bytes(dtype, dim_v), TO_L2);
        ask_for_line(&next->near, row_bytes(dtype, dim_v), TO_L1);
    }
}

/* The same in turn, from row *next on, whose lines end with a row. */
INLINE void ask_in_turn(const int n, attn_dtype dtype, int64_t dim_v, const void *const *next)
{
    const int line = line_channels(dtype), row_lines = (int)(row_bytes(dtype, dim_v) / CACHE_LINE);
    const int before = n * LANES / line;
    UNROLLED (i, (n + 1) * LANES / line - before) {
        const int row = (before + i) / row_lines, byte = (before + i) % row_lines * CACHE_LINE;
        ask_for((const char *)next[ATTN_TILE_K + row] + byte, TO_L2);
        ask_for((const char *)next[RUN + row] + byte, TO_L1);
    }
}

/* Adds a row of V to a panel of sums; `whole` when V has all of the panel's channels. It is row `key` of a run that asks for
 * lines by `next` or in turn, or both are NULL. */
INLINE void few_value_row(const int count, const int vectors, const int whole, const void *row, attn_dtype dtype,
                          int64_t first, int64_t dim_v, const float *weights, vf sum[ATTN_FEW_ROWS][FEW_VECTORS],
                          const int key, asked_lines *next, const void *const *turn)
{
    UNROLLED (v, vectors) {
        int64_t i = first + v * LANES;
        vf value = whole ? load_paired(dtype, row, first, v) : load_tail(dtype, row, i, dim_v);
        UNROLLED (r, count)
            sum[r][v] = vf_fma(vf_set1(weights[r * ATTN_TILE_K]), value, sum[r][v]);
        if (next)
            ask_for_lines(key * vectors + v, whole, dtype, dim_v, next);
        if (turn)
            ask_in_turn(key * vectors + v, dtype, dim_v, turn);
    }
}

/* Where a group's sums come from and go to. */
typedef struct few_sums {
    float *acc; /* [count][stride] */
    int64_t stride;
    const float *scale; /* [count]; NULL: keys before these have been added since */
    int last;           /* none is behind these */
} few_sums;

INLINE void begin_sums(const int count, const int vectors, const int whole, attn_dtype dtype, int64_t first,
                       const few_sums *from, vf sum[ATTN_FEW_ROWS][FEW_VECTORS])
{
    UNROLLED (r, count)
        UNROLLED (v, vectors)
            sum[r][v] = vf_load(from->acc + r * from->stride + first + v * LANES);
    if (!from->scale)
        return;
    UNROLLED (r, count) {
        UNROLLED (v, vectors)
            sum[r][v] = vf_mul(vf_set1(from->scale[r]), sum[r][v]);
        if (whole)
            to_pairs(dtype, sum[r], vectors);
    }
}

INLINE void end_sums(const int count, const int vectors, const int whole, attn_dtype dtype, int64_t first,
                     const few_sums *to, vf sum[ATTN_FEW_ROWS][FEW_VECTORS])
{
    if (whole && to->last)
        UNROLLED (r, count)
            from_pairs(dtype, sum[r], vectors);
    UNROLLED (r, count)
        UNROLLED (v, vectors)
            vf_store(to->acc + r * to->stride + first + v * LANES, sum[r][v]);
}

/* A panel of sums over a group of keys. */
INLINE void few_value_panel(const int count, const int vectors, const int whole, const void *const *rows, int keys,
                            attn_dtype dtype, int64_t first, int64_t dim_v, const float *weights, const few_sums *sums)
{
    asked_lines next = asked_by_panel(rows, dtype, first, dim_v);
    vf sum[ATTN_FEW_ROWS][FEW_VECTORS];
    begin_sums(count, vectors, whole, dtype, first, sums, sum);
    int key = 0;
    for (; key + RUN <= keys; key += RUN)
        UNROLLED (k, RUN)
            few_value_row(count, vectors, whole, rows[key + k], dtype, first, dim_v, weights + key + k, sum, k, &next,
                          NULL);
    for (; key < keys; key++)
        few_value_row(count, vectors, whole, rows[key], dtype, first, dim_v, weights + key, sum, 0, NULL, NULL);
    end_sums(count, vectors, whole, dtype, first, sums, sum);
}

/* Sums over a group of keys; the last panel may have fewer channels. */
INLINE void few_value_group(const int count, const void *const *rows, int keys, attn_dtype dtype, int64_t dim_v,
                            const float *weights, const few_sums *sums)
{
    int64_t first = 0;
    for (; first + FEW_VECTORS * LANES <= dim_v; first += FEW_VECTORS * LANES)
        few_value_panel(count, FEW_VECTORS, 1, rows, keys, dtype, first, dim_v, weights, sums);
    if (LAST_VECTORS < FEW_VECTORS && first + LAST_VECTORS * LANES <= dim_v) {
        few_value_panel(count, LAST_VECTORS, 1, rows, keys, dtype, first, dim_v, weights, sums);
        first += LAST_VECTORS * LANES;
    }
    if (first < dim_v)
        few_value_panel(count, LAST_VECTORS, 0, rows, keys, dtype, first, dim_v, weights, sums);
}

INLINE void few_keys_of(const int count, const void *const *rows, int keys, int piece, attn_dtype dtype,
                        const int known, int64_t dim, const float *query, float *scores)
{
    enum { PIECE = ATTN_TILE_K / ATTN_FEW_PIECES };
    const int group = LANES / (count == 3 ? 4 : count);
    const int streams = !takes_turns(dtype) ? 1 : STREAMS * group > PIECE ? PIECE / group : STREAMS;
    const int part = ATTN_TILE_K / streams, share = PIECE / streams;
    for (int first = piece * share; first < (piece + 1) * share; first += group)
        for (int key = first; key < keys; key += part)
            few_key_group(count, group, dtype, rows + key, known, dim, query, scores + key);
}

INLINE void few_values_in_order(const int count, const void *const *rows, int keys, attn_dtype dtype, int64_t dim_v,
                                const float *weights, float *acc, int64_t stride, const float *scale)
{
    for (int key = 0; key < keys; key += GROUP) {
        few_sums sums = { acc, stride, key ? NULL : scale, key + GROUP >= keys };
        few_value_group(count, rows + key, keys - key < GROUP ? keys - key : GROUP, dtype, dim_v, weights + key, &sums);
    }
}

/* A panel of sums over a run of each part of a tile, for the usual numbers of channels. */
INLINE void few_runs_panel(const int count, const void *const *rows, attn_dtype dtype, int64_t first, const int dim_v,
                           const float *weights, const few_sums *sums)
{
    vf sum[ATTN_FEW_ROWS][FEW_VECTORS];
    begin_sums(count, FEW_VECTORS, 1, dtype, first, sums, sum);
    for (int part = 0; part < STREAMS; part++) {
        const void *const *run = rows + part * PART;
        const void *const *ask = rows + in_turn((int)(first * GROUP + part * RUN * FEW_VECTORS * LANES) / dim_v);
        UNROLLED (k, RUN)
            few_value_row(count, FEW_VECTORS, 1, run[k], dtype, first, dim_v, weights + part * PART + k, sum, k, NULL,
                          ask);
    }
    end_sums(count, FEW_VECTORS, 1, dtype, first, sums, sum);
}

INLINE void few_values_in_turn(const int count, const void *const *rows, attn_dtype dtype, const int dim_v,
                               const float *weights, float *acc, int64_t stride, const float *scale)
{
    for (int key = 0; key < PART; key += RUN) {
        few_sums sums = { acc, stride, key ? NULL : scale, key + RUN == PART };
        for (int64_t first = 0; first < dim_v; first += FEW_VECTORS * LANES)
            few_runs_panel(count, rows + key, dtype, first, dim_v, weights + key, &sums);
    }
}

/* Loops over rows must be known to the compiler, to keep the sums in registers. */
#define FOR_COUNT(count, type, call)                                                                                   \
    do {                                                                                                               \
        if (count == 1)                                                                                                \
            call(1, type);                                                                                             \
        else if (count == 2)                                                                                           \
            call(2, type);                                                                                             \
        else if (count == 3)                                                                                           \
            call(3, type);                                                                                             \
        else                                                                                                           \
            call(4, type);                                                                                             \
    } while (0)

/* The usual numbers of channels: without loops, keys and values take a tenth less time. USUAL_DIMS: the level has code for them. */
#define FOR_DIM(dim, count, type, call)                                                                                \
    do {                                                                                                               \
        if (USUAL_DIMS && dim == 64)                                                                                   \
            call(count, type, 64);                                                                                     \
        else if (USUAL_DIMS && dim == 128)                                                                             \
            call(count, type, 128);                                                                                    \
        else                                                                                                           \
            call(count, type, 0);                                                                                      \
    } while (0)

static void few_query(attn_dtype dtype, int64_t dim, float *query)
{
    pair_floats(dtype, query, dim / line_channels(dtype) * line_channels(dtype));
}

static void few_keys(int count, const void *const *rows, int keys, int piece, attn_dtype dtype, int64_t dim,
                     const float *query, float *scores)
{
#define CALL_KNOWN(n, type, known) few_keys_of(n, rows, keys, piece, type, known, known ? known : dim, query, scores)
#define CALL_COUNT(n, type) FOR_DIM(dim, n, type, CALL_KNOWN)
#define CALL(type) FOR_COUNT(count, type, CALL_COUNT)
    FOR_TYPE(dtype, CALL);
#undef CALL
#undef CALL_COUNT
#undef CALL_KNOWN
}

static void few_values(int count, const void *const *rows, int keys, int turns, attn_dtype dtype, int64_t dim_v,
                       const float *weights, float *acc, int64_t stride, const float *scale)
{
#define CALL_KNOWN(n, type, known)                                                                                     \
    do {                                                                                                               \
        if (known && turns && takes_turns(type) && keys == ATTN_TILE_K)                                                \
            few_values_in_turn(n, rows, type, known, weights, acc, stride, scale);                                     \
        else                                                                                                           \
            few_values_in_order(n, rows, keys, type, known ? known : dim_v, weights, acc, stride, scale);              \
    } while (0)
#define CALL_COUNT(n, type) FOR_DIM(dim_v, n, type, CALL_KNOWN)
#define CALL(type) FOR_COUNT(count, type, CALL_COUNT)
    FOR_TYPE(dtype, CALL);
#undef CALL
#undef CALL_COUNT
#undef CALL_KNOWN
}
