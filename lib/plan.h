/* A plan: a validated problem and the kernel that takes it. Immutable once made.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#ifndef ATTN_LIB_PLAN_H
#define ATTN_LIB_PLAN_H

#include "attn.h"
#include "forms.h"
#include "shape.h"

struct attn_kernel;

/* Why a plan has its kernel: the first of the table that takes the problem, preferred for its class, or named. */
typedef enum attn_choice { ATTN_CHOICE_FIRST, ATTN_CHOICE_TUNED, ATTN_CHOICE_NAMED } attn_choice;

struct attn_plan {
    attn_device *device;
    const struct attn_kernel *kernel;
    attn_choice choice;
    attn_problem problem; /* without its pattern, lengths and kernel, which are the caller's */
    attn_shape shape;
    attn_pattern *pattern; /* held; NULL: none */
    attn_forms *forms;     /* NULL: shape.visible holds for all heads, or the kernel reads the pattern itself */
    int threads;           /* of the device when the plan was made */
    void *prepared; /* kernel->prepare's */
    size_t workspace;
};

/* Copies a caller's problem, of whatever size, over the defaults in `problem`. */
attn_status attn_read_problem(const attn_problem *theirs, attn_problem *problem);

#endif
