/*
 * attn.h: flash attention and its sparse variants for programs that are not Python.
 *
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE.
 *
 * One call, top to bottom:
 *
 *     attn_device_open("auto", &device)
 *     attn_plan_create(device, &problem, &plan)     once per shape
 *     attn_run(plan, &args, queue)                  every layer, every token
 *
 * or attn_attention(device, &problem, &args) for a first program on host arrays.
 *
 * Shapes (H = heads, N = positions; Hq is a multiple of Hk, query head h reads KV head h / (Hq/Hk)):
 *
 *     q [B,Hq,Nq,D]   k [B,Hk,Nk,D]   v [B,Hk,Nk,Dv]   o [B,Hq,Nq,Dv]   lse [B,Hq,Nq,1]
 *
 * What is computed, for query row r at position p (see attn_alignment) and key j:
 *
 *     s(j) = softcap(scale * dot(q, k_j)) - slope_h * |p - j| + bias      -inf where the mask hides j
 *     o    = sum_j exp(s(j)) v_j / sum_j exp(s(j))
 *     lse  = ln sum_j exp(s(j))
 *
 * tile by tile with an online softmax (Dao et al. 2022, arXiv:2205.14135; Dao 2023, arXiv:2307.08691), so that
 * no Nq x Nk buffer exists. A row that sees no key gives o = 0 and lse = -inf.
 *
 * Errors: every function that can fail returns an attn_status; attn_reason() then names the argument, its value
 * and the limit. The library never aborts or exits, and prints only when the environment variable ATTN_VERBOSE
 * asks (1: every plan, 2: every run with its time too; read when a device is opened).
 *
 * ABI: plain structs start with `size` and have an _INIT macro; fields are only ever appended, and a field
 * that an older caller's struct lacks takes its default. Initialise every struct with its macro.
 */
#ifndef ATTN_H
#define ATTN_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define ATTN_VERSION_MAJOR 0
#define ATTN_VERSION_MINOR 1
#define ATTN_VERSION_PATCH 0

#if defined(_WIN32) && defined(ATTN_BUILDING_DLL)
#define ATTN_API __declspec(dllexport)
#elif defined(_WIN32) && defined(ATTN_USING_DLL)
#define ATTN_API __declspec(dllimport)
#elif defined(__GNUC__)
#define ATTN_API __attribute__((visibility("default")))
#else
#define ATTN_API
#endif

/* ---- status ------------------------------------------------------------------------------------------------ */

typedef enum attn_status {
    ATTN_OK = 0,
    ATTN_INVALID = 1,     /* an argument is wrong; attn_reason() names it, its value and the limit */
    ATTN_UNSUPPORTED = 2, /* valid, but this device cannot do it; attn_reason() lists every kernel's reason */
    ATTN_NO_DEVICE = 3,   /* no device of that name */
    ATTN_NO_MEMORY = 4,   /* host or device memory ran out */
    ATTN_DRIVER = 5       /* a driver call failed; attn_reason() names the call and its code */
} attn_status;

/* Name of a status, such as "ATTN_INVALID". Never NULL. Thread-safe. */
ATTN_API const char *attn_status_string(attn_status status);

/* Why the last failing call of this thread failed; "" before any failure. Valid until this thread's next libattn
 * call. Thread-safe (one text per thread). */
ATTN_API const char *attn_reason(void);

/* Version of the library that is loaded: major << 16 | minor << 8 | patch. Thread-safe. */
ATTN_API unsigned attn_version(void);

/* ---- tensors ----------------------------------------------------------------------------------------------- */

typedef enum attn_dtype {
    ATTN_NONE = 0, /* the tensor is absent */
    ATTN_F32 = 1,
    ATTN_F16 = 2,  /* IEEE binary16 */
    ATTN_BF16 = 3, /* upper half of an f32 */
    ATTN_I32 = 4   /* lengths and page tables */
} attn_dtype;

/* Bytes of one element; 0 for ATTN_NONE and unknown values. Thread-safe. */
ATTN_API size_t attn_dtype_size(attn_dtype dtype);

