/*
 * Unit tests of the Vulkan backend's memory and queues, on device vulkan:0; skipped where there is none.
 *
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE.
 */
#include "config.h"

#include <math.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "shape.h"
#include "vulkan/device.h"
#include "vulkan/geometry.h"
#include "vulkan/kernels.h"
#include "vulkan/prepare.h"
#include "vulkan_case.h"

static attn_device *device;

static void need_device(void)
{
    if (!device)
        skip();
}

static attn_vulkan_device *own(void)
{
    return attn_vulkan_of(device);
}

/* ---- memory --------------------------------------------------------------------------------------------------------- */

static unsigned char *noise(size_t bytes, unsigned seed)
{
    unsigned char *made = malloc(bytes);
    assert_non_null(made);
    for (size_t i = 0; i < bytes; i++)
        made[i] = (unsigned char)((seed = seed * 1664525 + 1013904223) >> 24);
    return made;
}

/* Beyond a stage, at any offset, and what lies around stays. */
static void copies_are_exact(void **state)
{
    static const size_t sizes[] = { 1, 3, 4096, (size_t)4 << 20, ((size_t)9 << 20) + 5 };
    (void)state;
    need_device();
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        const size_t size = sizes[i], begin = size / 3, part = size - 2 * begin;
        unsigned char *first = noise(size, 1), *second = noise(part, 2), *read = malloc(size);
        attn_memory memory;
        assert_non_null(read);
        assert_int_equal(attn_alloc(device, size, &memory), ATTN_OK);
        assert_int_equal(attn_upload(device, memory, first, size), ATTN_OK);
        memory.offset += begin;
        assert_int_equal(attn_upload(device, memory, second, part), ATTN_OK);
        memory.offset -= begin;
        memcpy(first + begin, second, part);
        assert_int_equal(attn_download(device, read, memory, size), ATTN_OK);
        assert_memory_equal(read, first, size);
        attn_free(device, memory);
        free(first), free(second), free(read);
    }
}

static void bounds_are_checked(void **state)
{
    unsigned char bytes[100] = { 0 };
    attn_memory memory;
    (void)state;
    need_device();
    assert_int_equal(attn_alloc(device, 100, &memory), ATTN_OK);
    assert_int_equal(attn_upload(device, memory, bytes, 101), ATTN_INVALID);
    memory.offset = 99;
    assert_int_equal(attn_download(device, bytes, memory, 2), ATTN_INVALID);
    assert_non_null(strstr(attn_reason(), "from.offset is 99 with 2 bytes behind it, but the buffer has 100"));
    memory.offset = UINT64_MAX;
    assert_int_equal(attn_download(device, bytes, memory, 1), ATTN_INVALID);
    memory.offset = 0;
    attn_free(device, memory);
}

enum { PIECES = 200 };

/* Pieces of all sizes come and go; none has another's bytes. */
static void pieces_are_apart(void **state)
{
    attn_memory memory[PIECES] = { { 0, 0 } };
    size_t bytes[PIECES];
    unsigned random = 7;
    (void)state;
    need_device();
    for (int round = 0; round < 3 * PIECES; round++) {
        int i = (int)((random = random * 1664525 + 1013904223) >> 8) % PIECES;
        unsigned char read[64] = { 0 }, mark[64];
        memset(mark, i, sizeof mark);
        if (memory[i].handle) {
            attn_memory last = { memory[i].handle, bytes[i] - sizeof read };
            assert_int_equal(attn_download(device, read, last, sizeof read), ATTN_OK);
            assert_memory_equal(read, mark, sizeof read);
            attn_free(device, memory[i]);
            memory[i].handle = 0;
            continue;
        }
        bytes[i] = sizeof mark + (random >> 10) % 300000;
        assert_int_equal(attn_alloc(device, bytes[i], &memory[i]), ATTN_OK);
        assert_int_equal(attn_upload(device, memory[i], mark, sizeof mark), ATTN_OK);
        assert_int_equal(
            attn_upload(device, (attn_memory){ memory[i].handle, bytes[i] - sizeof mark }, mark, sizeof mark), ATTN_OK);
    }
    for (int i = 0; i < PIECES; i++)
        attn_free(device, memory[i]);
    assert_null(own()->heap.retired);
    assert_non_null(own()->heap.blocks);
    assert_null(own()->heap.blocks->next);
    assert_null(own()->heap.blocks->pieces);
}

/* What no memory has is refused, and nothing is lost by that. */
static void too_much_is_refused(void **state)
{
    attn_memory memory = { 0, 0 };
    (void)state;
    need_device();
    assert_int_equal(attn_alloc(device, (size_t)1 << 46, &memory), ATTN_NO_MEMORY);
    assert_int_equal(memory.handle, 0);
    assert_int_equal(attn_alloc(device, 0, &memory), ATTN_OK);
    assert_int_not_equal(memory.handle, 0);
    attn_free(device, memory);
}

