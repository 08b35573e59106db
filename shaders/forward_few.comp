/* Flash attention for query tiles of few rows, such as a decode step of one KV head's group: memory sets the pace, so K and
 * V go from their rows through registers into the sums, ahead of the arithmetic. Needs subgroup shuffles; any
 * subgroup size from 4 on that divides the work-group.
 *
 * Scores: four invocations, a team, share a key; each has every fourth eight of its channels, and two keys of a tile.
 * Values: the invocations that share a key are as many as there are eights of channels; keys of a tile are spread over such
 * groups.
 *
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#version 450
#extension GL_GOOGLE_include_directive : require
#extension GL_KHR_shader_subgroup_basic : require
#extension GL_KHR_shader_subgroup_shuffle : require

#include "modify.glsl"
#include "output.glsl"

layout(constant_id = 0) const int Q_TYPE = 1;
layout(constant_id = 1) const int K_TYPE = 1;
layout(constant_id = 2) const int V_TYPE = 1;
layout(constant_id = 3) const int DIM = 128;   /* bound of D: a multiple of 32, at most 256 */
layout(constant_id = 4) const int DIM_V = 128; /* bound of Dv: 64, 128 or 256 */
layout(constant_id = 5) const int ROWS = 4;    /* of a query tile: 4, 8 or 16; ROWS * DIM_V at most 2048 */

layout(local_size_x = 128) in;

const int GROUP = 128, TEAM = 4, TEAMS = GROUP / TEAM, KEYS = TILE_KEYS / TEAMS;
const int EIGHTS = DIM / 8 / TEAM;                   /* of a key that an invocation has */
const int QUADS = ROWS / 4;                          /* vectors that hold a number for each row */
const int LANES = DIM_V > 128 ? 16 : DIM_V / 8;      /* invocations that share a key's values */
const int PASSES = DIM_V / 8 / LANES;                /* eights of a key's values that an invocation has */
const int LINES = GROUP / LANES;                     /* keys whose values are added at once */
const int VALUES = TILE_KEYS / LINES;                /* keys of a tile that an invocation adds */
const int SUMS = 2 * PASSES, BATCH = 4 / PASSES;     /* vectors of a row; rows that are stored at once */
const int MOST_SUBGROUPS = 32;

shared vec4 pool[1024];                              /* the queries; at the end sums */
shared vec4 score[2][TILE_KEYS * QUADS];             /* of the present tile, and what is left of the one before */
shared vec4 highest[2][MOST_SUBGROUPS * QUADS];
shared vec4 line_total[16 * QUADS];
shared uint64_t k_row[2][TILE_KEYS], v_row[2][TILE_KEYS];

/* As subgroups number them: invocations of a team, and teams of a subgroup, must be neighbours in it. */
int me = int(gl_SubgroupID * gl_SubgroupSize + gl_SubgroupInvocationID);
int team = me / TEAM, lane = me % TEAM;
int line = me / LANES, column = me % LANES;

Item item;
Step step;
int dim = int(run.block.plan.dim), dim_v = int(run.block.plan.dim_v); /* read once */
bool k_wide, v_wide;
Eight keys[KEYS][EIGHTS], values[VALUES][PASSES];
vec4 most[QUADS], total[QUADS], sum[ROWS][SUMS];

/* ---- memory ------------------------------------------------------------------------------------------------------ */

void put_queries()
{
    bool wide = is_wide(run.q, Q_TYPE, run.block.plan.q_stride, run.block.plan.dim);
    for (int i = me; i < ROWS * DIM / 8; i += GROUP) {
        Row row = row_at(item, min(i / (DIM / 8), item.rows - 1));
        uint64_t at = run.q + bytes_of(Q_TYPE) * query_row(item.sequence, row, run.block.plan.q_stride);
        Eight eight = load_eight(at, Q_TYPE, i % (DIM / 8) * 8, dim, wide);
        pool[2 * i] = run.block.plan.scale * low_of(Q_TYPE, eight);
        pool[2 * i + 1] = run.block.plan.scale * high_of(Q_TYPE, eight);
    }
}

