/* The softmax of flash_coopmat.comp, behind its matrices: from a step's scores to their weights, with sums and totals of the
 * rows that keep up with their maxima. These are raised only when a score is more than SLACK above: weights are then at most
 * 2^SLACK, which is as exact, and sums are seldom rescaled.
 *
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#ifndef ATTN_MATRIX_SOFTMAX_GLSL
#define ATTN_MATRIX_SOFTMAX_GLSL

const float SLACK = 8;

/* Not raised in a row that has seen no key. */
float raised(float before, float highest, float factor)
{
    float now = factor * highest;
    return highest > NOTHING && now > before + SLACK ? now : before;
}

/* Scores times `factor` are in base 2. */
void raise_maxima(int band, float factor)
{
    RESULT highest = score[band][0], rescale;
    [[unroll]] for (int b = 1; b < BLOCKS; b++)
        [[unroll]] for (int i = 0; i < highest.length(); i++)
            highest[i] = max(highest[i], score[band][b][i]);
    highest = maxima_of(highest);
    [[unroll]] for (int i = 0; i < highest.length(); i++) {
        float now = raised(most[band][i], highest[i], factor);
        rescale[i] = rescale_of(most[band][i], now);
        most[band][i] = now;
        total[band][i] *= rescale[i];
    }
    [[unroll]] for (int c = 0; c < COLUMNS; c++)
        [[unroll]] for (int i = 0; i < highest.length(); i++)
            sum[band][c][i] *= rescale[i];
}

void find_weights(int band, float factor)
{
    [[unroll]] for (int b = 0; b < BLOCKS; b++) {
        [[unroll]] for (int i = 0; i < score[band][b].length(); i++) {
            float a = exp2(fma(score[band][b][i], factor, -most[band][i]));
            score[band][b][i] = score[band][b][i] > NOTHING ? a : 0;
            total[band][i] += score[band][b][i];
        }
        weight[band][b] = as_left(score[band][b]);
    }
}

/* ---- the same where an invocation has two rows of a band ---------------------------------------------------------------- */

/* Of the two rows: the highest, and this invocation's share of the totals. */
struct Two {
    vec2 most, total;
};

#define IS_LOW(i) ((i & ROW_BIT) == 0)

vec2 maxima_of_two(int band)
{
    vec2 highest = vec2(NOTHING);
    [[unroll]] for (int b = 0; b < BLOCKS; b++) {
#define HIGHER(i)                                                                                                      \
    highest = IS_LOW(i) ? vec2(max(highest.x, score[band][b][i]), highest.y)                                           \
                        : vec2(highest.x, max(highest.y, score[band][b][i]));
        EACH_ELEMENT(HIGHER)
    }
    [[unroll]] for (int distance = 1; distance < 4; distance *= 2)
        highest = max(highest, vec2(subgroupShuffleXor(highest.x, distance), subgroupShuffleXor(highest.y, distance)));
    return highest;
}

void rescale_two(int band, vec2 rescale, inout Two two)
{
    two.total *= rescale;
    [[unroll]] for (int c = 0; c < COLUMNS; c++) {
#define RESCALE(i) sum[band][c][i] *= IS_LOW(i) ? rescale.x : rescale.y;
        EACH_ELEMENT(RESCALE)
    }
}

/* All bands together, and one branch: it ends what a driver puts in order. */
void raise_two(float factor, inout Two two[BANDS])
{
    vec2 rescale[BANDS];
    bool rises = false;
    [[unroll]] for (int band = 0; band < BANDS; band++) {
        vec2 highest = maxima_of_two(band), before = two[band].most;
        vec2 now = vec2(raised(before.x, highest.x, factor), raised(before.y, highest.y, factor));
        rises = rises || now != before;
        rescale[band] = vec2(rescale_of(before.x, now.x), rescale_of(before.y, now.y));
        two[band].most = now;
    }
    if (subgroupAny(rises))
        [[unroll]] for (int band = 0; band < BANDS; band++)
            rescale_two(band, rescale[band], two[band]);
}

/* `all_seen`: no score is NOTHING. */
void weigh_two(int band, float factor, bool all_seen, inout Two two)
{
    [[unroll]] for (int b = 0; b < BLOCKS; b++) {
#define WEIGH(i)                                                                                                       \
    {                                                                                                                  \
        float a = exp2(fma(score[band][b][i], factor, IS_LOW(i) ? -two.most.x : -two.most.y));                         \
        a = all_seen || score[band][b][i] > NOTHING ? a : 0;                                                           \
        two.total = IS_LOW(i) ? vec2(two.total.x + a, two.total.y) : vec2(two.total.x, two.total.y + a);               \
        score[band][b][i] = a;                                                                                         \
    }
        EACH_ELEMENT(WEIGH)
        weight[band][b] = as_left(score[band][b]);
    }
}

/* ---- one step ------------------------------------------------------------------------------------------------------- */

void change_scores(int tile, int first_key)
{
    [[unroll]] for (int band = 0; band < BANDS; band++)
        [[unroll]] for (int b = 0; b < BLOCKS; b++)
            change_block(score[band][b], first_row + band * SIDE, first_key + b * SIDE, tile);
}

void add_softmax(float factor, bool all_seen, inout Two two[BANDS])
{
    if (ROW_BIT != 0)
        raise_two(factor, two);
    [[unroll]] for (int band = 0; band < BANDS; band++)
        if (ROW_BIT != 0) {
            weigh_two(band, factor, all_seen, two[band]);
        } else {
            raise_maxima(band, factor);
            find_weights(band, factor);
        }
}

#endif
