/* How a plan with a pattern is executed: the form of each head, the heads that run together, the schedules of the heads whose
 * form is lists, and the lists that are too long for one work item.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#ifndef ATTN_LIB_FORMS_H
#define ATTN_LIB_FORMS_H

#include "compile.h"
#include "form.h"
#include "shape.h"

struct attn_kernel;

/* Query heads head_q .. head_q + pack - 1, whose rows are packed into one query tile; they read KV head head_k. */
typedef struct attn_unit {
    int64_t head_k, head_q;
    int form;
} attn_unit;

/* A query tile whose list is cut at multiples of the kernel's split_keys; the results of its chunks are parts
 * first_part and on, in ascending order. */
typedef struct attn_long_list {
    int64_t sequence, unit, tile, first_part, parts;
} attn_long_list;

typedef struct attn_chunk {
    int64_t list;  /* long list */
    int64_t chunk; /* keys chunk * split_keys and on */
} attn_chunk;

typedef struct attn_forms {
    int pack;   /* heads of a unit: the group, or 1 when heads of a group differ */
    int tile_q; /* positions of a list's query tile: tile_q * pack rows at most */
    int64_t units;
    attn_unit *unit;
    int forms, lists; /* lists: some form is */
    attn_form *form;
    int64_t schedules;
    attn_schedule **schedule;
    int64_t *schedule_of; /* [batch] */
    int64_t long_tiles;   /* lists of more entries are long lists */
    int64_t long_lists, chunks;
    attn_long_list *long_list;
    attn_chunk *chunk; /* [chunks]: what makes each part */
} attn_forms;

/* Sets *forms to NULL when intervals do for all heads alike: then *visible has become these. `lengths_q` and `lengths_k` are the
 * problem's, or NULL. */
attn_status attn_forms_create(const attn_pattern *pattern, const attn_problem *problem, const attn_shape *shape,
                              const struct attn_kernel *kernel, int threads, attn_visible *visible, attn_forms **forms);
void attn_forms_destroy(attn_forms *forms);

/* Rows and keys of a sequence that the plan was made for. */
int64_t attn_planned_rows(const attn_problem *problem, const attn_shape *shape, int64_t sequence);
int64_t attn_planned_keys(const attn_problem *problem, const attn_shape *shape, int64_t sequence);

#endif
