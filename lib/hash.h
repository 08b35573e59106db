/* A hash that finds damage and names files; it keeps nobody out.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#ifndef ATTN_LIB_HASH_H
#define ATTN_LIB_HASH_H

#include <stddef.h>
#include <stdint.h>

/* FNV-1a of 64 bits over `bytes`, going on from `hash`; 0: the first bytes. */
static inline uint64_t attn_hash(uint64_t hash, const void *bytes, size_t size)
{
    const unsigned char *at = bytes;
    hash ^= UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < size; i++)
        hash = (hash ^ at[i]) * UINT64_C(0x100000001b3);
    return hash;
}

#endif
