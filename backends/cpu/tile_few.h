/* Products for a few rows (a decode step's query heads): memory sets the pace, so K and V go from their rows through
 * registers into the sums and are packed nowhere. few_values sums in the order of tile_product.h, to the same bits. few_keys
 * does not: it sums channels lane by lane and adds up lanes at the end, which halves its instructions.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */

enum { CACHE_LINE = 64 };

/* Rows are asked for twice: long before their use into L2, which memory fills with many lines under way, and shortly before
 * into L1, whose few lines under way then wait for L2 alone. On a Xeon keys reach 0.84 to 0.88 of a plain read with the
 * first one only, 0.97 to 1.00 with both. */
enum { TO_L2 = 2, TO_L1 = 3, NEAR_ROWS = 8, FAR_ROWS = ATTN_ROWS_AHEAD };

/* Rows of V whose panels are summed together: they stay in L1 from panel to panel. On Zen 3, which vectors of 8 stand for,
 * values gain a tenth by groups of 16 whose rows are asked for twice too; on a Xeon they lose as much by it. */
enum { NEAR_VALUES = LANES == 8, GROUP = NEAR_VALUES ? 16 : 32, STEP = 8 };

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

/* Sums of one vector of channels: sum[r * keys + k] is row r with key k of `keys`. */
INLINE void few_key_channels(const int count, const int keys, attn_dtype dtype, const void *const *rows, int64_t i,
                             const float *query, int64_t dim, vf sum[LANES])
{
    vf key[LANES];
    UNROLLED (k, keys)
        key[k] = load_lanes(dtype, rows[k], i);
    UNROLLED (r, count) {
        vf element = vf_load_once(query + r * dim + i);
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
    UNROLLED (v, line_channels(dtype) / LANES)
        few_key_channels(count, keys, dtype, rows, i + v * LANES, query, dim, sum);
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
    asked far = { rows + FAR_ROWS, 0 }, near = { rows + NEAR_ROWS, 0 };
    int64_t i = known, line = line_channels(dtype);
    UNROLLED (slot, LANES)
        sum[slot] = vf_zero();
    UNROLLED (l, known / line_channels(dtype))
        few_key_line(count, keys, dtype, rows, l * line, query, dim, sum, &far, &near);
    for (; i + line <= dim; i += line)
        few_key_line(count, keys, dtype, rows, i, query, dim, sum, &far, &near);
    for (; i + LANES <= dim; i += LANES)
        few_key_channels(count, keys, dtype, rows, i, query, dim, sum);
    if (i < dim)
        few_key_tail(count, keys, dtype, rows, i, query, dim, sum);
    vf_store(total, vf_lane_sums(sum));
    UNROLLED (r, count)
        memcpy(scores + r * ATTN_TILE_K, total + r * keys, keys * sizeof *scores);
}

/* Adds `keys` rows of V to a panel of sums; `whole` when V has all of the panel's channels. */
INLINE void few_value_keys(const int count, const int whole, const void *const *rows, const int keys, attn_dtype dtype,
                           int64_t first, int64_t dim_v, const float *weights, vf sum[ATTN_FEW_ROWS][PANEL_VECTORS])
{
    for (int key = 0; key < keys; key++)
        UNROLLED (v, PANEL_VECTORS) {
            int64_t i = first + v * LANES;
            vf value = whole ? load_lanes(dtype, rows[key], i) : load_tail(dtype, rows[key], i, dim_v);
            UNROLLED (r, count)
                sum[r][v] = vf_fma(vf_set1(weights[r * ATTN_TILE_K + key]), value, sum[r][v]);
        }
}

/* STEP rows of V; meanwhile `lines` lines are asked for: evenly where the compiler knows how many, else at once. */
INLINE void few_value_step(const int count, const int whole, const void *const *rows, attn_dtype dtype, const int known,
                           int64_t first, int64_t dim_v, const float *weights, vf sum[ATTN_FEW_ROWS][PANEL_VECTORS],
                           asked far, asked near, int64_t lines)
{
    const int pieces = known ? STEP : 1, keys = STEP / pieces;
    UNROLLED (piece, pieces) {
        for (int64_t line = piece * lines / pieces; line < (piece + 1) * lines / pieces; line++) {
            ask_for_line(&far, row_bytes(dtype, dim_v), TO_L2);
            if (NEAR_VALUES)
                ask_for_line(&near, row_bytes(dtype, dim_v), TO_L1);
        }
        few_value_keys(count, whole, rows + piece * keys, keys, dtype, first, dim_v, weights + piece * keys, sum);
    }
}

/* How the rows behind a group are shared out among its steps, panel by panel: `share` rows a step, of `steps` steps. */
typedef struct few_plan {
    int64_t share, steps;
} few_plan;

INLINE few_plan few_plan_of(int64_t panels)
{
    int64_t steps = panels * (GROUP / STEP);
    return (few_plan){ (GROUP + steps - 1) / steps, steps };
}

/* Rows that step `step` asks for, from row step * share on; the last steps may have none. */
INLINE int64_t few_plan_rows(few_plan plan, int64_t step)
{
    int64_t left = GROUP - step * plan.share;
    if (plan.share * plan.steps == GROUP || left >= plan.share)
        return plan.share;
    return left > 0 ? left : 0;
}

/* A panel of acc over a group of keys, from step `step` of the plan on. */
INLINE void few_value_panel(const int count, const int whole, const void *const *rows, int keys, attn_dtype dtype,
                            const int known, int64_t first, int64_t dim_v, const float *weights, float *acc,
                            int64_t stride, const float *scale, few_plan plan, int64_t step)
{
    vf sum[ATTN_FEW_ROWS][PANEL_VECTORS];
    UNROLLED (r, count)
        UNROLLED (v, PANEL_VECTORS)
            sum[r][v] = vf_mul(vf_set1(scale[r]), vf_load(acc + r * stride + first + v * LANES));
    int64_t row_lines = (row_bytes(dtype, dim_v) + CACHE_LINE - 1) / CACHE_LINE;
    int key = 0;
    for (; key + STEP <= keys; key += STEP, step++) {
        int64_t lines = few_plan_rows(plan, step) * row_lines;
        const void *const *next = rows + (lines ? step * plan.share : 0);
        few_value_step(count, whole, rows + key, dtype, known, first, dim_v, weights + key, sum,
                       (asked){ next + FAR_ROWS, 0 }, (asked){ next + GROUP, 0 }, lines);
    }
    few_value_keys(count, whole, rows + key, keys - key, dtype, first, dim_v, weights + key, sum);
    UNROLLED (r, count)
        UNROLLED (v, PANEL_VECTORS)
            vf_store(acc + r * stride + first + v * LANES, sum[r][v]);
}

INLINE void few_keys_of(const int count, const void *const *rows, int keys, attn_dtype dtype, const int known,
                        int64_t dim, const float *query, float *scores)
{
    const int group = LANES / (count == 3 ? 4 : count);
    for (int key = 0; key < keys; key += group)
        few_key_group(count, group, dtype, rows + key, known, dim, query, scores + key);
}

INLINE void few_values_of(const int count, const void *const *rows, int keys, attn_dtype dtype, const int known,
                          int64_t dim_v, const float *weights, float *acc, int64_t stride, const float *scale)
{
    static const float one[ATTN_FEW_ROWS] = { 1, 1, 1, 1 };
    int64_t panels = (dim_v + PANEL - 1) / PANEL;
    few_plan plan = few_plan_of(panels);
    for (int key = 0; key < keys; key += GROUP)
        for (int64_t panel = 0; panel < panels; panel++) {
            int group = keys - key < GROUP ? keys - key : GROUP;
            int64_t first = panel * PANEL, step = panel * (GROUP / STEP);
            const float *factor = key ? one : scale;
            if (first + PANEL <= dim_v)
                few_value_panel(count, 1, rows + key, group, dtype, known, first, dim_v, weights + key, acc, stride,
                                factor, plan, step);
            else
                few_value_panel(count, 0, rows + key, group, dtype, known, first, dim_v, weights + key, acc, stride,
                                factor, plan, step);
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

static void few_keys(int count, const void *const *rows, int keys, attn_dtype dtype, int64_t dim, const float *query,
                     float *scores)
{
#define CALL_KNOWN(n, type, known) few_keys_of(n, rows, keys, type, known, known ? known : dim, query, scores)
#define CALL_COUNT(n, type) FOR_DIM(dim, n, type, CALL_KNOWN)
#define CALL(type) FOR_COUNT(count, type, CALL_COUNT)
    FOR_TYPE(dtype, CALL);
#undef CALL
#undef CALL_COUNT
#undef CALL_KNOWN
}

static void few_values(int count, const void *const *rows, int keys, attn_dtype dtype, int64_t dim_v,
                       const float *weights, float *acc, int64_t stride, const float *scale)
{
#define CALL_KNOWN(n, type, known)                                                                                     \
    few_values_of(n, rows, keys, type, known, known ? known : dim_v, weights, acc, stride, scale)
#define CALL_COUNT(n, type) FOR_DIM(dim_v, n, type, CALL_KNOWN)
#define CALL(type) FOR_COUNT(count, type, CALL_COUNT)
    FOR_TYPE(dtype, CALL);
#undef CALL
#undef CALL_COUNT
#undef CALL_KNOWN
}