void find_rows(int turn)
{
    if (me < TILE_KEYS)
        k_row[turn][me] = address_of_k(step, item, me, K_TYPE);
    else
        v_row[turn][me - TILE_KEYS] = address_of_v(step, item, me - TILE_KEYS, V_TYPE);
}

void fetch_keys(int turn)
{
    [[unroll]] for (int j = 0; j < KEYS; j++)
        [[unroll]] for (int i = 0; i < EIGHTS; i++)
            keys[j][i] = load_eight(k_row[turn][team + j * TEAMS], K_TYPE, (i * TEAM + lane) * 8, dim, k_wide);
}

void fetch_values(int turn)
{
    [[unroll]] for (int j = 0; j < VALUES; j++)
        [[unroll]] for (int i = 0; i < PASSES; i++)
            values[j][i] = load_eight(v_row[turn][line + j * LINES], V_TYPE, (i * LANES + column) * 8, dim_v, v_wide);
}

/* ---- scores ------------------------------------------------------------------------------------------------------ */

/* The team's sums of four rows, one of them to each invocation: row i to the i-th. */
float share_out(vec4 a)
{
    bool odd = (lane & 1) != 0, upper = (lane & 2) != 0;
    vec2 half_way = (odd ? a.yw : a.xz) + vec2(subgroupShuffleXor(odd ? a.x : a.y, 1), subgroupShuffleXor(odd ? a.z : a.w, 1));
    return (upper ? half_way.y : half_way.x) + subgroupShuffleXor(upper ? half_way.x : half_way.y, 2);
}

void find_products(out float product[KEYS][QUADS])
{
    float part[KEYS][ROWS];
    [[unroll]] for (int j = 0; j < KEYS; j++)
        [[unroll]] for (int r = 0; r < ROWS; r++)
            part[j][r] = 0;
    [[unroll]] for (int i = 0; i < EIGHTS; i++)
        [[unroll]] for (int r = 0; r < ROWS; r++) {
            int at = 2 * (r * (DIM / 8) + i * TEAM + lane);
            vec4 low = pool[at], high = pool[at + 1];
            [[unroll]] for (int j = 0; j < KEYS; j++)
                part[j][r] += dot(low, low_of(K_TYPE, keys[j][i])) + dot(high, high_of(K_TYPE, keys[j][i]));
        }
    [[unroll]] for (int j = 0; j < KEYS; j++)
        [[unroll]] for (int i = 0; i < QUADS; i++)
            product[j][i] = share_out(vec4(part[j][4 * i], part[j][4 * i + 1], part[j][4 * i + 2], part[j][4 * i + 3]));
}

/* Softcap and the like, then the mask: of row 4 i + lane and the team's keys. */
float changed(float product, Modifier m, uvec2 bits, int key)
{
    if ((bits[key >> 5] >> (key & 31) & 1) == 0)
        return NOTHING;
    return run.block.plan.changes_scores != 0 ? modified(m, key, product) : product;
}

void put_scores(int turn)
{
    float product[KEYS][QUADS];
    bool changes = run.block.plan.changes_scores != 0 || !step.full || keys_of_tile(step, item) < TILE_KEYS;
    find_products(product);
    [[unroll]] for (int i = 0; i < QUADS; i++) {
        int row = 4 * i + lane;
        float top = NOTHING;
        if (changes) {
            Modifier m = modifier_of(item, row, step.tile);
            uvec2 bits = unpack32(bits_of_row(step, item, row));
            [[unroll]] for (int j = 0; j < KEYS; j++)
                product[j][i] = changed(product[j][i], m, bits, team + j * TEAMS);
        }
        [[unroll]] for (int j = 0; j < KEYS; j++) {
            score[turn][(team + j * TEAMS) * QUADS + i][lane] = product[j][i];
            top = max(top, product[j][i]);
        }
        for (uint distance = TEAM; distance < gl_SubgroupSize; distance *= 2)
            top = max(top, subgroupShuffleXor(top, distance));
        if (gl_SubgroupInvocationID < TEAM)
            highest[turn][gl_SubgroupID * QUADS + i][lane] = top;
    }
}

/* ---- values ------------------------------------------------------------------------------------------------------ */

