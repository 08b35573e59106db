/*
 * The header of a NumPy .npy file: parser and writer.
 *
 * Format: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
 *
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE.
 */
#include "config.h"

#include "npy.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "the elements of .npy files are used as they lie in the file, which is little-endian"
#endif

static const struct {
    const char *descr;
    size_t size;
} types[] = {
    [NPY_F32] = { "<f4", 4 }, [NPY_F16] = { "<f2", 2 },  [NPY_U16] = { "<u2", 2 },
    [NPY_U8] = { "|u1", 1 },  [NPY_BOOL] = { "|b1", 1 },
};
enum { TYPES = sizeof types / sizeof types[0], MAX_STRING = 32 };

/* The dict not yet read, and where its error goes. */
struct cursor {
    const char *at, *end;
    char *reason;
};

size_t npy_type_size(enum npy_type type)
{
    return types[type].size;
}

const char *npy_type_name(enum npy_type type)
{
    return types[type].descr;
}

#if defined(__GNUC__)
__attribute__((format(printf, 2, 3)))
#endif
static int
fail(char *reason, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    vsnprintf(reason, NPY_REASON, format, list);
    va_end(list);
    return 1;
}

/* ---- dict literal ---------------------------------------------------------------------------------------------- */

static void skip_blanks(struct cursor *c)
{
    while (c->at < c->end && (*c->at == ' ' || *c->at == '\t' || *c->at == '\n' || *c->at == '\r'))
        c->at++;
}

/* Takes `token` if it is next. */
static int accept(struct cursor *c, const char *token)
{
    size_t length = strlen(token);
    skip_blanks(c);
    if ((size_t)(c->end - c->at) < length || memcmp(c->at, token, length))
        return 0;
    c->at += length;
    return 1;
}

static int expect(struct cursor *c, const char *token, const char *where)
{
    return accept(c, token) ? 0 : fail(c->reason, "bad header: '%s' expected %s", token, where);
}

/* A string in single or double quotes: printable, without escapes, shorter than MAX_STRING. */
static int read_string(struct cursor *c, char text[MAX_STRING], const char *what)
{
    char quote = accept(c, "'") ? '\'' : accept(c, "\"") ? '"' : '\0';
    if (!quote)
        return fail(c->reason, "bad header: %s is not a string", what);
    for (int i = 0; i < MAX_STRING && c->at < c->end; i++) {
        char letter = *c->at++;
        if (letter == quote) {
            text[i] = '\0';
            return 0;
        }
        if (letter < ' ' || letter > '~' || letter == '\\')
            break;
        text[i] = letter;
    }
    return fail(c->reason, "bad header: %s is not a plain string of at most %d letters", what, MAX_STRING - 1);
}

static int read_size(struct cursor *c, int64_t *size)
{
    int64_t value = 0;
    const char *first = c->at;
    for (; c->at < c->end && *c->at >= '0' && *c->at <= '9'; c->at++) {
        value = 10 * value + (*c->at - '0');
        if (value > NPY_MAX_SIZE)
            return fail(c->reason, "size starting with %" PRId64 " in shape exceeds the limit of %" PRId64, value,
                        NPY_MAX_SIZE);
    }
    if (c->at == first)
        return fail(c->reason, "bad header: shape holds something that is not a size");
    *size = value;
    return 0;
}

static int read_descr(struct cursor *c, struct npy_header *header)
{
    char text[MAX_STRING];
    if (accept(c, "["))
        return fail(c->reason, "structured types are not supported");
    if (read_string(c, text, "descr"))
        return 1;
    for (int i = 0; i < TYPES; i++) {
        if (!strcmp(text, types[i].descr)) {
            header->type = (enum npy_type)i;
            return 0;
        }
    }
    if (text[0] == '>')
        return fail(c->reason, "big-endian type '%s' is not supported; store it as '<%s'", text, text + 1);
    return fail(c->reason,
                "type '%s' is not supported; '<f4', '<f2', '<u2' (bf16 as x.view('<u2')), '|u1' and '|b1' are", text);
}

static int read_order(struct cursor *c, struct npy_header *header)
{
    (void)header;
    if (accept(c, "False"))
        return 0;
    if (accept(c, "True"))
        return fail(c->reason, "Fortran order is not supported; store numpy.ascontiguousarray(x)");
    return fail(c->reason, "bad header: fortran_order is neither True nor False");
}

static int read_shape(struct cursor *c, struct npy_header *header)
{
    int comma = 1;
    header->rank = 0;
    if (expect(c, "(", "before the sizes of shape"))
        return 1;
    while (!accept(c, ")")) {
        if (!comma)
            return fail(c->reason, "bad header: ',' or ')' expected in shape");
        if (header->rank == NPY_MAX_RANK)
            return fail(c->reason, "rank is above %d", NPY_MAX_RANK);
        skip_blanks(c);
        if (read_size(c, &header->size[header->rank++]))
            return 1;
        comma = accept(c, ",");
    }
    if (header->rank == 1 && !comma)
        return fail(c->reason, "bad header: shape is not a tuple");
    return 0;
}

static const struct {
    const char *name;
    int (*read)(struct cursor *c, struct npy_header *header);
} keys[] = {
    { "descr", read_descr },
    { "fortran_order", read_order },
    { "shape", read_shape },
};
enum { KEYS = sizeof keys / sizeof keys[0] };

