/* The softmax of flash_coopmat.comp, behind its matrices: from a tile's scores to their weights, with sums and totals of the
 * rows that keep up with their maxima.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#ifndef ATTN_MATRIX_SOFTMAX_GLSL
#define ATTN_MATRIX_SOFTMAX_GLSL

float changed(float product, int row, int key, int tile)
{
    if ((seen[row][key >> 5] >> (key & 31) & 1) == 0)
        return NOTHING;
    return CHANGES ? modified(modifier_of(row, tile), key, run.block.plan.scale * product) : product;
}

/* What spans that are whole leave out: it needs to know rows and keys, so the scores pass through shared memory. */
void change_scores(int tile)
{
    [[unroll]] for (int b = 0; b < BLOCKS; b++) {
        coopMatStore(score[b], stage, stage_at, SIDE / 4, gl_CooperativeMatrixLayoutRowMajor);
        subgroupBarrier();
        for (int i = lane; i < SIDE * SIDE; i += SUBGROUP) {
            float product = uintBitsToFloat(stage[stage_at + i / 4][i % 4]);
            stage[stage_at + i / 4][i % 4] =
                floatBitsToUint(changed(product, first_row + i / SIDE, b * SIDE + i % SIDE, tile));
        }
        subgroupBarrier();
        coopMatLoad(score[b], stage, stage_at, SIDE / 4, gl_CooperativeMatrixLayoutRowMajor);
        subgroupBarrier();
    }
}

/* The highest of each row, in all its elements. */
RESULT maxima_of(RESULT a)
{
    coopMatStore(a, stage, stage_at, SIDE / 4, gl_CooperativeMatrixLayoutRowMajor);
    subgroupBarrier();
    for (int row = lane; row < SIDE; row += SUBGROUP) {
        vec4 top = vec4(NOTHING);
        for (int i = 0; i < SIDE / 4; i++)
            top = max(top, uintBitsToFloat(stage[stage_at + row * SIDE / 4 + i]));
        top = vec4(max(max(top.x, top.y), max(top.z, top.w)));
        for (int i = 0; i < SIDE / 4; i++)
            stage[stage_at + row * SIDE / 4 + i] = floatBitsToUint(top);
    }
    subgroupBarrier();
    coopMatLoad(a, stage, stage_at, SIDE / 4, gl_CooperativeMatrixLayoutRowMajor);
    subgroupBarrier();
    return a;
}

/* Scores times `factor` are in base 2. */
void raise_maxima(float factor)
{
    RESULT highest = score[0], rescale;
    [[unroll]] for (int b = 1; b < BLOCKS; b++)
        [[unroll]] for (int i = 0; i < highest.length(); i++)
            highest[i] = max(highest[i], score[b][i]);
    highest = maxima_of(highest);
    [[unroll]] for (int i = 0; i < highest.length(); i++) {
        float now = highest[i] <= NOTHING ? most[i] : max(most[i], factor * highest[i]);
        rescale[i] = rescale_of(most[i], now);
        most[i] = now;
        total[i] *= rescale[i];
    }
    [[unroll]] for (int c = 0; c < COLUMNS; c++)
        [[unroll]] for (int i = 0; i < highest.length(); i++)
            sum[c][i] *= rescale[i];
}

/* Of eight elements, one by one: what is in a loop drivers may put into memory. */
#define EACH_ELEMENT(DO) DO(0) DO(1) DO(2) DO(3) DO(4) DO(5) DO(6) DO(7)

LEFT as_left(RESULT a)
{
    LEFT left = LEFT(0);
    if (RESULTS_LIE_AS_LEFT) {
#define COPY(i) left[i] = float16_t(a[i]);
        EACH_ELEMENT(COPY)
        return left;
    }
    coopMatStore(HALF_RESULT(a), stage, stage_at, SIDE / 8, gl_CooperativeMatrixLayoutRowMajor);
    subgroupBarrier();
    coopMatLoad(left, stage, stage_at, SIDE / 8, gl_CooperativeMatrixLayoutRowMajor);
    subgroupBarrier();
    return left;
}

void find_weights(float factor)
{
    [[unroll]] for (int b = 0; b < BLOCKS; b++) {
        [[unroll]] for (int i = 0; i < score[b].length(); i++) {
            float a = exp2(fma(score[b][i], factor, -most[i]));
            score[b][i] = score[b][i] > NOTHING ? a : 0;
            total[i] += score[b][i];
        }
        weight[b] = as_left(score[b]);
    }
}

/* ---- the same where an invocation has two rows ---------------------------------------------------------------------- */

/* Of the two rows: the highest, and this invocation's share of the totals. */
struct Two {
    vec2 most, total;
};

#define IS_LOW(i) ((i & ROW_BIT) == 0)

vec2 maxima_of_two()
{
    vec2 highest = vec2(NOTHING);
    [[unroll]] for (int b = 0; b < BLOCKS; b++) {
#define HIGHER(i)                                                                                                      \
    highest = IS_LOW(i) ? vec2(max(highest.x, score[b][i]), highest.y) : vec2(highest.x, max(highest.y, score[b][i]));
        EACH_ELEMENT(HIGHER)
    }
    [[unroll]] for (int distance = 1; distance < 4; distance *= 2)
        highest = max(highest, vec2(subgroupShuffleXor(highest.x, distance), subgroupShuffleXor(highest.y, distance)));
    return highest;
}

float raised(float before, float highest, float factor)
{
    return highest <= NOTHING ? before : max(before, factor * highest);
}

void raise_two(float factor, inout Two two)
{
    vec2 highest = maxima_of_two(), before = two.most;
    two.most = vec2(raised(before.x, highest.x, factor), raised(before.y, highest.y, factor));
    vec2 rescale = vec2(rescale_of(before.x, two.most.x), rescale_of(before.y, two.most.y));
    two.total *= rescale;
    [[unroll]] for (int c = 0; c < COLUMNS; c++) {
#define RESCALE(i) sum[c][i] *= IS_LOW(i) ? rescale.x : rescale.y;
        EACH_ELEMENT(RESCALE)
    }
}

/* `all_seen`: no score is NOTHING. */
void weigh_two(float factor, bool all_seen, inout Two two)
{
    [[unroll]] for (int b = 0; b < BLOCKS; b++) {
#define WEIGH(i)                                                                                                       \
    {                                                                                                                  \
        float a = exp2(fma(score[b][i], factor, IS_LOW(i) ? -two.most.x : -two.most.y));                               \
        a = all_seen || score[b][i] > NOTHING ? a : 0;                                                                 \
        two.total = IS_LOW(i) ? vec2(two.total.x + a, two.total.y) : vec2(two.total.x, two.total.y + a);               \
        score[b][i] = a;                                                                                               \
    }
        EACH_ELEMENT(WEIGH)
        weight[b] = as_left(score[b]);
    }
}

void add_softmax(float factor, bool all_seen, inout Two two)
{
    if (ROW_BIT != 0) {
        raise_two(factor, two);
        weigh_two(factor, all_seen, two);
    } else {
        raise_maxima(factor);
        find_weights(factor);
    }
}

#endif
