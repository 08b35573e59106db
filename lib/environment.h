/* Variables of the environment that name code or folders, and that turn off what is kept in them.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#ifndef ATTN_LIB_ENVIRONMENT_H
#define ATTN_LIB_ENVIRONMENT_H

/* getenv, but NULL in a program that runs with more rights than its user: such a program must load no code, and trust
 * no folder, that the environment names. */
const char *attn_environment(const char *name);

/* 1: the variable is "0", which turns off what it names. */
int attn_environment_off(const char *name);

#endif
