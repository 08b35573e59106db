/* The caches of this machine, for what is cut to fit them. Header alone: the program's ceilings need it too.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#ifndef ATTN_HOST_CACHE_H
#define ATTN_HOST_CACHE_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/* Where Linux describes those of the first processor: folders index0, index1, ... with files of one line. */
#define ATTN_HOST_CACHES "/sys/devices/system/cpu/cpu0/cache"

enum { ATTN_HOST_CACHE_PATH = 4096 };

static inline int attn_host_cache_line(const char *folder, int index, const char *file, char *text, int size)
{
    char path[ATTN_HOST_CACHE_PATH];
    int length = snprintf(path, sizeof path, "%s/index%d/%s", folder, index, file);
    FILE *f = length < (int)sizeof path ? fopen(path, "r") : NULL;
    if (!f)
        return 0;
    char *line = fgets(text, size, f);
    fclose(f);
    return line != NULL;
}

/* "512K": 0 when it is no size, or none of a cache. */
static inline int64_t attn_host_cache_size(const char *text)
{
    char *unit;
    long long size = strtoll(text, &unit, 10);
    int shift = *unit == 'K' ? 10 : *unit == 'M' ? 20 : *unit == 'G' ? 30 : 0;
    return size > 0 && size < (INT64_C(1) << 40 >> shift) ? (int64_t)size << shift : 0;
}

/* Bytes of the unified or data cache of a level; 0: unknown. */
static inline int64_t attn_host_cache_bytes(const char *folder, int level)
{
    char text[32];
    for (int index = 0; attn_host_cache_line(folder, index, "level", text, sizeof text); index++) {
        if (strtol(text, NULL, 10) != level || !attn_host_cache_line(folder, index, "type", text, sizeof text) ||
            text[0] == 'I')
            continue;
        return attn_host_cache_line(folder, index, "size", text, sizeof text) ? attn_host_cache_size(text) : 0;
    }
    return 0;
}

#endif
