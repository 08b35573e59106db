/*
 * Unit tests of the .npy header parser: what NumPy writes is read, everything else is refused with its reason.
 *
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE.
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tools/npy.h"

/* A file in memory that ends where its allocation ends, so that a sanitizer sees a read behind it. */
struct file {
    unsigned char *bytes;
    size_t size;
};

static struct file make_file(int version, const char *dict, size_t data)
{
    size_t start = version == 1 ? 10 : 12, length = strlen(dict);
    struct file file = { NULL, start + length + data };
    file.bytes = calloc(1, file.size);
    assert_non_null(file.bytes);
    memcpy(file.bytes, "\x93NUMPY", 6);
    file.bytes[6] = (unsigned char)version;
    file.bytes[8] = (unsigned char)(length & 255);
    file.bytes[9] = (unsigned char)(length >> 8);
    memcpy(file.bytes + start, dict, length);
    return file;
}

static const struct {
    const char *dict;
    size_t data;
    enum npy_type type;
    int rank;
    int64_t size[NPY_MAX_RANK];
} accepted[] = {
    { "{'descr': '<f4', 'fortran_order': False, 'shape': (1, 2, 3, 4), }      \n", 96, NPY_F32, 4, { 1, 2, 3, 4 } },
    { "{'descr': '<f2', 'fortran_order': False, 'shape': (5, 3), }\n", 30, NPY_F16, 2, { 5, 3 } },
    { "{'shape': (7,), 'descr': '<u2', 'fortran_order': False}\n", 14, NPY_U16, 1, { 7 } },
    { "{\"fortran_order\":False,\"shape\":(2,3,),\"descr\":\"<f4\"}", 24, NPY_F32, 2, { 2, 3 } },
    { " {\t'descr' :'<f4' , 'fortran_order' : False , 'shape' : ( 2 , 3 ) , } \n\n", 24, NPY_F32, 2, { 2, 3 } },
    { "{'descr': '<f4', 'fortran_order': False, 'shape': (), }\n", 4, NPY_F32, 0, { 0 } },
    { "{'descr': '|b1', 'fortran_order': False, 'shape': (4, 5), }\n", 20, NPY_BOOL, 2, { 4, 5 } },
    { "{'descr': '|u1', 'fortran_order': False, 'shape': (2, 4, 5), }\n", 40, NPY_U8, 3, { 2, 4, 5 } },
    { "{'descr': '<f4', 'fortran_order': False, 'shape': (3, 0, 64), }\n", 0, NPY_F32, 3, { 3, 0, 64 } },
};

static void reads_what_numpy_writes(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof accepted / sizeof accepted[0]; i++) {
        for (int version = 1; version <= 2; version++) {
            struct npy_header header;
            char reason[NPY_REASON] = "";
            struct file file = make_file(version, accepted[i].dict, accepted[i].data);
            int refused = npy_parse(file.bytes, file.size, file.size, &header, reason);
            assert_string_equal(reason, "");
            assert_int_equal(refused, 0);
            assert_int_equal(header.type, accepted[i].type);
            assert_int_equal(header.rank, accepted[i].rank);
            assert_memory_equal(header.size, accepted[i].size, sizeof header.size);
            assert_int_equal(header.data_bytes, accepted[i].data);
            assert_int_equal(header.data_offset, file.size - accepted[i].data);
            free(file.bytes);
        }
    }
}

#define DICT(descr, order, shape) "{'descr': " descr ", 'fortran_order': " order ", 'shape': " shape "}\n"

/* A dict, the data behind it, and a part of the reason. */
static const struct {
    const char *dict;
    size_t data;
    const char *reason;
} refused[] = {
    { DICT("'<f4'", "False", "(2, 3)"), 23, "truncated: shape and type need 24 bytes of data, the file has 23" },
    { DICT("'<f4'", "False", "(2, 3)"), 25, "1 bytes follow the data" },
    { DICT("'<f4'", "True", "(2, 3)"), 24, "Fortran order" },
    { DICT("'<f4'", "0", "(2, 3)"), 24, "neither True nor False" },
    { DICT("'>f4'", "False", "(2, 3)"), 24, "big-endian type '>f4'" },
    { DICT("'<f8'", "False", "(2, 3)"), 48, "type '<f8' is not supported" },
    { DICT("'|V2'", "False", "(2, 3)"), 12, "type '|V2' is not supported" },
    { DICT("[('a', '<f4')]", "False", "(2, 3)"), 24, "structured types" },
    { DICT("'<f4\\x00'", "False", "(2, 3)"), 24, "descr is not a plain string" },
    { DICT("'<f4\x01'", "False", "(2, 3)"), 24, "descr is not a plain string" },
    { DICT("'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'", "False", "(2, 3)"), 24, "plain string of at most 31" },
    { DICT("4", "False", "(2, 3)"), 24, "descr is not a string" },
    { DICT("'<f4'", "False", "(1, 1, 1, 2, 3)"), 24, "rank is above 4" },
    { DICT("'<f4'", "False", "(6)"), 24, "shape is not a tuple" },
    { DICT("'<f4'", "False", "[2, 3]"), 24, "'(' expected" },
    { DICT("'<f4'", "False", "(2 3)"), 24, "',' or ')' expected in shape" },
    { DICT("'<f4'", "False", "(2,, 3)"), 24, "not a size" },
    { DICT("'<f4'", "False", "(-2, 3)"), 24, "not a size" },
    { DICT("'<f4'", "False", "(2, 3"), 24, "',' or ')' expected in shape" },
    { DICT("'<f4'", "False", "(1099511627777,)"), 24, "exceeds the limit of 1099511627776" },
    { DICT("'<f4'", "False", "(99999999999999999999999999,)"), 24, "exceeds the limit of 1099511627776" },
    { DICT("'<f4'", "False", "(1099511627776, 1099511627776)"), 24, "product of the sizes exceeds" },
    { DICT("'<f4'", "False", "(0, 1099511627776, 1099511627776)"), 0, "product of the sizes exceeds" },
    { DICT("'<f4'", "False", "(1048576, 1048576, 64)"), 24, "truncated: shape and type need 281474976710656 bytes" },
    { "{'descr': '<f4', 'fortran_order': False, }\n", 4, "key 'shape' is missing" },
    { "{}", 0, "key 'descr' is missing" },
    { "{'descr': '<f4', 'descr': '<f4', }\n", 4, "key 'descr' is there twice" },
    { "{'descr': '<f4', 'order': False, }\n", 4, "unknown key 'order'" },
    { "{'descr' '<f4'}", 4, "':' expected" },
    { "{'descr': '<f4' 'shape': (2,)}", 8, "',' or '}' expected" },
    { "{, }", 0, "a key is not a string" },
    { "", 0, "'{' expected" },
    { "{'descr': '<f4', 'fortran_order': False, 'shape': (2,)} + {}", 8, "something follows the dict" },
    { "__import__('os')", 0, "'{' expected" },
};

