/* Flash attention for query tiles of few rows, such as a decode step of one KV head's group: memory sets the pace, so K and
 * V go from their rows through registers into the sums, ahead of the arithmetic.
 *
 * Every subgroup has keys of its own in each tile, with an online softmax of its own: none waits for another until their sums
 * are added at the end. Scores: four invocations, a team, share a key; each has every fourth eight of its channels, and two
 * keys of a tile. Values: the invocations that share a key, a line, have an eight of its channels each.
 *
 * Needs subgroup shuffles, and subgroups that are full; any size from 8 on that divides the work-group.
 *
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#version 450
#extension GL_GOOGLE_include_directive : require
#extension GL_KHR_shader_subgroup_basic : require
#extension GL_KHR_shader_subgroup_shuffle : require
#extension GL_KHR_shader_subgroup_vote : require

#include "modify.glsl"
#include "parts.glsl"
#include "types.glsl"
#include "walk.glsl"

layout(constant_id = 3) const int DIM = 128;     /* bound of D: a multiple of 32, at most 256 */
layout(constant_id = 4) const int DIM_V = 128;   /* bound of Dv: 64, 128 or 256 */
layout(constant_id = 5) const int ROWS = 4;      /* of a query tile: 4, 8 or 16; ROWS * DIM_V at most 2048 */
layout(constant_id = 6) const int SUBGROUP = 32; /* invocations of a subgroup */
#ifdef COMPACT
bool CHANGES = run.block.plan.changes_scores != 0;
#else
layout(constant_id = 7) const bool CHANGES = true; /* plan.changes_scores */
#endif

layout(local_size_x = 128) in;

const int GROUP = 128, SUBGROUPS = GROUP / SUBGROUP, OWN_KEYS = TILE_KEYS / SUBGROUPS;
const int TEAM = 4, TEAMS = SUBGROUP / TEAM, KEYS = OWN_KEYS / TEAMS;
const int EIGHTS = DIM / 8 / TEAM;                   /* of a key that an invocation has */
const int QUADS = ROWS / 4;                          /* vectors that hold a number for each row */
const int WIDEST = SUBGROUP < 16 ? SUBGROUP : 16;
const int LANES = DIM_V / 8 < WIDEST ? DIM_V / 8 : WIDEST;
const int PASSES = DIM_V / 8 / LANES;                /* eights of a key's values that an invocation has */
const int LINES = SUBGROUP / LANES;                  /* keys whose values are added at once */
const int VALUES = OWN_KEYS / LINES;                 /* keys of a tile that an invocation adds */
const int SUMS = 2 * PASSES, ALL_LINES = GROUP / LANES;
const int BATCH = 1024 / (ALL_LINES * DIM_V / 4);    /* rows that are stored at once */

shared vec4 pool[1024];                              /* the queries; at the end sums */
shared vec4 weight[TILE_KEYS * QUADS];
shared vec4 factor[SUBGROUPS * QUADS];               /* of the sums so far, in each subgroup */
shared vec4 highest[SUBGROUPS * QUADS], total_of[SUBGROUPS * QUADS];
shared uvec2 seen[ROWS];
shared bool is_last;
shared uint64_t address[GROUP];                      /* of rows of a subgroup's keys, then of its values */

/* As subgroups number them: invocations of a team, and teams of a subgroup, must be neighbours in it. */
int own = int(gl_SubgroupInvocationID), first = int(gl_SubgroupID) * SUBGROUP, me = first + own;
int first_key = int(gl_SubgroupID) * OWN_KEYS, first_quad = int(gl_SubgroupID) * QUADS;
int team = own / TEAM, lane = own % TEAM, line = own / LANES, column = own % LANES;

int dim = int(run.block.plan.dim), dim_v = int(run.block.plan.dim_v); /* read once */
bool k_wide, v_wide;
Eight keys[KEYS][EIGHTS], values[VALUES][PASSES];
float most[QUADS], total[QUADS]; /* of rows 4 i + lane; the team's keys alone are in its total */
vec4 sum[ROWS][SUMS];

/* ---- memory ------------------------------------------------------------------------------------------------------ */

void put_queries()
{
    bool wide = is_wide(run.q, Q_TYPE, run.block.plan.q_stride, run.block.plan.dim);
    for (int i = me; i < ROWS * DIM / 8; i += GROUP) {
        Row row = row_at(min(i / (DIM / 8), item.rows - 1));
        uint64_t at = run.q + bytes_of(Q_TYPE) * query_row(item.sequence, row, run.block.plan.q_stride);
        Eight eight = load_eight(at, Q_TYPE, i % (DIM / 8) * 8, dim, wide);
        pool[2 * i] = run.block.plan.scale * low_of(Q_TYPE, eight);
        pool[2 * i + 1] = run.block.plan.scale * high_of(Q_TYPE, eight);
    }
}

