/*
 * libFuzzer target: problems and arguments of a run from bytes. Whatever they are, planning answers with a status, and
 * what is planned and small enough runs, within the memory that its shapes say, on cpu and reference.
 *
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "attn_pattern.h"

/* ---- bytes as numbers ------------------------------------------------------------------------------------------ */

struct bytes {
    const uint8_t *at, *end;
};

static unsigned take(struct bytes *bytes)
{
    return bytes->at < bytes->end ? *bytes->at++ : 0;
}

static int64_t take_small(struct bytes *bytes, int64_t most)
{
    return (int64_t)(take(bytes) % (uint64_t)(most + 1));
}

static int64_t take_any(struct bytes *bytes)
{
    static const int64_t corners[] = {
        0, 1, -1, 2, 63, INT32_MAX, INT64_C(1) << 32, INT64_C(1) << 40, INT64_C(1) << 60, INT64_MAX, INT64_MIN
    };
    uint64_t value = 0;
    unsigned kind = take(bytes);

    if (kind < 128)
        return corners[kind % (sizeof corners / sizeof *corners)];
    for (int i = 0; i < 8; i++)
        value = value << 8 | take(bytes);
    return (int64_t)value;
}

static attn_dtype take_float_type(struct bytes *bytes)
{
    static const attn_dtype types[] = { ATTN_F32, ATTN_F16, ATTN_BF16, ATTN_F32 };

    return types[take(bytes) % 4];
}

/* ---- a problem that is right, mostly ----------------------------------------------------------------------------- */

static attn_tensor take_tensor(struct bytes *bytes, attn_dtype type, int64_t batch, int64_t heads, int64_t rows,
                               int64_t d)
{
    attn_tensor t = take(bytes) & 1 ? attn_bshd(type, batch, heads, rows, d) : attn_bhsd(type, batch, heads, rows, d);

    if (take(bytes) % 8 == 0)
        t.stride[take(bytes) % 3] += take_small(bytes, 9);
    return t;
}

enum { MOST_BATCH = 3 };

struct sizes {
    int64_t batch, hk, hq, nq, nk, d, dv, pages, page_size;
    int ragged_q, ragged_k, paged;
};

static struct sizes take_sizes(struct bytes *bytes)
{
    struct sizes s;
    unsigned form = take(bytes);

    s.batch = take_small(bytes, MOST_BATCH);
    s.hk = 1 + take_small(bytes, 2);
    s.hq = s.hk * (1 + take_small(bytes, 3));
    s.nq = take_small(bytes, 70);
    s.nk = take_small(bytes, 150);
    s.d = 1 + take_small(bytes, 70);
    s.dv = take(bytes) & 1 ? s.d : 1 + take_small(bytes, 70);
    s.ragged_q = form & 1;
    s.paged = (form & 6) == 2;
    s.ragged_k = (form & 6) == 4;
    s.page_size = 1 + take_small(bytes, 20);
    s.pages = 1 + take_small(bytes, 20);
    return s;
}

static void take_mask(struct bytes *bytes, attn_mask *mask)
{
    unsigned form = take(bytes);

    mask->causal = form & 1;
    if (form & 2)
        mask->window_left = take_small(bytes, 80);
    if (form & 4)
        mask->window_right = take_small(bytes, 80);
    if (form & 8) {
        mask->chunk = 1 + take_small(bytes, 80);
        mask->chunk_back = take_small(bytes, 3);
    }
    mask->combine = form & 16 ? ATTN_UNION : ATTN_INTERSECTION;
    if (form & 32)
        mask->sink = take_small(bytes, 9);
}

static void take_options(struct bytes *bytes, const struct sizes *s, attn_problem *p)
{
    unsigned form = take(bytes);

    take_mask(bytes, &p->mask);
    p->alignment = form & 1 ? ATTN_ALIGN_START : ATTN_ALIGN_END;
    p->softcap = form & 2 ? 3.0f : 0.0f;
    if (form & 4)
        p->alibi = attn_bhsd(ATTN_F32, form & 8 ? s->batch : 1, s->hq, 1, 1);
    if (form & 16)
        p->bias = attn_bhsd(take_float_type(bytes), take(bytes) & 1 ? s->batch : 1, take(bytes) & 1 ? s->hq : 1,
                            take(bytes) & 1 ? s->nq : 1, take(bytes) & 1 ? s->nk : 1);
    if (form & 32)
        p->sink_logit = attn_per_head(s->hq);
    if (form & 64)
        p->lse = take_tensor(bytes, ATTN_F32, p->q.size[0], s->hq, s->nq, 1);
}

