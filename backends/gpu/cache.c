/* The cache of what drivers compiled: the format of its files.
 *
 * A file is a header, the key and the binary. The key holds everything that the binary depends on and is compared
 * as a whole; its hash is only the file's name. The check covers key and binary: drivers are not to be fed with
 * damaged bytes.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#include "config.h"

#include "cache.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hash.h"
#include "log.h"
#include "user_file.h"

enum { NAME_SIZE = 40 };

typedef struct header {
    char magic[8];
    uint64_t key_size, binary_size, check;
} header;

static const char MAGIC[8] = "attncch1";

static void name_of(const char *key, char name[NAME_SIZE])
{
    snprintf(name, NAME_SIZE, "%016" PRIx64 ".bin", attn_hash(0, key, strlen(key)));
}

static uint64_t check_of(const void *key, size_t key_size, const void *binary, size_t binary_size)
{
    return attn_hash(attn_hash(0, key, key_size), binary, binary_size);
}

/* What is in the file, when it is whole and under this key. */
static int open_blob(unsigned char *file, size_t size, const char *key, attn_blob *binary)
{
    header h;
    size_t key_size = strlen(key);
    if (size < sizeof h + key_size)
        return 0;
    memcpy(&h, file, sizeof h);
    const unsigned char *stored = file + sizeof h;
    *binary = (attn_blob){ file, stored + key_size, size - sizeof h - key_size };
    return !memcmp(h.magic, MAGIC, sizeof MAGIC) && h.key_size == key_size && h.binary_size == binary->size &&
           binary->size && !memcmp(stored, key, key_size) &&
           h.check == check_of(stored, key_size, binary->bytes, binary->size);
}

int attn_cache_load(const char *folder, const char *key, int verbose, attn_blob *binary)
{
    char name[NAME_SIZE];
    size_t size;
    name_of(key, name);
    unsigned char *file = attn_user_file_read(folder, name, verbose, &size);
    if (!file)
        return 0;
    if (open_blob(file, size, key, binary))
        return 1;
    if (verbose)
        attn_log_line("%s: cache: %s is damaged or of another program; ignored", folder, name);
    free(file);
    return 0;
}

void attn_cache_store(const char *folder, const char *key, int verbose, const void *bytes, size_t size)
{
    char name[NAME_SIZE];
    header h = { .key_size = strlen(key), .binary_size = size };
    memcpy(h.magic, MAGIC, sizeof MAGIC);
    h.check = check_of(key, (size_t)h.key_size, bytes, size);
    const attn_piece pieces[] = { { &h, sizeof h }, { key, (size_t)h.key_size }, { bytes, size } };
    name_of(key, name);
    if (!attn_user_file_write(folder, name, verbose, pieces, 3) && verbose)
        attn_log_line("%s: cache: %s is not written", folder, name);
}