/* "f32", "f16", "bf16", "i32" or "none". Thread-safe. */
ATTN_API const char *attn_dtype_name(attn_dtype dtype);

/* Shape and layout of a tensor: sizes and strides in elements, in the order batch, head, position, channel.
 * Any layout is a choice of strides (BSHD, BHSD, slices, views); a stride may be 0 (broadcast) in inputs. Strides
 * are not negative. The channel stride of q, k, v and o is 1. Elements may lie beyond 2^31. */
typedef struct attn_tensor {
    attn_dtype dtype;
    int64_t size[4];
    int64_t stride[4];
} attn_tensor;

/* Contiguous tensor of sizes [batch, heads, positions, channels], positions of one head adjacent (PyTorch's SDPA,
 * cuDNN). Thread-safe. */
ATTN_API attn_tensor attn_bhsd(attn_dtype dtype, int64_t batch, int64_t heads, int64_t positions, int64_t channels);

/* The same sizes in the same order, stored with the heads of one position adjacent (FlashAttention, ggml's output).
 * Thread-safe. */
ATTN_API attn_tensor attn_bshd(attn_dtype dtype, int64_t batch, int64_t heads, int64_t positions, int64_t channels);

/* Contiguous vector of `length` elements: sizes [length, 1, 1, 1] (cu_seqlens, seqused_k). Thread-safe. */
ATTN_API attn_tensor attn_vector(attn_dtype dtype, int64_t length);

/* Contiguous vector with one f32 per head: sizes [1, heads, 1, 1] (ALiBi slopes, sink logits). Thread-safe. */
ATTN_API attn_tensor attn_per_head(int64_t heads);

/* Row-major matrix: sizes [rows, columns, 1, 1] (page_table). Thread-safe. */
ATTN_API attn_tensor attn_matrix(attn_dtype dtype, int64_t rows, int64_t columns);

/* Where a tensor lies: the device's memory handle (host pointer for cpu and reference, CUdeviceptr, cl_mem, VkBuffer)
 * and a byte offset from it. handle 0 means absent. */
typedef struct attn_memory {
    uint64_t handle;
    uint64_t offset;
} attn_memory;

/* A host pointer as memory, for the devices "cpu" and "reference". */
static inline attn_memory attn_host(const void *pointer)
{
    attn_memory memory;
    memory.handle = (uint64_t)(uintptr_t)pointer;
    memory.offset = 0;
    return memory;
}

/* ---- devices ----------------------------------------------------------------------------------------------- */

typedef struct attn_device attn_device;

typedef struct attn_device_info {
    size_t size;
    char name[32];         /* what attn_device_open takes: "cpu", "cuda:0", ... */
    char description[160]; /* maker's name, instruction set or driver */
    uint64_t memory;       /* bytes in all; 0: unknown */
    int threads;           /* threads or compute units in use */
    int max_dim;           /* largest D and Dv */
    unsigned dtypes;       /* bit 1 << ATTN_F32 and so on: types of q, k, v and o */
    int host_memory;       /* 1: tensors are host pointers */
} attn_device_info;
#define ATTN_DEVICE_INFO_INIT { sizeof(attn_device_info), { 0 }, { 0 }, 0, 0, 0, 0, 0 }

/* Number of devices of all backends. Thread-safe. */
ATTN_API int attn_device_count(void);

/* Describes device `index` in 0 .. attn_device_count() - 1 without opening it. The order is stable within a process.
 * INVALID: index out of range, info NULL or its size unknown. Thread-safe. */
ATTN_API attn_status attn_device_describe(int index, attn_device_info *info);

/* Opens a device by name: "auto" (the first that is not "reference"), "cpu", "reference", "cuda:0", "opencl:1",
 * "vulkan:0"; a bare backend name means its device 0. The handle stays valid until closed. NO_DEVICE: none of that
 * name. Thread-safe. */
ATTN_API attn_status attn_device_open(const char *name, attn_device **device);

