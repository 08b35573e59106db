/*
 * Runs a case on a device and compares. Everything goes through attn.h and attn_alloc, so a device of any kind can be
 * a target, without a line changed here.
 *
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE.
 */
#ifndef ATTN_TESTS_CONFORM_H
#define ATTN_TESTS_CONFORM_H

#include "oracle.h"

enum outcome { OUTCOME_PASSED, OUTCOME_FAILED, OUTCOME_SKIPPED };

enum { MESSAGE = 1024 };

/* A device, at one instruction set level where it has several. */
struct target {
    char label[80]; /* "cpu/avx2" */
    attn_device *device;
    attn_device_info info;
    attn_queue *queue;
    const char *kernel; /* of the device; NULL: the library chooses */
};

/* Opens a target; `isa` NULL: as the environment says. Returns the status of attn_device_open. */
attn_status target_open(struct target *target, const char *name, const char *isa);
/* Sets the environment variable that lowers the level of device "cpu" when it is opened; "" removes it. */
void target_set_isa(const char *isa);
void target_close(struct target *target);

/* Only this kernel from now on; 0 when the device has none of that name. */
int target_set_kernel(struct target *target, const char *kernel);

/* attn_plan_create on the target, with its kernel. */
attn_status target_plan(const struct target *target, const attn_problem *problem, attn_plan **plan);

/* An instance in the memory of a device, between guard words, with a workspace of exactly the plan's size. */
struct image {
    attn_device *device;
    attn_args args;
    attn_memory base[OPERANDS], workspace_base;
    size_t workspace_size;
};

/* attn_status of the first call that failed; image_free in any case. */
attn_status image_create(struct image *image, attn_device *device, const attn_plan *plan, const struct instance *in);
void image_free(struct image *image);

/* Reads the results back. `message` says what was written that must not be, or was not that must: guard words, gaps of
 * views, rows after the last sequence, inputs, what lies behind the workspace. 0: all as it should be. */
int image_collect(const struct image *image, const struct instance *in, struct result *result, char *message);

/* Plans, runs, waits and collects. SKIPPED: the device says UNSUPPORTED; `message` has its reason. `result` need only
 * be destroyed after PASSED. */
enum outcome conform_run(const struct target *target, const struct instance *in, struct result *result, char *message);

/* The same with a plan that exists. */
enum outcome conform_run_plan(const struct target *target, const attn_plan *plan, const struct instance *in,
                              struct result *result, char *message);

/* What an instance must give. */
struct expectation {
    struct result exact, plain;
    double out_max;              /* largest |o| */
    double plain_max, plain_rms; /* error of plain in o */
    double plain_lse;            /* and in lse */
};

/* Computes it with the reference device (its o in f32, whatever the case says) and oracle_plain. PASSED or FAILED. */
enum outcome expectation_create(struct expectation *expectation, const struct target *reference, struct instance *in,
                                char *message);
void expectation_destroy(struct expectation *expectation);

/* Compares results with what is expected. */
enum outcome conform_compare(const struct instance *in, const struct expectation *expectation,
                             const struct result *result, char *message);

/* Compares the expectation itself, at float64's accuracy, with the definition. */
enum outcome conform_compare_definition(const struct instance *in, const struct result *exact,
                                        const struct result *definition, char *message);

/* Largest error in o that two right answers to one question may have between them. */
double conform_tolerance(const struct instance *in, const struct expectation *expectation);

#endif
