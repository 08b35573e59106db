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
static int level_of(const char *code, int major, int minor)
{
    int ptx = !strncmp(code, "compute_", 8);
    char *end;
    int number = (int)strtol(code + (ptx ? 8 : 3), &end, 10);
    int runs =
        *end == 'a' ? number == 10 * major + minor : number <= 10 * major + minor && (ptx || number / 10 == major);
    return runs ? number : 0;
}

/* Drivers take the latest. */
int attn_cuda_image_level(const attn_cuda_image *image, int major, int minor)
{
    const char *code = image->codes;
    int level = 0;
    for (; *code; code += strspn(code, " ")) {
        int own = level_of(code, major, minor);
        level = own > level ? own : level;
        code += strcspn(code, " ");
    }
    return level;
}
