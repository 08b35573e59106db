/* What only a CUDA device can show: a captured run equals a direct one, two streams run at once, tensors may be larger than
 * 4 GiB. Prints TAP; skipped where there is no device, and what takes more memory than it has.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#include "config.h"

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "attn.h"
#include "attn_cuda.h"
#include "cuda/cuda_min.h"
#include "gpu/library.h"

typedef struct native_graph *cuda_graph;
typedef struct native_graph_program *cuda_graph_program;

/* X(name, suffix, arguments): what the library does not call itself, or not under a capture; see cuda/loader.h. */
#define ENTRIES(X)                                                                                                     \
    X(cuStreamCreate, , (CUstream *, unsigned))                                                                        \
    X(cuStreamDestroy, _v2, (CUstream))                                                                                \
    X(cuStreamSynchronize, , (CUstream))                                                                               \
    X(cuStreamBeginCapture, _v2, (CUstream, int))                                                                      \
    X(cuStreamEndCapture, , (CUstream, cuda_graph *))                                                                  \
    X(cuGraphInstantiateWithFlags, , (cuda_graph_program *, cuda_graph, unsigned long long))                           \
    X(cuGraphLaunch, , (cuda_graph_program, CUstream))                                                                 \
    X(cuGraphExecDestroy, , (cuda_graph_program))                                                                      \
    X(cuGraphDestroy, , (cuda_graph))                                                                                  \
    X(cuDevicePrimaryCtxRetain, , (CUcontext *, CUdevice))                                                             \
    X(cuCtxSetCurrent, , (CUcontext))

static struct driver {
#define MEMBER(name, suffix, arguments) CUresult(ATTN_CUDA_CALL *name) arguments;
    ENTRIES(MEMBER)
#undef MEMBER
} driver;

static const attn_library_entry entries[] = {
#define ENTRY(name, suffix, arguments) { #name #suffix, offsetof(struct driver, name), 0 },
    ENTRIES(ENTRY)
#undef ENTRY
};

static const char *const names[] = { "libcuda.so.1", NULL };
static const attn_library library = { "cuda", "ATTN_CUDA_LIBRARY", names, entries, sizeof entries / sizeof *entries };

static int points, failures;

static void point(int passed, const char *what)
{
    printf("%sok %d - %s\n", passed ? "" : "not ", ++points, what);
    failures += !passed;
}

/* Anything that fails where it must not ends the test. */
static void must(int status, const char *what)
{
    if (!status)
        return;
    printf("Bail out! %s gave %d: %s\n", what, status, attn_reason());
    exit(1);
}

#define MUST(call) must((int)(call), #call)

/* ---- runs ------------------------------------------------------------------------------------------------------------- */

/* A problem of bf16 tensors with its memory; `out` is o's. */
struct job {
    attn_device *device;
    attn_plan *plan;
    attn_args args;
    attn_tensor q, k;
    size_t q_bytes, k_bytes;
    void *out;
};

static attn_tensor tensor_of(int64_t heads, int64_t rows, int64_t channels)
{
    return (attn_tensor){ ATTN_BF16,
                          { 1, heads, rows, channels },
                          { heads * rows * channels, rows * channels, channels, 1 } };
}

static size_t bytes_of(const attn_tensor *tensor)
{
    return 2 * (size_t)(tensor->size[1] * tensor->size[2] * tensor->size[3]);
}

/* Random numbers in 1/2 .. 2, of both signs. */
static attn_memory make_memory(attn_device *device, size_t bytes, uint32_t seed)
{
    attn_memory memory;
    uint16_t *data = malloc(bytes);

    for (size_t i = 0; i < bytes / 2; i++) {
        seed = seed * 1664525 + 1013904223;
        data[i] = (uint16_t)((seed >> 16 & 0x8000) | 0x3f00 | (seed >> 24 & 0xff));
    }
    MUST(attn_alloc(device, bytes, &memory));
    MUST(attn_upload(device, memory, data, bytes));
    free(data);
    return memory;
}

