/*
 * The options and files that describe an attention problem.
 *
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE.
 */
#include "config.h"

#include "problem.h"

#include <float.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "commands.h"

enum { LAYOUT_BHSD, LAYOUT_BSHD };
static const char *const layouts[] = { "bhsd", "bshd", NULL };
static const char *const alignments[] = { "end", "start", NULL }; /* in the order of attn_alignment */
enum { OUT_SAME, OUT_F32 };
static const char *const out_types[] = { "same", "f32", NULL };

#define MAX_POSITION ((int64_t)1 << 40)
#define ROW(kind, name, field, ...) OPTION_ROW_##kind(name, struct problem_options, field, __VA_ARGS__)

const struct option_row problem_file_rows[] = {
    ROW(STRING, "q", path[FILE_Q], "FILE", "query, .npy of (N,D), (H,N,D) or (B,H,N,D)"),
    ROW(STRING, "k", path[FILE_K], "FILE", "key, the same rank"),
    ROW(STRING, "v", path[FILE_V], "FILE", "value, the same rank"),
    ROW(CHOICE, "layout", layout, layouts, "order in files; bshd is (N,H,D) or (B,N,H,D)"),
    ROW(FLAG, "bf16", bf16, "files of type u2 hold bf16"),
    OPTION_ROW_END
};

const struct option_row problem_rows[] = {
    ROW(CHOICE, "align", align, alignments, "position of query row r: r + Nk - Nq, or r"),
    ROW(FLAG, "causal", causal, "keys behind the own position are hidden"),
    ROW(PAIR, "window", window, "L,R", -1, MAX_POSITION, "position p sees keys p-L .. p+R; -1: unlimited"),
    ROW(INT, "chunk", chunk, "C", 0, MAX_POSITION, "position p sees keys of its own chunk of C; 0: no chunks"),
    ROW(INT, "chunk-back", chunk_back, "N", 0, MAX_POSITION, "and N chunks before it"),
    ROW(FLAG, "union", unite, "window or chunk instead of window and chunk"),
    ROW(INT, "sink", sink, "N", 0, MAX_POSITION, "the first N keys are seen, whatever window and chunk say"),
    ROW(DOUBLE, "scale", scale, "X", -FLT_MAX, FLT_MAX, "factor of q.k; 0: 1/sqrt(D), the default"),
    ROW(DOUBLE, "softcap", softcap, "X", 0.0, FLT_MAX, "scores become X tanh(score/X); 0: off"),
    ROW(STRING, "alibi", path[FILE_ALIBI], "FILE", "ALiBi slopes, f32 (H) or (B,H)"),
    ROW(STRING, "bias", path[FILE_BIAS], "FILE",
        "added to the scores, (Nq,Nk), (H,Nq,Nk) or (B,H,Nq,Nk); sizes of 1 broadcast"),
    ROW(STRING, "sink-logit", path[FILE_SINK_LOGIT], "FILE", "learned sink logits, f32 (H)"),
    ROW(CHOICE, "out-type", out_type, out_types, "type of the output: that of q, or f32"),
    ROW(STRING, "kernel", kernel, "NAME", "the device's kernel of this name (see 'attn devices --kernels')"),
    OPTION_ROW_END
};

/* ---- what each file may be ------------------------------------------------------------------------------------ */

attn_tensor problem_tensor(const struct problem_options *options, attn_dtype dtype, int64_t batch, int64_t heads,
                           int64_t positions, int64_t channels)
{
    return (options->layout == LAYOUT_BSHD ? attn_bshd : attn_bhsd)(dtype, batch, heads, positions, channels);
}

attn_dtype problem_dtype(enum npy_type type, int bf16)
{
    static const attn_dtype dtypes[] = {
        [NPY_F32] = ATTN_F32, [NPY_F16] = ATTN_F16, [NPY_U16] = ATTN_BF16, [NPY_U8] = ATTN_NONE, [NPY_BOOL] = ATTN_NONE
    };
    return type == NPY_U16 && !bf16 ? ATTN_NONE : dtypes[type];
}

/* The file's sizes from the last one forward, 1 where it has none. */
static int64_t size_from_end(const struct npy_header *header, int back)
{
    return back < header->rank ? header->size[header->rank - 1 - back] : 1;
}

attn_tensor problem_file_tensor(const struct problem_options *options, const struct npy_header *header)
{
    int positions = 1, heads = 2;
    if (options->layout == LAYOUT_BSHD && header->rank > 2) {
        positions = 2;
        heads = 1;
    }
    return problem_tensor(options, problem_dtype(header->type, options->bf16), size_from_end(header, 3),
                          size_from_end(header, heads), size_from_end(header, positions), size_from_end(header, 0));
}

static attn_tensor head_tensor(const struct problem_options *options, const struct npy_header *header)
{
    return attn_bhsd(problem_dtype(header->type, options->bf16), size_from_end(header, 1), size_from_end(header, 0), 1,
                     1);
}

static attn_tensor score_tensor(const struct problem_options *options, const struct npy_header *header)
{
    return attn_bhsd(problem_dtype(header->type, options->bf16), size_from_end(header, 3), size_from_end(header, 2),
                     size_from_end(header, 1), size_from_end(header, 0));
}

