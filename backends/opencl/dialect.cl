/* The names of the kernels in backends/gpu, in OpenCL C 1.2. They are written in OpenCL C; these are what other dialects spell
 * in another way.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */

#define DEVICE
#define KERNEL(group_size) __kernel __attribute__((reqd_work_group_size(group_size, 1, 1))) void
#define KERNEL_OF_SEVERAL(group_size, groups) KERNEL(group_size) /* so many are to be on a compute unit at once */
#define UNROLL _Pragma("unroll")
#define ROLLED _Pragma("unroll 1") /* code that is seldom reached, or waits anyway, stays short */

/* How kernels take the plan, how functions do. By value where arguments may be that large: its members then need no load. */
#ifdef PLAN_BY_VALUE
#define PLAN_SPACE
#define PLAN_PARAMETER const struct plan plan_of_launch
#define PLAN_BEGIN const struct plan *const plan = &plan_of_launch;
#else
#define PLAN_SPACE __constant
#define PLAN_PARAMETER __constant const struct plan *plan
#define PLAN_BEGIN
#endif
#define PLAN PLAN_SPACE const struct plan *plan

/* Launches do not overlap. */
#define NEXT_MAY_START
#define WAIT_FOR_PREVIOUS

/* At the beginning of a kernel: `name` points to a `type` of the work-group, at a multiple of LOCAL_ALIGNMENT bytes. A variable's
 * attribute takes the place of its type's, also where that asks for more. */
#define LOCAL_ALIGNMENT 128
#define LOCAL_MEMORY(type, name)                                                                                       \
    __local type name##_memory __attribute__((aligned(LOCAL_ALIGNMENT)));                                              \
    __local type *const name = &name##_memory

/* The address of local memory in its own space, for inline PTX: a __local pointer is that already. */
#define LOCAL_ADDRESS(pointer) ((uint)(size_t)(pointer))
