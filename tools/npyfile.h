/*
 * Tensors in .npy files: whole files in and out.
 *
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE.
 */
#ifndef ATTN_TOOLS_NPYFILE_H
#define ATTN_TOOLS_NPYFILE_H

#include "npy.h"

/* Each returns 0, or 1 with what is wrong in `reason` (NPY_REASON bytes), without the file's name. */

int npy_read_header(const char *path, struct npy_header *header, char *reason);

/* `data` gets header->data_bytes bytes, aligned to 64; free them with npy_free. */
int npy_read(const char *path, struct npy_header *header, void **data, char *reason);
void npy_free(void *data);

/* Writes under a temporary name beside `path` and renames, so that a failure leaves an older file as it was. */
int npy_write(const char *path, enum npy_type type, int rank, const int64_t *size, const void *data, char *reason);

/* 1 if both paths name one file, which then exists, or are equal. */
int same_file(const char *a, const char *b);

#endif