static void refuses_with_a_reason(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        struct npy_header header;
        char reason[NPY_REASON] = "";
        struct file file = make_file(1, refused[i].dict, refused[i].data);
        assert_int_equal(npy_parse(file.bytes, file.size, file.size, &header, reason), 1);
        if (!strstr(reason, refused[i].reason))
            fail_msg("'%s': reason is '%s', expected '%s'", refused[i].dict, reason, refused[i].reason);
        free(file.bytes);
    }
}

/* Every shorter file is refused as truncated, until only the magic bytes are cut. */
static void refuses_every_truncation(void **state)
{
    (void)state;
    struct file file = make_file(2, DICT("'<f4'", "False", "(2, 3)"), 24);
    for (size_t size = 0; size < file.size; size++) {
        struct npy_header header;
        char reason[NPY_REASON] = "";
        unsigned char *cut = malloc(size + !size);
        assert_non_null(cut);
        memcpy(cut, file.bytes, size);
        assert_int_equal(npy_parse(cut, size, size, &header, reason), 1);
        assert_non_null(strstr(reason, size < 6 ? "not a .npy file" : "truncated"));
        free(cut);
    }
    free(file.bytes);
}

static void refuses_bad_prefixes(void **state)
{
    static const struct {
        const char *bytes;
        const char *reason;
    } prefixes[] = {
        { "PK\x03\x04........", "not a .npy file" },
        { "\x93NUMPY\x03\x00....", "format version 3.0 is not supported" },
        { "\x93NUMPY\x01\x01....", "format version 1.1 is not supported" },
        { "\x93NUMPY\x02\x00\xff\xff\xff\xff", "header of 4294967295 bytes exceeds the limit of 65536" },
        { "\x93NUMPY\x02\x00\x01\x00\x01\x00", "header of 65537 bytes exceeds the limit of 65536" },
        { "\x93NUMPY\x01\x00\xff\xff..", "truncated: header of 65535 bytes, the file has 2" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof prefixes / sizeof prefixes[0]; i++) {
        struct npy_header header;
        char reason[NPY_REASON] = "";
        assert_int_equal(npy_parse(prefixes[i].bytes, 12, 12, &header, reason), 1);
        if (!strstr(reason, prefixes[i].reason))
            fail_msg("prefix %zu: reason is '%s', expected '%s'", i, reason, prefixes[i].reason);
    }
}

static void writes_what_it_reads(void **state)
{
    static const struct {
        enum npy_type type;
        int rank;
        int64_t size[NPY_MAX_RANK];
    } arrays[] = {
        { NPY_F32, 0, { 0 } },
        { NPY_F16, 1, { 12 } },
        { NPY_U16, 2, { 0, 256 } },
        { NPY_F32, 3, { 3, 4, 5 } },
        { NPY_F16, 4, { INT64_C(1) << 14, INT64_C(1) << 14, INT64_C(1) << 14, 1000 } },
    };
    (void)state;
    for (size_t i = 0; i < sizeof arrays / sizeof arrays[0]; i++) {
        char text[256], reason[NPY_REASON] = "";
        struct npy_header header;
        uint64_t data = npy_type_size(arrays[i].type);
        for (int d = 0; d < arrays[i].rank; d++)
            data *= (uint64_t)arrays[i].size[d];
        size_t length = npy_format(arrays[i].type, arrays[i].rank, arrays[i].size, text);
        assert_int_equal(length % 64, 0);
        assert_int_equal(text[length - 1], '\n');
        int failed = npy_parse(text, length, length + data, &header, reason);
        assert_string_equal(reason, "");
        assert_int_equal(failed, 0);
        assert_int_equal(header.type, arrays[i].type);
        assert_int_equal(header.rank, arrays[i].rank);
        assert_memory_equal(header.size, arrays[i].size, sizeof header.size);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_what_numpy_writes),  cmocka_unit_test(refuses_with_a_reason),
        cmocka_unit_test(refuses_every_truncation), cmocka_unit_test(refuses_bad_prefixes),
        cmocka_unit_test(writes_what_it_reads),
    };
    return cmocka_run_group_tests_name("npy", tests, NULL, NULL);
}
