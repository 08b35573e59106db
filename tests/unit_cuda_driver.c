/* Unit tests of the CUDA backend on a driver that fails: what is listed, every call failing in turn, which kernels there are.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#include "with_cuda.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "cuda/image.h"
#include "listing.h"

/* ---- what is listed ------------------------------------------------------------------------------------------------- */

struct cuda_listing {
    struct listing is;
    int version; /* 0: a new one */
    int no_devices;
    CUresult init;
    const char *fails; /* an entry point, each call of it; NULL: none */
};

static const struct cuda_listing listings[] = {
    { .is = { "two devices", NULL, 2, NULL } },
    { .is = { "no library", "tests/no such library.so", 0,
              "attn: cuda: tests/no such library.so cannot be loaded; no devices\n" } },
    { .is = { "a library without an entry point", STUB_CUDA_SHORT_LIBRARY, 0,
              STUB_CUDA_SHORT_LIBRARY " has no cuLaunchKernel; no devices\n" } },
    { .is = { "a library without optional entry points", STUB_CUDA_OLD_LIBRARY, 2, NULL } },
    { .is = { "a driver without devices, as drivers tell it", NULL, 0,
              "attn: cuda: cuInit: CUDA_ERROR_NO_DEVICE (100); no devices\n" },
      .init = CUDA_ERROR_NO_DEVICE },
    { .is = { "no devices and no error", NULL, 0, NULL }, .no_devices = 1 },
    { .is = { "a driver that is too old", NULL, 0, "attn: cuda: the driver is for CUDA 9.2, needs " },
      .version = 9020 },
    { .is = { "a driver without a version", NULL, 0,
              "attn: cuda: cuDriverGetVersion: CUDA_ERROR_OUT_OF_MEMORY (2); no devices\n" },
      .fails = "cuDriverGetVersion" },
    { .is = { "devices that cannot be counted", NULL, 0,
              "attn: cuda: cuDeviceGetCount: CUDA_ERROR_OUT_OF_MEMORY (2); no devices\n" },
      .fails = "cuDeviceGetCount" },
    { .is = { "devices that cannot be had", NULL, 0,
              "attn: cuda: device 1 \"\" is not listed: CUDA_ERROR_OUT_OF_MEMORY (2)\n" },
      .fails = "cuDeviceGet" },
    { .is = { "devices that cannot be named", NULL, 0,
              "attn: cuda: device 0 \"\" is not listed: CUDA_ERROR_OUT_OF_MEMORY (2)\n" },
      .fails = "cuDeviceGetName" },
    { .is = { "devices of unknown memory", NULL, 0,
              "attn: cuda: device 0 \"Stub GPU\" is not listed: CUDA_ERROR_OUT_OF_MEMORY (2)\n" },
      .fails = "cuDeviceTotalMem" },
    { .is = { "devices that cannot be asked", NULL, 0,
              "attn: cuda: device 0 \"Stub GPU\" is not listed: CUDA_ERROR_OUT_OF_MEMORY (2)\n" },
      .fails = "cuDeviceGetAttribute" },
};

static void prepare(const struct listing *listing)
{
    const struct cuda_listing *l = (const struct cuda_listing *)listing;

    with.says->version = l->version ? l->version : with.says->version;
    with.says->devices = l->no_devices ? 0 : with.says->devices;
    with.says->init = l->init;
    if (l->fails)
        life_fail(with.stub, l->fails, CUDA_ERROR_OUT_OF_MEMORY, 1);
}

static void devices_listed(void **state)
{
    const struct listing_backend backend = { "cuda", "ATTN_CUDA_LIBRARY", prepare };
    int wrong = 0;

    (void)state;
    for (size_t i = 0; i < sizeof listings / sizeof *listings; i++)
        wrong += !listing_is(&listings[i].is, &backend);
    assert_int_equal(wrong, 0);
}

static attn_device *open_device(const char *name)
{
    attn_device *device;

    assert_int_equal(attn_device_open(name, &device), ATTN_OK);
    return device;
}

