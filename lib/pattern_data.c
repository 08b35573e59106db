/* Patterns of a caller's data: block masks, segment ids, element masks. Checked, and copied.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#include "config.h"

#include "pattern.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "abi.h"

enum { MOST_BLOCKS = 1 << 24, MOST_HEADS = 65536 };

/* Size of attn_block_mask in the first release. */
static const size_t LEAST_BLOCK_MASK = offsetof(attn_block_mask, col_idx) + sizeof(const int32_t *);

/* ---- common -------------------------------------------------------------------------------------------------------- */

/* An array of a x b elements; neither is negative. */
static attn_status new_array(const char *name, int64_t a, int64_t b, size_t size, void *array)
{
    void *bytes = NULL;
    if (!b || (uint64_t)a <= (uint64_t)PTRDIFF_MAX / size / (uint64_t)b)
        bytes = malloc((size_t)a * (size_t)b * size + 1); /* + 1: an empty array is one too */
    if (!bytes)
        return attn_fail(ATTN_NO_MEMORY, "no memory for %s of %" PRId64 " x %" PRId64 " elements of %zu bytes", name, a,
                         b, size);
    memcpy(array, &bytes, sizeof bytes);
    return ATTN_OK;
}

/* A leaf under that name, without its data. */
static attn_status new_named(attn_pattern_kind kind, const char *name, attn_pattern **pattern)
{
    const char *given = name ? name : "mask";
    ATTN_TRY(attn_check_pattern_name("name", given));
    ATTN_TRY(attn_pattern_new(kind, NULL, 0, NULL, 0, pattern));
    size_t bytes = strlen(given) + 1;
    (*pattern)->name = malloc(bytes);
    if (!(*pattern)->name)
        return attn_fail(ATTN_NO_MEMORY, "no memory for %zu bytes of a name", bytes);
    memcpy((*pattern)->name, given, bytes);
    return ATTN_OK;
}

/* A pattern that could not be filled is not handed out. */
static attn_status hand_out(attn_status status, attn_pattern *made, attn_pattern **pattern)
{
    if (status)
        attn_pattern_release(made);
    else
        *pattern = made;
    return status;
}

/* ---- block masks --------------------------------------------------------------------------------------------------- */

static attn_status check_mask(const attn_block_mask *mask)
{
    ATTN_TRY(attn_check_value("mask.block_q", mask->block_q, 1, ATTN_PATTERN_LARGEST));
    ATTN_TRY(attn_check_value("mask.block_k", mask->block_k, 1, ATTN_PATTERN_LARGEST));
    ATTN_TRY(attn_check_value("mask.rows", mask->rows, 1, MOST_BLOCKS));
    ATTN_TRY(attn_check_value("mask.columns", mask->columns, 1, MOST_BLOCKS));
    ATTN_TRY(attn_check_value("mask.heads", mask->heads, 1, MOST_HEADS));
    if (!mask->dense == !mask->row_ptr)
        return attn_fail(ATTN_INVALID, "mask.dense and mask.row_ptr are both %s, expected one of them",
                         mask->dense ? "set" : "NULL");
    if (mask->dense && mask->heads * mask->rows > INT64_MAX / mask->columns)
        return attn_fail(ATTN_INVALID, "mask.heads x rows x columns is above 2^63, expected an array that fits memory");
    return ATTN_OK;
}

/* One row of one head, in either form. */
struct row {
    const unsigned char *dense;
    const int32_t *col_idx;
    int64_t length; /* of what is set */
};

static struct row row_of(const attn_block_mask *mask, int64_t head, int64_t row)
{
    if (mask->dense)
        return (struct row){ mask->dense + (head * mask->rows + row) * mask->columns, NULL, mask->columns };
    const int32_t *row_ptr = mask->row_ptr + head * (mask->rows + 1) + row;
    return (struct row){ NULL, row_ptr[0] < row_ptr[1] ? mask->col_idx + row_ptr[0] : NULL, row_ptr[1] - row_ptr[0] };
}

