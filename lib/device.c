/* Devices: enumeration, opening by name, memory and queues; each call goes on to the backend.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "abi.h"
#include "backend.h"
#include "log.h"

enum { MAX_THREADS = 1024 };

int attn_device_count(void)
{
    int count = 0;
    for (int b = 0; attn_backends[b]; b++)
        count += attn_backends[b]->count();
    return count;
}

attn_status attn_device_describe(int index, attn_device_info *info)
{
    attn_device_info own = ATTN_DEVICE_INFO_INIT;
    int rest = index;
    for (int b = 0; attn_backends[b] && rest >= 0; b++) {
        int count = attn_backends[b]->count();
        if (rest < count) {
            attn_status status = attn_backends[b]->describe(rest, &own);
            return status ? status : attn_write_struct("info", info, &own, sizeof own);
        }
        rest -= count;
    }
    return attn_fail(ATTN_INVALID, "index is %d, expected 0 .. %d", index, attn_device_count() - 1);
}

/* "cuda:1" is device 1 of cuda, "cuda" its device 0. -1: the name is not of this backend. */
static int index_in_backend(const char *name, const char *backend)
{
    size_t length = strlen(backend);
    if (strncmp(name, backend, length))
        return -1;
    if (!name[length])
        return 0;
    char *end;
    if (name[length] != ':' || name[length + 1] < '0' || name[length + 1] > '9')
        return -1;
    long index = strtol(name + length + 1, &end, 10);
    return *end || index > 9999 ? -1 : (int)index;
}

void attn_device_begin(attn_device *device, const attn_backend *backend, const attn_device_info *info)
{
    device->backend = backend;
    device->info = *info;
    device->threads = info->host_memory ? info->threads : 0;
    device->verbose = attn_log_level();
    device->tuned = (attn_tuned){ { NULL } };
    attn_tuned_load(device, &device->tuned);
}

static attn_status open_index(const attn_backend *backend, int index, attn_device **device)
{
    attn_device_info info = ATTN_DEVICE_INFO_INIT;
    attn_device *opened = NULL;
    attn_status status = backend->describe(index, &info);
    if (!status)
        status = backend->open(index, &opened);
    if (status)
        return status;
    attn_device_begin(opened, backend, &info);
    *device = opened;
    return ATTN_OK;
}

/* The first device of the table; reference stands last and is opened by its name only. */
static attn_status open_auto(attn_device **device)
{
    for (int b = 0; attn_backends[b] && attn_backends[b + 1]; b++)
        if (attn_backends[b]->count() > 0)
            return open_index(attn_backends[b], 0, device);
    return attn_fail(ATTN_NO_DEVICE, "name is \"auto\", but no backend has a device");
}

attn_status attn_device_open(const char *name, attn_device **device)
{
    if (!name || !device)
        return attn_fail(ATTN_INVALID, "%s is NULL", name ? "device" : "name");
    *device = NULL;
    if (!strcmp(name, "auto"))
        return open_auto(device);
    for (int b = 0; attn_backends[b]; b++) {
        int index = index_in_backend(name, attn_backends[b]->name);
        int count = index < 0 ? 0 : attn_backends[b]->count();
        if (index >= 0 && index < count)
            return open_index(attn_backends[b], index, device);
        if (index >= 0)
            return attn_fail(ATTN_NO_DEVICE, "name is \"%s\", but %s has %d device%s here", name,
                             attn_backends[b]->name, count, count == 1 ? "" : "s");
    }
    return attn_fail(ATTN_NO_DEVICE, "name is \"%.64s\", expected auto or one that attn_device_describe gives", name);
}

void attn_device_close(attn_device *device)
{
    if (device)
        device->backend->close(device);
}

attn_status attn_device_get_info(const attn_device *device, attn_device_info *info)
{
    if (!device)
        return attn_fail(ATTN_INVALID, "device is NULL");
    attn_device_info own = device->info;
    if (device->threads)
        own.threads = device->threads;
    return attn_write_struct("info", info, &own, sizeof own);
}

attn_status attn_device_set_threads(attn_device *device, int threads)
{
    if (!device)
        return attn_fail(ATTN_INVALID, "device is NULL");
    if (threads < 0 || threads > MAX_THREADS)
        return attn_fail(ATTN_INVALID, "threads is %d, expected 0 .. %d", threads, MAX_THREADS);
    if (!device->threads)
        return attn_fail(ATTN_UNSUPPORTED, "device %s has no host threads", device->info.name);
    device->threads = threads ? threads : device->info.threads;
    return ATTN_OK;
}

attn_status attn_alloc(attn_device *device, size_t bytes, attn_memory *memory)
{
    if (!device || !memory)
        return attn_fail(ATTN_INVALID, "%s is NULL", device ? "memory" : "device");
    *memory = (attn_memory)ATTN_MEMORY_INIT;
    return device->backend->alloc(device, bytes, memory);
}

void attn_free(attn_device *device, attn_memory memory)
{
    if (device && memory.handle)
        device->backend->free(device, memory);
}

static attn_status check_copy(const attn_device *device, const void *host, attn_memory memory, size_t bytes)
{
    if (!device)
        return attn_fail(ATTN_INVALID, "device is NULL");
    if (bytes && !host)
        return attn_fail(ATTN_INVALID, "the host pointer is NULL, expected %zu bytes", bytes);
    if (bytes && !memory.handle)
        return attn_fail(ATTN_INVALID, "memory.handle is 0, expected %zu bytes of device memory", bytes);
    return ATTN_OK;
}

attn_status attn_upload(attn_device *device, attn_memory to, const void *from, size_t bytes)
{
    attn_status status = check_copy(device, from, to, bytes);
    return status || !bytes ? status : device->backend->upload(device, to, from, bytes);
}

attn_status attn_download(attn_device *device, void *to, attn_memory from, size_t bytes)
{
    attn_status status = check_copy(device, to, from, bytes);
    return status || !bytes ? status : device->backend->download(device, to, from, bytes);
}

attn_status attn_queue_create(attn_device *device, attn_queue **queue)
{
    if (!device || !queue)
        return attn_fail(ATTN_INVALID, "%s is NULL", device ? "queue" : "device");
    *queue = NULL;
    attn_status status = device->backend->queue_create(device, queue);
    if (!status)
        (*queue)->device = device;
    return status;
}

attn_status attn_queue_wait(attn_queue *queue)
{
    if (!queue)
        return attn_fail(ATTN_INVALID, "queue is NULL");
    return queue->device->backend->queue_wait(queue);
}

void attn_queue_destroy(attn_queue *queue)
{
    if (queue)
        queue->device->backend->queue_destroy(queue);
}
