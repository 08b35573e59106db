/* Variables of the environment that name code or folders.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#include "config.h"

#include "environment.h"

#include <stdlib.h>
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
