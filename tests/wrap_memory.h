/* The host's memory running out: the linker puts functions of wrap_memory.c in the place of the library's malloc and its like
 * (--wrap); those of libc and of a stub driver stay as they are. An allocation is a call of one more stub: `stub`, of this
 * program.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#ifndef ATTN_TESTS_WRAP_MEMORY_H
#define ATTN_TESTS_WRAP_MEMORY_H

#include "life.h"

/* Every allocation of the driver's life fails in turn. 0: something is wrong. */
int wrap_memory_fail_each(const struct life_driver *driver);

/* What the library has allocated goes too when a call of the driver fails. 0: something is wrong. */
int wrap_memory_fail_driver(const struct life_driver *driver);

#endif