/* An invocation finds one, as OWN_KEYS is half of SUBGROUP. */
void find_rows(int tile)
{
    subgroupBarrier();
    if (own < OWN_KEYS)
        address[me] = address_of(k_rows, tile, first_key + own);
    else
        address[me] = address_of(v_rows, tile, first_key + own - OWN_KEYS);
    subgroupBarrier();
}

void fetch_keys_as(bool wide)
{
    UNROLL for (int j = 0; j < KEYS; j++)
        UNROLL for (int i = 0; i < EIGHTS; i++)
            keys[j][i] = load_eight(address[first + team + j * TEAMS], K_TYPE, (i * TEAM + lane) * 8, dim, wide);
}

/* One branch for all loads, so that they follow each other. */
void fetch_keys()
{
    if (k_wide)
        fetch_keys_as(true);
    else
        fetch_keys_as(false);
}

void fetch_values_as(bool wide)
{
    UNROLL for (int j = 0; j < VALUES; j++)
        UNROLL for (int i = 0; i < PASSES; i++)
            values[j][i] =
                load_eight(address[first + OWN_KEYS + line + j * LINES], V_TYPE, (i * LANES + column) * 8, dim_v, wide);
}

void fetch_values()
{
    if (v_wide)
        fetch_values_as(true);
    else
        fetch_values_as(false);
}

/* Of regular rows: the address of an invocation's first channels of its first key, then of its first value. */
uint64_t first_key_at(int tile)
{
    int64_t key = int64_t(tile) * TILE_KEYS + first_key + team;
    return k_rows.first + uint64_t(key * k_rows.step + lane * 8 * bytes_of(K_TYPE));
}

uint64_t first_value_at(int tile)
{
    int64_t key = int64_t(tile) * TILE_KEYS + first_key + line;
    return v_rows.first + uint64_t(key * v_rows.step + column * 8 * bytes_of(V_TYPE));
}

void fetch_regular_keys(uint64_t at, int step)
{
    UNROLL for (int j = 0; j < KEYS; j++)
        UNROLL for (int i = 0; i < EIGHTS; i++)
            keys[j][i] = load_eight(at + uint64_t(j * TEAMS * step), K_TYPE, i * TEAM * 8, DIM, true);
}

void fetch_regular_values(uint64_t at, int step)
{
    UNROLL for (int j = 0; j < VALUES; j++)
        UNROLL for (int i = 0; i < PASSES; i++)
            values[j][i] = load_eight(at + uint64_t(j * LINES * step), V_TYPE, i * LANES * 8, DIM_V, true);
}

/* ---- scores ------------------------------------------------------------------------------------------------------ */

/* The team's sums of four rows, one of them to each invocation: row i to the i-th. */
float share_out(vec4 a)
{
    bool odd = (lane & 1) != 0, upper = (lane & 2) != 0;
    vec2 half_way = (odd ? a.yw : a.xz) + vec2(subgroupShuffleXor(odd ? a.x : a.y, 1), subgroupShuffleXor(odd ? a.z : a.w, 1));
    return (upper ? half_way.y : half_way.x) + subgroupShuffleXor(upper ? half_way.x : half_way.y, 2);
}

float add_products(vec4 a, vec4 b, float to)
{
    return fma(a.w, b.w, fma(a.z, b.z, fma(a.y, b.y, fma(a.x, b.x, to))));
}

void find_products(out float product[KEYS][QUADS])
{
    float part[KEYS][ROWS];
    UNROLL for (int j = 0; j < KEYS; j++)
        UNROLL for (int r = 0; r < ROWS; r++)
            part[j][r] = 0;
    UNROLL for (int i = 0; i < EIGHTS; i++)
        UNROLL for (int r = 0; r < ROWS; r++) {
            int at = 2 * (r * (DIM / 8) + i * TEAM + lane);
            vec4 low = pool[at], high = pool[at + 1];
            UNROLL for (int j = 0; j < KEYS; j++)
                part[j][r] = add_products(high, high_of(K_TYPE, keys[j][i]),
                                          add_products(low, low_of(K_TYPE, keys[j][i]), part[j][r]));
        }
    UNROLL for (int j = 0; j < KEYS; j++)
        UNROLL for (int i = 0; i < QUADS; i++)
            product[j][i] = share_out(vec4(part[j][4 * i], part[j][4 * i + 1], part[j][4 * i + 2], part[j][4 * i + 3]));
}

