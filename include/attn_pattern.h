/*
 * attn_pattern.h: sparsity patterns as expressions, and the tile schedules they compile to.
 *
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE.
 *
 * A pattern says which key j a query may see. It is an immutable value: a primitive, or a union, intersection or
 * complement of patterns, or one pattern per range of heads. A text and the constructor functions build the same value:
 *
 *     attn_pattern_parse("causal & (last(4096) | sink(4))", NULL, 0, &pattern)
 *     problem.pattern = pattern;          see attn.h: it holds beside problem.mask (a key must pass both)
 *
 *     expr  := term { '|' term }          union
 *     term  := factor { '&' factor }      intersection, binds tighter
 *     factor:= '!' factor | '(' expr ')' | name [ '(' arguments ')' ]
 *
 * A query row r of a sequence with len_q rows and len_k keys has the position p = r + len_k - len_q (or p = r with
 * ATTN_ALIGN_START). Divisions round towards minus infinity, and x mod l is in 0 .. l-1. Names of primitives:
 *
 *     full, causal              every j; j <= p
 *     window(left, right)       p - left <= j <= p + right, both inclusive, -1: unlimited
 *     last(W)                   0 <= p - j < W: W tokens, the own one included (Mistral)
 *     band(w)                   |p - j| <= w/2: w + 1 tokens when w is even (Longformer)
 *     dilated(step, a)          p - j = step * t with |t| <= a
 *     strided(l)                (p - j) mod l = 0
 *     summary(l, c)             j mod l >= l - c, c <= l (Sparse Transformer, "fixed")
 *     chunk(C [, back [, ahead]])  floor(p/C) - back <= floor(j/C) <= floor(p/C) + ahead, both default 0
 *     sink(s)                   j < s
 *     keys(a..b, c, ...)        j in the set; both ends inclusive; -1 is the last key, -2 the one before (len_k - 2)
 *     queries(a..b, c, ...)     p in the set; -1 is position len_k - 1
 *     global(a..b, c, ...)      keys(...) | queries(...)
 *     random(block, count, seed)   floor(j/block) is one of `count` distinct key blocks drawn for floor(p/block); count is
 *                               at most 2^24
 *     blocks(name)              a caller's block mask, see attn_block_mask
 *     segments(name)            ids of p and j are equal, see attn_pattern_segments
 *     bits(name)                a caller's element mask, see attn_pattern_bits
 *     heads(0..3: expr; 4: expr; ...)   one pattern for each range of query heads; a head without one sees nothing
 *
 * and of presets, which stand for the expressions that attn_preset_describe tells. A name that the caller binds
 * (attn_binding) stands for the pattern bound to it.
 *
 * random draws by Floyd's algorithm (Bentley and Floyd 1987) from splitmix64 (Steele, Lea, Flood 2014), whose output for the
 * state z is mix(z) and whose states are 0x9e3779b97f4a7c15 apart: with nb = ceil(len_k / block) key blocks, query block b starts
 * from the state mix(seed + 0x9e3779b97f4a7c15 * (b + 1)); for i = nb - count .. nb - 1 the next output x selects block
 * (x >> 32) * (i + 1) >> 32, or i when that one is selected already. Every block is selected when count >= nb. All arithmetic
 * is modulo 2^64: equal on every platform.
 *
 * Limits: text of 65536 bytes, depth 64, 4096 nodes; arguments 0 .. 2^40 where no other limit is told. Integers may end in k: 4k is
 * 4096. The two ends of a range that count from the same side must be in order; one counted from the end may lie before
 * position 0, where queries are when len_q > len_k.
 */
#ifndef ATTN_PATTERN_H
#define ATTN_PATTERN_H

#include "attn.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- patterns ------------------------------------------------------------------------------------------------ */

/* attn_pattern is declared in attn.h. Values are immutable and counted: constructors keep the patterns they are given, so that
 * the caller releases every pattern that a call gave it, in any order, whenever it needs it no more. A plan keeps nothing of
 * its pattern. All functions are thread-safe. Constructors fail with INVALID (an argument, its value, the limit) or
 * NO_MEMORY, and then set *pattern to NULL. */

