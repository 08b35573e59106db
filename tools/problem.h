/*
 * The options and files that describe an attention problem, shared by `attn run` and `attn explain`.
 *
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE.
 */
#ifndef ATTN_TOOLS_PROBLEM_H
#define ATTN_TOOLS_PROBLEM_H

#include "attn.h"
#include "npyfile.h"
#include "options.h"

/* Tensors that come from files; q, k and v first. */
enum problem_file { FILE_Q, FILE_K, FILE_V, FILE_ALIBI, FILE_BIAS, FILE_SINK_LOGIT, PROBLEM_FILES };

struct problem_options {
    const char *path[PROBLEM_FILES]; /* NULL: not given */
    int bf16, layout, out_type;      /* indices into the choices of their rows */
    int align, causal, unite;
    int64_t window[2], chunk, chunk_back, sink;
    double scale, softcap;
    const char *kernel; /* NULL: the library chooses */
};
#define PROBLEM_OPTIONS_INIT                                                                                           \
    {                                                                                                                  \
        { NULL }, 0, 0, 0, 0, 0, 0, { -1, -1 }, 0, 0, 0, 0.0, 0.0, NULL                                                \
    }

extern const struct option_row problem_file_rows[];
extern const struct option_row problem_rows[];

/* Help of --device in both commands, up to what each adds. */
#define PROBLEM_DEVICE_HELP "cpu, reference, cuda:0, ... (see 'attn devices')"

/* What the files hold; data is NULL for a file that was not given or of which only the header was read. */
struct problem_inputs {
    struct npy_header header[PROBLEM_FILES];
    void *data[PROBLEM_FILES];
};
#define PROBLEM_INPUTS_INIT                                                                                            \
    {                                                                                                                  \
        { { NPY_F32, 0, { 0 }, 0, 0 } },                                                                               \
        {                                                                                                              \
            NULL                                                                                                       \
        }                                                                                                              \
    }

/* Reads the files that the options name: headers, and the data if asked. Returns EXIT_OK, or EXIT_FAILED with the
 * reason on stderr; free in both cases. */
int problem_load(const char *command, const struct problem_options *options, int with_data,
                 struct problem_inputs *inputs);
void problem_free(struct problem_inputs *inputs);

/* Element type of a file, `bf16` saying what u2 stands for. ATTN_NONE: u2 without it, or a type of masks. */
attn_dtype problem_dtype(enum npy_type type, int bf16);

/* 0 where problem_dtype knows the file's type, else 1 with what is wrong in `reason` (NPY_REASON bytes). */
int problem_check_type(const struct problem_options *options, const struct npy_header *header, char *reason);

/* q, k or v, or a tensor shaped like them, in the layout of the options. */
attn_tensor problem_tensor(const struct problem_options *options, attn_dtype dtype, int64_t batch, int64_t heads,
                           int64_t positions, int64_t channels);

/* Shape of a file of rank 2 to 4 in that layout. */
attn_tensor problem_file_tensor(const struct problem_options *options, const struct npy_header *header);

/* problem_set_files sets the tensors that come from files; problem_finish, with q, k and v in place, all the rest: o
 * and what the options say. */
void problem_set_files(const struct problem_options *options, const struct problem_inputs *inputs,
                       attn_problem *problem);
void problem_finish(const struct problem_options *options, attn_problem *problem);

/* Where a file's tensor lies in attn_args, which has a member for each. */
attn_memory *problem_memory(attn_args *args, enum problem_file file);

/* Prints "q [1,8,512,64] f32, k ..., v ..., o ..." and a newline. */
void problem_print_shapes(const attn_problem *problem);

#endif
