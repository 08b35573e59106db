/*
 * What the bytes of an instance hold. A value depends on the seed, the operand and where it lies, so that the order of
 * filling does not matter and memory that two sequences share agrees with itself.
 *
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE.
 */
#include "config.h"

#include "instance_fill.h"

#include <math.h>
#include <string.h>

#include "numbers.h"

/* Fewer rows are not worth waking threads for. */
enum { PARALLEL_ROWS = 2000 };

/* ---- what is not used --------------------------------------------------------------------------------------- */

static void fill_pattern(struct operand *operand, const uint32_t *patterns, int count)
{
    size_t size = attn_dtype_size(operand->tensor.dtype), elements = operand->bytes / size, i;

    for (i = 0; i < elements; i++) {
        uint32_t pattern = patterns[i % (size_t)count];
        uint16_t half = (uint16_t)pattern;

        memcpy(operand->data + i * size, size == 4 ? (const void *)&pattern : (const void *)&half, size);
    }
}

void fill_output(struct operand *operand)
{
    uint32_t poison = number_poison(operand->tensor.dtype);

    fill_pattern(operand, &poison, 1);
}

void fill_unused(struct operand *operand)
{
    static const uint32_t patterns[][3] = {
        [ATTN_F32] = { 0x7fc00001, 0x7f800000, 0xff800000 },
        [ATTN_F16] = { 0x7e01, 0x7c00, 0xfc00 },
        [ATTN_BF16] = { 0x7fc1, 0x7f80, 0xff80 },
        [ATTN_I32] = { 0x7fffffff, 0x80000000, 0xffffffff },
    };

    fill_pattern(operand, patterns[operand->tensor.dtype], 3);
}

/* ---- numbers ------------------------------------------------------------------------------------------------ */

/* Sum of four 16-bit draws, scaled to variance 1: close to normal, and the same on every machine. */
static float normal(uint64_t bits)
{
    int64_t sum = (int64_t)(bits & 0xffff) + (int64_t)(bits >> 16 & 0xffff) + (int64_t)(bits >> 32 & 0xffff) +
                  (int64_t)(bits >> 48);

    return (float)((double)(sum - 131070) * (1.7320508075688772 / 65536.0));
}

static uint64_t seed_of(const struct instance *instance, int operand)
{
    return number_hash(instance->seed, (uint64_t)operand);
}

/* Value of a row of q, k or v:  offset + factor * normal. */
struct distribution {
    float offset, factor;
};

/* Outliers: one row in 11 of q and k makes scores that crowd all others out. Low: the scores of a row are about
 * -16 sqrt(d), which exp alone takes to 0. */
static struct distribution distribution_of(const struct instance *instance, int index, uint64_t seed, int64_t row)
{
    struct distribution standard = { 0, 1 }, outlier = { 0, 20 }, equal = { 0.5f, 0 };
    struct distribution low = { index == OPERAND_Q ? 4.0f : -4.0f, 0.5f };

    if (index == OPERAND_V || instance->c->inputs == INPUTS_NORMAL)
        return standard;
    if (instance->c->inputs == INPUTS_OUTLIER)
        return number_hash(~seed, (uint64_t)row) % 11 == 0 ? outlier : standard;
    return instance->c->inputs == INPUTS_EQUAL ? equal : low;
}

static void fill_row(struct instance *instance, int index, int64_t i0, int64_t i1, int64_t i2)
{
    struct operand *operand = &instance->operand[index];
    int64_t first = instance_index(operand, i0, i1, i2, 0), c;
    uint64_t seed = seed_of(instance, index);
    struct distribution d = distribution_of(instance, index, seed, first);

    for (c = 0; c < operand->tensor.size[3]; c++)
        number_store(operand->data, operand->tensor.dtype, first + c,
                     d.offset + d.factor * normal(number_hash(seed, (uint64_t)(first + c))));
}

static void fill_queries(struct instance *instance, int64_t b)
{
    int64_t rows = case_query_rows(instance->c, b), i;

#ifdef _OPENMP
#pragma omp parallel for if (rows * instance->c->hq > PARALLEL_ROWS)
#endif
    for (i = 0; i < rows * instance->c->hq; i++) {
        struct place place = instance_query(instance, b, i % rows);

        fill_row(instance, OPERAND_Q, place.batch, i / rows, place.position);
    }
}

static void fill_keys(struct instance *instance, int64_t b)
{
    int64_t keys = case_keys(instance->c, b), i;

#ifdef _OPENMP
#pragma omp parallel for if (keys * instance->c->hk > PARALLEL_ROWS && !instance->c->share)
#endif
    for (i = 0; i < keys * instance->c->hk; i++) {
        struct place place = instance_key(instance, b, i % keys);

        fill_row(instance, OPERAND_K, place.batch, i / keys, place.position);
        fill_row(instance, OPERAND_V, place.batch, i / keys, place.position);
    }
}

