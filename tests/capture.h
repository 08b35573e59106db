/* What is written to stderr, for tests of the verbose log.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#ifndef ATTN_TESTS_CAPTURE_H
#define ATTN_TESTS_CAPTURE_H

/* From here on stderr goes to a file. */
void capture_begin(void);

/* No more. The text is valid until the next capture ends; a long one is cut. */
const char *capture_end(void);

#endif
