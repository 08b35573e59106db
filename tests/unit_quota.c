/*
 * Unit tests of the processor time that control groups grant, on files like those of Linux.
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
#include "host/quota.h"

static const char *path_of(const char *name)
{
    static char path[CACHE_PATH];

    snprintf(path, sizeof path, "%s/%s", cache.base, name);
    return path;
}

/* A file below the folder, and the folders on the way. */
static void write_text(const char *name, const char *text)
{
    char folder[CACHE_PATH];
    size_t i;

    for (i = 0; name[i] != '\0'; i++)
        if (name[i] == '/') {
            snprintf(folder, sizeof folder, "%s/%.*s", cache.base, (int)i, name);
            mkdir(folder, 0700);
        }
    cache_write(path_of(name), (const unsigned char *)text, strlen(text));
}

static int quota(void)
{
    char groups[CACHE_PATH];

    snprintf(groups, sizeof groups, "%s", path_of("groups"));
    return attn_host_quota(groups, path_of("root"));
}

static int set_up(void **state)
{
    (void)state;
    return cache_folder_make("quota");
}

static int tear_down(void **state)
{
    (void)state;
    cache_folder_remove();
    return 0;
}

static void no_files_no_limit(void **state)
{
    (void)state;
    assert_int_equal(quota(), 0);
    write_text("groups", "0::/\n");
    assert_int_equal(quota(), 0);
    write_text("groups", "0::/somewhere/else\n1:name=systemd:/\nnonsense\n:\n::");
    assert_int_equal(quota(), 0);
}

static void version_2(void **state)
{
    static const struct {
        const char *text;
        int processors;
    } limits[] = {
        { "max 100000\n", 0 },
        { "200000 100000\n", 2 },
        { "150000 100000\n", 2 },
        { "50000 100000\n", 1 },
        { "1 100000\n", 1 },
        { "6400000 100000\n", 64 },
        { "", 0 },
        { "0 0\n", 0 },
        { "-1 100000\n", 0 },
        { "100000\n", 0 },
        { "1e300 1\n", 0 },
        { "nan 100000\n", 0 },
        { "100000 -100000", 0 },
    };
    size_t i;

    (void)state;
    write_text("groups", "0::/a/b\n");
    for (i = 0; i < sizeof limits / sizeof *limits; i++) {
        write_text("root/a/b/cpu.max", limits[i].text);
        assert_int_equal(quota(), limits[i].processors);
    }
}

static void the_least_of_all_around(void **state)
{
    (void)state;
    write_text("groups", "0::/a/b\n");
    write_text("root/a/b/cpu.max", "800000 100000\n");
    write_text("root/a/cpu.max", "300000 100000\n");
    assert_int_equal(quota(), 3);
    write_text("root/cpu.max", "200000 100000\n");
    assert_int_equal(quota(), 2);
    write_text("root/a/b/cpu.max", "max 100000\n");
    assert_int_equal(quota(), 2);
    write_text("groups", "0::/path/of/the/host\n");
    assert_int_equal(quota(), 2);
}

static void version_1(void **state)
{
    (void)state;
    write_text("groups", "5:memory:/a\n4:cpuset:/b\n3:cpuacct,cpu:/a\n");
    write_text("root/cpu/a/cpu.cfs_quota_us", "-1\n");
    write_text("root/cpu/a/cpu.cfs_period_us", "100000\n");
    write_text("root/cpu/b/cpu.cfs_quota_us", "100000\n");
    write_text("root/cpu/b/cpu.cfs_period_us", "100000\n");
    assert_int_equal(quota(), 0);
    write_text("root/cpu/a/cpu.cfs_quota_us", "250000\n");
    assert_int_equal(quota(), 3);
}

static void long_paths_are_left_alone(void **state)
{
    char groups[3 * CACHE_LARGEST_FILE / 2];

    (void)state;
    memset(groups, 'x', sizeof groups);
    memcpy(groups, "0::/", 4);
    groups[sizeof groups - 1] = '\0';
    write_text("groups", groups);
    write_text("root/cpu.max", "200000 100000\n");
    assert_int_equal(quota(), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(no_files_no_limit, set_up, tear_down),
        cmocka_unit_test_setup_teardown(version_2, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_least_of_all_around, set_up, tear_down),
        cmocka_unit_test_setup_teardown(version_1, set_up, tear_down),
        cmocka_unit_test_setup_teardown(long_paths_are_left_alone, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
