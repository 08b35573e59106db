/* What a backend lists. It asks its driver once, so that a test of listing is a process of its own.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#ifndef ATTN_TESTS_LISTING_H
#define ATTN_TESTS_LISTING_H

/* A driver and what is listed of it. Tests put what else they prepare behind it. */
struct listing {
    const char *title;
    const char *library; /* instead of the stub; NULL: the stub */
    int listed;          /* devices of the backend */
    const char *log;     /* a part of the verbose log; NULL: nothing of the backend is in it */
};

struct listing_backend {
    const char *name, *variable; /* of the environment: names the library */
    void (*prepare)(const struct listing *listing);
};

/* In a process of its own, prepares and then lists: the names of devices are in order, no further one can be opened, and the log
 * is as it should be. Says what is wrong; 0: something is. */
int listing_is(const struct listing *listing, const struct listing_backend *backend);

#endif