/* Closes a device; its plans and queues must be destroyed before. NULL is ignored. */
ATTN_API void attn_device_close(attn_device *device);

/* Describes an open device. Thread-safe. */
ATTN_API attn_status attn_device_get_info(const attn_device *device, attn_device_info *info);

/* Sets the number of host threads a run may use, 1 .. 1024; 0 restores the default (OpenMP's, at most the CPUs this
 * process may run on and, unless OMP_NUM_THREADS is set, whose time its Linux control group grants). Results do not depend on it; the workspace size of plans made afterwards does. UNSUPPORTED on
 * devices without host threads. Not to be called while a plan of the device is being made. */
ATTN_API attn_status attn_device_set_threads(attn_device *device, int threads);

/* Name of kernel `index`, fastest first as the library has them; NULL beyond the last, whose number differs from device to
 * device and from version to version, and for a NULL device. Valid as long as the library is loaded. Thread-safe. */
ATTN_API const char *attn_device_kernel(const attn_device *device, int index);

/* Device memory for callers that do not manage their own; aligned to 64 bytes at least, large blocks on the host to huge pages. 0 bytes give a handle that may be
 * freed and nothing else. attn_free ignores handle 0. Thread-safe. NO_MEMORY: none left. */
ATTN_API attn_status attn_alloc(attn_device *device, size_t bytes, attn_memory *memory);
ATTN_API void attn_free(attn_device *device, attn_memory memory);

/* Copies `bytes` between host and device memory; returns when the copy is done. Thread-safe for disjoint memory. */
ATTN_API attn_status attn_upload(attn_device *device, attn_memory to, const void *from, size_t bytes);
ATTN_API attn_status attn_download(attn_device *device, void *to, attn_memory from, size_t bytes);

/* An order of execution on a device (stream, command queue). On "cpu" and "reference" a run is finished when attn_run
 * returns. Wherever a queue is taken, NULL means the device's default queue. A queue belongs to one thread at a time. */
typedef struct attn_queue attn_queue;
ATTN_API attn_status attn_queue_create(attn_device *device, attn_queue **queue);
ATTN_API attn_status attn_queue_wait(attn_queue *queue);
ATTN_API void attn_queue_destroy(attn_queue *queue);

/* ---- problem: what is to be computed ------------------------------------------------------------------------ */

/* Position p of query row r of a sequence with len_q query rows and len_k keys. */
typedef enum attn_alignment {
    ATTN_ALIGN_END = 0,  /* p = r + len_k - len_q: the last query sees the last key (FlashAttention's rule) */
    ATTN_ALIGN_START = 1 /* p = r (PyTorch's is_causal) */
} attn_alignment;

typedef enum attn_combine {
    ATTN_INTERSECTION = 0, /* window & chunk */
    ATTN_UNION = 1         /* window | chunk */
} attn_combine;

/* Which keys j position p sees:   causal & (sink | (window combine chunk)).
 * The fields are a set: a key is seen once, however many of them allow it. */
typedef struct attn_mask {
    int causal;           /* 1: only j <= p */
    int64_t window_left;  /* j >= p - window_left; -1: unlimited. Inclusive: W tokens with the own one are W - 1 */
    int64_t window_right; /* j <= p + window_right; -1: unlimited. Inclusive */
    int64_t chunk;        /* floor(p/chunk) - chunk_back <= floor(j/chunk) <= floor(p/chunk); 0: no chunks */
    int64_t chunk_back;   /* chunks before the own one that are seen too */
    attn_combine combine; /* how window and chunk combine when both are set; default intersection */
    int64_t sink;         /* j < sink is seen whatever window and chunk say (StreamingLLM); causal still holds */
} attn_mask;
#define ATTN_MASK_INIT { 0, -1, -1, 0, 0, ATTN_INTERSECTION, 0 }
#define ATTN_TENSOR_INIT { ATTN_NONE, { 0, 0, 0, 0 }, { 0, 0, 0, 0 } }

/* A sparsity pattern; attn_pattern.h makes them. */
typedef struct attn_pattern attn_pattern;

