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

int listing_count(const char *backend, void (*prepare)(const void *how), const void *how)
{
    int status;

    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        prepare(how);
        exit(count(backend));
    }
    if (waitpid(child, &status, 0) != child)
        return -1;
    return WIFEXITED(status) ? (signed char)WEXITSTATUS(status) : -1;
}
