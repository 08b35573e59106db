/* A folder for the files that the library keeps for a user (lib/user_file.h), one for each test. What goes wrong here fails
 * the test.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#ifndef ATTN_TESTS_CACHE_FOLDER_H
#define ATTN_TESTS_CACHE_FOLDER_H

#include <stddef.h>

enum { CACHE_PATH = 1024, CACHE_LARGEST_FILE = 4096 };

struct cache_folder {
    char base[CACHE_PATH / 8];    /* $XDG_CACHE_HOME, which is set to it */
    char libattn[CACHE_PATH / 4]; /* .../libattn */
    char folder[CACHE_PATH / 2];  /* .../libattn/NAME */
};

extern struct cache_folder cache;

/* An empty one, within $TMPDIR. 0: done. */
int cache_folder_make(const char *name);
void cache_folder_remove(void);

/* Files in cache.folder, and the path of one; -1: there is no folder. */
int cache_files(char path[CACHE_PATH]);

/* The path of the only file, valid until the next call. */
const char *cache_only_file(void);

size_t cache_read(const char *path, unsigned char bytes[CACHE_LARGEST_FILE]);
void cache_write(const char *path, const unsigned char *bytes, size_t size);
unsigned cache_permissions(const char *path);

#endif
