/* Where the rows of one sequence lie, and what becomes of a finished row. Behind dialect.cl, shared.h and storage.cl.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */

#define LOG2_E 1.44269504088896340736f
#define LN_2 0.69314718055994530942f

/* Of numbers that are seldom as large as what divides them: a division takes some 200 cycles. */
DEVICE long quotient(long a, long b)
{
    return a < b ? 0 : a / b;
}

struct sequence {
    long number, rows, keys, row_q, row_k, shift;
};

DEVICE struct sequence sequence_of(PLAN, long number, __global const int *cu_q,
                            __global const int *cu_k, __global const int *used)
{
    struct sequence s;
    s.number = number;
    s.row_q = plan->ragged_q ? cu_q[number * plan->cu_q_stride] : 0;
    s.rows = plan->ragged_q ? cu_q[(number + 1) * plan->cu_q_stride] - s.row_q : plan->max_q;
    s.row_k = plan->ragged_k ? cu_k[number * plan->cu_k_stride] : 0;
    s.keys = plan->ragged_k ? cu_k[(number + 1) * plan->cu_k_stride] - s.row_k : plan->max_k;
    if (plan->has_used)
        s.keys = used[number * plan->used_stride];
    s.shift = plan->align_end ? s.keys - s.rows : 0;
    return s;
}

DEVICE long key_row(PLAN, const struct sequence *s, __global const int *pages, long j, long head,
             PLAN_SPACE const long *stride)
{
    if (plan->paged) {
        const uint size = (uint)plan->page_size; /* lengths of paged sequences are of 32 bits: so is j */
        const long page = pages[s->number * plan->pages_stride[0] + (uint)j / size * plan->pages_stride[1]];
        return page * stride[0] + head * stride[1] + (uint)j % size * stride[2];
    }
    return (plan->ragged_k ? 0 : s->number * stride[0]) + head * stride[1] + (s->row_k + j) * stride[2];
}

/* Of a unit's row. */
DEVICE long query_of(PLAN, long row)
{
    return plan->pack == 1 ? row : quotient(row, plan->pack);
}

/* Row `row` of a unit's rows: head fastest. */
struct row_at {
    long query, head, batch;
};

DEVICE struct row_at row_of(PLAN, const struct sequence *s, long unit, long row)
{
    struct row_at at;
    at.query = query_of(plan, row);
    at.head = unit * plan->pack + (row - at.query * plan->pack);
    at.batch = plan->ragged_q ? 0 : s->number;
    return at;
}

DEVICE long query_row(PLAN, const struct sequence *s, long unit, long row)
{
    struct row_at at = row_of(plan, s, unit, row);
    return at.batch * plan->q_stride[0] + at.head * plan->q_stride[1] + (s->row_q + at.query) * plan->q_stride[2];
}

/* What o is multiplied with. */
DEVICE float share_of(PLAN, __global const uchar *sink, long head, float most, float sum)
{
    if (sum == 0)
        return 0;
    if (!plan->has_sink)
        return 1 / sum;
    float lse = most * LN_2 + log(sum);
    return 1 / (sum * (1 + exp(((__global const float *)sink)[head * plan->sink_stride] - lse)));
}

DEVICE void store_lse(PLAN, const struct sequence *s, const struct row_at *at, __global float *lse,
               float most, float sum)
{
    if (plan->has_lse)
        lse[at->batch * plan->lse_stride[0] + at->head * plan->lse_stride[1] +
            (s->row_q + at->query) * plan->lse_stride[2]] = sum == 0 ? -INFINITY : most * LN_2 + log(sum);
}

DEVICE long output_row(PLAN, const struct sequence *s, const struct row_at *at)
{
    return at->batch * plan->o_stride[0] + at->head * plan->o_stride[1] + (s->row_q + at->query) * plan->o_stride[2];
}

/* Element (sequence, head, query, key) of bias; sizes of 1 have stride 0. */
DEVICE long bias_at(PLAN, long sequence, long head, long query)
{
    return sequence * plan->bias_stride[0] + head * plan->bias_stride[1] + query * plan->bias_stride[2];
}
