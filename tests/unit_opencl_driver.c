/* Unit tests of the OpenCL backend on a driver that fails: what is listed, every call failing in turn, a build that fails.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#include "with_opencl.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "attn.h"
#include "life.h"
#include "listing.h"

/* ---- what is listed -------------------------------------------------------------------------------------------------
 * The library asks once, so each of these is a process of its own. */

struct opencl_listing {
    struct listing is;
    void (*change)(struct stub_opencl_device *d); /* of the GPU; NULL: nothing */
    int no_platforms, no_devices;
    cl_int no_platforms_code;
    const char *fails; /* an entry point; NULL: none */
    int once;          /* only its first call */
};

static void is_old(struct stub_opencl_device *d)
{
    d->version = "OpenCL 1.1 stub";
}

static void has_no_version(struct stub_opencl_device *d)
{
    d->version = "OpenCL ?";
}

static void is_embedded(struct stub_opencl_device *d)
{
    d->profile = "EMBEDDED_PROFILE";
}

static void is_big_endian(struct stub_opencl_device *d)
{
    d->little_endian = CL_FALSE;
}

static void is_unavailable(struct stub_opencl_device *d)
{
    d->available = CL_FALSE;
}

static void has_no_compiler(struct stub_opencl_device *d)
{
    d->compiler = CL_FALSE;
}

#define NOT_LISTED "attn: opencl: device \"Stub GPU\" of platform \"Stub platform\" is not listed: "

static const struct opencl_listing listings[] = {
    { .is = { "two devices", NULL, 2, NULL } },
    { .is = { "no library", "tests/no such library.so", 0,
              "attn: opencl: tests/no such library.so cannot be loaded; no devices\n" } },
    { .is = { "a library without an entry point", STUB_OPENCL_SHORT_LIBRARY, 0,
              STUB_OPENCL_SHORT_LIBRARY " has no clReleaseEvent; no devices\n" } },
    { .is = { "no platform, an error", NULL, 0,
              "attn: opencl: clGetPlatformIDs: CL_PLATFORM_NOT_FOUND_KHR (-1001); no devices\n" },
      .no_platforms = 1,
      .no_platforms_code = CL_PLATFORM_NOT_FOUND_KHR },
    { .is = { "no platform, no error", NULL, 0, NULL }, .no_platforms = 1 },
    { .is = { "a platform without devices", NULL, 0, NULL }, .no_devices = 1 },
    { .is = { "platforms that cannot be asked for", NULL, 0,
              "attn: opencl: clGetPlatformIDs: CL_OUT_OF_HOST_MEMORY (-6); no devices\n" },
      .fails = "clGetPlatformIDs" },
    { .is = { "devices that cannot be asked for", NULL, 0,
              "attn: opencl: clGetDeviceIDs: CL_OUT_OF_HOST_MEMORY (-6)\n" },
      .fails = "clGetDeviceIDs" },
    { .is = { "devices that cannot be asked", NULL, 0,
              "is not listed: clGetDeviceInfo of 0x102b: CL_OUT_OF_HOST_MEMORY (-6)\n" },
      .fails = "clGetDeviceInfo" },
    { .is = { "platforms that cannot be asked", NULL, 0,
              "is not listed: clGetPlatformInfo of 0x902: CL_OUT_OF_HOST_MEMORY (-6)\n" },
      .fails = "clGetPlatformInfo" },
    { .is = { "one device that cannot be asked, one that can", NULL, 1,
              "is not listed: clGetDeviceInfo of 0x102b: CL_OUT_OF_HOST_MEMORY (-6)\n" },
      .fails = "clGetDeviceInfo",
      .once = 1 },
    { .is = { "a device of OpenCL 1.1", NULL, 1, NOT_LISTED "its version is \"OpenCL 1.1 stub\", needs OpenCL 1.2\n" },
      .change = is_old },
    { .is = { "a device without a version", NULL, 1, NOT_LISTED "its version is \"OpenCL ?\", needs OpenCL 1.2\n" },
      .change = has_no_version },
    { .is = { "a device of the embedded profile", NULL, 1,
              NOT_LISTED "its profile is \"EMBEDDED_PROFILE\", needs FULL_PROFILE\n" },
      .change = is_embedded },
    { .is = { "a big endian device", NULL, 1, NOT_LISTED "it is big endian\n" }, .change = is_big_endian },
    { .is = { "a device that is not available", NULL, 1, NOT_LISTED "it is not available\n" },
      .change = is_unavailable },
    { .is = { "a device without a compiler", NULL, 1, NOT_LISTED "it has no compiler\n" }, .change = has_no_compiler },
};