/* One more holder; returns `pattern`. */
ATTN_API attn_pattern *attn_pattern_keep(const attn_pattern *pattern);

/* One holder less; the last one frees it. NULL is ignored. */
ATTN_API void attn_pattern_release(attn_pattern *pattern);

/* A pattern under the name that texts use for it. */
typedef struct attn_binding {
    const char *name; /* letters, digits, '_' and '-', a letter first; not the name of a primitive or preset */
    const attn_pattern *pattern;
} attn_binding;

/* Reads an expression. INVALID: attn_reason() names the column (from 1), what stands there and what was expected. `bindings` may
 * be NULL when count is 0. */
ATTN_API attn_status attn_pattern_parse(const char *text, const attn_binding *bindings, int count,
                                        attn_pattern **pattern);

/* Writes at most `capacity` bytes of an expression that parses to an equal pattern (with the same bindings, if it is within the
 * limit of a text), always terminated. Returns the length of the whole text. */
ATTN_API size_t attn_pattern_print(const attn_pattern *pattern, char *text, size_t capacity);

/* Primitives with integer arguments, by name as in the table above: attn_pattern_primitive("window", (int64_t[]){ 3, 0 }, 2, &p).
 * Presets too. */
ATTN_API attn_status attn_pattern_primitive(const char *name, const int64_t *arguments, int count,
                                            attn_pattern **pattern);

/* Inclusive. Negative ends count from the end: -1 is the last. */
typedef struct attn_index_range {
    int64_t first, last;
} attn_index_range;

/* "keys", "queries" or "global" of 1 .. 65536 ranges, in any order; they may overlap. */
ATTN_API attn_status attn_pattern_ranges(const char *name, const attn_index_range *ranges, int count,
                                         attn_pattern **pattern);

ATTN_API attn_status attn_pattern_union(const attn_pattern *a, const attn_pattern *b, attn_pattern **pattern);
ATTN_API attn_status attn_pattern_intersection(const attn_pattern *a, const attn_pattern *b, attn_pattern **pattern);
ATTN_API attn_status attn_pattern_complement(const attn_pattern *a, attn_pattern **pattern);

/* Query heads first .. last (inclusive) have this pattern. */
typedef struct attn_head_pattern {
    int64_t first, last;
    const attn_pattern *pattern;
} attn_head_pattern;

/* heads(...): ranges must not overlap, 1 .. 1024 of them. */
ATTN_API attn_status attn_pattern_heads(const attn_head_pattern *heads, int count, attn_pattern **pattern);

/* A block mask. Query row r is in row block floor(r / block_q), key j in column block floor(j / block_k); j is visible to r when
 * that block is listed, and anywhere outside the rows x columns blocks nothing is. Blocks are indexed by query row, not by
 * position, as in FlexAttention and MInference. The block sizes need not have to do with any kernel's tile. Either `dense`
 * or `row_ptr` is set; the data are copied. With heads > 1 there is one mask for each query head. */
typedef struct attn_block_mask {
    size_t size;
    int64_t block_q, block_k; /* 1 .. 2^40 */
    int64_t rows, columns;    /* blocks, 1 .. 2^24 each */
    int64_t heads;            /* 1: every head; else heads 0 .. heads-1 in turn, the others see nothing */
    const unsigned char *dense; /* [heads][rows][columns], nonzero: visible */
    const int32_t *row_ptr;   /* BSR: [heads][rows + 1]; head h's row i is col_idx[row_ptr[h][i]] .. [row_ptr[h][i + 1] - 1] */
    const int32_t *col_idx;   /* block columns, strictly ascending in every row */
} attn_block_mask;
#define ATTN_BLOCK_MASK_INIT { sizeof(attn_block_mask), 0, 0, 0, 0, 1, NULL, NULL, NULL }

/* `name` is what attn_pattern_print writes, blocks(name), and what a binding should be called; NULL: "mask". */
ATTN_API attn_status attn_pattern_blocks(const char *name, const attn_block_mask *mask, attn_pattern **pattern);

/* Keys with the id of the query's own position: ids[position], 1 .. 2^31 positions; one outside the array sees nothing and is
 * seen by nothing. The ids are copied. */
