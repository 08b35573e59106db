/* Built programs in files of the user: $XDG_CACHE_HOME/libattn/opencl, or ~/.cache/libattn/opencl. Whatever is wrong
 * with the folder or a file only means that there is no cache.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#ifndef ATTN_OPENCL_CACHE_H
#define ATTN_OPENCL_CACHE_H

#include <stddef.h>
#include <stdint.h>

/* `bytes` lie within `block`, which is for free(). */
typedef struct attn_opencl_blob {
    void *block;
    const unsigned char *bytes;
    size_t size;
} attn_opencl_blob;

/* Looks for what was stored under this key. 0: nothing that is whole and ours alone. */
int attn_opencl_cache_load(const char *key, int verbose, attn_opencl_blob *binary);

/* Stores it, or does not; another process sees all of it or nothing. */
void attn_opencl_cache_store(const char *key, int verbose, const void *bytes, size_t size);

/* A hash of `bytes` going on from `hash`: FNV-1a of 64 bits. It finds damage and names files; it keeps nobody out. */
uint64_t attn_opencl_hash(uint64_t hash, const void *bytes, size_t size);

/* cache_file.c: one file of the folder, whole. */
typedef struct attn_opencl_piece {
    const void *bytes;
    size_t size;
} attn_opencl_piece;

/* For free(); NULL: there is no such file, or it is not a plain file of this user's that only he may write. */
unsigned char *attn_opencl_file_read(const char *name, int verbose, size_t *size);
int attn_opencl_file_write(const char *name, int verbose, const attn_opencl_piece *pieces, int count);

#endif
