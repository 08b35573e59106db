/*
 * libFuzzer target: whatever is in the file of preferred kernels, only kernels of the device come out of it; what is
 * then written is read again as it was.
 *
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE.
 */
#include "config.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/backend.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char TITLE[] = "libattn";
static const attn_kernel kernels[] = { { .name = "a" }, { .name = "bc" }, { .name = "flash-d" } };
static const attn_backend backend = { .name = "fuzz", .kernels = kernels, .kernel_count = 3 };

static void require(int condition, const char *what)
{
    if (condition)
        return;
    fprintf(stderr, "fuzz_tune: %s\n", what);
    abort();
}

static void check(const attn_tuned *tuned)
{
    char text[4096];
    attn_text to = { text, sizeof text, 0 };
    attn_tuned again = { { NULL } };

    for (int i = 0; i < ATTN_TUNE_CLASSES; i++)
        require(tuned->kernel[i] == NULL || (tuned->kernel[i] >= kernels && tuned->kernel[i] < kernels + 3),
                "no kernel of the device");
    attn_tuned_print(&to, TITLE, tuned);
    require(to.length < sizeof text, "the text is too long");
    require(attn_tuned_parse(TITLE, &backend, text, to.length, &again) == 0, "a line that was written is not read");
    require(!memcmp(&again, tuned, sizeof again), "what was written is read as something else");
}

/* Without its title a text is refused at once, so it is put before what the fuzzer makes, too. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    attn_tuned tuned = { { NULL } };
    char *titled = malloc(sizeof TITLE + size);

    require(titled != NULL, "out of memory");
    if (attn_tuned_parse(TITLE, &backend, (const char *)data, size, &tuned) >= 0)
        check(&tuned);
    memcpy(titled, TITLE, sizeof TITLE - 1);
    titled[sizeof TITLE - 1] = '\n';
    if (size)
        memcpy(titled + sizeof TITLE, data, size);
    require(attn_tuned_parse(TITLE, &backend, titled, sizeof TITLE + size, &tuned) >= 0, "the title is refused");
    check(&tuned);
    free(titled);
    return 0;
}