/* Memory that a submission may use is kept until that has finished. */
static void freed_memory_waits(void **state)
{
    attn_memory memory;
    uint64_t finished;
    (void)state;
    need_device();
    assert_int_equal(attn_alloc(device, 64, &memory), ATTN_OK);
    assert_int_equal(attn_vulkan_wait(own(), attn_vulkan_last(own())), ATTN_OK);
    finished = own()->submissions.finished;
    own()->submissions.last++; /* as if one were under way */
    attn_free(device, memory);
    assert_non_null(own()->heap.retired);
    assert_int_equal(own()->heap.retired->after, finished + 1);
    own()->submissions.last--;
    assert_int_equal(attn_alloc(device, 64, &memory), ATTN_OK);
    assert_non_null(own()->heap.retired);
    own()->heap.retired->after = finished;
    attn_free(device, memory);
    assert_null(own()->heap.retired);
}

/* ---- queues ----------------------------------------------------------------------------------------------------------- */

static void runs_join_a_submission(void **state)
{
    vulkan_case c;
    attn_queue *queue;
    uint64_t before;
    (void)state;
    need_device();
    vulkan_case_create(&c, device, vulkan_case_causal());
    assert_int_equal(attn_queue_create(device, &queue), ATTN_OK);
    assert_int_equal(attn_vulkan_wait(own(), attn_vulkan_last(own())), ATTN_OK);
    before = own()->submissions.last;
    own()->submissions.last += 2; /* as if two were under way */
    for (int i = 0; i < 3; i++)
        assert_int_equal(attn_run(c.plan, &c.args, queue), ATTN_OK);
    assert_non_null(own()->submissions.open);
    assert_int_equal(own()->submissions.recorded, 3);
    own()->submissions.last -= 2;
    assert_int_equal(attn_vulkan_wait(own(), attn_vulkan_last(own())), ATTN_OK);
    assert_null(own()->submissions.open);
    assert_int_equal(own()->submissions.finished, before + 1);
    vulkan_case_check(&c);
    attn_queue_destroy(queue);
    vulkan_case_destroy(&c);
}

/* More runs than there are command buffers. */
static void runs_in_flight_are_many(void **state)
{
    vulkan_case c;
    attn_queue *queue;
    (void)state;
    need_device();
    vulkan_case_create(&c, device, vulkan_case_causal());
    assert_int_equal(attn_queue_create(device, &queue), ATTN_OK);
    for (int i = 0; i < 3 * ATTN_VULKAN_SLOTS; i++)
        assert_int_equal(attn_run(c.plan, &c.args, queue), ATTN_OK);
    assert_int_equal(attn_queue_wait(queue), ATTN_OK);
    assert_true(own()->submissions.finished >= own()->submissions.last);
    vulkan_case_check(&c);
    attn_queue_destroy(queue);
    vulkan_case_destroy(&c);
}

static void *run_alone(void *result)
{
    vulkan_case c;
    attn_queue *queue;
    vulkan_case_create(&c, device, vulkan_case_causal());
    int good = attn_queue_create(device, &queue) == ATTN_OK;
    for (int i = 0; i < 20 && good; i++) {
        vulkan_case_clear(&c);
        good =
            attn_run(c.plan, &c.args, queue) == ATTN_OK && attn_queue_wait(queue) == ATTN_OK && vulkan_case_equals(&c);
    }
    attn_queue_destroy(queue);
    vulkan_case_destroy(&c);
    *(int *)result = good;
    return NULL;
}

static void threads_share_a_device(void **state)
{
    enum { THREADS = 4 };
    pthread_t threads[THREADS];
    int good[THREADS] = { 0 };
    (void)state;
    need_device();
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, run_alone, &good[i]), 0);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    for (int i = 0; i < THREADS; i++)
        assert_true(good[i]);
}

/* A device with room for few work-groups a dispatch gets more dispatches, and gives the same bits. */
static void large_grids_are_cut(void **state)
{
    vulkan_case c;
    uint32_t *most;
    (void)state;
    need_device();
    most = own()->traits.properties.limits.maxComputeWorkGroupCount;
    const uint32_t before[] = { most[0], most[1] };
    vulkan_case_create(&c, device, vulkan_case_causal());
    most[0] = 2, most[1] = 2;
    assert_int_equal(attn_run(c.plan, &c.args, NULL), ATTN_OK);
    vulkan_case_check(&c);
    most[0] = before[0], most[1] = before[1];
    vulkan_case_destroy(&c);
}

/* ---- plans ------------------------------------------------------------------------------------------------------------ */

static int sees_all(attn_problem problem)
{
    attn_plan *plan;
    assert_int_equal(attn_plan_create(device, &problem, &plan), ATTN_OK);
    int all = (int)((const attn_vulkan_prepared *)plan->prepared)->problem.plan.sees_all;
    attn_plan_destroy(plan);
    return all;
}