/* Everything that a plan is made for. An optional tensor whose dtype is ATTN_NONE is absent. */
typedef struct attn_problem {
    size_t size;

    /* Required. q, k and v are f32, f16 or bf16, each its own; o has q's type or f32. D and Dv are 1 .. the device's
     * max_dim. Sums and softmax are f32 on every device (float64 on "reference"), and so are products; where
     * matrix units multiply f16 or bf16, weights are rounded to that type first. Nq and Nk may be 0.
     * Ragged batches: q and o are [1,Hq,total_q,D]; k and v are [1,Hk,total_k,D].
     * Paged K/V: k and v are [pages,Hk,page_size,D]. */
    attn_tensor q, k, v, o;

    attn_tensor lse;          /* optional output f32 [B,Hq,Nq,1]; ragged: [1,Hq,total_q,1] */
    float scale;              /* 0: 1/sqrt(D) */
    float softcap;            /* c > 0: s becomes c * tanh(s / c) before ALiBi and bias; 0: off */
    attn_alignment alignment; /* default ATTN_ALIGN_END */
    attn_mask mask;           /* default: every key */
    attn_tensor alibi;        /* slopes, f32 [1 or B, Hq, 1, 1] (Press et al. 2022, arXiv:2108.12409) */
    attn_tensor bias;         /* added to s; f32, f16 or bf16 [B,Hq,Nq,Nk], any size may be 1: broadcast */
    attn_tensor sink_logit;   /* f32 [1,Hq,1,1]: o is scaled by 1/(1 + exp(sink - lse)), lse is not changed */

    /* Lengths. Without any: B = q.size[0], Nq = q.size[2], Nk = k.size[2]. All are i32. */
    attn_tensor cu_seqlens_q; /* [B+1]: query rows of sequence b are cu[b] .. cu[b+1]-1; starts at 0, ascending */
    attn_tensor cu_seqlens_k; /* [B+1]: the same for k and v */
    attn_tensor seqused_k;    /* [B]: keys of sequence b in use; those behind have no effect, NaN included */
    attn_tensor page_table;   /* [B,max_pages]: key j of sequence b is row j % page_size of page table[b][j / page_size];
                                 entries behind seqused_k are not read */
    int64_t max_q;            /* ragged: bound of the query rows of a sequence; 0: total_q */
    int64_t max_k;            /* ragged or paged: bound of the keys of a sequence; 0: total_k or max_pages * page_size */

    int batch_invariant; /* 1: a row's bits depend on nothing but that row's sequence and inputs, so that decode steps equal
                            prefill bit by bit; decode may be slower. Default 0: deterministic, see attn_run */

    /* Which keys are seen, beside mask: a key must pass both. NULL: no pattern. See attn_pattern.h. The plan keeps nothing of it.
     * A pattern of causal, window, sink and chunk alone costs planning nothing; any other is compiled for the lengths: those of
     * the bounds, or, for batches with cu_seqlens, seqused_k or page_table, the host arrays lengths_q and lengths_k of
     * B entries, which then are required, and the run's lengths must equal them. */
    const attn_pattern *pattern;
    const int64_t *lengths_q, *lengths_k;

    /* The device's kernel to use, by a name of attn_device_kernel; NULL: the library chooses. Results of two kernels differ
     * within the tolerance of their types. The plan keeps nothing of it. INVALID: the device has none of that name.
     * UNSUPPORTED: it does not take the problem. */
    const char *kernel;
} attn_problem;
#define ATTN_PROBLEM_INIT \
    { sizeof(attn_problem), ATTN_TENSOR_INIT, ATTN_TENSOR_INIT, ATTN_TENSOR_INIT, ATTN_TENSOR_INIT, ATTN_TENSOR_INIT, \
      0.0f, 0.0f, ATTN_ALIGN_END, ATTN_MASK_INIT, ATTN_TENSOR_INIT, ATTN_TENSOR_INIT, ATTN_TENSOR_INIT, \
      ATTN_TENSOR_INIT, ATTN_TENSOR_INIT, ATTN_TENSOR_INIT, ATTN_TENSOR_INIT, 0, 0, 0, NULL, NULL, NULL, NULL }