/* Writes the columns of a row, if `column` is not NULL, and returns how many they are. */
static int64_t list_row(const struct row *row, int32_t *column)
{
    int64_t count = 0;
    for (int64_t i = 0; i < row->length; i++) {
        if (row->dense && !row->dense[i])
            continue;
        if (column)
            column[count] = row->dense ? (int32_t)i : row->col_idx[i];
        count++;
    }
    return count;
}

static attn_status check_columns(const attn_block_mask *mask, int64_t head, int64_t row)
{
    struct row own = row_of(mask, head, row);
    for (int64_t i = 0; i < own.length; i++) {
        if (own.col_idx[i] < 0 || own.col_idx[i] >= mask->columns)
            return attn_fail(ATTN_INVALID,
                             "mask.col_idx is %" PRId32 " at entry %" PRId64 " of row %" PRId64 ", head %" PRId64
                             ", expected 0 .. %" PRId64,
                             own.col_idx[i], i, row, head, mask->columns - 1);
        if (i && own.col_idx[i] <= own.col_idx[i - 1])
            return attn_fail(ATTN_INVALID,
                             "mask.col_idx is %" PRId32 " at entry %" PRId64 " of row %" PRId64 ", head %" PRId64
                             ", expected more than the %" PRId32 " before it",
                             own.col_idx[i], i, row, head, own.col_idx[i - 1]);
    }
    return ATTN_OK;
}

static attn_status check_bsr_row(const attn_block_mask *mask, int64_t head, int64_t row)
{
    const int32_t *row_ptr = mask->row_ptr + head * (mask->rows + 1) + row;
    if (row_ptr[0] < 0 || row_ptr[1] < row_ptr[0])
        return attn_fail(ATTN_INVALID,
                         "mask.row_ptr is %" PRId32 ", %" PRId32 " at row %" PRId64 ", head %" PRId64
                         ", expected ascending numbers from 0 on",
                         row_ptr[0], row_ptr[1], row, head);
    if (row_ptr[0] < row_ptr[1] && !mask->col_idx)
        return attn_fail(ATTN_INVALID, "mask.col_idx is NULL, but row %" PRId64 " of head %" PRId64 " has entries", row,
                         head);
    return check_columns(mask, head, row);
}

static attn_status check_bsr(const attn_block_mask *mask)
{
    for (int64_t head = 0; mask->row_ptr && head < mask->heads; head++)
        for (int64_t row = 0; row < mask->rows; row++)
            ATTN_TRY(check_bsr_row(mask, head, row));
    return ATTN_OK;
}

static attn_status copy_blocks(const attn_block_mask *mask, attn_pattern_blocks_data *data)
{
    *data =
        (attn_pattern_blocks_data){ mask->block_q, mask->block_k, mask->rows, mask->columns, mask->heads, NULL, NULL };
    ATTN_TRY(new_array("row_ptr", mask->heads, mask->rows + 1, sizeof *data->row_ptr, &data->row_ptr));
    int64_t *row_ptr = data->row_ptr, count = 0;
    for (int64_t head = 0; head < mask->heads; head++) {
        for (int64_t row = 0; row < mask->rows; row++) {
            struct row own = row_of(mask, head, row);
            *row_ptr++ = count;
            count += list_row(&own, NULL);
        }
        *row_ptr++ = count;
    }
    ATTN_TRY(new_array("col_idx", count, 1, sizeof *data->column, &data->column));
    for (int64_t head = 0; head < mask->heads; head++)
        for (int64_t row = 0; row < mask->rows; row++) {
            struct row own = row_of(mask, head, row);
            list_row(&own, data->column + data->row_ptr[head * (mask->rows + 1) + row]);
        }
    return ATTN_OK;
}