/* The last row sees all keys under a causal mask; the first one, and all rows behind a window, do not. */
static void plans_know_what_is_seen(void **state)
{
    attn_problem p = vulkan_case_decode();
    (void)state;
    need_device();
    assert_true(sees_all(p));
    p.mask.causal = 1;
    assert_true(sees_all(p));
    p.alignment = ATTN_ALIGN_START;
    assert_false(sees_all(p));
    p = vulkan_case_decode();
    p.mask.window_left = 100;
    assert_false(sees_all(p));
    assert_false(sees_all(vulkan_case_causal()));
}

/* ---- cooperative matrices --------------------------------------------------------------------------------------------- */

/* That of D and Dv channels, on a device with subgroups of 32. */
static void matrix_geometry_of(const attn_kernel *kernel, int64_t dim, int64_t dim_v, attn_vulkan_geometry *g)
{
    enum { HALF = VK_COMPONENT_TYPE_FLOAT16_KHR, FLOAT = VK_COMPONENT_TYPE_FLOAT32_KHR };
    attn_vulkan_traits t = { .version = VK_MAKE_API_VERSION(1, 3), .subgroup = 32, .matrices = 1 };
    attn_problem p = ATTN_PROBLEM_INIT;
    attn_shape shape;
    attn_why why;
    t.matrix[0] = (attn_vulkan_matrix){ 16, 16, 16, HALF, HALF, FLOAT, FLOAT, VK_SCOPE_SUBGROUP_KHR };
    p.q = p.k = attn_bhsd(ATTN_F16, 1, 1, 300, dim);
    p.v = p.o = attn_bhsd(ATTN_F16, 1, 1, 300, dim_v);
    assert_int_equal(attn_shape_from_problem(&p, &shape), ATTN_OK);
    assert_int_equal(((const attn_vulkan_variant *)kernel->variant)->geometry(kernel, &t, &p, &shape, g, &why), 0);
}

/* Rows are those of all subgroups, and shared memory is what devices of 48 KiB have. */
static void matrices_fit(void **state)
{
    enum { GROUP = 2, BANDS = 5, KEPT = 6, MOST_BYTES = 48 << 10 };
    int kernels = 0;
    (void)state;
    for (int i = 0; i < ATTN_VULKAN_KERNELS; i++) {
        const attn_kernel *kernel = &attn_vulkan_kernels[i];
        kernels += strstr(kernel->name, "matrix") != NULL;
        for (int dim = 1; dim <= 256 && strstr(kernel->name, "matrix"); dim++) {
            attn_vulkan_geometry g;
            matrix_geometry_of(kernel, dim, dim > 128 ? 128 : dim, &g);
            const int32_t *c = g.special.constants;
            assert_int_equal(c[GROUP] / 32 * 16 * c[BANDS], kernel->tile_q);
            assert_in_range(c[KEPT], 0, c[BANDS] == 2 ? 4 : 0);
            assert_in_range(g.shared_memory, 1, MOST_BYTES);
            matrix_geometry_of(kernel, dim, dim, &g);
            assert_in_range(g.shared_memory, 1, MOST_BYTES);
        }
    }
    assert_int_equal(kernels, 2);
}

/* ---- small results -------------------------------------------------------------------------------------------------- */

enum { SMALL_ROWS = 32 };

/* A CPU's device takes subnormal numbers for 0, as GPUs may: its threads begin with what the calling one has set. */
static void flush_subnormals(int flush)
{
#ifdef __SSE2__
    const unsigned bits = 0x8040; /* flush to zero, denormals are zero */
    _mm_setcsr(flush ? _mm_getcsr() | bits : _mm_getcsr() & ~bits);
#else
    (void)flush;
#endif
}

/* One key of score -35 to -143 beside a sink logit of 0. */
static void attend_beside_sink(attn_device *on, float o[SMALL_ROWS])
{
    static const size_t sizes[] = { SMALL_ROWS * sizeof(float), sizeof(float), sizeof(float), sizeof(float) };
    float q[SMALL_ROWS], k[] = { -87.5f }, v[] = { 1.5f }, sink[] = { 0 }, *inputs[] = { q, k, v, sink };
    attn_problem p = ATTN_PROBLEM_INIT;
    attn_args args = ATTN_ARGS_INIT;
    attn_memory *memory[] = { &args.q, &args.k, &args.v, &args.sink_logit };
    p.q = p.o = attn_bhsd(ATTN_F32, 1, 1, SMALL_ROWS, 1);
    p.k = p.v = attn_bhsd(ATTN_F32, 1, 1, 1, 1);
    p.sink_logit = attn_per_head(1);
    for (int r = 0; r < SMALL_ROWS; r++)
        q[r] = 0.4f + 0.04f * (float)r;
    for (int i = 0; i < 4; i++) {
        assert_int_equal(attn_alloc(on, sizes[i], memory[i]), ATTN_OK);
        assert_int_equal(attn_upload(on, *memory[i], inputs[i], sizes[i]), ATTN_OK);
    }
    assert_int_equal(attn_alloc(on, sizes[0], &args.o), ATTN_OK);
    assert_int_equal(attn_attention(on, &p, &args), ATTN_OK);
    assert_int_equal(attn_download(on, o, args.o, sizes[0]), ATTN_OK);
    attn_free(on, args.o);
    for (int i = 0; i < 4; i++)
        attn_free(on, *memory[i]);
}

