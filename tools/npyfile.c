/*
 * Tensors in .npy files: whole files in and out.
 *
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE.
 */
#include "config.h"

#include "npyfile.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>

#ifdef _WIN32
#include <malloc.h>
#include <process.h>
#define getpid _getpid
#define stat _stat64
#ifndef S_ISREG
#define S_ISREG(mode) (((mode)&_S_IFMT) == _S_IFREG)
#endif
#else
#include <unistd.h>
#endif

enum { ALIGNMENT = 64 };

static int fail_errno(char *reason, const char *what)
{
    snprintf(reason, NPY_REASON, "%s: %s", what, strerror(errno));
    return 1;
}

static void *allocate(size_t bytes)
{
    size_t whole = (bytes / ALIGNMENT + 1) * ALIGNMENT;
#ifdef _WIN32
    return _aligned_malloc(whole, ALIGNMENT);
#else
    return aligned_alloc(ALIGNMENT, whole);
#endif
}

void npy_free(void *data)
{
#ifdef _WIN32
    _aligned_free(data);
#else
    free(data);
#endif
}

/* Opens a regular file: only such a file has a size to hold the header against. */
static FILE *open_regular(const char *path, uint64_t *size, char *reason)
{
    struct stat status;
    if (stat(path, &status)) {
        fail_errno(reason, "cannot be opened");
        return NULL;
    }
    if (!S_ISREG(status.st_mode)) {
        snprintf(reason, NPY_REASON, "not a regular file");
        return NULL;
    }
    *size = (uint64_t)status.st_size;
    FILE *file = fopen(path, "rb");
    if (!file)
        fail_errno(reason, "cannot be opened");
    return file;
}

static int read_header(FILE *file, uint64_t file_size, struct npy_header *header, char *reason)
{
    const size_t capacity = NPY_MAX_PREFIX + NPY_MAX_HEADER;
    unsigned char *bytes = malloc(capacity);
    if (!bytes)
        return fail_errno(reason, "no memory for the header");
    size_t length = fread(bytes, 1, capacity, file);
    int failed =
        ferror(file) ? fail_errno(reason, "cannot be read") : npy_parse(bytes, length, file_size, header, reason);
    free(bytes);
    return failed;
}

static int read_data(FILE *file, const struct npy_header *header, void **data, char *reason)
{
    void *bytes = allocate(header->data_bytes);
    if (!bytes) {
        snprintf(reason, NPY_REASON, "no memory for %zu bytes", header->data_bytes);
        return 1;
    }
    if (fseek(file, (long)header->data_offset, SEEK_SET) ||
        fread(bytes, 1, header->data_bytes, file) != header->data_bytes) {
        npy_free(bytes);
        snprintf(reason, NPY_REASON, "cannot be read to its end");
        return 1;
    }
    *data = bytes;
    return 0;
}

int npy_read(const char *path, struct npy_header *header, void **data, char *reason)
{
    uint64_t size;
    FILE *file = open_regular(path, &size, reason);
    if (!file)
        return 1;
    int failed = read_header(file, size, header, reason) || (data && read_data(file, header, data, reason));
    fclose(file);
    return failed;
}

int npy_read_header(const char *path, struct npy_header *header, char *reason)
{
    return npy_read(path, header, NULL, reason);
}

/* Creates the file, which must not exist yet; removes it again if it cannot be written whole. */
static int write_all(const char *path, const char *head, size_t head_bytes, const void *data, size_t bytes,
                     char *reason)
{
    FILE *file = fopen(path, "wbx");
    if (!file)
        return fail_errno(reason, "a file beside it cannot be created");
    int bad = fwrite(head, 1, head_bytes, file) != head_bytes || fwrite(data, 1, bytes, file) != bytes;
    int failed = bad ? fail_errno(reason, "cannot be written") : 0;
    if (fclose(file) && !failed)
        failed = fail_errno(reason, "cannot be written");
    if (failed)
        remove(path);
    return failed;
}

static int replace(const char *from, const char *to, char *reason)
{
#ifdef _WIN32
    remove(to); /* rename does not replace there */
#endif
    if (!rename(from, to))
        return 0;
    fail_errno(reason, "cannot be renamed into place");
    remove(from);
    return 1;
}

int npy_write(const char *path, enum npy_type type, int rank, const int64_t *size, const void *data, char *reason)
{
    struct stat status;
    if (!stat(path, &status) && !S_ISREG(status.st_mode)) {
        snprintf(reason, NPY_REASON, "exists and is not a regular file");
        return 1;
    }
    size_t bytes = npy_type_size(type), capacity = strlen(path) + 32;
    for (int i = 0; i < rank; i++)
        bytes *= (size_t)size[i];
    char *temporary = malloc(capacity);
    if (!temporary)
        return fail_errno(reason, "no memory");
    snprintf(temporary, capacity, "%s.tmp%ld", path, (long)getpid());
    char head[256];
    size_t head_bytes = npy_format(type, rank, size, head);
    int failed = write_all(temporary, head, head_bytes, data, bytes, reason) || replace(temporary, path, reason);
    free(temporary);
    return failed;
}

int same_file(const char *a, const char *b)
{
    if (!strcmp(a, b))
        return 1;
#ifdef _WIN32
    return 0; /* no inode numbers to compare */
#else
    struct stat of_a, of_b;
    return !stat(a, &of_a) && !stat(b, &of_b) && of_a.st_dev == of_b.st_dev && of_a.st_ino == of_b.st_ino;
#endif
}