static void devices_described(void **state)
{
    attn_device_info info = ATTN_DEVICE_INFO_INIT;
    attn_device *device = open_device("cuda");

    (void)state;
    assert_int_equal(attn_device_get_info(device, &info), ATTN_OK);
    assert_string_equal(info.name, "cuda:0");
    assert_string_equal(info.description, "Stub GPU, compute capability 9.0, 132 SMs, 227 KiB shared, CUDA 99.0");
    assert_int_equal(info.threads, 132);
    attn_device_close(device);
}

/* ---- calls that fail ------------------------------------------------------------------------------------------------ */

static void each_call_fails(void **state)
{
    const struct life_driver driver = with_cuda_driver();

    (void)state;
    assert_true(life_fail_each(&driver));
}

static attn_status open_second(attn_device **device)
{
    return attn_device_open("cuda:1", device);
}

/* It has no memory pools: merges wait. */
static void each_call_fails_without_pools(void **state)
{
    struct life_driver driver = with_cuda_driver();

    (void)state;
    driver.open = open_second;
    assert_true(life_fail_each(&driver));
}

/* ---- memory --------------------------------------------------------------------------------------------------------- */

static void wrong_copies_refused(void **state)
{
    attn_device *device = open_device("cuda:0");
    attn_memory memory;
    char bytes[16] = "";

    (void)state;
    assert_int_equal(attn_alloc(device, 8, &memory), ATTN_OK);
    assert_int_equal(attn_upload(device, memory, bytes, 9), ATTN_INVALID);
    assert_non_null(strstr(attn_reason(), "to.offset 0 with 9 bytes behind it, expected memory of device cuda:0"));
    memory.offset = 4;
    assert_int_equal(attn_download(device, bytes, memory, 4), ATTN_OK);
    assert_int_equal(attn_download(device, bytes, memory, 5), ATTN_INVALID);
    assert_non_null(strstr(attn_reason(), "from.offset 4 with 5 bytes behind it"));
    attn_free(device, memory);
    attn_device_close(device);
    assert_int_equal(with.stub->live, 0);
}

/* ---- kernels -------------------------------------------------------------------------------------------------------- */

static attn_status plan_of(attn_device *device, int64_t batch, int64_t rows, int64_t dim, attn_plan **plan)
{
    attn_problem problem = ATTN_PROBLEM_INIT;

    problem.q = problem.k = problem.v = problem.o = attn_bhsd(ATTN_F32, batch, 1, rows, dim);
    return attn_plan_create(device, &problem, plan);
}

static void plan_on_old(const struct listing *listing)
{
    attn_device *device;
    attn_plan *plan;

    (void)listing;
    with.says->device[0].major = 6;
    with.says->device[0].minor = 1;
    device = open_device("cuda:0");
    if (plan_of(device, 1, 4, 8, &plan) == ATTN_UNSUPPORTED)
        fprintf(stderr, "%s\n", attn_reason());
    attn_device_close(device);
}

/* A device that no image has code for is listed; its kernels decline. */
static void image_for_each_device(void **state)
{
    const struct listing_backend backend = { "cuda", "ATTN_CUDA_LIBRARY", plan_on_old };
    const struct listing old = { "a device without code", NULL, 2, ", this device has compute capability 6.1" };

    (void)state;
    assert_true(listing_is(&old, &backend));
}

static void kernels_loaded_once(void **state)
{
    attn_device *device = open_device("cuda:0");
    attn_plan *plan[3];

    (void)state;
    with.says->modules = 0;
    for (int i = 0; i < 2; i++)
        assert_int_equal(plan_of(device, 1, 100, 64, &plan[i]), ATTN_OK);
    assert_int_equal(with.says->modules, 2); /* forward and merge_parts */
    assert_int_equal(plan_of(device, 1, 100, 128, &plan[2]), ATTN_OK);
    assert_int_equal(with.says->modules, 3);
    for (int i = 0; i < 3; i++)
        attn_plan_destroy(plan[i]);
    attn_device_close(device);
    assert_int_equal(with.stub->live, 0);
}

/* ---- launches ------------------------------------------------------------------------------------------------------- */

static const struct stub_cuda_launch *run(attn_device *device, const attn_plan *plan, attn_memory memory)
{
    attn_args args = ATTN_ARGS_INIT;

    args.q = args.k = args.v = args.o = memory;
    args.workspace_size = attn_plan_workspace(plan);
    assert_int_equal(attn_alloc(device, args.workspace_size, &args.workspace), ATTN_OK);
    with.says->launches = 0;
    assert_int_equal(attn_run(plan, &args, NULL), ATTN_OK);
    attn_free(device, args.workspace);
    return with.says->launch;
}

