/* A driver's library, loaded at run time: its entry points become a table.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#ifndef ATTN_GPU_LIBRARY_H
#define ATTN_GPU_LIBRARY_H

#include <stddef.h>

typedef struct attn_library_entry {
    const char *name;
    size_t at;    /* offset of the pointer in the table */
    int optional; /* 1: NULL where the library lacks it */
} attn_library_entry;

typedef struct attn_library {
    const char *backend;      /* for messages */
    const char *variable;     /* of the environment: names the library that stands alone */
    const char *const *names; /* what the system may call it, up to NULL */
    const attn_library_entry *entries;
    size_t count;
} attn_library;

/* Fills `table`. 0: there is no such library, or it lacks an entry (ATTN_VERBOSE says which). The library stays until the
 * process ends, since drivers start threads: so this is for attn_once_make. */
int attn_library_load(const attn_library *library, void *table);

#endif