/* Softcap and the like, then the mask. */
void change_products(int tile, inout float product[KEYS][QUADS])
{
    [[unroll]] for (int i = 0; i < QUADS; i++)
        [[unroll]] for (int j = 0; j < KEYS; j++) {
            int row = 4 * i + lane, key = first_key + team + j * TEAMS;
            if ((seen[row][key >> 5] >> (key & 31) & 1) == 0)
                product[j][i] = NOTHING;
            else if (CHANGES)
                product[j][i] = modified(modifier_of(row, tile), key, product[j][i]);
        }
}

/* Puts the weights of the subgroup's keys, and what its sums are to be multiplied with; whether that is more than 1. */
bool put_weights(float product[KEYS][QUADS])
{
    bool rises = false;
    [[unroll]] for (int i = 0; i < QUADS; i++) {
        float before = most[i], top = before;
        [[unroll]] for (int j = 0; j < KEYS; j++)
            top = max(top, product[j][i]);
        [[unroll]] for (int distance = TEAM; distance < SUBGROUP; distance *= 2)
            top = max(top, subgroupShuffleXor(top, distance));
        float rescale = rescale_of(before, top);
        most[i] = top;
        total[i] *= rescale;
        rises = rises || top > before;
        [[unroll]] for (int j = 0; j < KEYS; j++) {
            float of_key = weight_of(product[j][i], top);
            weight[(first_key + team + j * TEAMS) * QUADS + i][lane] = of_key;
            total[i] += of_key;
        }
        if (own < TEAM)
            factor[first_quad + i][lane] = rescale;
    }
    return subgroupAny(rises);
}

/* ---- values ------------------------------------------------------------------------------------------------------ */

void rescale_sums()
{
    UNROLL for (int i = 0; i < QUADS; i++) {
        vec4 factors = factor[first_quad + i];
        UNROLL for (int r = 0; r < 4; r++)
            UNROLL for (int c = 0; c < SUMS; c++)
                sum[4 * i + r][c] *= factors[r];
    }
}

void add_values()
{
    UNROLL for (int j = 0; j < VALUES; j++)
        UNROLL for (int i = 0; i < QUADS; i++) {
            vec4 of_key = weight[(first_key + line + j * LINES) * QUADS + i];
            UNROLL for (int p = 0; p < PASSES; p++) {
                vec4 low = low_of(V_TYPE, values[j][p]), high = high_of(V_TYPE, values[j][p]);
                UNROLL for (int r = 0; r < 4; r++) {
                    sum[4 * i + r][2 * p] = fma(vec4(of_key[r]), low, sum[4 * i + r][2 * p]);
                    sum[4 * i + r][2 * p + 1] = fma(vec4(of_key[r]), high, sum[4 * i + r][2 * p + 1]);
                }
            }
        }
}

/* ---- tiles ------------------------------------------------------------------------------------------------------- */

void find_seen()
{
    for (int i = me; i < ROWS; i += GROUP)
        seen[i] = unpack32(bits_of_row(i, span.first));
    barrier();
}

/* What other tiles need is left out: little code, and few registers. */
bool is_plain()
{
    return span.whole && !CHANGES && k_wide && v_wide && dim == DIM && dim_v == DIM_V && are_regular();
}

/* While a tile's scores are made its values are on their way, and while these are added the next tile's keys. */
void add_plain_span()
{
    const int end = span.end, k_step = int(k_rows.step), v_step = int(v_rows.step);
    uint64_t k_at = first_key_at(span.first), v_at = first_value_at(span.first);
    fetch_regular_keys(k_at, k_step);
    for (int tile = span.first; tile < end; tile++) {
        float product[KEYS][QUADS];
        fetch_regular_values(v_at, v_step);
        find_products(product);
        bool rises = put_weights(product);
        k_at += TILE_KEYS * k_step;
        v_at += TILE_KEYS * v_step;
        if (tile + 1 < end)
            fetch_regular_keys(k_at, k_step);
        subgroupBarrier();
        if (rises)
            rescale_sums();
        add_values();
        subgroupBarrier();
    }
}