/* ---- lengths and pages -------------------------------------------------------------------------------------- */

static void set_integer(struct instance *instance, int index, int64_t i0, int64_t i1, int64_t value)
{
    struct operand *operand = &instance->operand[index];

    ((int32_t *)operand->data)[instance_index(operand, i0, i1, 0, 0)] = (int32_t)value;
}

static void fill_cumulative(struct instance *instance, int index, const struct case_lengths *lengths)
{
    int64_t sum = 0, b;

    if (lengths->count == 0)
        return;
    set_integer(instance, index, 0, 0, 0);
    for (b = 0; b < lengths->count; b++) {
        sum += lengths->value[b];
        set_integer(instance, index, b + 1, 0, sum);
    }
}

/* Pages in scattered order, so that neighbours in the table are not neighbours in memory. With `share`, every
 * sequence begins with the same page and has it again as its third. Entries behind the last used one stay out of
 * range: they must not be read. */
static void fill_pages(struct instance *instance)
{
    const struct attention_case *c = instance->c;
    static const int64_t primes[] = { 7, 11, 13, 17, 19 };
    int64_t pages = instance->operand[OPERAND_K].tensor.size[0], step = 1, next = 1, b, i;

    /* A prime that does not divide the number of pages visits each once. */
    for (i = 0; i < 5 && step == 1; i++)
        step = pages % primes[i] != 0 ? primes[i] : 1;
    for (b = 0; b < c->batch; b++)
        for (i = 0; i * c->page_size < case_keys(c, b); i++) {
            int64_t shared = c->share && (i == 0 || i == 2);

            set_integer(instance, OPERAND_PAGES, b, i, shared ? 0 : next * step % pages);
            next += !shared;
        }
}

/* ---- what enters the logit ---------------------------------------------------------------------------------- */

/* Head 3 has the sink logit -inf, which is none. */
static void fill_head_vectors(struct instance *instance)
{
    struct operand *alibi = &instance->operand[OPERAND_ALIBI], *sink = &instance->operand[OPERAND_SINK_LOGIT];
    int64_t heads = instance->c->hq, b, h;

    for (b = 0; instance->c->alibi && b < alibi->tensor.size[0]; b++)
        for (h = 0; h < heads; h++)
            number_store(alibi->data, ATTN_F32, instance_index(alibi, b, h, 0, 0),
                         (float)(exp2(-8.0 * (double)(h + 1) / (double)heads) * (double)(b + 1)));
    for (h = 0; instance->c->sink_logit && h < heads; h++)
        number_store(sink->data, ATTN_F32, instance_index(sink, 0, h, 0, 0),
                     h == 3 ? -INFINITY
                            : 3.0f * normal(number_hash(seed_of(instance, OPERAND_SINK_LOGIT), (uint64_t)h)));
}

static void fill_bias_value(struct instance *instance, int64_t b, int64_t h, int64_t r, int64_t j)
{
    struct operand *bias = &instance->operand[OPERAND_BIAS];
    int64_t index = instance_index(bias, b, h, r, j), row = instance_index(bias, b, h, r, 0);
    uint64_t seed = seed_of(instance, OPERAND_BIAS), bits = number_hash(seed, (uint64_t)index);
    int hidden = instance->c->bias_inf && (number_hash(~seed, (uint64_t)row) % 7 == 0 || bits % 3 == 0);

    number_store(bias->data, bias->tensor.dtype, index, hidden ? -INFINITY : normal(bits));
}

static int64_t at_most(int64_t size, int64_t used)
{
    return size == 1 && used > 0 ? 1 : used;
}

/* The part that the rows and keys of sequence b use. */
static void fill_bias(struct instance *instance, int64_t b)
{
    const int64_t *size = instance->operand[OPERAND_BIAS].tensor.size;
    int64_t rows = at_most(size[2], case_query_rows(instance->c, b)),
            keys = at_most(size[3], case_keys(instance->c, b));
    int64_t h, r, j;

    for (h = 0; h < size[1]; h++)
        for (r = 0; r < rows; r++)
            for (j = 0; j < keys; j++)
                fill_bias_value(instance, size[0] > 1 ? b : 0, h, r, j);
}

void fill_inputs(struct instance *instance)
{
    const struct attention_case *c = instance->c;
    int64_t b;

    fill_cumulative(instance, OPERAND_CU_Q, &c->ragged_q);
    fill_cumulative(instance, OPERAND_CU_K, &c->ragged_k);
    for (b = 0; b < c->used.count; b++)
        set_integer(instance, OPERAND_USED, b, 0, c->used.value[b]);
    if (c->page_size > 0)
        fill_pages(instance);
    fill_head_vectors(instance);
    for (b = 0; b < c->batch; b++) {
        fill_queries(instance, b);
        fill_keys(instance, b);
        if (c->bias)
            fill_bias(instance, b);
    }
}
