/* Reading and writing the public structs of callers that were compiled against another version.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#include "config.h"

#include "abi.h"

#include <string.h>

#include "status.h"

/* No public struct comes near; a size above is an uninitialised field. */
enum { LARGEST_STRUCT = 8192 };

static attn_status check_size(const char *name, const void *theirs, size_t least, size_t *size)
{
    if (!theirs)
        return attn_fail(ATTN_INVALID, "%s is NULL", name);
    memcpy(size, theirs, sizeof *size);
    if (*size < least || *size > LARGEST_STRUCT)
        return attn_fail(ATTN_INVALID,
                         "%s.size is %zu, expected %zu or more: initialise the struct with its _INIT macro", name,
                         *size, least);
    return ATTN_OK;
}

attn_status attn_read_struct(const char *name, void *known, size_t own_size, const void *theirs, size_t least)
{
    size_t size = 0;
    attn_status status = check_size(name, theirs, least, &size);
    if (status)
        return status;
    const unsigned char *bytes = theirs;
    for (size_t i = own_size; i < size; i++)
        if (bytes[i])
            return attn_fail(ATTN_UNSUPPORTED, "%s has a field at byte %zu that this version of libattn does not know",
                             name, i);
    memcpy(known, theirs, size < own_size ? size : own_size);
    memcpy(known, &own_size, sizeof own_size);
    return ATTN_OK;
}

attn_status attn_write_struct(const char *name, void *theirs, const void *own, size_t own_size)
{
    size_t size = 0;
    attn_status status = check_size(name, theirs, sizeof size, &size);
    if (status)
        return status;
    memcpy(theirs, own, size < own_size ? size : own_size);
    memcpy(theirs, &size, sizeof size);
    return ATTN_OK;
}