/* ---- plan: how it will be computed -------------------------------------------------------------------------- */

typedef struct attn_plan attn_plan;

/* Chooses the kernel that the problem names; without a name the one that attn_device_prefer set for its class; else, or when
 * that does not take the problem, the first of the device's kernels that takes it and is made for such problems there. May
 * compile and allocate; on "cpu" it takes microseconds. The plan is immutable and keeps nothing of `problem`.
 * INVALID: the problem contradicts itself. UNSUPPORTED: no kernel takes it, or not the one that it names. Thread-safe. */
ATTN_API attn_status attn_plan_create(attn_device *device, const attn_problem *problem, attn_plan **plan);

/* Which kernel attn_plan_create would choose, by its name, without making a plan: nothing is compiled. Its statuses;
 * `problem.kernel` asks whether that kernel takes the problem. Thread-safe. */
ATTN_API attn_status attn_device_choose(attn_device *device, const attn_problem *problem, const char **kernel);

/* Prefers a kernel, by a name of attn_device_kernel, for the class of `problem`: the type of k, D up to 64, 128, 256 or 576,
 * and whether max_q times Hq/Hk is at most 16 (with batch_invariant it does not matter). `attn tune` calls this with
 * what it measured. kernel NULL: none is preferred any more; problem NULL too: for no class. The choice holds for plans
 * made afterwards, here and on every device of this description that is opened later by this version of the library: it
 * is kept in $XDG_CACHE_HOME/libattn/tune (or ~/.cache/...), unless the environment variable ATTN_TUNE is 0.
 * Not to be called while a plan of the device is being made.
 * INVALID: no kernel of that name, or the problem contradicts itself. UNSUPPORTED: the kernel does not take the problem, its
 * D is of no class, or ATTN_TUNE is 0; also when the file cannot be written, but then the choice holds on this device. */
ATTN_API attn_status attn_device_prefer(attn_device *device, const attn_problem *problem, const char *kernel);

/* Destroys a plan no run of which is under way. NULL is ignored. */
ATTN_API void attn_plan_destroy(attn_plan *plan);

typedef struct attn_plan_info {
    size_t size;
    char device[32];
    char kernel[48];
    int tile_q, tile_k;     /* rows of query and of keys that one tile holds */
    int64_t split_keys;     /* long rows are cut at multiples of this many keys; 0: never */
    size_t workspace;       /* bytes attn_run needs in args.workspace */
    uint64_t tiles_full;    /* key tiles visited without an element test, over all query tiles, heads, sequences */
    uint64_t tiles_partial; /* key tiles visited with one */
    uint64_t pairs;         /* visible (query, key) pairs, over all heads and sequences */
    double flops;           /* 2 * pairs * (D + Dv) */
    double bytes;           /* q, k, v read once and o, lse written once, in visited tiles */
    double area;            /* (query, key) pairs in visited tiles, seen or not, over all heads and sequences */
} attn_plan_info;
#define ATTN_PLAN_INFO_INIT { sizeof(attn_plan_info), { 0 }, { 0 }, 0, 0, 0, 0, 0, 0, 0, 0.0, 0.0, 0.0 }

/* What the plan will do and cost. Ragged and paged problems are counted at their bounds (max_q, max_k). Takes time in
 * proportion to the query tiles, unlike attn_plan_create. Thread-safe. */
ATTN_API attn_status attn_plan_get_info(const attn_plan *plan, attn_plan_info *info);

/* Bytes of workspace that attn_run needs. Thread-safe. */
ATTN_API size_t attn_plan_workspace(const attn_plan *plan);

/* Writes at most `capacity` bytes of text, always terminated: device, kernel, tile, and why each kernel before it
 * declined or was not chosen, one line each, no newline behind the last. Returns the length that the whole text has. Thread-safe. */
ATTN_API size_t attn_plan_explain(const attn_plan *plan, char *text, size_t capacity);

