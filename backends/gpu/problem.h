/* What a plan keeps on a device with memory of its own: the struct of shared.h, and the schedules of its pattern as arrays.
 * Every backend with a driver runs the same launches over the same structs.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#ifndef ATTN_GPU_PROBLEM_H
#define ATTN_GPU_PROBLEM_H

#include "backend.h"
#include "shared.h"

/* Arrays of a plan, in the order in which kernels take them behind the tensors. */
enum {
    ATTN_GPU_PLAN,
    ATTN_GPU_LISTS,
    ATTN_GPU_TABLE_OF,
    ATTN_GPU_FIRST,
    ATTN_GPU_ENTRIES,
    ATTN_GPU_MASKS,
    ATTN_GPU_CHUNKS,
    ATTN_GPU_LONG_LISTS,
    ATTN_GPU_ARRAYS
};

/* A backend's plan->prepared begins with it. */
typedef struct attn_gpu_problem {
    struct plan plan;
    attn_memory memory[ATTN_GPU_ARRAYS]; /* of the plan's device; handle 0: not needed */
    int split;                           /* every query tile's chunks are work-groups of their own */
    int plan_by_value;                   /* kernels take the struct itself: it is not uploaded. Set before create */
    int channels;                        /* of V and O that a work-group has. Set before create */
    int resident; /* work-groups that a compute unit has at once; 0: not known. Set before create */
} attn_gpu_problem;

/* One launch: work-groups by tiles, units and channels. A merge has one for every row of every tile. */
typedef struct attn_gpu_launch {
    int kind; /* LAUNCH_... */
    int merges;
    int64_t groups[3];
} attn_gpu_launch;

enum { ATTN_GPU_MOST_LAUNCHES = 3, ATTN_GPU_MOST_ARGUMENTS = 19 };

/* For kernel->prepare: zeros of so many bytes become plan->prepared. After a failure of this or of what follows it,
 * kernel->release is still to be called. */
attn_status attn_gpu_prepare(attn_plan *plan, size_t bytes);

/* Fills in what is not to be set before. */
attn_status attn_gpu_problem_create(const attn_plan *plan, attn_gpu_problem *made);

/* kernel->release and kernel->workspace, the bytes of the parts that chunks leave. */
void attn_gpu_release(attn_plan *plan);
size_t attn_gpu_workspace(const attn_plan *plan);

/* What a run enqueues, one behind the other; returns how many. */
int attn_gpu_launches(const attn_plan *plan, attn_gpu_launch launches[]);

/* Byte offsets of the arguments, in the order of `struct offsets`. */
struct offsets attn_gpu_offsets(const attn_args *args);

/* The buffers that a launch's kernel takes behind the plan, the offsets and the kind, in its order; handle 0: the problem has
 * none. Returns how many. */
int attn_gpu_arguments(const attn_gpu_launch *launch, const attn_args *args, const attn_gpu_problem *made,
                       attn_memory list[ATTN_GPU_MOST_ARGUMENTS]);

/* Scores are more than multiples of a positive scale. */
int attn_gpu_changes_scores(const attn_problem *problem, const attn_shape *shape);

/* Strides of a tensor whose sizes of 1 broadcast. */
void attn_gpu_strides(WIDE stride[4], const attn_tensor *tensor);

/* What merge.cl's kernels take: part `part` is to be added. One work-group a row; the sums take so many bytes. */
struct merge attn_gpu_merge(const attn_merge_args *args, int part);
size_t attn_gpu_merge_rows(const attn_merge_args *args);
size_t attn_gpu_merge_bytes(const attn_merge_args *args);

/* Floats of the part that a chunk of a query tile leaves. */
int64_t attn_gpu_part_floats(const struct plan *plan);

/* schedules.c, for problem.c */
attn_status attn_gpu_upload_schedules(const attn_plan *plan, attn_gpu_problem *made);
attn_status attn_gpu_upload(const attn_plan *plan, attn_gpu_problem *made, int which, const void *data, size_t bytes);

#endif
