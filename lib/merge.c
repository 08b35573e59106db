/* attn_merge: checks, then the backend's merge.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#include "config.h"

#include "abi.h"
#include "backend.h"

/* Size of attn_merge_args in the first release. */
static const size_t LEAST_MERGE_ARGS = offsetof(attn_merge_args, sink) + sizeof(attn_memory);

enum { MAX_PARTS = 4096 };

static attn_status check_sizes(const char *name, const attn_tensor *tensor, const attn_tensor *like, int64_t channels)
{
    ATTN_TRY(attn_check_size(name, tensor, BATCH, like->size[BATCH]));
    ATTN_TRY(attn_check_size(name, tensor, HEAD, like->size[HEAD]));
    ATTN_TRY(attn_check_size(name, tensor, POSITION, like->size[POSITION]));
    return attn_check_size(name, tensor, CHANNEL, channels);
}

static attn_status check_layouts(const attn_merge_args *a)
{
    ATTN_TRY(attn_check_tensor("o", &a->o, ATTN_FLOATS));
    ATTN_TRY(attn_check_channels("o", &a->o));
    ATTN_TRY(attn_check_distinct("o", &a->o));
    ATTN_TRY(attn_check_tensor("part_o", &a->part_o, ATTN_FLOATS));
    ATTN_TRY(attn_check_channels("part_o", &a->part_o));
    ATTN_TRY(check_sizes("part_o", &a->part_o, &a->o, a->o.size[CHANNEL]));
    ATTN_TRY(attn_check_tensor("part_lse", &a->part_lse, 1u << ATTN_F32));
    ATTN_TRY(check_sizes("part_lse", &a->part_lse, &a->o, 1));
    if (attn_present(&a->lse)) {
        ATTN_TRY(attn_check_tensor("lse", &a->lse, 1u << ATTN_F32));
        ATTN_TRY(check_sizes("lse", &a->lse, &a->o, 1));
        ATTN_TRY(attn_check_distinct("lse", &a->lse));
    }
    if (attn_present(&a->sink_logit)) {
        ATTN_TRY(attn_check_tensor("sink_logit", &a->sink_logit, 1u << ATTN_F32));
        ATTN_TRY(attn_check_size("sink_logit", &a->sink_logit, BATCH, 1));
        ATTN_TRY(attn_check_size("sink_logit", &a->sink_logit, HEAD, a->o.size[HEAD]));
        ATTN_TRY(attn_check_size("sink_logit", &a->sink_logit, POSITION, 1));
        ATTN_TRY(attn_check_size("sink_logit", &a->sink_logit, CHANNEL, 1));
    }
    return ATTN_OK;
}

static attn_status check_memories(const attn_merge_args *a)
{
    if (!a->parts_o || !a->parts_lse)
        return attn_fail(ATTN_INVALID, "%s is NULL, expected an array of %d", a->parts_o ? "parts_lse" : "parts_o",
                         a->count);
    for (int i = 0; i < a->count; i++)
        if (!a->parts_o[i].handle || !a->parts_lse[i].handle)
            return attn_fail(ATTN_INVALID, "%s[%d].handle is 0, expected memory",
                             a->parts_o[i].handle ? "parts_lse" : "parts_o", i);
    if (!a->out_o.handle)
        return attn_fail(ATTN_INVALID, "out_o.handle is 0, expected memory");
    if (attn_present(&a->lse) && !a->out_lse.handle)
        return attn_fail(ATTN_INVALID, "out_lse.handle is 0, expected memory: lse is present");
    if (attn_present(&a->sink_logit) && !a->sink.handle)
        return attn_fail(ATTN_INVALID, "sink.handle is 0, expected memory: sink_logit is present");
    return ATTN_OK;
}

attn_status attn_merge(attn_device *device, const attn_merge_args *args, attn_queue *queue)
{
    attn_merge_args own = ATTN_MERGE_ARGS_INIT;
    if (!device)
        return attn_fail(ATTN_INVALID, "device is NULL");
    ATTN_TRY(attn_read_struct("args", &own, sizeof own, args, LEAST_MERGE_ARGS));
    if (own.count < 1 || own.count > MAX_PARTS)
        return attn_fail(ATTN_INVALID, "count is %d, expected 1 .. %d", own.count, MAX_PARTS);
    ATTN_TRY(check_layouts(&own));
    if (!own.o.size[BATCH] || !own.o.size[HEAD] || !own.o.size[POSITION] || !own.o.size[CHANNEL])
        return ATTN_OK;
    ATTN_TRY(check_memories(&own));
    if (queue && queue->device != device)
        return attn_fail(ATTN_INVALID, "queue belongs to device %s, expected %s", queue->device->info.name,
                         device->info.name);
    return device->backend->merge(device, &own, queue);
}
