/*
 * Unit tests of the sizes of caches, on files like those of Linux.
 *
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE.
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "cache_folder.h"
#include "host/cache.h"

static void write_line(int index, const char *file, const char *text)
{
    char path[CACHE_PATH];

    snprintf(path, sizeof path, "%s/index%d", cache.base, index);
    mkdir(path, 0700);
    snprintf(path, sizeof path, "%s/index%d/%s", cache.base, index, file);
    cache_write(path, (const unsigned char *)text, strlen(text));
}

static void describe(int index, const char *level, const char *type, const char *size)
{
    write_line(index, "level", level);
    write_line(index, "type", type);
    write_line(index, "size", size);
}

static int64_t bytes_of(int level)
{
    return attn_host_cache_bytes(cache.base, level);
}

static int set_up(void **state)
{
    (void)state;
    return cache_folder_make("caches");
}

static int tear_down(void **state)
{
    (void)state;
    cache_folder_remove();
    return 0;
}

static void unknown_without_files(void **state)
{
    (void)state;
    assert_int_equal(bytes_of(2), 0);
    write_line(0, "level", "2\n");
    assert_int_equal(bytes_of(2), 0);
    write_line(0, "type", "Unified\n");
    assert_int_equal(bytes_of(2), 0);
    write_line(0, "size", "512K\n");
    assert_int_equal(bytes_of(2), 512 << 10);
}

static void data_and_unified_caches_of_each_level(void **state)
{
    (void)state;
    describe(0, "1\n", "Instruction\n", "64K\n");
    describe(1, "1\n", "Data\n", "48K\n");
    describe(2, "2\n", "Unified\n", "2048K\n");
    describe(3, "3\n", "Unified\n", "260M\n");
    assert_int_equal(bytes_of(1), 48 << 10);
    assert_int_equal(bytes_of(2), 2 << 20);
    assert_int_equal(bytes_of(3), 260 << 20);
    assert_int_equal(bytes_of(4), 0);
}

static void sizes(void **state)
{
    static const struct {
        const char *text;
        int64_t bytes;
    } lines[] = {
        { "1024K\n", 1 << 20 },
        { "2M", 2 << 20 },
        { "1G\n", 1 << 30 },
        { "65536\n", 65536 },
        { "0K\n", 0 },
        { "-512K\n", 0 },
        { "K\n", 0 },
        { "unknown\n", 0 },
        { "\n", 0 },
        { "1024G\n", 0 },
        { "1023G\n", INT64_C(1023) << 30 },
        { "99999999999999999999M\n", 0 },
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof lines / sizeof *lines; i++) {
        describe(0, "2\n", "Unified\n", lines[i].text);
        assert_int_equal(bytes_of(2), lines[i].bytes);
    }
}

static void long_paths_are_left_alone(void **state)
{
    static char path[2 * ATTN_HOST_CACHE_PATH];

    (void)state;
    memset(path, '/', sizeof path - 1);
    assert_int_equal(attn_host_cache_bytes(path, 2), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(unknown_without_files, set_up, tear_down),
        cmocka_unit_test_setup_teardown(data_and_unified_caches_of_each_level, set_up, tear_down),
        cmocka_unit_test_setup_teardown(sizes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(long_paths_are_left_alone, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
