/* What stub drivers share: calls that fail, and objects.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#include "config.h"

#include "stub.h"

#include <stdlib.h>
#include <string.h>

struct object {
    struct object *next;
    int kind, references;
    max_align_t content[];
};

struct stub stub;

static struct object *objects;

int stub_call(const char *entry)
{
    if (stub.only && strcmp(stub.only, entry))
        return 0;
    stub.calls++;
    if (!stub.fail_at || stub.calls < stub.fail_at || (stub.calls > stub.fail_at && !stub.stays))
        return 0;
    if (!stub.failed)
        stub.failed = entry;
    return stub.code;
}

void stub_misuse(const char *entry)
{
    if (entry && !stub.misused)
        stub.misused = entry;
}

void *stub_create(int kind, size_t size)
{
    struct object *o = calloc(1, sizeof *o + size);

    if (!o)
        return NULL;
    o->next = objects;
    o->kind = kind;
    o->references = 1;
    objects = o;
    stub.live++;
    return o->content;
}

/* Where the list refers to the object: a handle is looked up, not followed, since it may be anything. */
static struct object **find(const void *handle, int kind, const char *entry)
{
    struct object **at = &objects;

    while (*at && (*at)->content != handle)
        at = &(*at)->next;
    if (*at && (*at)->kind == kind)
        return at;
    stub_misuse(entry);
    return NULL;
}

void *stub_object(const void *handle, int kind, const char *entry)
{
    struct object **at = find(handle, kind, entry);

    return at ? (*at)->content : NULL;
}

int stub_retain(const void *handle, int kind, const char *entry)
{
    struct object **at = find(handle, kind, entry);

    if (at)
        (*at)->references++;
    return at != NULL;
}

int stub_release(const void *handle, int kind, const char *entry)
{
    struct object **at = find(handle, kind, entry), *o = at ? *at : NULL;

    if (o && !--o->references) {
        *at = o->next;
        free(o);
        stub.live--;
    }
    return o != NULL;
}
