/*
 * Text as a JSON string.
 *
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE.
 */
#ifndef ATTN_TOOLS_JSON_H
#define ATTN_TOOLS_JSON_H

#include <stdio.h>

/* Writes `text` in double quotes; quotes, backslashes and control characters are escaped. */
void json_string(FILE *out, const char *text);

#endif