static const struct {
    const char *option;
    int min_rank, max_rank;
    attn_tensor (*tensor)(const struct problem_options *options, const struct npy_header *header);
    size_t tensor_offset; /* in attn_problem */
    size_t memory_offset; /* in attn_args */
} files[PROBLEM_FILES] = {
#define PLACE(member) offsetof(attn_problem, member), offsetof(attn_args, member)
    [FILE_Q] = { "q", 2, 4, problem_file_tensor, PLACE(q) },
    [FILE_K] = { "k", 2, 4, problem_file_tensor, PLACE(k) },
    [FILE_V] = { "v", 2, 4, problem_file_tensor, PLACE(v) },
    [FILE_ALIBI] = { "alibi", 1, 2, head_tensor, PLACE(alibi) },
    [FILE_BIAS] = { "bias", 2, 4, score_tensor, PLACE(bias) },
    [FILE_SINK_LOGIT] = { "sink-logit", 1, 1, head_tensor, PLACE(sink_logit) },
#undef PLACE
};

attn_memory *problem_memory(attn_args *args, enum problem_file file)
{
    return (attn_memory *)((char *)args + files[file].memory_offset);
}

int problem_check_type(const struct problem_options *options, const struct npy_header *header, char *reason)
{
    if (problem_dtype(header->type, options->bf16) != ATTN_NONE)
        return 0;
    snprintf(reason, NPY_REASON, "type is '%s'; %s", npy_type_name(header->type),
             header->type == NPY_U16 ? "if that is bf16, say --bf16" : "only --mask takes it");
    return 1;
}

/* ---- loading --------------------------------------------------------------------------------------------------- */

static int check_header(const struct problem_options *options, int file, const struct npy_header *header, char *reason)
{
    int min = files[file].min_rank, max = files[file].max_rank;
    if (header->rank < min || header->rank > max) {
        snprintf(reason, NPY_REASON, "rank is %d, must be %d .. %d", header->rank, min, max);
        return 1;
    }
    return problem_check_type(options, header, reason);
}

int problem_load(const char *command, const struct problem_options *options, int with_data,
                 struct problem_inputs *inputs)
{
    for (int i = 0; i < PROBLEM_FILES; i++) {
        char reason[NPY_REASON];
        struct npy_header *header = &inputs->header[i];
        if (!options->path[i])
            continue;
        if (npy_read(options->path[i], header, with_data ? &inputs->data[i] : NULL, reason) ||
            check_header(options, i, header, reason)) {
            fprintf(stderr, "attn %s: --%s %s: %s\n", command, files[i].option, options->path[i], reason);
            return EXIT_FAILED;
        }
        if ((i == FILE_K || i == FILE_V) && options->path[FILE_Q] && header->rank != inputs->header[FILE_Q].rank) {
            fprintf(stderr, "attn %s: --%s %s: rank is %d, q has %d\n", command, files[i].option, options->path[i],
                    header->rank, inputs->header[FILE_Q].rank);
            return EXIT_FAILED;
        }
    }
    return EXIT_OK;
}

void problem_free(struct problem_inputs *inputs)
{
    for (int i = 0; i < PROBLEM_FILES; i++) {
        npy_free(inputs->data[i]);
        inputs->data[i] = NULL;
    }
}

void problem_set_files(const struct problem_options *options, const struct problem_inputs *inputs,
                       attn_problem *problem)
{
    for (int i = 0; i < PROBLEM_FILES; i++)
        if (options->path[i])
            *(attn_tensor *)((char *)problem + files[i].tensor_offset) = files[i].tensor(options, &inputs->header[i]);
}

void problem_finish(const struct problem_options *options, attn_problem *problem)
{
    const int64_t *q = problem->q.size, *v = problem->v.size;
    attn_dtype type = options->out_type == OUT_F32 ? ATTN_F32 : problem->q.dtype;
    problem->o = problem_tensor(options, type, q[0], q[1], q[2], v[3]);
    problem->scale = (float)options->scale;
    problem->softcap = (float)options->softcap;
    problem->alignment = (attn_alignment)options->align;
    problem->mask.causal = options->causal;
    problem->mask.window_left = options->window[0];
    problem->mask.window_right = options->window[1];
    problem->mask.chunk = options->chunk;
    problem->mask.chunk_back = options->chunk_back;
    problem->mask.combine = options->unite ? ATTN_UNION : ATTN_INTERSECTION;
    problem->mask.sink = options->sink;
    problem->kernel = options->kernel;
}

static void print_shape(const char *name, const attn_tensor *tensor, const char *after)
{
    const int64_t *size = tensor->size;
    printf("%s [%" PRId64 ",%" PRId64 ",%" PRId64 ",%" PRId64 "] %s%s", name, size[0], size[1], size[2], size[3],
           attn_dtype_name(tensor->dtype), after);
}

void problem_print_shapes(const attn_problem *problem)
{
    print_shape("q", &problem->q, ", ");
    print_shape("k", &problem->k, ", ");
    print_shape("v", &problem->v, ", ");
    print_shape("o", &problem->o, "\n");
}
