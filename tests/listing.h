/* What a backend lists. It asks its driver once, so that a test of listing is a process of its own.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#ifndef ATTN_TESTS_LISTING_H
#define ATTN_TESTS_LISTING_H

/* In a process of its own, prepares and then counts the backend's devices: their names are in order, and no further one can be
 * opened. -1: they are not. The log goes to stderr. */
int listing_count(const char *backend, void (*prepare)(const void *how), const void *how);

#endif
