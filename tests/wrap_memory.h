/* The host's memory running out: the linker puts functions of wrap_memory.c in the place of the library's malloc and its like
 * (--wrap); those of libc and of a stub driver stay as they are. An allocation is a call of one more stub: `stub`, of this
 * program.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#ifndef ATTN_TESTS_WRAP_MEMORY_H
#define ATTN_TESTS_WRAP_MEMORY_H

#include "life.h"

/* The unit tests of a driver; `setup` is for cmocka, and comes before `driver`. What main returns. */
int wrap_memory_tests(const char *name, int (*setup)(void **state), struct life_driver (*driver)(void));

#endif
