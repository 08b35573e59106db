/* The life of a device through the public interface, and each call of its driver failing in turn, for every stub driver alike.
 *
 * Whatever fails once, the step of the life that needs it gives a status, a reason that names the call, and works when it is
 * tried again. Whatever the driver refuses for good, everything made before is released.
 *
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#ifndef ATTN_TESTS_LIFE_H
#define ATTN_TESTS_LIFE_H

#include "attn.h"
#include "stub.h"

/* A code that calls fail with. */
struct life_code {
    int code;
    const char *name;   /* as reasons have it */
    attn_status status; /* that it means, unless life_driver.expects knows better */
};

struct life_driver {
    struct stub *stub;
    const struct life_code *codes;
    int code_count;
    /* Opens the device. */
    attn_status (*open)(attn_device **device);
    /* A last step, with what only this driver has; NULL: none. */
    attn_status (*also)(attn_device *device, attn_queue *queue);
    /* The status that a failure of this entry point must give; OK: the library goes on without the call. NULL: the code's. */
    attn_status (*expects)(const struct life_code *code, const char *entry);
};

/* Nothing is to fail, and nothing has happened yet. */
void life_reset(struct stub *stub);

/* From now on, the first call of this entry point fails; and with `stays` all behind it. */
void life_fail(struct stub *stub, const char *entry, int code, int stays);

/* Lives without a failure, then once for every call, code, and way to fail: once, or from there on. Says what is wrong;
 * 0: something is. */
int life_fail_each(const struct life_driver *driver);

#endif