/* A grid has room for 65535 units. */
static void many_units_launched(void **state)
{
    attn_device *device = open_device("cuda:0");
    attn_plan *plan;

    (void)state;
    assert_int_equal(plan_of(device, 150000, 4, 192, &plan), ATTN_OK);
    const struct stub_cuda_launch *l = run(device, plan, (attn_memory){ 4096, 0 });
    assert_int_equal(with.says->launches, 3);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(l[i].grid[0], 1);
        assert_int_equal(l[i].grid[1], i < 2 ? 65535 : 150000 - 2 * 65535);
        assert_int_equal(l[i].grid[2], 2); /* 192 channels, 128 a block */
        assert_int_equal(l[i].first_unit, 65535 * i);
    }
    attn_plan_destroy(plan);
    attn_device_close(device);
}

/* Kernels decide by offsets whether they may load 16 bytes at once. */
static void handles_aligned(void **state)
{
    attn_device *device = open_device("cuda:0");
    attn_plan *plan;

    (void)state;
    assert_int_equal(plan_of(device, 1, 4, 8, &plan), ATTN_OK);
    const struct stub_cuda_launch *l = run(device, plan, (attn_memory){ 4096 + 12, 32 });
    assert_int_equal(with.says->launches, 1);
    assert_string_equal(l->function, "forward");
    assert_int_equal(l->argument, 4096);
    assert_int_equal(l->offset, 32 + 12);
    attn_plan_destroy(plan);
    attn_device_close(device);
}

static int level_of(const char *image)
{
    const attn_cuda_image *found = attn_cuda_image_find(image, ATTN_BF16, ATTN_BF16);

    return found ? attn_cuda_image_level(found, 9, 0) : 0;
}

/* Few rows of bf16 over many keys: chunks and their merge, which need not wait for the end of what they follow, where their
 * code is for sm_90. */
static void launches_overlap(void **state)
{
    attn_device *device;
    attn_problem problem = ATTN_PROBLEM_INIT;
    attn_plan *plan;
    const int few = level_of("mma_8_128") >= 90, merge = level_of("merge_parts") >= 90;

    (void)state;
    if (!level_of("mma_8_128"))
        skip();
    device = open_device("cuda:0");
    problem.q = problem.o = attn_bhsd(ATTN_BF16, 1, 8, 1, 128);
    problem.k = problem.v = attn_bhsd(ATTN_BF16, 1, 2, 8192, 128);
    assert_int_equal(attn_plan_create(device, &problem, &plan), ATTN_OK);
    const struct stub_cuda_launch *l = run(device, plan, (attn_memory){ 4096, 0 });
    assert_int_equal(with.says->launches, 2);
    assert_string_equal(l[0].function, "forward_few");
    assert_string_equal(l[1].function, "merge_parts");
    assert_int_equal(l[0].overlaps, few);
    assert_int_equal(l[1].overlaps, merge);
    attn_plan_destroy(plan);
    problem.kernel = "flash-cuda-8"; /* does not wait */
    assert_int_equal(attn_plan_create(device, &problem, &plan), ATTN_OK);
    l = run(device, plan, (attn_memory){ 4096, 0 });
    assert_int_equal(with.says->launches, 2);
    assert_int_equal(l[0].overlaps, 0);
    assert_int_equal(l[1].overlaps, merge);
    attn_plan_destroy(plan);
    attn_device_close(device);
}

/* Whatever a test before has left. */
static int reset(void **state)
{
    (void)state;
    life_reset(with.stub);
    return 0;
}

#define TEST(function) cmocka_unit_test_setup(function, reset)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(devices_listed), /* first: what the library has asked for stays */
        TEST(image_for_each_device), TEST(devices_described),
        TEST(each_call_fails),       TEST(each_call_fails_without_pools),
        TEST(wrong_copies_refused),  TEST(kernels_loaded_once),
        TEST(many_units_launched),   TEST(handles_aligned),
        TEST(launches_overlap),
    };

    return cmocka_run_group_tests_name("cuda_driver", tests, with_cuda_setup, NULL);
}
