/*
 * A line on stderr during one long call that cannot report progress: what runs and for how many seconds. As in
 * progress.h only on a terminal, only after two seconds, and gone at the end. A thread of its own draws it.
 *
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE.
 */
#ifndef ATTN_TOOLS_WAITING_H
#define ATTN_TOOLS_WAITING_H

#include <pthread.h>

struct waiting {
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t ended;
    int started, done; /* done: under the mutex */
    char what[64];
};

void waiting_begin(struct waiting *waiting, const char *what);
void waiting_end(struct waiting *waiting);

#endif
