/* Unit tests of the cache of compiled OpenCL programs, on a stub driver: what is kept, when it is taken, and that whatever is
 * wrong with it only means that the program is compiled. Each test has a folder of its own.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#include "with_opencl.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "attn_opencl.h"
#include "cache_folder.h"
#include "capture.h"
#include "opencl/program.h"

static int make_folder(void **state)
{
    (void)state;
    life_reset(with.stub);
    return cache_folder_make("opencl") || unsetenv("ATTN_OPENCL_CACHE") || setenv("ATTN_VERBOSE", "1", 1);
}

static int remove_folder(void **state)
{
    (void)state;
    cache_folder_remove();
    if (with.stub->live || with.stub->misused)
        print_error("%ld objects live, misused: %s\n", with.stub->live,
                    with.stub->misused ? with.stub->misused : "none");
    return with.stub->live || with.stub->misused;
}

/* ---- programs ------------------------------------------------------------------------------------------------------- */

static const attn_opencl_source source = { "test.cl", { "first text", "second text" } };

static void build(attn_device *device, const attn_opencl_source *of, const char *options)
{
    attn_opencl_kernel *kernel;

    assert_int_equal(attn_opencl_kernel_get(attn_opencl_of(device), of, options, "function", &kernel), ATTN_OK);
    attn_device_close(device);
}

enum way { COMPILED, LOADED };

/* How the program came about: a compiler is asked only if it must be. */
static enum way way_of(attn_device *device, const attn_opencl_source *of, const char *options, const char **log)
{
    with.says->compiled = with.says->loaded = 0;
    capture_begin();
    build(device, of, options);
    *log = capture_end();
    assert_int_equal(with.says->compiled + with.says->loaded, 1);
    assert_non_null(
        strstr(*log, with.says->loaded ? "program test.cl taken from the cache in " : "program test.cl compiled in "));
    return with.says->loaded ? LOADED : COMPILED;
}

static enum way built(attn_device *device)
{
    const char *log;

    return way_of(device, &source, "-DA=1", &log);
}

static attn_device *open_listed(void)
{
    attn_device *device;

    assert_int_equal(attn_device_open("opencl:0", &device), ATTN_OK);
    return device;
}

/* On a device opened now; `logs`: a part of the log, or NULL. */
static void expect(enum way way, const char *logs)
{
    const char *log;

    assert_int_equal(way_of(open_listed(), &source, "-DA=1", &log), way);
    if (logs && !strstr(log, logs))
        fail_msg("\"%s\" is not in the log:\n%s", logs, log);
}

/* ---- what is kept --------------------------------------------------------------------------------------------------- */

static void kept_and_taken(void **state)
{
    (void)state;
    expect(COMPILED, NULL);
    assert_int_equal(cache_permissions(cache_only_file()), 0600);
    assert_int_equal(cache_permissions(cache.folder), 0700);
    assert_int_equal(cache_permissions(cache.libattn), 0700);
    expect(LOADED, NULL);
    cache_only_file();
}

static void off_by_environment(void **state)
{
    char path[CACHE_PATH];

    (void)state;
    setenv("ATTN_OPENCL_CACHE", "0", 1);
    expect(COMPILED, NULL);
    assert_int_equal(cache_files(path), -1);
    unsetenv("ATTN_OPENCL_CACHE");
    expect(COMPILED, NULL);
    setenv("ATTN_OPENCL_CACHE", "0", 1);
    expect(COMPILED, NULL);
}

/* Of a context with two devices the binary of the right one is kept, under what that device is now. */
static attn_device *adopt(int which)
{
    const attn_opencl_api *cl = attn_opencl_load();
    const cl_device_id ids[] = { (cl_device_id)&with.says->device[0], (cl_device_id)&with.says->device[1] };
    attn_device *device;
    cl_int code;
    cl_context context = cl->clCreateContext(NULL, 2, ids, NULL, NULL, &code);

    assert_int_equal(code, CL_SUCCESS);
    assert_int_equal(attn_device_adopt_opencl(context, ids[which], NULL, &device), ATTN_OK);
    cl->clReleaseContext(context);
    return device;
}

/* The stub takes for a device no other's binary. */
static void devices_are_told_apart(void **state)
{
    char path[CACHE_PATH];

    (void)state;
    for (int which = 0; which < STUB_DEVICES; which++) {
        assert_int_equal(built(adopt(which)), COMPILED);
        assert_int_equal(built(adopt(which)), LOADED);
    }
    assert_int_equal(cache_files(path), STUB_DEVICES);
    expect(LOADED, NULL); /* the same device, not adopted */
}

