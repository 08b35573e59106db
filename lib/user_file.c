/* Files that the library keeps for a user. What another user could have put there is not read: folder and file must be
 * this user's, and writable by nobody else. Everything is done relative to the open folder, so that it cannot be
 * exchanged.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#include "config.h"

#include "user_file.h"

#ifdef _WIN32
/* None here yet: drivers on Windows keep their own. */
unsigned char *attn_user_file_read(const char *folder, const char *name, int verbose, size_t *size)
{
    (void)folder, (void)name, (void)verbose, (void)size;
    return NULL;
}

int attn_user_file_write(const char *folder, const char *name, int verbose, const attn_piece *pieces, int count)
{
    (void)folder, (void)name, (void)verbose, (void)pieces, (void)count;
    return 0;
}

#else
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "environment.h"
#include "log.h"

enum { NAME_SIZE = 96, PATH_SIZE = 4096 };
static const off_t LARGEST_FILE = (off_t)1 << 29;

static void ignored(int verbose, const char *name, const char *why)
{
    if (verbose)
        attn_log_line("files of the user: %s %s; ignored", name, why);
}

/* Ours alone to write: what another wrote there could take over this process. */
static int is_ours(int opened, mode_t type, const char *name, int verbose, struct stat *about)
{
    if (fstat(opened, about) || (about->st_mode & S_IFMT) != type)
        ignored(verbose, name, type == S_IFDIR ? "is no folder" : "is no plain file");
    else if (about->st_uid != geteuid())
        ignored(verbose, name, "belongs to another user");
    else if (about->st_mode & (S_IWGRP | S_IWOTH))
        ignored(verbose, name, "is writable by others");
    else
        return 1;
    return 0;
}

/* Folders are made for what is to be written; one that is missing holds nothing to read, which is no fault. */
typedef struct purpose {
    int writes, verbose;
} purpose;

static void make(int in, const char *name, purpose p)
{
    if (p.writes && mkdirat(in, name, 0700) && errno != EEXIST)
        ignored(p.verbose, name, "cannot be made");
}

static int open_in(int in, const char *name, int flags, purpose p)
{
    int opened = openat(in, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | flags);
    if (opened < 0 && (p.writes || errno != ENOENT))
        ignored(p.verbose, name, "cannot be opened as a folder");
    return opened;
}

/* The folder that holds ours: $XDG_CACHE_HOME or ~/.cache, absolute; made when only it is missing. -1: none. */
static int open_base(purpose p)
{
    char path[PATH_SIZE];
    const char *cache = attn_environment("XDG_CACHE_HOME"), *home = attn_environment("HOME");
    int length = -1;
    if (cache && *cache == '/')
        length = snprintf(path, sizeof path, "%s", cache);
    else if (home && *home == '/')
        length = snprintf(path, sizeof path, "%s/.cache", home);
    if (length < 0 || (size_t)length >= sizeof path) {
        ignored(p.verbose, "XDG_CACHE_HOME or HOME", "is not set to an absolute path");
        return -1;
    }
    make(AT_FDCWD, path, p);
    return open_in(AT_FDCWD, path, 0, p);
}

/* Goes on into a folder of ours and closes the one that it lies in. */
static int enter(int in, const char *name, purpose p)
{
    struct stat about;
    if (in < 0)
        return -1;
    make(in, name, p);
    int opened = open_in(in, name, O_NOFOLLOW, p);
    close(in);
    if (opened < 0 || is_ours(opened, S_IFDIR, name, p.verbose, &about))
        return opened;
    close(opened);
    return -1;
}

static int open_folder(const char *name, purpose p)
{
    return enter(enter(open_base(p), "libattn", p), name, p);
}

static int read_all(int from, unsigned char *bytes, size_t size)
{
    for (size_t done = 0; done < size;) {
        ssize_t got = read(from, bytes + done, size - done);
        if (got == 0 || (got < 0 && errno != EINTR))
            return 0;
        done += got > 0 ? (size_t)got : 0;
    }
    return 1;
}

static int write_all(int to, const unsigned char *bytes, size_t size)
{
    for (size_t done = 0; done < size;) {
        ssize_t put = write(to, bytes + done, size - done);
        if (put == 0 || (put < 0 && errno != EINTR))
            return 0;
        done += put > 0 ? (size_t)put : 0;
    }
    return 1;
}

static unsigned char *read_file(int file, const char *name, int verbose, size_t *size)
{
    struct stat about;
    if (!is_ours(file, S_IFREG, name, verbose, &about))
        return NULL;
    if (about.st_size <= 0 || about.st_size > LARGEST_FILE) {
        ignored(verbose, name, "is empty or too large");
        return NULL;
    }
    *size = (size_t)about.st_size;
    unsigned char *bytes = malloc(*size);
    if (bytes && !read_all(file, bytes, *size)) {
        free(bytes);
        return NULL;
    }
    return bytes;
}

/* O_NONBLOCK: a named pipe does not make this process wait. */
unsigned char *attn_user_file_read(const char *folder, const char *name, int verbose, size_t *size)
{
    int opened = open_folder(folder, (purpose){ 0, verbose });
    if (opened < 0)
        return NULL;
    int file = openat(opened, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    close(opened);
    if (file < 0)
        return NULL;
    unsigned char *bytes = read_file(file, name, verbose, size);
    close(file);
    return bytes;
}

/* Under a name that nobody else uses now: not another thread, nor a process of the same number in another container. */
static int create(int folder, char name[NAME_SIZE])
{
    static atomic_uint number;
    struct timespec now = { 0, 0 };
    timespec_get(&now, TIME_UTC);
    snprintf(name, NAME_SIZE, ".%ld.%u.%lld.%ld.tmp", (long)getpid(), atomic_fetch_add(&number, 1),
             (long long)now.tv_sec, now.tv_nsec);
    return openat(folder, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
}

static int write_in(int folder, const char *name, const attn_piece *pieces, int count)
{
    char temporary[NAME_SIZE];
    int file = create(folder, temporary), whole = 1;
    if (file < 0)
        return 0;
    for (int i = 0; i < count && whole; i++)
        whole = write_all(file, pieces[i].bytes, pieces[i].size);
    if (close(file))
        whole = 0;
    if (whole && !renameat(folder, temporary, folder, name))
        return 1;
    unlinkat(folder, temporary, 0);
    return 0;
}

int attn_user_file_write(const char *folder, const char *name, int verbose, const attn_piece *pieces, int count)
{
    int opened = open_folder(folder, (purpose){ 1, verbose });
    if (opened < 0)
        return 0;
    int written = write_in(opened, name, pieces, count);
    close(opened);
    return written;
}
#endif
