/* Variables of the environment that name code or folders, and that turn off what is kept in them.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#include "config.h"

#include "environment.h"

#include <stdlib.h>
#include <string.h>
#ifndef _WIN32
#include <unistd.h>
#endif

const char *attn_environment(const char *name)
{
#ifdef _WIN32
    return getenv(name);
#elif defined HAVE_SECURE_GETENV
    return secure_getenv(name);
#else
    return getuid() == geteuid() && getgid() == getegid() ? getenv(name) : NULL;
#endif
}

int attn_environment_off(const char *name)
{
    const char *value = attn_environment(name);
    return value && !strcmp(value, "0");
}