/* One "key: value"; `seen` has a bit for each key that was there. */
static int read_item(struct cursor *c, struct npy_header *header, unsigned *seen)
{
    char name[MAX_STRING];
    if (read_string(c, name, "a key"))
        return 1;
    for (int i = 0; i < KEYS; i++) {
        if (strcmp(name, keys[i].name))
            continue;
        if (*seen & 1u << i)
            return fail(c->reason, "bad header: key '%s' is there twice", name);
        *seen |= 1u << i;
        return expect(c, ":", "behind a key") || keys[i].read(c, header);
    }
    return fail(c->reason, "bad header: unknown key '%s'", name);
}

static int read_dict(struct cursor *c, struct npy_header *header)
{
    unsigned seen = 0;
    int comma = 1;
    if (expect(c, "{", "at its start"))
        return 1;
    while (!accept(c, "}")) {
        if (!comma)
            return fail(c->reason, "bad header: ',' or '}' expected behind a value");
        if (read_item(c, header, &seen))
            return 1;
        comma = accept(c, ",");
    }
    for (int i = 0; i < KEYS; i++)
        if (!(seen & 1u << i))
            return fail(c->reason, "bad header: key '%s' is missing", keys[i].name);
    skip_blanks(c);
    return c->at == c->end ? 0 : fail(c->reason, "bad header: something follows the dict");
}

/* ---- file ------------------------------------------------------------------------------------------------------ */

/* Bytes of the elements. A size of 0 must not hide others whose product overflows, so it counts as 1 in the limit. */
static int count_bytes(struct npy_header *header, char *reason)
{
    int64_t bound = (int64_t)npy_type_size(header->type), bytes = bound;
    for (int i = 0; i < header->rank; i++) {
        int64_t factor = header->size[i] > 0 ? header->size[i] : 1;
        if (bound > NPY_MAX_BYTES / factor)
            return fail(reason, "the product of the sizes exceeds the limit of %" PRId64 " bytes", NPY_MAX_BYTES);
        bound *= factor;
        bytes *= header->size[i];
    }
    if ((uint64_t)bytes > SIZE_MAX)
        return fail(reason, "%" PRId64 " bytes do not fit this machine's memory", bytes);
    header->data_bytes = (size_t)bytes;
    return 0;
}

static int check_data(const struct npy_header *header, uint64_t file_size, char *reason)
{
    uint64_t have = file_size - header->data_offset;
    if (have < header->data_bytes)
        return fail(reason, "truncated: shape and type need %zu bytes of data, the file has %" PRIu64,
                    header->data_bytes, have);
    if (have > header->data_bytes)
        return fail(reason, "%" PRIu64 " bytes follow the data (shape and type need %zu)", have - header->data_bytes,
                    header->data_bytes);
    return 0;
}

/* Where the dict lies. */
static int read_prefix(const unsigned char *bytes, size_t length, size_t *start, size_t *size, char *reason)
{
    if (length < 6 || memcmp(bytes, "\x93NUMPY", 6))
        return fail(reason, "not a .npy file: it does not start with \\x93NUMPY");
    if (length < 8)
        return fail(reason, "truncated: the file ends at byte %zu, inside the version", length);
    if ((bytes[6] != 1 && bytes[6] != 2) || bytes[7] != 0)
        return fail(reason, "format version %d.%d is not supported; 1.0 and 2.0 are", bytes[6], bytes[7]);
    *start = bytes[6] == 1 ? 10 : 12;
    if (length < *start)
        return fail(reason, "truncated: the file ends at byte %zu, inside the header length", length);
    *size = bytes[8] | (size_t)bytes[9] << 8;
    if (bytes[6] == 2)
        *size |= (size_t)bytes[10] << 16 | (size_t)bytes[11] << 24;
    if (*size > NPY_MAX_HEADER)
        return fail(reason, "header of %zu bytes exceeds the limit of %d", *size, NPY_MAX_HEADER);
    if (*size > length - *start)
        return fail(reason, "truncated: header of %zu bytes, the file has %zu behind its length", *size,
                    length - *start);
    return 0;
}

int npy_parse(const void *bytes, size_t length, uint64_t file_size, struct npy_header *header, char *reason)
{
    size_t start = 0, size = 0;
    memset(header, 0, sizeof *header);
    if (read_prefix(bytes, length, &start, &size, reason))
        return 1;
    struct cursor c = { (const char *)bytes + start, (const char *)bytes + start + size, reason };
    header->data_offset = start + size;
    return read_dict(&c, header) || count_bytes(header, reason) || check_data(header, file_size, reason);
}

size_t npy_format(enum npy_type type, int rank, const int64_t *size, char text[256])
{
    const size_t start = 10;
    char *dict = text + start;
    int used = snprintf(dict, 256 - start, "{'descr': '%s', 'fortran_order': False, 'shape': (", types[type].descr);
    for (int i = 0; i < rank; i++)
        used += snprintf(dict + used, 256 - start - (size_t)used, "%s%" PRId64, i ? ", " : "", size[i]);
    used += snprintf(dict + used, 256 - start - (size_t)used, "%s), }", rank == 1 ? "," : "");
    size_t end = (start + (size_t)used + 1 + 63) / 64 * 64;
    memcpy(text, "\x93NUMPY\x01\x00", 8);
    text[8] = (char)((end - start) & 255);
    text[9] = (char)((end - start) >> 8);
    memset(dict + used, ' ', end - start - (size_t)used);
    text[end - 1] = '\n';
    return end;
}
