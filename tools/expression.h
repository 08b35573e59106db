/*
 * A pattern from the command line: an expression, and files of block masks that it names.
 *
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE.
 */
#ifndef ATTN_TOOLS_EXPRESSION_H
#define ATTN_TOOLS_EXPRESSION_H

#include "attn_pattern.h"
#include "options.h"

struct expression_options {
    const char *text;         /* NULL: no pattern */
    struct option_list masks; /* NAME=FILE */
    int64_t block[2];         /* query rows and keys of a block of every mask; 0: not given */
};

extern const struct option_row expression_rows[];

/* Makes the pattern; NULL without an expression. Returns EXIT_OK, EXIT_USAGE or EXIT_FAILED, the reason on stderr. */
int expression_read(const char *command, const struct expression_options *options, attn_pattern **pattern);

/* attn_pattern_print into memory that the caller frees; NULL: no memory. */
char *expression_print(const attn_pattern *pattern);

#endif
