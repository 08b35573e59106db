/* libOpenCL, loaded at run time.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#include "config.h"

#include "loader.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#ifdef _WIN32
#include <windows.h>
#else
#include <dlfcn.h>
#include <unistd.h>
#endif

#include "error.h"
#include "lock.h"
#include "log.h"

typedef struct entry {
    const char *name;
    size_t at; /* offset in attn_opencl_api */
} entry;

static const entry entries[] = {
#define ENTRY(result, name, arguments) { #name, offsetof(attn_opencl_api, name) },
    ATTN_OPENCL_ENTRIES(ENTRY)
#undef ENTRY
};

#ifdef _WIN32
typedef HMODULE library;
static const char *const library_names[] = { "OpenCL.dll", NULL };

/* The driver package installs the loader in the system's folder; the program's own folder is not searched for it. */
static library open_library(const char *name, int named_by_user)
{
    return LoadLibraryExA(name, NULL, named_by_user ? 0 : LOAD_LIBRARY_SEARCH_SYSTEM32);
}

static int find_symbol(library from, const char *name, void *pointer)
{
    FARPROC symbol = GetProcAddress(from, name);
    memcpy(pointer, &symbol, sizeof symbol);
    return symbol != NULL;
}

static void close_library(library opened)
{
    FreeLibrary(opened);
}

const char *attn_opencl_environment(const char *name)
{
    return getenv(name);
}
#else
typedef void *library;
static const char *const library_names[] = {
#ifdef __APPLE__
    "/System/Library/Frameworks/OpenCL.framework/OpenCL",
#endif
    "libOpenCL.so.1", "libOpenCL.so", NULL
};

static library open_library(const char *name, int named_by_user)
{
    (void)named_by_user;
    return dlopen(name, RTLD_NOW | RTLD_LOCAL);
}

/* Through memory: C has no conversion from void * to a function pointer, POSIX says that they are alike. */
static int find_symbol(library from, const char *name, void *pointer)
{
    void *symbol = dlsym(from, name);
    memcpy(pointer, &symbol, sizeof symbol);
    return symbol != NULL;
}

static void close_library(library opened)
{
    dlclose(opened);
}

const char *attn_opencl_environment(const char *name)
{
#ifdef HAVE_SECURE_GETENV
    return secure_getenv(name);
#else
    return getuid() == geteuid() && getgid() == getegid() ? getenv(name) : NULL;
#endif
}
#endif

/* The library that the user names stands alone: what takes its place silently would hide a mistake. */
static library open_first(const char **name)
{
    library opened = NULL;
    *name = attn_opencl_environment("ATTN_OPENCL_LIBRARY");
    if (*name && **name)
        return open_library(*name, 1);
    for (int i = 0; library_names[i] && !opened; i++)
        opened = open_library(*name = library_names[i], 0);
    return opened;
}

static int fill_table(library from, attn_opencl_api *api, const char *name)
{
    for (size_t i = 0; i < sizeof entries / sizeof entries[0]; i++)
        if (!find_symbol(from, entries[i].name, (char *)api + entries[i].at)) {
            if (attn_log_level())
                attn_opencl_log("opencl: %s has no %s; no devices", name, entries[i].name);
            return 0;
        }
    return 1;
}

static int load(attn_opencl_api *api)
{
    const char *name;
    library opened = open_first(&name);
    if (!opened) {
        if (attn_log_level())
            attn_opencl_log("opencl: %s cannot be loaded; no devices", name);
        return 0;
    }
    if (fill_table(opened, api, name))
        return 1;
    close_library(opened);
    return 0;
}

const attn_opencl_api *attn_opencl_load(void)
{
    static attn_opencl_lock lock = ATTN_OPENCL_LOCK_INIT;
    static attn_opencl_api api;
    static enum { UNKNOWN, ABSENT, PRESENT } state;
    attn_opencl_lock_take(&lock);
    if (state == UNKNOWN)
        state = load(&api) ? PRESENT : ABSENT;
    int present = state == PRESENT;
    attn_opencl_lock_give(&lock);
    return present ? &api : NULL;
}