void add_span()
{
    const int end = span.end;
    find_seen();
    find_rows(span.first);
    fetch_keys();
    for (int tile = span.first; tile < end; tile++) {
        float product[KEYS][QUADS];
        fetch_values();
        find_products(product);
        change_products(tile, product);
        bool rises = put_weights(product);
        if (tile + 1 < end) {
            find_rows(tile + 1);
            fetch_keys();
        }
        subgroupBarrier();
        if (rises)
            rescale_sums();
        add_values();
        subgroupBarrier();
    }
}

/* ---- results ----------------------------------------------------------------------------------------------------- */

void put_ends()
{
    [[unroll]] for (int i = 0; i < QUADS; i++) {
        [[unroll]] for (int distance = TEAM; distance < SUBGROUP; distance *= 2)
            total[i] += subgroupShuffleXor(total[i], distance);
        if (own < TEAM) {
            highest[first_quad + i][lane] = most[i];
            total_of[first_quad + i][lane] = total[i];
        }
    }
}

/* Of a row over all subgroups. */
End end_of(int row)
{
    End end = End(NOTHING, 0);
    for (int s = 0; s < SUBGROUPS; s++)
        end.most = max(end.most, highest[s * QUADS + row / 4][row & 3]);
    for (int s = 0; s < SUBGROUPS; s++)
        end.total += weight_of(highest[s * QUADS + row / 4][row & 3], end.most) * total_of[s * QUADS + row / 4][row & 3];
    return end;
}

void store_quad(int row, End end, int channel, vec4 sum)
{
    if (run.kind == LAUNCH_WHOLE) {
        store_result(row, end, channel, sum);
        return;
    }
    uint64_t part = part_row(item.slot, row);
    put_sums(part, channel, sum);
    if (channel == 0)
        put_end(part, end);
}

void store_batch(int first_row)
{
    for (int at = me; at < BATCH * DIM_V / 4; at += GROUP) {
        int row = first_row + at / (DIM_V / 4), quad = at % (DIM_V / 4);
        if (row >= item.rows)
            break;
        vec4 all = vec4(0);
        End end = end_of(row);
        for (int l = 0; l < ALL_LINES; l++)
            all += weight_of(highest[l / LINES * QUADS + row / 4][row & 3], end.most) *
                   pool[((row - first_row) * ALL_LINES + l) * (DIM_V / 4) + quad];
        store_quad(row, end, 4 * quad, all);
    }
}

void store_rows()
{
    int own_line = int(gl_SubgroupID) * LINES + line;
    put_ends();
    UNROLL for (int first_row = 0; first_row < ROWS; first_row += BATCH) {
        barrier();
        UNROLL for (int r = 0; r < BATCH; r++)
            UNROLL for (int c = 0; c < SUMS; c++)
                pool[(r * ALL_LINES + own_line) * (DIM_V / 4) + (c / 2 * LANES + column) * 2 + c % 2] = sum[first_row + r][c];
        barrier();
        store_batch(first_row);
    }
}

/* The parts of this query tile's rows. */
void merge_rows()
{
    const int quads = DIM_V / 4;
    int64_t slot = int64_t(item.tile) * run.block.plan.chunks;
    for (int i = me; i < item.rows * quads; i += GROUP) {
        int row = i / quads, channel = 4 * (i % quads);
        End end;
        if (channel >= dim_v)
            continue;
        vec4 sum = merged(slot, int(run.block.plan.chunks), row, channel, end);
        store_result(row, end, channel, sum);
    }
}

/* The work-group that comes last has all parts before it, and nobody beside it. */
void merge_if_last()
{
    memoryBarrierBuffer();
    barrier();
    if (me == 0)
        is_last = comes_last(item.tile);
    barrier();
    if (!is_last)
        return;
    memoryBarrierBuffer();
    merge_rows();
}

void main()
{
    if (!begin_walk(K_TYPE, V_TYPE))
        return;
    k_wide = is_wide(run.k, K_TYPE, run.block.plan.k_stride, run.block.plan.dim);
    v_wide = is_wide(run.v, V_TYPE, run.block.plan.v_stride, run.block.plan.dim_v);
    [[unroll]] for (int i = 0; i < QUADS; i++) {
        most[i] = NOTHING;
        total[i] = 0;
    }
    [[unroll]] for (int r = 0; r < ROWS; r++)
        [[unroll]] for (int c = 0; c < SUMS; c++)
            sum[r][c] = vec4(0);
    put_queries();
    while (find_span())
        if (is_plain())
            add_plain_span();
        else
            add_span();
    store_rows();
    if (run.kind == LAUNCH_JOINED)
        merge_if_last();
}
