/*
 * Runs a problem with its inputs on one device and times it.
 *
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE.
 */
#ifndef ATTN_TOOLS_EXECUTE_H
#define ATTN_TOOLS_EXECUTE_H

#include <stdio.h>

#include "attn.h"
#include "problem.h"

enum { EXECUTE_MAX_REPEAT = 1000 };

struct execution {
    attn_status status; /* of the first call that failed; then only reason and device hold something */
    char reason[1024];
    char device[32], kernel[48];
    double seconds; /* median over the timed runs */
    int runs;       /* timed runs */
    int warm;       /* 1: a run before the timed ones was left out */
    void *o;        /* as problem->o says; free with execution_free */
    float *lse;     /* as problem->lse says; NULL without */
};

/* threads 0: the device's default. repeat 0: as many runs as half a second holds, at least 3; a single one, cold,
 * where that takes more than a second. */
void execute(const char *device, const attn_problem *problem, const struct problem_inputs *inputs, int threads,
             int repeat, struct execution *execution);
void execution_free(struct execution *execution);

/* A reason of the library, which may have several lines, ended by one newline. */
void print_reason(FILE *out, const char *reason);

/* Prints "attn COMMAND: DEVICE: STATUS: REASON" on stderr; returns EXIT_FAILED. */
int print_failure(const char *command, const char *device, attn_status status, const char *reason);

/* Elements of a tensor without gaps. */
int64_t tensor_elements(const attn_tensor *tensor);

#endif
