/*
 * The one list of cases that `attn check` and the support table read, and the language that `attn bench` names its
 * own in.
 *
 * A case is a line of text that is its name and its whole description, tokens separated by '/', a label first:
 *
 *     mask/causal/window64:0/h8:2/n129/d128/f16/bshd
 *
 * So a failure names everything that is needed to repeat it, and any other line of this language is a case too
 * (case_parse). The list itself is a table of such lines with braces for alternatives (cases.c).
 *
 *     b2  n129  n7:65  h8  h8:2  d64  d192:128     batch; Nq:Nk; Hq:Hk; D:Dv
 *     f16   f16-f32   f32-f16-bf16-f32             type of all; of q, k, v - o; of q - k - v - o
 *     bhsd  bshd  view  kvshared                   contiguous; strided with slack and odd offsets; stride 0 in K, V
 *     full  causal  window3:0  chunk16:1  union  sink4  start                    mask; alignment at the start
 *     scale0.3  cap20  alibi  alibibatch  sinklogit  nolse  invariant
 *     bias1h1k  bias1h1k-f16  biasinf                bias: a letter where the size is full; a third is -inf
 *     cuq5.0.63  cuk7.3.0  used5.0  tail  bound      ragged lengths; seqused_k; rows after the last sequence;
 *                                                    max_q, max_k given exactly
 *     page16  share                                  page size; sequences share pages, one page twice in one
 *     outlier  equal  low                            distribution of the inputs; default normal(0, 1); low: every
 *                                                    score far below 0
 *     pat[causal & strided(7)]                       sparsity pattern, see attn_pattern.h. Names bound in it:
 *                                                    blocks(bm), some of all blocks; segments(sg), documents of
 *                                                    1 .. 40 tokens; bits(bt), half of all pairs
 *     bm32  bm16:64  bmheads  bmof10                 block sizes of bm, default 32; one mask for each query head; one of 10
 *                                                    blocks is in it, default one of 3
 *     nolengths                                      lengths_q and lengths_k are not given
 *
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE.
 */
#ifndef ATTN_TESTS_CASES_H
#define ATTN_TESTS_CASES_H

#include "attn_pattern.h"

enum { CASE_NAME = 256, CASE_PATTERN = 192, CASE_SEQUENCES = 16 };

enum case_level {
    CASE_QUICK, /* part of every check */
    CASE_FULL,  /* minutes */
    CASE_HUGE   /* tensors above 2^31 elements: opt in */
};

enum case_layout { LAYOUT_BHSD, LAYOUT_BSHD, LAYOUT_VIEW };
enum case_inputs { INPUTS_NORMAL, INPUTS_OUTLIER, INPUTS_EQUAL, INPUTS_LOW };

/* Sizes of the bias that are full; the others are 1. */
enum { BIAS_BATCH = 1, BIAS_HEAD = 2, BIAS_QUERY = 4, BIAS_KEY = 8, BIAS_PRESENT = 16 };

/* Lengths of up to CASE_SEQUENCES sequences; count 0: none given. */
struct case_lengths {
    int64_t count;
    int64_t value[CASE_SEQUENCES];
};

struct attention_case {
    char name[CASE_NAME];
    enum case_level level;
    const char *feature; /* row of the support table that this case stands for; NULL: none */
    int64_t batch, nq, nk, hq, hk, d, dv;
    attn_dtype q, k, v, o;
    int64_t layout, inputs; /* enum case_layout, enum case_inputs */
    int64_t kv_shared;      /* K and V have batch stride 0 */
    attn_mask mask;
    int64_t align_start;
    double scale, softcap;
    int64_t alibi;    /* 1: slopes [1,Hq,1,1]; 2: [B,Hq,1,1] */
    int64_t bias;     /* BIAS_ bits */
    int64_t bias_inf; /* a third of the bias is -inf, some rows wholly */
    attn_dtype bias_type;
    int64_t sink_logit, no_lse, invariant;
    struct case_lengths ragged_q, ragged_k, used;
    int64_t tail, bound;
    int64_t page_size, share;   /* page_size 0: not paged */
    char pattern[CASE_PATTERN]; /* "": none */
    int64_t no_lengths;
    int64_t block_q, block_k, block_heads, block_of; /* of the block mask bm */
};

/* Reads a case from its text. 0: done; otherwise `error` (at most `capacity` bytes) names the token. */
int case_parse(const char *text, struct attention_case *out, char *error, size_t capacity);

/* Expands {a,b} alternatives, nested too, calling `each` with every text; stops at its first nonzero result and
 * returns that. */
int case_expand(const char *text, int (*each)(const char *text, void *context), void *context);

/* The list. cases_count builds it on the first call (not thread-safe) and returns -1 when the table holds a mistake,
 * which is then printed on stderr. Cases of one level may stand anywhere. */
int cases_count(void);
const struct attention_case *cases_get(int index);

/* Rows of the support table in order: names that occur as attention_case.feature. */
int case_feature_count(void);
const char *case_feature_name(int index);

/* Sequences of the batch, query rows and visible keys of sequence b (seqused_k applied). */
int64_t case_query_rows(const struct attention_case *c, int64_t b);
int64_t case_keys(const struct attention_case *c, int64_t b);

/* The problem that the case stands for, in the layout that it asks for, without its pattern. */
void case_problem(const struct attention_case *c, attn_problem *problem);

/* What the problem of a case with a pattern points to. */
struct case_pattern {
    attn_pattern *pattern;          /* NULL: none */
    int64_t *lengths_q, *lengths_k; /* [batch]; NULL: not needed */
};

/* Makes it; the status of the call that failed. case_pattern_release in any case. */
attn_status case_pattern_create(const struct attention_case *c, struct case_pattern *pattern);
void case_pattern_release(struct case_pattern *pattern);

/* Sets the fields of the problem, which then lives no longer than `pattern`. */
void case_pattern_attach(const struct case_pattern *pattern, attn_problem *problem);

/* What the pattern of the case says of sequence b: its lengths, query heads and alignment. */
attn_lengths case_pattern_lengths(const struct attention_case *c, int64_t b);

/* Elements from the first to the last one that a tensor addresses, slack included; 0 when a size is 0. */
int64_t tensor_span(const attn_tensor *tensor);

#endif
