/* A folder for the files that the library keeps for a user.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#include "config.h"

#include "cache_folder.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

struct cache_folder cache;

static void remove_all(const char *path)
{
    char inside[CACHE_PATH];
    DIR *opened = opendir(path);

    for (struct dirent *e; opened && (e = readdir(opened));) {
        snprintf(inside, sizeof inside, "%s/%s", path, e->d_name);
        if (strcmp(e->d_name, ".") && strcmp(e->d_name, ".."))
            remove_all(inside);
    }
    if (opened)
        closedir(opened);
    remove(path);
}

int cache_folder_make(const char *name)
{
    const char *temporary = getenv("TMPDIR");
    struct cache_folder *c = &cache;

    snprintf(c->base, sizeof c->base, "%.80s/attn.XXXXXX", temporary && *temporary ? temporary : "/tmp");
    if (!mkdtemp(c->base))
        return 1;
    snprintf(c->libattn, sizeof c->libattn, "%.100s/libattn", c->base);
    snprintf(c->folder, sizeof c->folder, "%.120s/%.60s", c->libattn, name);
    return setenv("XDG_CACHE_HOME", c->base, 1);
}

void cache_folder_remove(void)
{
    remove_all(cache.base);
}

int cache_files(char path[CACHE_PATH])
{
    int count = 0;
    DIR *opened = opendir(cache.folder);

    if (!opened)
        return -1;
    for (struct dirent *e; (e = readdir(opened));)
        if (strcmp(e->d_name, ".") && strcmp(e->d_name, "..")) {
            snprintf(path, CACHE_PATH, "%s/%s", cache.folder, e->d_name);
            count++;
        }
    closedir(opened);
    return count;
}

const char *cache_only_file(void)
{
    static char path[CACHE_PATH];

    assert_int_equal(cache_files(path), 1);
    return path;
}

size_t cache_read(const char *path, unsigned char bytes[CACHE_LARGEST_FILE])
{
    FILE *file = fopen(path, "rb");

    assert_non_null(file);
    size_t size = fread(bytes, 1, CACHE_LARGEST_FILE, file);
    assert_int_equal(fclose(file), 0);
    assert_true(size > 0 && size < CACHE_LARGEST_FILE);
    return size;
}

void cache_write(const char *path, const unsigned char *bytes, size_t size)
{
    FILE *file = fopen(path, "wb");

    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}

unsigned cache_permissions(const char *path)
{
    struct stat about;

    assert_int_equal(stat(path, &about), 0);
    return about.st_mode & 07777;
}
