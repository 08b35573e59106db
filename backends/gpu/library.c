/* A driver's library, loaded at run time.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#include "config.h"

#include "library.h"

#include <string.h>
#ifdef _WIN32
#include <windows.h>
#else
#include <dlfcn.h>
#endif

#include "environment.h"
#include "log.h"

#ifdef _WIN32
typedef HMODULE handle;

/* The driver package installs the loader in the system's folder; the program's own folder is not searched for it. */
static handle open_library(const char *name, int named_by_user)
{
    return LoadLibraryExA(name, NULL, named_by_user ? 0 : LOAD_LIBRARY_SEARCH_SYSTEM32);
}

static int find_symbol(handle from, const char *name, void *pointer)
{
    FARPROC symbol = GetProcAddress(from, name);
    memcpy(pointer, &symbol, sizeof symbol);
    return symbol != NULL;
}

static void close_library(handle opened)
{
    FreeLibrary(opened);
}
#else
typedef void *handle;

static handle open_library(const char *name, int named_by_user)
{
    (void)named_by_user;
    return dlopen(name, RTLD_NOW | RTLD_LOCAL);
}

/* Through memory: C has no conversion from void * to a function pointer, POSIX says that they are alike. */
static int find_symbol(handle from, const char *name, void *pointer)
{
    void *symbol = dlsym(from, name);
    memcpy(pointer, &symbol, sizeof symbol);
    return symbol != NULL;
}

static void close_library(handle opened)
{
    dlclose(opened);
}
#endif

/* The library that the user names stands alone: what takes its place silently would hide a mistake. */
static handle open_first(const attn_library *library, const char **name)
{
    handle opened = NULL;
    *name = attn_environment(library->variable);
    if (*name && **name)
        return open_library(*name, 1);
    for (int i = 0; library->names[i] && !opened; i++)
        opened = open_library(*name = library->names[i], 0);
    return opened;
}

static int fill_table(handle from, const attn_library *library, const char *name, char *table)
{
    for (size_t i = 0; i < library->count; i++) {
        const attn_library_entry *entry = &library->entries[i];
        if (find_symbol(from, entry->name, table + entry->at) || entry->optional)
            continue;
        if (attn_log_level())
            attn_log_line("%s: %s has no %s; no devices", library->backend, name, entry->name);
        return 0;
    }
    return 1;
}

int attn_library_load(const attn_library *library, void *table)
{
    const char *name;
    handle opened = open_first(library, &name);
    if (!opened) {
        if (attn_log_level())
            attn_log_line("%s: %s cannot be loaded; no devices", library->backend, name);
        return 0;
    }
    if (fill_table(opened, library, name, table))
        return 1;
    close_library(opened);
    return 0;
}