static void small_results_are_kept(void **state)
{
    float o[SMALL_ROWS], expected[SMALL_ROWS];
    attn_device *reference;
    (void)state;
    need_device();
    assert_int_equal(attn_device_open("reference", &reference), ATTN_OK);
    attend_beside_sink(reference, expected);
    attn_device_close(reference);
    attend_beside_sink(device, o);
    for (int r = 0; r < SMALL_ROWS; r++)
        assert_true(fabsf(o[r] - expected[r]) <= 2e-5f * expected[r] + 2e-45f);
}

/* ---- features ----------------------------------------------------------------------------------------------------------- */

static void features_can_be_masked(void **state)
{
    const unsigned all = 0xffff;
    (void)state;
    setenv("ATTN_VULKAN_WITHOUT", "storage16,none,address", 1);
    assert_int_equal(attn_vulkan_mask_features(all), all & ~(unsigned)(ATTN_VULKAN_STORAGE16 | ATTN_VULKAN_ADDRESS));
    setenv("ATTN_VULKAN_WITHOUT", "cooperative_matrix", 1);
    assert_int_equal(attn_vulkan_mask_features(ATTN_VULKAN_COOPERATIVE_MATRIX_2 | ATTN_VULKAN_BFLOAT16), 0);
    setenv("ATTN_VULKAN_WITHOUT", "", 1);
    assert_int_equal(attn_vulkan_mask_features(all), all);
    unsetenv("ATTN_VULKAN_WITHOUT");
    assert_int_equal(attn_vulkan_mask_features(all), all);
}

/* Every feature is enabled by flags of its own block, and by its extension where the version lacks it. */
static void features_are_enabled(void **state)
{
    attn_vulkan_features f;
    (void)state;
    attn_vulkan_enable_features(ATTN_VULKAN_ADDRESS | ATTN_VULKAN_INT64, VK_MAKE_API_VERSION(1, 1), &f);
    assert_int_equal(f.extension_count, 1);
    assert_string_equal(f.extensions[0], "VK_KHR_buffer_device_address");
    assert_int_equal(f.head.features[VK_FEATURE_shaderInt64], 1);
    assert_int_equal(((attn_vulkan_flags *)f.head.pNext)->sType,
                     VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_BUFFER_DEVICE_ADDRESS_FEATURES);
    assert_int_equal(((attn_vulkan_flags *)f.head.pNext)->flags[0], 1);
    attn_vulkan_enable_features(ATTN_VULKAN_ADDRESS | ATTN_VULKAN_STORAGE16, VK_MAKE_API_VERSION(1, 3), &f);
    assert_int_equal(f.extension_count, 0);
    attn_vulkan_enable_features(ATTN_VULKAN_COOPERATIVE_MATRIX_2, VK_MAKE_API_VERSION(1, 3), &f);
    assert_int_equal(f.extension_count, 2);
}

static int open_device(void **state)
{
    (void)state;
    attn_device_open("vulkan:0", &device);
    return 0;
}

static int close_device(void **state)
{
    (void)state;
    attn_device_close(device);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(copies_are_exact),        cmocka_unit_test(bounds_are_checked),
        cmocka_unit_test(pieces_are_apart),        cmocka_unit_test(too_much_is_refused),
        cmocka_unit_test(freed_memory_waits),      cmocka_unit_test(runs_join_a_submission),
        cmocka_unit_test(runs_in_flight_are_many), cmocka_unit_test(threads_share_a_device),
        cmocka_unit_test(large_grids_are_cut),     cmocka_unit_test(features_can_be_masked),
        cmocka_unit_test(features_are_enabled),    cmocka_unit_test(small_results_are_kept),
        cmocka_unit_test(plans_know_what_is_seen), cmocka_unit_test(matrices_fit),
    };
    flush_subnormals(1); /* the first look at the devices starts their threads */
    const int devices = attn_backend_vulkan.count();
    flush_subnormals(0);
    if (!devices) {
        puts("1..0 # SKIP no device of Vulkan");
        return 0;
    }
    return cmocka_run_group_tests(tests, open_device, close_device);
}
