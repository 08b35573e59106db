/* Which kernel a device prefers for each class of problems: what was measured there (`attn tune`), kept in a file of the
 * user. A class is the storage type of K, D up to a bound, and whether the rows of a KV head are few (decode).
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#ifndef ATTN_LIB_TUNE_H
#define ATTN_LIB_TUNE_H

#include "shape.h"
#include "text.h"

struct attn_backend;
struct attn_kernel;

enum { ATTN_TUNE_TYPES = 3, ATTN_TUNE_DIMS = 4, ATTN_TUNE_PHASES = 2 };
enum { ATTN_TUNE_CLASSES = ATTN_TUNE_TYPES * ATTN_TUNE_DIMS * ATTN_TUNE_PHASES, ATTN_TUNE_NAME = 24 };

/* Rows of the backend's table; NULL: none is preferred. */
typedef struct attn_tuned {
    const struct attn_kernel *kernel[ATTN_TUNE_CLASSES];
} attn_tuned;

/* -1: of no class. With batch_invariant the class does not depend on how many queries there are, so that decode and
 * prefill run one kernel. */
int attn_tune_class(const attn_problem *problem, const attn_shape *shape);

/* "f16/d128/decode". */
void attn_tune_class_name(int index, char name[ATTN_TUNE_NAME]);

/* A file is a title, which must be the whole first line, and lines of a class and the kernel's name. attn_tuned_parse
 * leaves classes without a line as they are and returns how many lines it could not use, -1: another title. */
void attn_tuned_print(attn_text *to, const char *title, const attn_tuned *tuned);
int attn_tuned_parse(const char *title, const struct attn_backend *backend, const char *bytes, size_t size,
                     attn_tuned *tuned);

/* What the file of the device says; nothing where there is none, or where ATTN_TUNE is 0. */
void attn_tuned_load(const attn_device *device, attn_tuned *tuned);

#endif