/* What a binary depends on. */
static void changes_are_seen(void **state)
{
    struct stub_opencl_device *d = &with.says->device[1];
    const char **const said[] = { &d->name, &d->version, &d->driver };
    const char *const changed[] = { "Stub GPU 2", "OpenCL 3.0 stub 2", "7.2" };
    char path[CACHE_PATH];

    (void)state;
    expect(COMPILED, NULL);
    for (int i = 0; i < 3; i++) {
        const char *before = *said[i];

        *said[i] = changed[i];
        assert_int_equal(built(adopt(1)), COMPILED);
        assert_int_equal(built(adopt(1)), LOADED);
        *said[i] = before;
    }
    assert_int_equal(cache_files(path), 4);
    expect(LOADED, NULL);
}

static void programs_are_told_apart(void **state)
{
    static const attn_opencl_source longer = { "test.cl", { "first text", "second text", "third" } };
    static const attn_opencl_source other = { "test.cl", { "first text", "second tex." } };
    const char *log;
    char path[CACHE_PATH];

    (void)state;
    expect(COMPILED, NULL);
    assert_int_equal(way_of(open_listed(), &source, "-DA=2", &log), COMPILED);
    assert_int_equal(way_of(open_listed(), &longer, "-DA=1", &log), COMPILED);
    assert_int_equal(way_of(open_listed(), &other, "-DA=1", &log), COMPILED);
    assert_int_equal(cache_files(path), 4);
    assert_int_equal(way_of(open_listed(), &source, "-DA=2", &log), LOADED);
    expect(LOADED, NULL);
}

/* ---- what is wrong with a file ------------------------------------------------------------------------------------- */

/* Compiled, and written anew. */
static void expect_damage_seen(const char *path, const unsigned char *bytes, size_t size, const char *says)
{
    cache_write(path, bytes, size);
    expect(COMPILED, says);
    expect(LOADED, NULL);
}

static void damage_seen(void **state)
{
    unsigned char whole[CACHE_LARGEST_FILE], damaged[CACHE_LARGEST_FILE + 1] = "";
    static const char seen[] = "is damaged or of another program; ignored";

    (void)state;
    expect(COMPILED, NULL);
    const char *path = cache_only_file();
    size_t size = cache_read(path, whole);
    for (size_t i = 0; i < size; i++) {
        memcpy(damaged, whole, size);
        damaged[i] ^= 0x10;
        expect_damage_seen(path, damaged, size, seen);
    }
    memcpy(damaged, whole, size);
    expect_damage_seen(path, damaged, size + 1, seen);
    expect_damage_seen(path, whole, size - 1, seen);
    expect_damage_seen(path, whole, 1, seen);
    expect_damage_seen(path, whole, 0, "is empty or too large; ignored");
}

static void writable_by_others(void **state)
{
    static const mode_t modes[] = { 0620, 0602 };

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        expect(COMPILED, NULL);
        chmod(cache_only_file(), modes[i]);
        expect(COMPILED, "is writable by others; ignored");
        assert_int_equal(cache_permissions(cache_only_file()), 0600);
        expect(LOADED, NULL);
        remove(cache_only_file());
    }
}

/* Only root can give files away: nothing to see for others. */
static void of_another_user(void **state)
{
    (void)state;
    if (geteuid())
        return;
    expect(COMPILED, NULL);
    assert_int_equal(chown(cache_only_file(), 1, 1), 0);
    expect(COMPILED, "belongs to another user; ignored");
    expect(LOADED, NULL);
    assert_int_equal(chown(cache.folder, 1, 1), 0);
    expect(COMPILED, "opencl belongs to another user; ignored");
    assert_int_equal(chown(cache.folder, 0, 0), 0);
    assert_int_equal(chown(cache.libattn, 1, 1), 0);
    expect(COMPILED, "libattn belongs to another user; ignored");
}

static void not_a_plain_file(void **state)
{
    char path[CACHE_PATH], moved[CACHE_PATH];

    (void)state;
    expect(COMPILED, NULL);
    snprintf(path, sizeof path, "%s", cache_only_file());
    snprintf(moved, sizeof moved, "%s/moved", cache.base);
    assert_int_equal(rename(path, moved), 0);
    assert_int_equal(symlink(moved, path), 0);
    expect(COMPILED, NULL); /* a link is not followed, but replaced */
    expect(LOADED, NULL);
    remove(path);
    assert_int_equal(mkfifo(path, 0600), 0);
    expect(COMPILED, "is no plain file; ignored");
    expect(LOADED, NULL);
    remove(path);
    assert_int_equal(mkdir(path, 0700), 0);
    expect(COMPILED, "is not written");
    cache_only_file(); /* what was begun is taken away */
}

/* ---- what is wrong with a folder ----------------------------------------------------------------------------------- */

static void folders_writable_by_others(void **state)
{
    (void)state;
    expect(COMPILED, NULL);
    chmod(cache.folder, 0770);
    expect(COMPILED, "opencl is writable by others; ignored");
    chmod(cache.folder, 0700);
    chmod(cache.libattn, 0707);
    expect(COMPILED, "libattn is writable by others; ignored");
    chmod(cache.libattn, 0700);
    expect(LOADED, NULL);
}