void raise_maxima(int turn)
{
    [[unroll]] for (int i = 0; i < QUADS; i++) {
        vec4 before = most[i];
        for (int s = 0; s < int(gl_NumSubgroups); s++)
            most[i] = max(most[i], highest[turn][s * QUADS + i]);
        [[unroll]] for (int r = 0; r < 4; r++) {
            float factor = rescale_of(before[r], most[i][r]);
            total[i][r] *= factor;
            [[unroll]] for (int c = 0; c < SUMS; c++)
                sum[4 * i + r][c] *= factor;
        }
    }
}

void add_values(int turn)
{
    [[unroll]] for (int j = 0; j < VALUES; j++)
        [[unroll]] for (int i = 0; i < QUADS; i++) {
            vec4 of_key = score[turn][(line + j * LINES) * QUADS + i], weight;
            [[unroll]] for (int r = 0; r < 4; r++)
                weight[r] = weight_of(of_key[r], most[i][r]);
            total[i] += weight;
            [[unroll]] for (int p = 0; p < PASSES; p++) {
                vec4 low = low_of(V_TYPE, values[j][p]), high = high_of(V_TYPE, values[j][p]);
                [[unroll]] for (int r = 0; r < 4; r++) {
                    sum[4 * i + r][2 * p] = fma(vec4(weight[r]), low, sum[4 * i + r][2 * p]);
                    sum[4 * i + r][2 * p + 1] = fma(vec4(weight[r]), high, sum[4 * i + r][2 * p + 1]);
                }
            }
        }
}

/* While a tile's scores are made its values are on their way, and while these are added the next tile's keys. */
void walk()
{
    step = first_step(item);
    bool more = find_tile(step, item);
    int turn = 0;
    if (more)
        find_rows(0);
    barrier();
    if (more)
        fetch_keys(0);
    while (more) {
        fetch_values(turn);
        put_scores(turn);
        more = find_tile(step, item);
        if (more)
            find_rows(turn ^ 1);
        barrier();
        if (more)
            fetch_keys(turn ^ 1);
        raise_maxima(turn);
        add_values(turn);
        turn ^= 1;
    }
}

/* ---- results ----------------------------------------------------------------------------------------------------- */

void store_batch(int first)
{
    for (int at = me; at < BATCH * DIM_V / 4; at += GROUP) {
        int row = first + at / (DIM_V / 4), quad = at % (DIM_V / 4);
        vec4 all = vec4(0);
        End end = End(most[0][0], 0);
        for (int l = 0; l < LINES; l++) {
            all += pool[((row - first) * LINES + l) * (DIM_V / 4) + quad];
            end.total += line_total[l * QUADS + row / 4][row & 3];
        }
        if (row >= item.rows)
            break;
        end.most = highest[0][row / 4][row & 3];
        store_sums(target_of(item, row, end), 4 * quad, all);
        if (quad == 0)
            store_end(item, row, end);
    }
}

void store_rows()
{
    barrier();
    if (column == 0)
        [[unroll]] for (int i = 0; i < QUADS; i++)
            line_total[line * QUADS + i] = total[i];
    if (me == 0)
        [[unroll]] for (int i = 0; i < QUADS; i++)
            highest[0][i] = most[i];
    [[unroll]] for (int first = 0; first < ROWS; first += BATCH) {
        [[unroll]] for (int r = 0; r < BATCH; r++)
            [[unroll]] for (int c = 0; c < SUMS; c++)
                pool[(r * LINES + line) * (DIM_V / 4) + (c / 2 * LANES + column) * 2 + c % 2] = sum[first + r][c];
        barrier();
        store_batch(first);
        barrier();
    }
}

void main()
{
    item = item_of_group();
    if (item.rows <= 0)
        return;
    k_wide = is_wide(run.k, K_TYPE, run.block.plan.k_stride, run.block.plan.dim);
    v_wide = is_wide(run.v, V_TYPE, run.block.plan.v_stride, run.block.plan.dim_v);
    [[unroll]] for (int i = 0; i < QUADS; i++) {
        most[i] = vec4(NOTHING);
        total[i] = vec4(0);
    }
    [[unroll]] for (int r = 0; r < ROWS; r++)
        [[unroll]] for (int c = 0; c < SUMS; c++)
            sum[r][c] = vec4(0);
    put_queries();
    walk();
    store_rows();
}