/* Patterns are fuzz_pattern's to make; here it is about what plans and runs do with them. */
static const attn_pattern *take_pattern(struct bytes *bytes)
{
    static const char *const texts[] = {
        "causal & (last(9) | sink(2))",
        "causal & strided(3)",
        "band(20) | global(0, -1)",
        "heads(0: causal; 1: full; 3: dilated(2, 9))",
        "!random(8, 3, 1)",
        "full & !full",
        "keys(5..-3) & !queries(7, -9)",
    };
    enum { TEXTS = sizeof texts / sizeof *texts };
    static attn_pattern *patterns[TEXTS];
    unsigned index = take(bytes) % (2 * TEXTS);

    for (int i = 0; i < TEXTS; i++)
        if (patterns[i] == NULL && attn_pattern_parse(texts[i], NULL, 0, &patterns[i]))
            abort();
    return index < TEXTS ? patterns[index] : NULL;
}

/* No tensor speaks of more sequences, spoilt or not. */
static int few_sequences(const attn_problem *p)
{
    const attn_tensor *tensors[] = { &p->cu_seqlens_q, &p->cu_seqlens_k, &p->seqused_k, &p->page_table };

    for (int i = 0; i < 4; i++)
        if (tensors[i]->dtype != ATTN_NONE && tensors[i]->size[0] > MOST_BATCH + (i < 2))
            return 0;
    return 1;
}

/* Lengths are given or not, whether they are needed or not. */
static void take_lengths(struct bytes *bytes, int64_t lengths[2][MOST_BATCH], attn_problem *p)
{
    unsigned form = take(bytes);

    for (int i = 0; i < 2 * MOST_BATCH; i++)
        lengths[i / MOST_BATCH][i % MOST_BATCH] = form & 4 ? take_small(bytes, 150) : take_any(bytes);
    if (form & 1 && few_sequences(p))
        p->lengths_q = lengths[0];
    if (form & 2 && few_sequences(p))
        p->lengths_k = lengths[1];
}

static attn_problem take_problem(struct bytes *bytes)
{
    struct sizes s = take_sizes(bytes);
    attn_problem p = ATTN_PROBLEM_INIT;
    attn_dtype type = take_float_type(bytes);
    int64_t batch_q = s.ragged_q ? 1 : s.batch, batch_k = s.ragged_k ? 1 : s.paged ? s.pages : s.batch;
    int64_t rows_k = s.paged ? s.page_size : s.nk;

    p.q = take_tensor(bytes, type, batch_q, s.hq, s.nq, s.d);
    p.k = take_tensor(bytes, take_float_type(bytes), batch_k, s.hk, rows_k, s.d);
    p.v = take_tensor(bytes, take_float_type(bytes), batch_k, s.hk, rows_k, s.dv);
    p.o = take_tensor(bytes, take(bytes) & 1 ? type : ATTN_F32, batch_q, s.hq, s.nq, s.dv);
    if (s.ragged_q)
        p.cu_seqlens_q = attn_vector(ATTN_I32, s.batch + 1);
    if (s.ragged_k)
        p.cu_seqlens_k = attn_vector(ATTN_I32, s.batch + 1);
    if (s.paged)
        p.page_table = attn_matrix(ATTN_I32, s.batch, take_small(bytes, 9));
    if (s.paged || take(bytes) % 4 == 0)
        p.seqused_k = attn_vector(ATTN_I32, s.batch);
    take_options(bytes, &s, &p);
    p.pattern = take_pattern(bytes);
    return p;
}

/* Anything into any field that is no pointer. */
static void spoil(struct bytes *bytes, attn_problem *p)
{
    unsigned count = take(bytes);

    for (count = count < 100 ? 0 : count % 4; count > 0; count--) {
        const size_t first = sizeof p->size, end = offsetof(attn_problem, pattern);
        size_t at = first + (take(bytes) * 256u + take(bytes)) % (end - first) / 8 * 8;
        int64_t value = take_any(bytes);

        memcpy((char *)p + at, &value, at + sizeof value <= end ? sizeof value : end - at);
    }
}

/* ---- memory of exactly the size that a shape says ---------------------------------------------------------------- */

enum { OPERANDS = 12, MOST_BYTES = 1 << 20 };
static const size_t IN_PROBLEM[OPERANDS] = {
    offsetof(attn_problem, q),
    offsetof(attn_problem, k),
    offsetof(attn_problem, v),
    offsetof(attn_problem, o),
    offsetof(attn_problem, lse),
    offsetof(attn_problem, alibi),
    offsetof(attn_problem, bias),
    offsetof(attn_problem, sink_logit),
    offsetof(attn_problem, cu_seqlens_q),
    offsetof(attn_problem, cu_seqlens_k),
    offsetof(attn_problem, seqused_k),
    offsetof(attn_problem, page_table),
};
static const size_t IN_ARGS[OPERANDS] = {
    offsetof(attn_args, q),
    offsetof(attn_args, k),
    offsetof(attn_args, v),
    offsetof(attn_args, o),
    offsetof(attn_args, lse),
    offsetof(attn_args, alibi),
    offsetof(attn_args, bias),
    offsetof(attn_args, sink_logit),
    offsetof(attn_args, cu_seqlens_q),
    offsetof(attn_args, cu_seqlens_k),
    offsetof(attn_args, seqused_k),
    offsetof(attn_args, page_table),
};