static void prepare(const struct listing *listing)
{
    const struct opencl_listing *l = (const struct opencl_listing *)listing;

    with.says->no_platforms = l->no_platforms;
    with.says->no_platforms_code = l->no_platforms_code;
    with.says->no_devices = l->no_devices;
    if (l->change)
        l->change(&with.says->device[1]);
    if (l->fails)
        life_fail(with.stub, l->fails, CL_OUT_OF_HOST_MEMORY, !l->once);
}

static void devices_listed(void **state)
{
    const struct listing_backend backend = { "opencl", "ATTN_OPENCL_LIBRARY", prepare };
    int wrong = 0;

    (void)state;
    for (size_t i = 0; i < sizeof listings / sizeof *listings; i++)
        wrong += !listing_is(&listings[i].is, &backend);
    assert_int_equal(wrong, 0);
}

static void devices_described(void **state)
{
    attn_device_info info = ATTN_DEVICE_INFO_INIT;
    attn_device *device;

    (void)state;
    assert_int_equal(attn_device_open("opencl", &device), ATTN_OK);
    assert_int_equal(attn_device_get_info(device, &info), ATTN_OK);
    assert_string_equal(info.name, "opencl:0");
    assert_string_equal(info.description, "Stub GPU, Stub platform, driver 7.1"); /* GPUs come first */
    attn_device_close(device);
    assert_int_equal(attn_device_open("opencl:1", &device), ATTN_OK);
    assert_int_equal(attn_device_get_info(device, &info), ATTN_OK);
    assert_string_equal(info.description, "Stub CPU, Stub platform, driver 7.1");
    attn_device_close(device);
}

/* ---- local memory --------------------------------------------------------------------------------------------------- */

struct memory_listing {
    struct listing is;
    cl_ulong local_memory; /* that the compiler says it gives kernels */
};

/* The kernel for problems of this type, and programs compiled so far, as text. */
static void print_choice(char *to, size_t capacity, attn_device *device, attn_dtype type)
{
    attn_problem problem = ATTN_PROBLEM_INIT;
    const char *kernel = NULL;

    problem.q = problem.k = problem.v = problem.o = attn_bhsd(type, 1, 1, 128, 128);
    assert_int_equal(attn_device_choose(device, &problem, &kernel), ATTN_OK);
    snprintf(to, capacity, "%s %d", kernel, with.says->compiled);
}

static void choose_on_nvidia(const struct listing *listing)
{
    struct stub_opencl_device *d = &with.says->device[1];
    attn_device *device;
    char text[3][64];

    with.says->local_memory = ((const struct memory_listing *)listing)->local_memory;
    d->extensions = "cl_nv_device_attribute_query";
    d->nvidia_sm = 90;
    assert_int_equal(attn_device_open("opencl:0", &device), ATTN_OK);
    for (int i = 0; i < 3; i++)
        print_choice(text[i], sizeof text[i], device, i ? ATTN_F16 : ATTN_F32);
    fprintf(stderr, "%s, %s, %s\n", text[0], text[1], text[2]);
    attn_device_close(device);
}