static void make_job(struct job *job, attn_device *device, int64_t rows, int64_t keys)
{
    attn_problem problem = ATTN_PROBLEM_INIT;

    *job = (struct job){ .device = device, .args = ATTN_ARGS_INIT };
    problem.q = problem.o = job->q = tensor_of(8, rows, 128);
    problem.k = problem.v = job->k = tensor_of(2, keys, 128);
    problem.mask.causal = 1;
    job->q_bytes = bytes_of(&job->q);
    job->k_bytes = bytes_of(&job->k);
    MUST(attn_plan_create(device, &problem, &job->plan));
    job->args.q = make_memory(device, job->q_bytes, 1);
    job->args.k = make_memory(device, job->k_bytes, 2);
    job->args.v = make_memory(device, job->k_bytes, 3);
    job->args.o = make_memory(device, job->q_bytes, 4);
    job->args.workspace_size = attn_plan_workspace(job->plan);
    MUST(attn_alloc(device, job->args.workspace_size, &job->args.workspace));
    job->out = malloc(job->q_bytes);
}

static void release_job(struct job *job)
{
    const attn_memory memories[] = { job->args.q, job->args.k, job->args.v, job->args.o, job->args.workspace };

    for (size_t i = 0; i < sizeof memories / sizeof *memories; i++)
        attn_free(job->device, memories[i]);
    attn_plan_destroy(job->plan);
    free(job->out);
}

/* What o holds now is what the job left before; then it is spoilt. */
static int has_result(struct job *job)
{
    void *now = malloc(job->q_bytes);

    MUST(attn_download(job->device, now, job->args.o, job->q_bytes));
    int same = !memcmp(now, job->out, job->q_bytes);
    memset(now, 0xff, job->q_bytes);
    MUST(attn_upload(job->device, job->args.o, now, job->q_bytes));
    free(now);
    return same;
}

static void run_directly(struct job *job, attn_queue *queue)
{
    MUST(attn_run(job->plan, &job->args, queue));
    MUST(attn_queue_wait(queue));
    MUST(attn_download(job->device, job->out, job->args.o, job->q_bytes));
}

/* ---- points ----------------------------------------------------------------------------------------------------------- */

static void check_graph(struct job *job, CUstream stream, attn_queue *queue, const char *what)
{
    cuda_graph graph;
    cuda_graph_program program;
    int same = 1;

    run_directly(job, queue);
    MUST(driver.cuStreamBeginCapture(stream, 0));
    MUST(attn_run(job->plan, &job->args, queue));
    MUST(driver.cuStreamEndCapture(stream, &graph));
    MUST(driver.cuGraphInstantiateWithFlags(&program, graph, 0));
    has_result(job);
    for (int i = 0; i < 2; i++) {
        MUST(driver.cuGraphLaunch(program, stream));
        MUST(driver.cuStreamSynchronize(stream));
        same &= has_result(job);
    }
    MUST(driver.cuGraphExecDestroy(program));
    MUST(driver.cuGraphDestroy(graph));
    point(same, what);
}

static void check_two_streams(struct job job[2], attn_queue *queue[2])
{
    int same = 1;

    for (int i = 0; i < 2; i++)
        run_directly(&job[i], queue[i]);
    for (int round = 0; round < 20; round++) {
        for (int i = 0; i < 2; i++)
            MUST(attn_run(job[i].plan, &job[i].args, queue[i]));
        for (int i = 0; i < 2; i++)
            MUST(attn_queue_wait(queue[i]));
        for (int i = 0; i < 2; i++)
            same &= has_result(&job[i]);
    }
    point(same, "two streams with two workspaces at once");
}

