/* What a backend lists.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#include "config.h"

#include "listing.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "attn.h"
#include "capture.h"

static int count(const char *backend)
{
    attn_device_info info = ATTN_DEVICE_INFO_INIT;
    attn_device *device;
    char name[32];
    int listed = 0;

    for (int i = 0; i < attn_device_count(); i++) {
        snprintf(name, sizeof name, "%s:%d", backend, listed);
        if (attn_device_describe(i, &info))
            return -1;
        listed += !strcmp(info.name, name);
    }
    snprintf(name, sizeof name, "%s:%d", backend, listed);
    return attn_device_open(name, &device) == ATTN_NO_DEVICE ? listed : -1;
}

static int prepare_and_count(const struct listing *l, const struct listing_backend *backend)
{
    if (l->library)
        setenv(backend->variable, l->library, 1);
    setenv("ATTN_VERBOSE", "1", 1);
    backend->prepare(l);
    return count(backend->name);
}

static int count_apart(const struct listing *l, const struct listing_backend *backend)
{
    int status;

    fflush(stdout);
    pid_t child = fork();
    if (child == 0)
        exit(prepare_and_count(l, backend));
    if (waitpid(child, &status, 0) != child)
        return -1;
    return WIFEXITED(status) ? (signed char)WEXITSTATUS(status) : -1;
}

int listing_is(const struct listing *l, const struct listing_backend *backend)
{
    capture_begin();
    int listed = count_apart(l, backend);
    const char *log = capture_end();
    if (listed == l->listed && (l->log ? strstr(log, l->log) != NULL : !strstr(log, backend->name)))
        return 1;
    fprintf(stderr, "%s: %d listed, expected %d; the log:\n%s", l->title, listed, l->listed, log);
    return 0;
}
