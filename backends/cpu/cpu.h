/* How the CPU backend cuts a plan into work items, and the memory that they work in.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#ifndef ATTN_CPU_H
#define ATTN_CPU_H

#include "backend.h"
#include "host/host.h"
#include "isa.h"
#include "tile.h"

/* Above, the scratch of a thread would leave the L2 cache of any CPU. */
enum { ATTN_CPU_LARGEST_DIM = 1024 };

/* Keys are cut into chunks at absolute multiples of this many. Every row's result is the merge, in ascending order, of
 * its chunks' results, whether one thread computes them all or many do: so its bits depend on neither. */
enum { ATTN_CPU_SPLIT = 1024, ATTN_CPU_SPLIT_TILES = ATTN_CPU_SPLIT / ATTN_TILE_K };

/* Query tiles that share what a thread packs; of those that walk lists each sees but some of it. */
enum { ATTN_CPU_SHARING = 8, ATTN_CPU_MOST_SHARING = 16 };

/* Rows of a query tile that walks a list: the block sizes that patterns come in divide it. */
enum { ATTN_CPU_LIST_ROWS = 128 };

typedef struct attn_cpu_device {
    attn_device base;
    attn_cpu_isa isa; /* best level to use */
    int64_t l2;       /* bytes of a core's L2 cache; 0: unknown */
} attn_cpu_device;

/* A query tile: consecutive rows of one KV head of one sequence, where row i is head i % pack of query i / pack, so
 * that a tile of keys and values is packed once for all heads that share it. */
typedef struct attn_cpu_geometry {
    int64_t rows;       /* of a query tile */
    int64_t most_rows;  /* of any query tile, those with lists included */
    int64_t dim;        /* D rounded up to what the level takes at once */
    int64_t dim_v;      /* Dv rounded up to whole panels */
    int64_t most_items; /* bound of the query tiles */
    int64_t chunks;     /* bound of the chunks of a sequence */
    int split;          /* chunks of one query tile are separate work items */
    int64_t sharing;    /* query tiles that a thread takes together, which share what it packs */
    int64_t slots;      /* packed key tiles that a thread keeps */
    size_t scratch;     /* bytes of a thread */
    int64_t parts;      /* results of chunks that are kept */
    size_t part;        /* bytes of the result of one chunk of one query tile */
    size_t first_items; /* bytes of the table that finds a query tile's sequence */
    int64_t wave;       /* units of sequences whose totals are kept between two parts of a form; 0: no form has two */
    size_t totals;      /* bytes of the totals of one unit */
    size_t workspace;   /* bytes in all */
} attn_cpu_geometry;

attn_cpu_geometry attn_cpu_geometry_of(const attn_plan *plan);

/* One thread's memory. */
typedef struct attn_cpu_scratch {
    float *query;                        /* rows as the level takes them */
    float *keys, *values;                /* packed, see tile.h: key tile t in slot t % slots */
    int64_t *key_tiles, *value_tiles;    /* [slots]: which are there, or -1 */
    float *scores;                       /* [score_rows of geometry.c][ATTN_TILE_K] */
    float *lane_sums;                    /* [rows][panel] */
    float *rescale;                      /* [rows] */
    uint64_t *masks;                     /* [rows][ATTN_MASK_WORDS] */
    const void **key_rows, **value_rows; /* [ATTN_TILE_K + ATTN_ROWS_AHEAD] */
    attn_softmax part, total;
} attn_cpu_scratch;

attn_cpu_scratch attn_cpu_scratch_at(const attn_plan *plan, const attn_cpu_geometry *geometry, char *memory);

/* Another of the query tiles that share it: has queries and a total of its own. */
attn_cpu_scratch attn_cpu_scratch_of(const attn_cpu_geometry *geometry, const attn_cpu_scratch *scratch,
                                     int64_t sharer);

/* No key tile is packed. */
void attn_cpu_forget_tiles(const attn_cpu_geometry *geometry, const attn_cpu_scratch *scratch);

/* The result of one chunk of one query tile. */
attn_softmax attn_cpu_part_at(const attn_cpu_geometry *geometry, char *memory);

/* One query tile of one run: rows of one residue class of one sequence, with step 1 of all of it. */
typedef struct attn_cpu_item {
    const attn_plan *plan;
    const attn_args *args;
    const attn_cpu_tile *tile;
    const attn_cpu_geometry *geometry;
    attn_operands operands;
    attn_sequence sequence;
    attn_class class;
    int64_t step;         /* modulus of the class */
    int64_t head_k, head; /* KV head; first query head */
    int64_t pack;         /* query heads */
    int64_t first_row;    /* of the class's rows * pack */
    int rows;
    int few; /* scores by few_keys: chosen by the rows of the whole sequence, so that no other sequence has a say */
    attn_rows keys, values;
    attn_tile_rows walk;
    const attn_schedule *schedule; /* whose masks the walk names */
    float *totals;                 /* of the unit, see attn_cpu_geometry; NULL: this is the only part */
    int resume, keep;              /* begin with the unit's totals; leave the result there */
} attn_cpu_item;

/* Loads the queries into scratch; before any chunk. */
void attn_cpu_load_query(const attn_cpu_item *item, const attn_cpu_scratch *scratch);

/* Computes one chunk into `part`; where no row sees any of its keys, only part's sums are set. */
void attn_cpu_run_chunk(const attn_cpu_item *item, const attn_cpu_scratch *scratch, int64_t chunk,
                        const attn_softmax *part);

/* Merges one chunk into scratch->total; `first`: which is empty. */
void attn_cpu_add_chunk(const attn_cpu_item *item, const attn_cpu_scratch *scratch, int64_t chunk, int first);

/* Sets up `total`, for merges in ascending order of chunks: nothing, or what an earlier part of the form has left. */
void attn_cpu_begin_total(const attn_cpu_item *item, const attn_softmax *total);

/* Writes o and lse, or leaves the total for the form's next part. */
void attn_cpu_end_total(const attn_cpu_item *item, const attn_softmax *total);

/* kernel->run: forward over all items. */
attn_status attn_cpu_run(const attn_plan *plan, const attn_args *args, attn_queue *queue);

#endif
