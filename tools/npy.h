/*
 * The header of a NumPy .npy file (format versions 1.0 and 2.0), read from and written to memory.
 *
 * Accepted: '<f4', '<f2', '<u2', '|u1' and '|b1' in C order, rank 0 to 4. The header is a Python dict literal; its
 * grammar is parsed as such (any key order, any spacing), and nothing in it is trusted: header length, sizes and their
 * product are limited before they are used, and the data must fill the file exactly.
 *
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE.
 */
#ifndef ATTN_TOOLS_NPY_H
#define ATTN_TOOLS_NPY_H

#include <stddef.h>
#include <stdint.h>

enum {
    NPY_MAX_RANK = 4,
    NPY_MAX_HEADER = 65536, /* bytes of the dict; NumPy writes 118 and refuses to read above 10000 */
    NPY_MAX_PREFIX = 12,    /* magic, version and header length */
    NPY_REASON = 256        /* bytes of a reason text */
};

#define NPY_MAX_SIZE ((int64_t)1 << 40)  /* of one dimension */
#define NPY_MAX_BYTES ((int64_t)1 << 60) /* of the data */

enum npy_type {
    NPY_F32,
    NPY_F16,
    NPY_U16, /* has no meaning of its own here; bf16 when the user says so */
    NPY_U8,  /* of masks: nonzero is true */
    NPY_BOOL
};

struct npy_header {
    enum npy_type type;
    int rank;
    int64_t size[NPY_MAX_RANK];
    size_t data_offset; /* of the first element in the file */
    size_t data_bytes;
};

size_t npy_type_size(enum npy_type type);
const char *npy_type_name(enum npy_type type); /* as in the file, such as "<f4" */

/* Reads the header at bytes[0 .. length-1] of a file that has `file_size` bytes; `length` may stop anywhere behind
 * the first NPY_MAX_PREFIX + NPY_MAX_HEADER bytes. Returns 0, or 1 with what is wrong in `reason`. */
int npy_parse(const void *bytes, size_t length, uint64_t file_size, struct npy_header *header, char *reason);

/* Writes a version 1.0 header, padded so that the data is aligned to 64 bytes; returns its length, at most 256. */
size_t npy_format(enum npy_type type, int rank, const int64_t *size, char text[256]);

#endif
