/* What flash_coopmat.comp does with rows and columns of results, where the device tells which ones elements are of.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#ifndef ATTN_MATRIX_ROWS_NV_GLSL
#define ATTN_MATRIX_ROWS_NV_GLSL

float change(const in uint32_t row, const in uint32_t key, const in float product, const in int first, const in int first_key,
             const in int tile)
{
    return changed(product, first + int(row), first_key + int(key), tile);
}

float higher(const in float a, const in float b)
{
    return max(a, b);
}

float plus(const in float a, const in float b)
{
    return a + b;
}

float keep_most(const in uint32_t row, const in uint32_t column, const in float most, const in int first)
{
    if (column == 0)
        row_end[first + int(row)].x = most;
    return most;
}

float keep_total(const in uint32_t row, const in uint32_t column, const in float total, const in int first)
{
    if (column == 0)
        row_end[first + int(row)].y = total;
    return total;
}

/* What runs that are whole leave out. */
void change_block(inout RESULT a, int row, int key, int tile)
{
    coopMatPerElementNV(a, a, change, row, key, tile);
}

/* The highest of each row, in all its elements. */
RESULT maxima_of(RESULT a)
{
    RESULT highest;
    coopMatReduceNV(highest, a, gl_CooperativeMatrixReduceRowNV, higher);
    return highest;
}

LEFT as_left(RESULT a)
{
    return LEFT(a);
}

/* Of a band whose results `most` and `total` are complete: the latter's elements are to be added. */
void find_ends(int band)
{
    RESULT unused, all;
    coopMatReduceNV(all, total[band], gl_CooperativeMatrixReduceRowNV, plus);
    coopMatPerElementNV(unused, most[band], keep_most, first_row + band * SIDE);
    coopMatPerElementNV(unused, all, keep_total, first_row + band * SIDE);
    subgroupBarrier();
}

#endif
