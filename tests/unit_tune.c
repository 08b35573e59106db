/*
 * Which kernel a plan gets: by name, by what is preferred for its class, by its place in the table; and the file that keeps
 * what is preferred.
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
#include <unistd.h>

#include <cmocka.h>

#include "lib/backend.h"
#include "lib/choose.h"

/* ---- a device of three kernels ----------------------------------------------------------------------------------- */

/* Declines what has more than `variant` channels. */
static int why_not(const attn_kernel *kernel, const attn_device *device, const attn_problem *problem,
                   const attn_shape *shape, attn_why *why)
{
    (void)device, (void)problem;
    return attn_decline_dims(why, shape, *(const int *)kernel->variant);
}

/* For no fewer query positions than `variant` has channels. */
static int suits(const attn_kernel *kernel, const attn_device *device, const attn_problem *problem,
                 const attn_shape *shape, attn_why *why)
{
    const int least = *(const int *)kernel->variant;

    (void)device, (void)problem;
    return shape->max_q >= least || !attn_decline(why, "made for %d positions", least);
}

static size_t no_workspace(const attn_plan *plan)
{
    (void)plan;
    return 0;
}

#define KERNEL(text, most, ...)                                                                                        \
    {                                                                                                                  \
        .name = text, .variant = most, .why_not = why_not, .workspace = no_workspace, __VA_ARGS__                      \
    }
static const int narrow = 64, middling = 256, wide = 1024;
static const attn_kernel kernels[] = { KERNEL("narrow", &narrow, .suits = NULL), KERNEL("wide", &wide, .suits = NULL),
                                       KERNEL("last", &wide, .suits = NULL) };
static const attn_backend backend = { .name = "toy", .kernels = kernels, .kernel_count = 3 };

static attn_device *open_toy(attn_device *device, const char *description)
{
    attn_device_info info = { .size = sizeof info, .name = "toy" };

    snprintf(info.description, sizeof info.description, "%s", description);
    attn_device_begin(device, &backend, &info);
    return device;
}

static attn_problem problem_of(attn_dtype type, int64_t heads, int64_t queries, int64_t dim)
{
    attn_problem p = ATTN_PROBLEM_INIT;

    p.q = p.o = attn_bhsd(type, 1, heads, queries, dim);
    p.k = p.v = attn_bhsd(type, 1, 1, 100, dim);
    return p;
}

/* The kernel that a plan gets, and attn_device_choose tells; explain says `says`. */
static const char *kernel_of(attn_device *device, const attn_problem *problem, const char *says)
{
    attn_plan *plan = NULL;
    char text[1024];
    const char *name, *chosen;

    assert_int_equal(attn_plan_create(device, problem, &plan), ATTN_OK);
    name = plan->kernel->name;
    assert_int_equal(attn_device_choose(device, problem, &chosen), ATTN_OK);
    assert_string_equal(chosen, name);
    assert_null(plan->problem.kernel);
    attn_plan_explain(plan, text, sizeof text);
    if (strstr(text, says) == NULL)
        fail_msg("explain does not say \"%s\": %s", says, text);
    attn_plan_destroy(plan);
    return name;
}

/* ---- folders ----------------------------------------------------------------------------------------------------- */

static char folder[] = "unit_tune.XXXXXX";

static int make_folder(void **state)
{
    char here[4000], cache[4096];

    (void)state;
    if (mkdtemp(folder) == NULL || getcwd(here, sizeof here) == NULL)
        return -1;
    snprintf(cache, sizeof cache, "%s/%s", here, folder);
    return setenv("XDG_CACHE_HOME", cache, 1) || setenv("ATTN_TUNE", "1", 1) ? -1 : 0;
}

static int remove_folder(void **state)
{
    char command[64];

    (void)state;
    snprintf(command, sizeof command, "rm -rf %s", folder);
    return system(command);
}

/* Path of a file that is kept; 0: there is none. */
static int find_file(char *path, size_t size)
{
    char command[128];
    FILE *list;
    int found;

    snprintf(command, sizeof command, "ls %s/libattn/tune/*.txt 2>/dev/null", folder);
    list = popen(command, "r");
    assert_non_null(list);
    found = fgets(path, (int)size, list) != NULL;
    path[found ? strcspn(path, "\n") : 0] = '\0';
    pclose(list);
    return found;
}

