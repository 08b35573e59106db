/* What a backend is: a table of functions for its devices and an ordered table of kernels. lib calls only these;
 * a backend sees only this header and what it includes.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#ifndef ATTN_LIB_BACKEND_H
#define ATTN_LIB_BACKEND_H

#include "attn.h"
#include "plan.h"
#include "schedule.h"
#include "shape.h"
#include "status.h"
#include "tensor.h"
#include "tune.h"

typedef struct attn_backend attn_backend;
typedef struct attn_kernel attn_kernel;

/* Why a kernel declines a problem: one line that names the argument, its value and the limit. */
typedef struct attn_why {
    char text[160];
} attn_why;

/* Fills `why` and returns 1, so that a check reads `return attn_decline(why, ...)`. */
int attn_decline(attn_why *why, const char *format, ...) ATTN_PRINTF(2, 3);

/* Declines D or Dv above `most`; 0: neither is. */
int attn_decline_dims(attn_why *why, const attn_shape *shape, int most);

/* One way to compute a problem. The rows of its query tiles are (query position, head of the GQA group), head fastest. */
struct attn_kernel {
    const char *name;
    int tile_q, tile_k;  /* 0: the kernel has no tiles */
    int list_rows;       /* rows of a query tile that walks a list, and the most heads packed into one; 0: the kernel reads
                            the pattern itself */
    int64_t split_keys;  /* long rows are cut at multiples of this, a multiple of tile_k; 0: never */
    int views;           /* 1: walks views of residue classes, heads with forms of their own, forms of two parts */
    int merges_chunks;   /* 1: merges chunk by chunk whether work is cut or not, so that a cut changes no bit */
    const void *variant; /* the backend's own */

    /* 0: takes the problem. 1: declines, and says why. The one answer to "supported?" and "which?". */
    int (*why_not)(const attn_kernel *kernel, const attn_device *device, const attn_problem *problem,
                   const attn_shape *shape, attn_why *why);
    /* 1: made for such problems on such devices. 0: not, and says why: the library chooses another where there is one, but a
     * caller or attn tune may name it. Asked when it does not decline; NULL: always 1. */
    int (*suits)(const attn_kernel *kernel, const attn_device *device, const attn_problem *problem,
                 const attn_shape *shape, attn_why *why);
    /* What the kernel keeps on its device for a plan, in plan->prepared; both may be NULL. After everything else but the
     * workspace is set. release takes what is there of it. */
    attn_status (*prepare)(attn_plan *plan);
    void (*release)(attn_plan *plan);
    /* Bytes that run needs; at plan time, after everything else in the plan is set. */
    size_t (*workspace)(const attn_plan *plan);
    /* As attn_run; the arguments are checked. */
    attn_status (*run)(const attn_plan *plan, const attn_args *args, attn_queue *queue);
};

/* Common head of every backend's device. */
struct attn_device {
    const attn_backend *backend;
    attn_device_info info;
    int threads; /* host threads a run may use; 0: the device has none */
    int verbose; /* ATTN_VERBOSE at opening */
    attn_tuned tuned;
};

/* Fills in the head of a device that was opened, or adopted, as `info` describes. */
void attn_device_begin(attn_device *device, const attn_backend *backend, const attn_device_info *info);

/* Common head of every backend's queue. */
struct attn_queue {
    attn_device *device;
};

struct attn_backend {
    const char *name;
    int (*count)(void);
    /* Of describe and open, `index` is 0 .. count() - 1: lib sees to it. */
    attn_status (*describe)(int index, attn_device_info *info);
    attn_status (*open)(int index, attn_device **device); /* fills in what is its own; lib fills in the head */
    void (*close)(attn_device *device);
    attn_status (*alloc)(attn_device *device, size_t bytes, attn_memory *memory);
    void (*free)(attn_device *device, attn_memory memory);
    attn_status (*upload)(attn_device *device, attn_memory to, const void *from, size_t bytes);
    attn_status (*download)(attn_device *device, void *to, attn_memory from, size_t bytes);
    attn_status (*queue_create)(attn_device *device, attn_queue **queue);
    attn_status (*queue_wait)(attn_queue *queue);
    void (*queue_destroy)(attn_queue *queue);
    attn_status (*merge)(attn_device *device, const attn_merge_args *args, attn_queue *queue);
    const attn_kernel *kernels; /* fastest first */
    int kernel_count;
};

/* The ordered table of backends, the only place that names them; NULL behind the last. */
extern const attn_backend *const attn_backends[];

#endif
