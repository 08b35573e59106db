/* Which compiled kernel serves a problem on a device.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#include "config.h"

#include "image.h"

#include <stdlib.h>
#include <string.h>

const attn_cuda_image *attn_cuda_image_find(const char *name, attn_dtype k_type, attn_dtype v_type)
{
    for (int i = 0; i < attn_cuda_image_count; i++) {
        const attn_cuda_image *image = &attn_cuda_images[i];
        int serves = image->type == ATTN_NONE || (image->type == k_type && image->type == v_type);
        if (serves && !strcmp(image->name, name))
            return image;
    }
    return NULL;
}

/* NVIDIA's rules: machine code (sm_86) runs on its major number from its minor number on, PTX (compute_80) on everything from
 * its number on, and either with an "a" on that one number alone. */
static int code_runs(const char *code, int major, int minor)
{
    int ptx = !strncmp(code, "compute_", 8);
    char *end;
    int number = (int)strtol(code + (ptx ? 8 : 3), &end, 10);
    if (*end == 'a')
        return number == 10 * major + minor;
    return number <= 10 * major + minor && (ptx || number / 10 == major);
}

int attn_cuda_image_runs(const attn_cuda_image *image, int major, int minor)
{
    const char *code = image->codes;
    for (; *code; code += strspn(code, " ")) {
        if (code_runs(code, major, minor))
            return 1;
        code += strcspn(code, " ");
    }
    return 0;
}
