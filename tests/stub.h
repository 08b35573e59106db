/* Stub drivers: shared libraries that stand in for a driver's, so that tests see every failure that a real one may give. Each
 * entry point counts its calls and can be made to fail; every object is counted until it is released. Not thread-safe.
 *
 * A stub of a driver is stub.c, its entry points, and a struct of what they answer. The test loads it through the environment
 * variable that names the driver's library, and finds `stub` by dlsym.
 *
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#ifndef ATTN_TESTS_STUB_H
#define ATTN_TESTS_STUB_H

#include <stddef.h>

#include "attn.h"

struct stub {
    /* Set by the test. */
    long fail_at;     /* the call that fails, counted from 1; 0: none */
    int code;         /* what it returns */
    int stays;        /* 1: so do all behind it, as of a lost device */
    const char *only; /* only calls of this entry point count; NULL: all */
    /* Set by the stub. */
    long calls;          /* that could have failed */
    const char *failed;  /* the first entry point that did; NULL: none */
    long live;           /* objects not released */
    const char *misused; /* the first entry point with arguments that its specification forbids; NULL: none */
};

extern ATTN_API struct stub stub;

/* 0, or the code with which this call of `entry` is to fail. */
int stub_call(const char *entry);

/* Notes that `entry` was called against its specification. */
void stub_misuse(const char *entry);

/* An object of `size` bytes, all 0, with one reference; `kind` is the stub's own number. NULL: no memory. */
void *stub_create(int kind, size_t size);

/* The object, when `handle` is a live one of this kind; else NULL, and a misuse of `entry` unless that is NULL. */
void *stub_object(const void *handle, int kind, const char *entry);

/* One reference more, or one less: with the last one the object ends. 0: it is none, a misuse of `entry`. */
int stub_retain(const void *handle, int kind, const char *entry);
int stub_release(const void *handle, int kind, const char *entry);

#endif
