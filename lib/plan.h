/* A plan: a validated problem and the kernel that takes it. Immutable once made.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#ifndef ATTN_LIB_PLAN_H
#define ATTN_LIB_PLAN_H

#include "attn.h"
#include "forms.h"
#include "shape.h"

struct attn_kernel;

struct attn_plan {
    attn_device *device;
    const struct attn_kernel *kernel;
    attn_problem problem; /* without its pattern and lengths, which are the caller's */
    attn_shape shape;
    attn_pattern *pattern; /* held; NULL: none */
    attn_forms *forms;     /* NULL: shape.visible holds for all heads, or the kernel reads the pattern itself */
    int threads;           /* of the device when the plan was made */
    void *prepared; /* kernel->prepare's */
    size_t workspace;
};

#endif