ATTN_API attn_status attn_pattern_segments(const char *name, const int32_t *ids, int64_t count, attn_pattern **pattern);

/* An element mask of `rows` query rows (not positions) and `columns` keys: bit j % 64 of words[r * stride + j / 64]; nothing is
 * visible outside. stride is in words. The words are copied. */
ATTN_API attn_status attn_pattern_bits(const char *name, const uint64_t *words, int64_t rows, int64_t columns,
                                       int64_t stride, attn_pattern **pattern);

/* Number of presets; name, arguments such as "(w, globals)", what they mean and the default expression of preset `index`. The
 * texts are static. INVALID: no such index. */
typedef struct attn_preset_info {
    size_t size;
    const char *name, *arguments, *summary, *source, *example;
} attn_preset_info;
#define ATTN_PRESET_INFO_INIT { sizeof(attn_preset_info), NULL, NULL, NULL, NULL, NULL }
ATTN_API int attn_preset_count(void);
ATTN_API attn_status attn_preset_describe(int index, attn_preset_info *info);

/* ---- schedules ----------------------------------------------------------------------------------------------- */

/* What a pattern is compiled for. */
typedef struct attn_lengths {
    size_t size;
    int64_t heads;        /* query heads, 1 .. 65536 */
    int64_t len_q, len_k; /* rows and keys of one sequence, 0 .. 2^40 */
    attn_alignment alignment;
} attn_lengths;
#define ATTN_LENGTHS_INIT { sizeof(attn_lengths), 1, 0, 0, ATTN_ALIGN_END }

/* One word of a row: bit i is set when query row r of head `head` sees key first + i, for i < 64 and first + i < len_k.
 * The definition, evaluated element by element: slow, for checks and pictures. INVALID: an argument out of range. */
ATTN_API attn_status attn_pattern_word(const attn_pattern *pattern, const attn_lengths *lengths, int64_t head, int64_t r,
                                       int64_t first, uint64_t *word);

/* A pattern compiled for given lengths and tile size. For each query head and query tile (tile_q rows from row 0 on) an
 * ascending list of key tiles (tile_k keys from key 0 on), each full, where every row of the tile sees every key of it, or
 * partial, with a mask; tiles that nobody sees do not appear. Equal masks are stored once; heads with equal patterns share
 * their lists. Immutable. */
typedef struct attn_schedule attn_schedule;

typedef struct attn_tile_entry {
    int32_t tile; /* key tile */
    int32_t mask; /* number of its mask; -1: full */
} attn_tile_entry;

/* tile_q 1 .. 1024, tile_k a multiple of 64 up to 1024. INVALID: also more than 2^31 - 1 key tiles. NO_MEMORY: the lists do not fit,
 * or have more than 2^30 entries. Thread-safe. */
ATTN_API attn_status attn_schedule_create(const attn_pattern *pattern, const attn_lengths *lengths, int tile_q, int tile_k,
                                          attn_schedule **schedule);
ATTN_API void attn_schedule_destroy(attn_schedule *schedule);

/* The list of a head's query tile; valid as long as the schedule. */
ATTN_API attn_status attn_schedule_list(const attn_schedule *schedule, int64_t head, int64_t tile,
                                        const attn_tile_entry **entries, int64_t *count);

/* Mask `mask`: tile_q rows of tile_k / 64 words each; rows and keys behind the sequence's end are 0. NULL: no such mask. */
ATTN_API const uint64_t *attn_schedule_mask(const attn_schedule *schedule, int32_t mask);

typedef struct attn_schedule_info {
    size_t size;
    int tile_q, tile_k;
    int64_t heads, tables;  /* heads with different lists */
    int64_t tiles;          /* query tiles of a head */
    int64_t masks;          /* stored */
    uint64_t full, partial; /* over all heads */
    uint64_t pairs;         /* visible pairs, over all heads */
    size_t bytes;           /* memory */
} attn_schedule_info;
#define ATTN_SCHEDULE_INFO_INIT { sizeof(attn_schedule_info), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 }
ATTN_API attn_status attn_schedule_get_info(const attn_schedule *schedule, attn_schedule_info *info);

#ifdef __cplusplus
}
#endif

#endif