/* -1: more than MOST_BYTES. The tensor was accepted, so nothing overflows. */
static int64_t bytes_of(const attn_tensor *t)
{
    int64_t span = 1;

    for (int d = 0; d < 4; d++) {
        if (t->size[d] == 0)
            return 0;
        if ((t->size[d] - 1) != 0 && t->stride[d] > MOST_BYTES / (t->size[d] - 1))
            return -1;
        span += (t->size[d] - 1) * t->stride[d];
    }
    span *= (int64_t)attn_dtype_size(t->dtype);
    return span <= MOST_BYTES ? span : -1;
}

/* Lengths: ascending mostly, any otherwise. */
static void fill_integers(struct bytes *bytes, int32_t *to, int64_t count, int ascending)
{
    int32_t value = 0;

    for (int64_t i = 0; i < count; i++) {
        int32_t step = (int32_t)take_small(bytes, 40);

        value = !ascending ? step : i == 0 ? 0 : value + step;
        to[i] = take(bytes) > 250 ? (int32_t)take_any(bytes) : value;
    }
}

static void fill(struct bytes *bytes, int operand, attn_dtype type, void *data, size_t size)
{
    if (type == ATTN_I32)
        fill_integers(bytes, data, (int64_t)(size / 4), operand == 8 || operand == 9);
    else
        for (size_t i = 0; i < size; i++)
            ((uint8_t *)data)[i] = (uint8_t)(i * 37 + 11);
}

static int allocate(struct bytes *bytes, const attn_problem *p, attn_args *args, void *data[OPERANDS])
{
    for (int i = 0; i < OPERANDS; i++) {
        const attn_tensor *t = (const attn_tensor *)((const char *)p + IN_PROBLEM[i]);
        int64_t size = t->dtype == ATTN_NONE ? 0 : bytes_of(t);

        if (size < 0)
            return -1;
        data[i] = malloc(size > 0 ? (size_t)size : 1);
        if (data[i] == NULL)
            return -1;
        fill(bytes, i, t->dtype, data[i], (size_t)size);
        *(attn_memory *)((char *)args + IN_ARGS[i]) = attn_host(data[i]);
    }
    return 0;
}

/* ---- a plan, and a run of it ------------------------------------------------------------------------------------- */

static void run(const attn_plan *plan, struct bytes bytes, const attn_problem *p)
{
    attn_args args = ATTN_ARGS_INIT;
    void *data[OPERANDS] = { NULL }, *workspace;
    int absent = allocate(&bytes, p, &args, data);

    args.workspace_size = attn_plan_workspace(plan);
    workspace = !absent && args.workspace_size < 64u * MOST_BYTES
                    ? aligned_alloc(64, (args.workspace_size + 64) / 64 * 64)
                    : NULL;
    if (workspace != NULL) {
        args.workspace = attn_host(workspace);
        attn_run(plan, &args, NULL);
    }
    free(workspace);
    for (int i = 0; i < OPERANDS; i++)
        free(data[i]);
}

static int small(const attn_problem *p)
{
    const attn_tensor *tensors[] = { &p->q, &p->k, &p->v, &p->o };

    for (int i = 0; i < 4; i++)
        if (bytes_of(tensors[i]) < 0 || tensors[i]->size[2] > 4096 || tensors[i]->size[0] * tensors[i]->size[1] > 256)
            return 0;
    return p->page_table.dtype == ATTN_NONE || p->page_table.size[0] * p->page_table.size[1] <= 4096;
}

static void plan_and_run(attn_device *device, struct bytes bytes, const attn_problem *p)
{
    attn_plan *plan = NULL;
    attn_plan_info info = ATTN_PLAN_INFO_INIT;
    char text[64];

    if (attn_plan_create(device, p, &plan)) {
        if (attn_reason()[0] == '\0')
            abort();
        return;
    }
    attn_plan_explain(plan, text, sizeof text);
    if (small(p)) {
        attn_plan_get_info(plan, &info);
        run(plan, bytes, p);
    }
    attn_plan_destroy(plan);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static attn_device *devices[2];
    struct bytes bytes = { data, data + size };
    attn_problem problem = take_problem(&bytes);
    int64_t lengths[2][MOST_BATCH];

    spoil(&bytes, &problem);
    take_lengths(&bytes, lengths, &problem);
    if (devices[0] == NULL && (attn_device_open("cpu", &devices[0]) || attn_device_open("reference", &devices[1]) ||
                               attn_device_set_threads(devices[0], 1) || attn_device_set_threads(devices[1], 1)))
        abort();
    for (int i = 0; i < 2; i++)
        plan_and_run(devices[i], bytes, &problem);
    return 0;
}
