/*
 * A line on stderr during one long call.
 *
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE.
 */
#include "config.h"

#include "waiting.h"

#include <stdio.h>
#include <time.h>

#include "progress.h"

static void *draw(void *argument)
{
    struct waiting *waiting = argument;
    struct progress progress;
    struct timespec next;
    progress_begin(&progress, 0);
    clock_gettime(CLOCK_REALTIME, &next);
    pthread_mutex_lock(&waiting->mutex);
    while (!waiting->done) {
        next.tv_sec++;
        pthread_cond_timedwait(&waiting->ended, &waiting->mutex, &next);
        if (!waiting->done)
            progress_step(&progress, (int64_t)(monotonic_seconds() - progress.start), waiting->what);
    }
    pthread_mutex_unlock(&waiting->mutex);
    progress_clear(&progress);
    return NULL;
}

void waiting_begin(struct waiting *waiting, const char *what)
{
    waiting->started = waiting->done = 0;
    if (!progress_visible())
        return;
    snprintf(waiting->what, sizeof waiting->what, "s %s", what);
    pthread_mutex_init(&waiting->mutex, NULL);
    pthread_cond_init(&waiting->ended, NULL);
    waiting->started = !pthread_create(&waiting->thread, NULL, draw, waiting);
}

void waiting_end(struct waiting *waiting)
{
    if (!waiting->started)
        return;
    pthread_mutex_lock(&waiting->mutex);
    waiting->done = 1;
    pthread_cond_signal(&waiting->ended);
    pthread_mutex_unlock(&waiting->mutex);
    pthread_join(waiting->thread, NULL);
    pthread_cond_destroy(&waiting->ended);
    pthread_mutex_destroy(&waiting->mutex);
}
