/* Small files that the library keeps for a user: $XDG_CACHE_HOME/libattn/FOLDER/NAME, or under ~/.cache. Whatever is wrong
 * with a folder or a file only means that it is not there.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#ifndef ATTN_LIB_USER_FILE_H
#define ATTN_LIB_USER_FILE_H

#include <stddef.h>

typedef struct attn_piece {
    const void *bytes;
    size_t size;
} attn_piece;

/* The whole file, for free(). NULL: there is none, or it is not a plain file of this user's that only he may write. */
unsigned char *attn_user_file_read(const char *folder, const char *name, int verbose, size_t *size);

/* Writes the pieces one behind the other, in folders made when missing; another process sees all of them or the file before.
 * 0: it did not. */
int attn_user_file_write(const char *folder, const char *name, int verbose, const attn_piece *pieces, int count);

#endif