attn_status attn_pattern_blocks(const char *name, const attn_block_mask *mask, attn_pattern **pattern)
{
    if (!pattern)
        return attn_fail(ATTN_INVALID, "pattern is NULL");
    *pattern = NULL;
    attn_block_mask own = ATTN_BLOCK_MASK_INIT;
    ATTN_TRY(attn_read_struct("mask", &own, sizeof own, mask, LEAST_BLOCK_MASK));
    ATTN_TRY(check_mask(&own));
    ATTN_TRY(check_bsr(&own));
    attn_pattern *made = NULL;
    attn_status status = new_named(ATTN_P_BLOCKS, name, &made);
    if (!status)
        status = copy_blocks(&own, &made->data.blocks);
    return hand_out(status, made, pattern);
}

/* ---- segments ------------------------------------------------------------------------------------------------------ */

static attn_status copy_segments(const int32_t *ids, int64_t count, attn_pattern_segments_data *data)
{
    data->count = count;
    ATTN_TRY(new_array("ids", count, 1, sizeof *data->id, &data->id));
    memcpy(data->id, ids, (size_t)count * sizeof *ids);
    return ATTN_OK;
}

attn_status attn_pattern_segments(const char *name, const int32_t *ids, int64_t count, attn_pattern **pattern)
{
    if (!pattern)
        return attn_fail(ATTN_INVALID, "pattern is NULL");
    *pattern = NULL;
    if (!ids)
        return attn_fail(ATTN_INVALID, "ids is NULL");
    ATTN_TRY(attn_check_value("count", count, 1, INT64_C(1) << 31));
    attn_pattern *made = NULL;
    attn_status status = new_named(ATTN_P_SEGMENTS, name, &made);
    if (!status)
        status = copy_segments(ids, count, &made->data.segments);
    return hand_out(status, made, pattern);
}

/* ---- bits ---------------------------------------------------------------------------------------------------------- */

static attn_status copy_bits(const uint64_t *words, const attn_pattern_bits_data *from, attn_pattern_bits_data *data)
{
    int64_t stride = (from->columns + 63) / 64;
    uint64_t last = from->columns % 64 ? (UINT64_C(1) << from->columns % 64) - 1 : UINT64_MAX;
    *data = (attn_pattern_bits_data){ from->rows, from->columns, stride, NULL };
    ATTN_TRY(new_array("words", from->rows, stride, sizeof *data->word, &data->word));
    for (int64_t r = 0; stride && r < from->rows; r++) {
        memcpy(data->word + r * stride, words + r * from->stride, (size_t)stride * sizeof *words);
        data->word[r * stride + stride - 1] &= last;
    }
    return ATTN_OK;
}

static attn_status check_bits(const uint64_t *words, const attn_pattern_bits_data *data)
{
    ATTN_TRY(attn_check_value("rows", data->rows, 0, ATTN_PATTERN_LARGEST));
    ATTN_TRY(attn_check_value("columns", data->columns, 0, ATTN_PATTERN_LARGEST));
    ATTN_TRY(attn_check_value("stride", data->stride, (data->columns + 63) / 64, ATTN_PATTERN_LARGEST));
    if (data->stride && data->rows > PTRDIFF_MAX / 8 / data->stride)
        return attn_fail(ATTN_INVALID, "rows x stride is above 2^60, expected an array that fits memory");
    if (!words && data->rows && data->columns)
        return attn_fail(ATTN_INVALID, "words is NULL");
    return ATTN_OK;
}

attn_status attn_pattern_bits(const char *name, const uint64_t *words, int64_t rows, int64_t columns, int64_t stride,
                              attn_pattern **pattern)
{
    if (!pattern)
        return attn_fail(ATTN_INVALID, "pattern is NULL");
    *pattern = NULL;
    const attn_pattern_bits_data given = { rows, columns, stride, NULL };
    ATTN_TRY(check_bits(words, &given));
    attn_pattern *made = NULL;
    attn_status status = new_named(ATTN_P_BITS, name, &made);
    if (!status)
        status = copy_bits(words, &given, &made->data.bits);
    return hand_out(status, made, pattern);
}
