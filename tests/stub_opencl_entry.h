/* How the entry points of the stub of libOpenCL begin and answer.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#ifndef ATTN_TESTS_STUB_OPENCL_ENTRY_H
#define ATTN_TESTS_STUB_OPENCL_ENTRY_H

#include "opencl/loader.h"
#include "stub_opencl.h"

enum { CL_INVALID_PLATFORM = -32, CL_INVALID_DEVICE = -33, CL_INVALID_KERNEL_NAME = -46, LARGEST_GROUP = 1024 };
enum kind { CONTEXT, QUEUE, BUFFER, PROGRAM, KERNEL, EVENT };

struct context {
    cl_uint count;
    cl_device_id devices[STUB_DEVICES];
};

/* What every entry point begins with: the call may have to fail. */
#define ENTER()                                                                                                        \
    do {                                                                                                               \
        cl_int code_ = stub_call(__func__);                                                                            \
        if (code_)                                                                                                     \
            return code_;                                                                                              \
    } while (0)

/* The same where the code is an output and the result an object. */
#define ENTER_MAKER(code)                                                                                              \
    do {                                                                                                               \
        *(code) = stub_call(__func__);                                                                                 \
        if (*(code))                                                                                                   \
            return NULL;                                                                                               \
    } while (0)

#define OBJECT(handle, kind) stub_object(handle, kind, __func__)

/* The signatures are those of the loader's table. */
#define DECLARE(result, name, arguments) ATTN_API result ATTN_CL_CALL name arguments;
ATTN_OPENCL_ENTRIES(DECLARE)
#undef DECLARE

/* A new object, or the code of memory that ran out. */
void *stub_opencl_make(enum kind kind, size_t size, cl_int *code);

/* Returns `code`, and notes that `entry` was called against the specification. */
cl_int stub_opencl_misuse(const char *entry, cl_int code);

/* Of stub_opencl.device; STUB_DEVICES: none of them. */
int stub_opencl_number(cl_device_id id);

/* What a clGet...Info can tell. */
struct fact {
    cl_uint what;
    const void *value;
    size_t size;
};

#define FACT(what, value)                                                                                              \
    {                                                                                                                  \
        what, &(value), sizeof(value)                                                                                  \
    }
#define TEXT(what, text)                                                                                               \
    {                                                                                                                  \
        what, text, strlen(text) + 1                                                                                   \
    }

/* One of the facts, as any clGet...Info gives it: both outputs may be NULL. */
cl_int stub_opencl_answer(const struct fact *facts, size_t count, cl_uint what, size_t capacity, void *to,
                          size_t *needed);

/* In a clGet...Info whose arguments have these names. */
#define ANSWER(facts) stub_opencl_answer(facts, sizeof(facts) / sizeof(facts)[0], what, capacity, to, needed)

#endif