/* ---- tests --------------------------------------------------------------------------------------------------------- */

static void classes(void **state)
{
    static const struct {
        attn_dtype type;
        int64_t heads, queries, dim;
        int invariant;
        const char *name; /* NULL: none */
    } rows[] = {
        { ATTN_F32, 1, 1, 1, 0, "f32/d64/decode" },         { ATTN_F32, 1, 16, 64, 0, "f32/d64/decode" },
        { ATTN_F32, 1, 17, 64, 0, "f32/d64/prefill" },      { ATTN_F16, 8, 2, 65, 0, "f16/d128/decode" },
        { ATTN_F16, 8, 3, 128, 0, "f16/d128/prefill" },     { ATTN_F16, 16, 1, 129, 0, "f16/d256/decode" },
        { ATTN_F16, 17, 1, 256, 0, "f16/d256/prefill" },    { ATTN_BF16, 1, 1, 257, 0, "bf16/d576/decode" },
        { ATTN_BF16, 1, 100, 576, 0, "bf16/d576/prefill" }, { ATTN_F32, 1, 1, 577, 0, NULL },
        { ATTN_F16, 1, 1, 128, 1, "f16/d128/prefill" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        attn_problem p = problem_of(rows[i].type, rows[i].heads, rows[i].queries, rows[i].dim);
        attn_shape shape;
        char name[ATTN_TUNE_NAME];
        int class;

        p.batch_invariant = rows[i].invariant;
        assert_int_equal(attn_shape_from_problem(&p, &shape), ATTN_OK);
        class = attn_tune_class(&p, &shape);
        assert_true(class < ATTN_TUNE_CLASSES && (class < 0) == (rows[i].name == NULL));
        if (class >= 0)
            attn_tune_class_name(class, name);
        if (class >= 0)
            assert_string_equal(name, rows[i].name);
    }
}

static void names(void **state)
{
    attn_device device;
    attn_plan *plan = NULL;
    attn_problem p = problem_of(ATTN_F32, 1, 4, 128);

    (void)state;
    open_toy(&device, "names");
    assert_string_equal(attn_device_kernel(&device, 0), "narrow");
    assert_string_equal(attn_device_kernel(&device, 2), "last");
    assert_null(attn_device_kernel(&device, 3));
    assert_null(attn_device_kernel(&device, -1));
    assert_null(attn_device_kernel(NULL, 0));
    assert_string_equal(kernel_of(&device, &p, "narrow declined"), "wide");
    p.kernel = "last";
    assert_string_equal(kernel_of(&device, &p, "last is named by the problem"), "last");
    p.kernel = "las";
    assert_int_equal(attn_plan_create(&device, &p, &plan), ATTN_INVALID);
    assert_string_equal(attn_reason(), "kernel is \"las\", device toy has narrow, wide, last");
    p.kernel = "narrow";
    assert_int_equal(attn_plan_create(&device, &p, &plan), ATTN_UNSUPPORTED);
    assert_non_null(strstr(attn_reason(), "narrow of device toy declined: q.size[3] is 128, at most 64"));
    assert_null(plan);
}

/* A kernel that does not suit is passed over where another does, but takes what it is named or preferred for. */
static void suitable(void **state)
{
    static const attn_kernel some[] = { KERNEL("narrow", &narrow, .suits = suits),
                                        KERNEL("wide", &wide, .suits = suits),
                                        KERNEL("any", &middling, .suits = NULL) };
    static const attn_backend choosy = { .name = "choosy", .kernels = some, .kernel_count = 3 };
    attn_device device;
    attn_problem few = problem_of(ATTN_F32, 1, 4, 64), many = problem_of(ATTN_F32, 1, 64, 64),
                 deep = problem_of(ATTN_F32, 1, 64, 300);

    (void)state;
    open_toy(&device, "suitable");
    device.backend = &choosy;
    assert_string_equal(kernel_of(&device, &few, "narrow not chosen: made for 64 positions"), "any");
    assert_string_equal(kernel_of(&device, &few, "wide not chosen: made for 1024 positions"), "any");
    assert_string_equal(kernel_of(&device, &many, ""), "narrow");
    assert_string_equal(kernel_of(&device, &deep, "narrow declined: q.size[3] is 300, at most 64"), "wide");
    few.kernel = "wide";
    assert_string_equal(kernel_of(&device, &few, "narrow not chosen: made for 64 positions"), "wide");
    few.kernel = NULL;
    device.tuned.kernel[attn_tune_class(&few, &(attn_shape){ .dim = 64, .group = 1, .max_q = 4 })] = &some[1];
    assert_string_equal(kernel_of(&device, &few, "wide is preferred for f32/d64/decode"), "wide");
}

static void preferences(void **state)
{
    attn_device device, later;
    attn_problem small = problem_of(ATTN_F32, 1, 4, 32), decode = problem_of(ATTN_F16, 1, 4, 64),
                 prefill = problem_of(ATTN_F16, 1, 40, 64), middle = problem_of(ATTN_F16, 1, 4, 100), deep;
    char path[256];

    (void)state;
    open_toy(&device, "one");
    assert_false(find_file(path, sizeof path));
    assert_int_equal(attn_device_prefer(&device, &decode, "last"), ATTN_OK);
    assert_string_equal(kernel_of(&device, &decode, "last is preferred for f16/d64/decode"), "last");
    assert_string_equal(kernel_of(&device, &prefill, ""), "narrow");
    assert_string_equal(kernel_of(&device, &small, ""), "narrow");
    decode.batch_invariant = 1;
    assert_string_equal(kernel_of(&device, &decode, ""), "narrow");
    decode.batch_invariant = 0;

    /* What another opening stored stays, and what declines is passed over. */
    assert_int_equal(attn_device_prefer(open_toy(&later, "one"), &prefill, "wide"), ATTN_OK);
    assert_int_equal(attn_device_prefer(&device, &small, "wide"), ATTN_OK);
    open_toy(&later, "one");
    assert_string_equal(kernel_of(&later, &decode, ""), "last");
    assert_string_equal(kernel_of(&later, &prefill, ""), "wide");
    assert_string_equal(kernel_of(&later, &small, ""), "wide");
    later.tuned.kernel[attn_tune_class(&middle, &(attn_shape){ .dim = 100, .group = 1, .max_q = 4 })] = &kernels[0];
    assert_string_equal(kernel_of(&later, &middle, "narrow declined"), "wide");
    decode.kernel = "narrow";
    assert_string_equal(kernel_of(&later, &decode, "named"), "narrow");
    decode.kernel = NULL;

    /* Another device has its own. */
    assert_string_equal(kernel_of(open_toy(&later, "two"), &decode, ""), "narrow");

    /* What cannot be preferred changes nothing. */
    deep = problem_of(ATTN_F16, 1, 4, 577);
    assert_int_equal(attn_device_prefer(&device, &deep, "wide"), ATTN_UNSUPPORTED);
    assert_non_null(strstr(attn_reason(), "q.size[3] is 577"));
    assert_int_equal(attn_device_prefer(&device, &middle, "narrow"), ATTN_UNSUPPORTED);
    assert_int_equal(attn_device_prefer(&device, &middle, "none"), ATTN_INVALID);
    assert_string_equal(kernel_of(open_toy(&later, "one"), &decode, ""), "last");

    assert_int_equal(attn_device_prefer(&device, &decode, NULL), ATTN_OK);
    assert_string_equal(kernel_of(open_toy(&later, "one"), &decode, ""), "narrow");
    assert_string_equal(kernel_of(&later, &prefill, ""), "wide");
    assert_int_equal(attn_device_prefer(&device, NULL, NULL), ATTN_OK);
    assert_string_equal(kernel_of(open_toy(&later, "one"), &prefill, ""), "narrow");
}

static void switched_off(void **state)
{
    attn_device device;
    attn_problem p = problem_of(ATTN_F16, 1, 4, 64);

    (void)state;
    assert_int_equal(attn_device_prefer(open_toy(&device, "off"), &p, "last"), ATTN_OK);
    setenv("ATTN_TUNE", "0", 1);
    assert_string_equal(kernel_of(open_toy(&device, "off"), &p, ""), "narrow");
    assert_int_equal(attn_device_prefer(&device, &p, "last"), ATTN_UNSUPPORTED);
    assert_string_equal(kernel_of(&device, &p, ""), "narrow");
    setenv("ATTN_TUNE", "1", 1);
    assert_string_equal(kernel_of(open_toy(&device, "off"), &p, ""), "last");
}

/* Where nothing can be written, the choice holds on the device itself. */
static void unwritable(void **state)
{
    attn_device device;
    attn_problem p = problem_of(ATTN_F16, 1, 4, 64);
    char before[4096];

    (void)state;
    snprintf(before, sizeof before, "%s", getenv("XDG_CACHE_HOME"));
    setenv("XDG_CACHE_HOME", "/dev/null", 1);
    assert_int_equal(attn_device_prefer(open_toy(&device, "unwritable"), &p, "last"), ATTN_UNSUPPORTED);
    assert_non_null(strstr(attn_reason(), "cannot be written"));
    setenv("XDG_CACHE_HOME", before, 1);
    assert_string_equal(kernel_of(&device, &p, ""), "last");
}

/* Lines that cannot be used are counted, and leave the others alone. */
static void texts(void **state)
{
    static const struct {
        const char *text;
        int unused, wide; /* classes that get "wide" */
    } rows[] = {
        { "title\n", 0, 0 },
        { "title\nf16/d64/decode wide\n", 0, 1 },
        { "title\nf16/d64/decode wide", 0, 1 },
        { "title\nf16/d64/decode wide\nbf16/d576/prefill wide\n", 0, 2 },
        { "title\nf16/d64/decode wide\nf16/d64/decode last\n", 0, 0 },
        { "title\nf16/d64/decode gone\nf32/d64/decode wide\n", 1, 1 },
        { "title\n\n \nwide\nf16/d64 wide\nf16/d64/decode  wide\nf16/d64/decode wide \nf16/d64/decode wid\n", 7, 0 },
        { "title", -1, 0 },
        { "titl\nf16/d64/decode wide\n", -1, 0 },
        { "title of another\nf16/d64/decode wide\n", -1, 0 },
        { "other\nf16/d64/decode wide\n", -1, 0 },
        { "", -1, 0 },
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        attn_tuned tuned = { { NULL } };
        int found = 0;

        assert_int_equal(attn_tuned_parse("title", &backend, rows[i].text, strlen(rows[i].text), &tuned),
                         rows[i].unused);
        for (int c = 0; c < ATTN_TUNE_CLASSES; c++)
            found += tuned.kernel[c] == &kernels[1];
        assert_int_equal(found, rows[i].wide);
    }
}

/* A file of another device under the name of this one, as when hashes collide, and one that is no text. */
static void foreign_files(void **state)
{
    static const char *const contents[] = { "libattn 0.0.0 toy files\nf16/d64/decode last\n", "\377\376garbage" };
    attn_device device;
    attn_problem p = problem_of(ATTN_F16, 1, 4, 64);
    char path[256];

    (void)state;
    while (find_file(path, sizeof path))
        assert_int_equal(remove(path), 0);
    for (int i = 0; i < 2; i++) {
        FILE *file;

        assert_int_equal(attn_device_prefer(open_toy(&device, "files"), &p, "last"), ATTN_OK);
        assert_true(find_file(path, sizeof path));
        assert_string_equal(kernel_of(open_toy(&device, "files"), &p, ""), "last");
        file = fopen(path, "w");
        assert_non_null(file);
        fputs(contents[i], file);
        fclose(file);
        assert_string_equal(kernel_of(open_toy(&device, "files"), &p, ""), "narrow");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(classes),      cmocka_unit_test(names),         cmocka_unit_test(preferences),
        cmocka_unit_test(suitable),     cmocka_unit_test(foreign_files), cmocka_unit_test(unwritable),
        cmocka_unit_test(switched_off), cmocka_unit_test(texts),
    };
    return cmocka_run_group_tests_name("tune", tests, make_folder, remove_folder);
}
