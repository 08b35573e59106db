/* What drivers compiled, kept in files of the user (user_file.h). Each backend has a folder of its name. Whatever is wrong with
 * a file only means that there is no cache.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#ifndef ATTN_GPU_CACHE_H
#define ATTN_GPU_CACHE_H

#include <stddef.h>

/* `bytes` lie within `block`, which is for free(). */
typedef struct attn_blob {
    void *block;
    const unsigned char *bytes;
    size_t size;
} attn_blob;

/* Looks for what was stored under this key. 0: nothing that is whole and ours alone. */
int attn_cache_load(const char *folder, const char *key, int verbose, attn_blob *binary);

/* Stores it, or does not; another process sees all of it or nothing. */
void attn_cache_store(const char *folder, const char *key, int verbose, const void *bytes, size_t size);

#endif
