/* Reading and writing the public structs of callers that were compiled against another version.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#ifndef ATTN_LIB_ABI_H
#define ATTN_LIB_ABI_H

#include <stddef.h>

#include "attn.h"

/* Copies a caller's struct over `known` (own_size bytes, holding the defaults). A shorter struct leaves the fields it
 * lacks at their defaults; a longer one is taken only when what this version does not know is zero. `least` is the size
 * that the first release had. */
attn_status attn_read_struct(const char *name, void *known, size_t own_size, const void *theirs, size_t least);

/* Copies `own` to a caller's struct, cut to the size which that struct states. */
attn_status attn_write_struct(const char *name, void *theirs, const void *own, size_t own_size);

#endif