/* NVIDIA's driver takes more than it reports, which is found out when a kernel needs it. */
static void local_memory_asked_once(void **state)
{
    static const struct memory_listing cases[] = {
        { { "a driver that gives more", NULL, 2, "flash-opencl-64 0, mma-opencl-128 1, mma-opencl-128 1\n" }, 100000 },
        { { "a driver that gives less", NULL, 2, "flash-opencl-64 0, mma-opencl-64 1, mma-opencl-64 1\n" }, 99999 },
    };
    const struct listing_backend backend = { "opencl", "ATTN_OPENCL_LIBRARY", choose_on_nvidia };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_true(listing_is(&cases[i].is, &backend));
}

/* ---- calls that fail ------------------------------------------------------------------------------------------------ */

static void each_call_fails(void **state)
{
    const struct life_driver driver = with_opencl_driver();

    (void)state;
    assert_true(life_fail_each(&driver));
}

/* ---- builds that fail ----------------------------------------------------------------------------------------------- */

static attn_status make_plan(attn_device *device)
{
    attn_problem problem = ATTN_PROBLEM_INIT;
    attn_plan *plan;

    problem.q = problem.k = problem.v = problem.o = attn_bhsd(ATTN_F32, 1, 1, 4, 4);
    attn_status status = attn_plan_create(device, &problem, &plan);
    attn_plan_destroy(plan);
    return status;
}

/* The status of a plan when the compiler refuses it with this log; then it compiles. */
static attn_status refuse(const char *log, char *reason, size_t capacity)
{
    attn_device *device;

    assert_int_equal(attn_device_open("opencl:0", &device), ATTN_OK);
    with.says->build_log = log;
    life_fail(with.stub, "clBuildProgram", CL_BUILD_PROGRAM_FAILURE, 0);
    attn_status status = make_plan(device);
    snprintf(reason, capacity, "%s", attn_reason());
    assert_int_equal(make_plan(device), ATTN_OK);
    attn_device_close(device);
    assert_int_equal(with.stub->live, 0);
    assert_null(with.stub->misused);
    with.says->build_log = "";
    return status;
}

static void build_log_shown(void **state)
{
    char reason[2048];

    (void)state;
    assert_int_equal(refuse("\n\nerror: one\r\n  at two\n\nthree", reason, sizeof reason), ATTN_DRIVER);
    assert_non_null(strstr(reason, "clBuildProgram of forward.cl with options \"-D"));
    assert_non_null(strstr(reason, "CL_BUILD_PROGRAM_FAILURE (-11)\n  error: one\n    at two\n  three"));
}

static void build_log_empty(void **state)
{
    char reason[2048];

    (void)state;
    assert_int_equal(refuse("", reason, sizeof reason), ATTN_DRIVER);
    assert_string_equal(reason, "clBuildProgram of forward.cl: CL_BUILD_PROGRAM_FAILURE (-11)");
}

/* Lines are cut, and of many the first are shown. */
static void build_log_long(void **state)
{
    static char log[100000], reason[2048];
    size_t lines = 0;

    (void)state;
    memset(log, 'x', sizeof log - 1);
    for (size_t i = 1000; i < sizeof log - 1; i += 2)
        log[i] = '\n';
    assert_int_equal(refuse(log, reason, sizeof reason), ATTN_DRIVER);
    for (const char *at = strchr(reason, '\n'); at; at = strchr(at + 1, '\n'), lines++)
        assert_true(strcspn(at + 1, "\n") <= 202);
    assert_int_equal(lines, 12);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(devices_listed), /* first: what the library has asked for stays */
        cmocka_unit_test(local_memory_asked_once), cmocka_unit_test(devices_described),
        cmocka_unit_test(each_call_fails),         cmocka_unit_test(build_log_shown),
        cmocka_unit_test(build_log_empty),         cmocka_unit_test(build_log_long),
    };

    return cmocka_run_group_tests_name("opencl_driver", tests, with_opencl_setup, NULL);
}