static void folders_missing(void **state)
{
    char path[CACHE_PATH];

    (void)state;
    snprintf(path, sizeof path, "%s/file", cache.base);
    cache_write(path, (const unsigned char *)"x", 1);
    setenv("XDG_CACHE_HOME", path, 1);
    expect(COMPILED, "cannot be opened as a folder; ignored");
    snprintf(path, sizeof path, "%s/made", cache.base);
    setenv("XDG_CACHE_HOME", path, 1);
    expect(COMPILED, NULL);
    expect(LOADED, NULL);
    assert_int_equal(cache_permissions(path), 0700);
    snprintf(path, sizeof path, "%s/a/b", cache.base);
    setenv("XDG_CACHE_HOME", path, 1);
    expect(COMPILED, "cannot be made; ignored");
}

/* A relative XDG_CACHE_HOME does not count, as its specification has it: ~/.cache does. */
static void home_instead(void **state)
{
    (void)state;
    char *before = getenv("HOME") ? strdup(getenv("HOME")) : NULL;
    char path[CACHE_PATH];

    setenv("XDG_CACHE_HOME", "relative", 1);
    setenv("HOME", cache.base, 1);
    expect(COMPILED, NULL);
    expect(LOADED, NULL);
    snprintf(path, sizeof path, "%s/.cache/libattn/opencl", cache.base);
    assert_int_equal(cache_permissions(path), 0700);
    unsetenv("XDG_CACHE_HOME");
    expect(LOADED, NULL);
    unsetenv("HOME");
    expect(COMPILED, "XDG_CACHE_HOME or HOME is not set to an absolute path; ignored");
    if (before)
        setenv("HOME", before, 1);
    free(before);
}

/* Root may write everywhere: nothing to see then. */
static void unwritable(void **state)
{
    (void)state;
    if (!geteuid())
        return;
    expect(COMPILED, NULL);
    remove(cache_only_file());
    chmod(cache.folder, 0500);
    expect(COMPILED, "is not written");
    chmod(cache.folder, 0700);
    expect(COMPILED, NULL);
    expect(LOADED, NULL);
}

/* ---- what is wrong with a driver ----------------------------------------------------------------------------------- */

/* A binary that the driver refuses, at once, for its device, or when it is built. */
static void binary_refused(void **state)
{
    (void)state;
    expect(COMPILED, NULL);
    with.says->binary_status = CL_INVALID_BINARY;
    expect(COMPILED, NULL);
    with.says->binary_status = CL_SUCCESS;
    expect(LOADED, NULL);
    life_fail(with.stub, "clCreateProgramWithBinary", CL_INVALID_BINARY, 0);
    expect(COMPILED, NULL);
    life_fail(with.stub, "clBuildProgram", CL_BUILD_PROGRAM_FAILURE, 0);
    expect(COMPILED, NULL);
    life_reset(with.stub);
    expect(LOADED, NULL);
}

static void binary_not_given(void **state)
{
    char path[CACHE_PATH];

    (void)state;
    for (int call = 1; call <= 4; call++) { /* how many devices, which, sizes, bytes */
        life_fail(with.stub, "clGetProgramInfo", CL_OUT_OF_RESOURCES, 0);
        with.stub->fail_at = call;
        expect(COMPILED, NULL);
        assert_non_null(with.stub->failed);
        assert_true(cache_files(path) <= 0);
    }
    life_reset(with.stub);
    expect(COMPILED, NULL);
    expect(LOADED, NULL);
}

/* ---- calls that fail ------------------------------------------------------------------------------------------------- */

/* The library does without what only the cache needs; where a binary cannot be built, the source is. */
static attn_status expects(const struct life_code *code, const char *entry)
{
    static const char *const spared[] = { "clCreateProgramWithBinary", "clGetProgramInfo", "clBuildProgram" };

    for (size_t i = 0; i < sizeof spared / sizeof *spared; i++)
        if (!strcmp(entry, spared[i]))
            return ATTN_OK;
    return with_opencl_driver().expects(code, entry);
}

/* With everything in the cache. */
static void each_call_fails(void **state)
{
    struct life_driver driver = with_opencl_driver();

    (void)state;
    driver.expects = expects;
    unsetenv("ATTN_VERBOSE");
    assert_true(life_fail_each(&driver));
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, make_folder, remove_folder)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(kept_and_taken),
        TEST(off_by_environment),
        TEST(devices_are_told_apart),
        TEST(changes_are_seen),
        TEST(programs_are_told_apart),
        TEST(damage_seen),
        TEST(writable_by_others),
        TEST(of_another_user),
        TEST(not_a_plain_file),
        TEST(folders_writable_by_others),
        TEST(folders_missing),
        TEST(home_instead),
        TEST(unwritable),
        TEST(binary_refused),
        TEST(binary_not_given),
        TEST(each_call_fails),
    };

    return cmocka_run_group_tests_name("opencl_cache", tests, with_opencl_setup, NULL);
}
