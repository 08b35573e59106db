/*
 * libFuzzer target: the .npy header parser takes any bytes without undefined behaviour, and what it accepts fits the
 * file and survives writing and reading again.
 *
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE.
 */
#include "config.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/npy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int condition, const char *what)
{
    if (condition)
        return;
    fprintf(stderr, "fuzz_npy: %s\n", what);
    abort();
}

static void check_accepted(const struct npy_header *header, size_t size)
{
    char text[256], reason[NPY_REASON];
    struct npy_header again;
    require(header->data_offset <= size && header->data_bytes == size - header->data_offset, "data outside the file");
    require(header->rank >= 0 && header->rank <= NPY_MAX_RANK, "rank");
    size_t length = npy_format(header->type, header->rank, header->size, text);
    require(length <= sizeof text && length % 64 == 0, "length of the written header");
    require(!npy_parse(text, length, length + header->data_bytes, &again, reason), "written header is refused");
    require(again.type == header->type && again.rank == header->rank && again.data_bytes == header->data_bytes &&
                !memcmp(again.size, header->size, sizeof again.size),
            "written header differs");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct npy_header header;
    char reason[NPY_REASON] = "";
    if (npy_parse(data, size, size, &header, reason))
        require(reason[0] != '\0' && memchr(reason, '\0', sizeof reason) != NULL, "refused without a reason");
    else
        check_accepted(&header, size);
    return 0;
}