/* ---- run ----------------------------------------------------------------------------------------------------- */

/* Memory of each tensor that the problem has; the others are ignored. */
typedef struct attn_args {
    size_t size;
    attn_memory q, k, v, o, lse;
    attn_memory alibi, bias, sink_logit;
    attn_memory cu_seqlens_q, cu_seqlens_k, seqused_k, page_table;
    attn_memory workspace; /* attn_plan_workspace() bytes, aligned to 64; one per run in flight */
    size_t workspace_size;
} attn_args;
#define ATTN_MEMORY_INIT { 0, 0 }
#define ATTN_ARGS_INIT \
    { sizeof(attn_args), ATTN_MEMORY_INIT, ATTN_MEMORY_INIT, ATTN_MEMORY_INIT, ATTN_MEMORY_INIT, ATTN_MEMORY_INIT, \
      ATTN_MEMORY_INIT, ATTN_MEMORY_INIT, ATTN_MEMORY_INIT, ATTN_MEMORY_INIT, ATTN_MEMORY_INIT, ATTN_MEMORY_INIT, \
      ATTN_MEMORY_INIT, ATTN_MEMORY_INIT, 0 }

/* Enqueues the plan on `queue`. Allocates nothing, takes no lock (on Vulkan that of the device's VkQueue), reads no file and no
 * environment. Re-entrant: one
 * plan may run in several threads at once with distinct workspaces and outputs. Outputs must not overlap inputs.
 * INVALID: a required memory is absent, the workspace too small or misaligned; on host devices also lengths or
 * page numbers out of range (other devices cannot look at them here).
 * Deterministic: the same device, plan and inputs give the same bits, whatever the thread count or the rest of the
 * batch. With problem.batch_invariant the bits do not depend on the plan's shape either. */
ATTN_API attn_status attn_run(const attn_plan *plan, const attn_args *args, attn_queue *queue);

/* The one-call form: plans, takes a workspace of its own (args->workspace is ignored), runs on the default queue and
 * waits. Errors as attn_plan_create and attn_run. Thread-safe. */
ATTN_API attn_status attn_attention(attn_device *device, const attn_problem *problem, const attn_args *args);

/* ---- merge ---------------------------------------------------------------------------------------------------- */

/* Merges `count` results over disjoint sets of keys into the result over their union:
 *
 *     lse = ln sum_i exp(lse_i),   o = sum_i exp(lse_i - lse) o_i
 *
 * in the order given. A part with lse = -inf has no effect; all parts so: o = 0, lse = -inf. The sink logit is applied once,
 * here, not in the parts. */
typedef struct attn_merge_args {
    size_t size;
    int count;                    /* 1 .. 4096 */
    attn_tensor part_o;           /* layout of every part's o [B,H,N,Dv]: f32, f16 or bf16 */
    attn_tensor part_lse;         /* layout of every part's lse, f32 [B,H,N,1] */
    const attn_memory *parts_o;   /* host array of `count` */
    const attn_memory *parts_lse; /* host array of `count` */
    attn_tensor o, lse;           /* outputs; lse may be absent */
    attn_memory out_o, out_lse;   /* may be part 0's memory when the layouts are equal */
    attn_tensor sink_logit;       /* f32 [1,H,1,1], may be absent */
    attn_memory sink;
} attn_merge_args;
#define ATTN_MERGE_ARGS_INIT \
    { sizeof(attn_merge_args), 0, ATTN_TENSOR_INIT, ATTN_TENSOR_INIT, NULL, NULL, ATTN_TENSOR_INIT, ATTN_TENSOR_INIT, \
      ATTN_MEMORY_INIT, ATTN_MEMORY_INIT, ATTN_TENSOR_INIT, ATTN_MEMORY_INIT }

/* Enqueues the merge. Deterministic, re-entrant, allocates nothing on host devices. INVALID: sizes disagree. */
ATTN_API attn_status attn_merge(attn_device *device, const attn_merge_args *args, attn_queue *queue);

#ifdef __cplusplus
}
#endif

#endif