static void fill(attn_device *device, attn_memory memory, size_t bytes, uint16_t value)
{
    uint16_t *data = malloc(bytes);

    for (size_t i = 0; i < bytes / 2; i++)
        data[i] = value;
    MUST(attn_upload(device, memory, data, bytes));
    free(data);
}

/* All keys and values are 0 but for one, behind the first 4 GiB, which q finds: o is that value. */
static void check_large(attn_device *device, attn_queue *queue)
{
    enum { ROW = 256, ONE = 0x3f80, FOUR = 0x4080 };
    const int64_t keys = 10 << 20, found = keys - 77;
    struct job job = { .device = device, .args = ATTN_ARGS_INIT };
    attn_problem problem = ATTN_PROBLEM_INIT;
    uint16_t out[128];
    int right = 1;

    problem.q = problem.o = tensor_of(1, 1, 128);
    problem.k = problem.v = tensor_of(2, keys, 128);
    problem.q.size[1] = problem.o.size[1] = 2;
    MUST(attn_plan_create(device, &problem, &job.plan));
    job.q_bytes = 2 * ROW;
    job.k_bytes = 2 * (size_t)keys * ROW;
    job.args.q = make_memory(device, job.q_bytes, 1);
    job.args.o = make_memory(device, job.q_bytes, 1);
    fill(device, job.args.q, job.q_bytes, FOUR);
    attn_memory *const large[] = { &job.args.k, &job.args.v };
    for (int i = 0; i < 2; i++) {
        MUST(attn_alloc(device, job.k_bytes, large[i]));
        fill(device, *large[i], job.k_bytes, 0);
        attn_memory row = *large[i];
        row.offset += (uint64_t)(keys + found) * ROW; /* of the second head */
        fill(device, row, ROW, i ? ONE : FOUR);
    }
    job.args.workspace_size = attn_plan_workspace(job.plan);
    MUST(attn_alloc(device, job.args.workspace_size, &job.args.workspace));
    MUST(attn_run(job.plan, &job.args, queue));
    MUST(attn_queue_wait(queue));
    attn_memory second = job.args.o;
    second.offset += ROW;
    MUST(attn_download(device, out, second, ROW));
    for (int c = 0; c < 128; c++)
        right &= out[c] == ONE;
    release_job(&job);
    point(right, "tensors of 5 GiB");
}

int main(void)
{
    attn_device *device;
    attn_device_info info = ATTN_DEVICE_INFO_INIT;
    attn_queue *queue[2];
    CUcontext context;
    CUstream stream[2];
    struct job job[2];

    if (attn_device_open("cuda:0", &device)) {
        printf("1..0 # SKIP no CUDA device\n");
        return 0;
    }
    if (!attn_library_load(&library, &driver)) {
        printf("1..0 # SKIP the driver has no graphs\n");
        return 0;
    }
    MUST(driver.cuDevicePrimaryCtxRetain(&context, 0));
    MUST(driver.cuCtxSetCurrent(context));
    for (int i = 0; i < 2; i++) {
        MUST(driver.cuStreamCreate(&stream[i], 1));
        MUST(attn_queue_adopt_cuda(device, stream[i], &queue[i]));
    }
    make_job(&job[0], device, 1000, 1000);
    make_job(&job[1], device, 1, 5000);
    check_graph(&job[0], stream[0], queue[0], "a captured run of many queries equals a direct one");
    check_graph(&job[1], stream[0], queue[0], "a captured run of one query equals a direct one");
    check_two_streams(job, queue);
    MUST(attn_device_get_info(device, &info));
    if (info.memory > (uint64_t)16 << 30)
        check_large(device, queue[0]);
    else
        printf("ok %d - tensors of 5 GiB # SKIP too little memory\n", ++points);
    printf("1..%d\n", points);
    for (int i = 0; i < 2; i++) {
        release_job(&job[i]);
        attn_queue_destroy(queue[i]);
        driver.cuStreamDestroy(stream[i]);
    }
    attn_device_close(device);
    return failures != 0;
}
