/* Memory, queues and devices on the host.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#include "config.h"

#include <stdlib.h>
#include <string.h>
#ifdef _OPENMP
#include <omp.h>
#endif
#ifdef _WIN32
#include <windows.h>
#else
#include <unistd.h>
#endif
#ifdef __linux__
#include <sys/mman.h>
#endif

#include "host.h"
#include "quota.h"

enum { ALIGNMENT = 64, HUGE_PAGE = 2 << 20 };

/* A cache of keys and values of many megabytes is read at the rate of memory, and each small page would cost a walk through the
 * page tables on the way: blocks of whole huge pages ask for these. */
static size_t alignment_of(size_t bytes)
{
    return bytes >= 2 * HUGE_PAGE ? HUGE_PAGE : ALIGNMENT;
}

static void ask_for_huge_pages(void *block, size_t bytes)
{
#ifdef MADV_HUGEPAGE
    if (alignment_of(bytes) == HUGE_PAGE)
        madvise(block, bytes, MADV_HUGEPAGE);
#else
    (void)block, (void)bytes;
#endif
}

/* The pointer that malloc gave stands in front of the aligned block: aligned_alloc is not everywhere. */
attn_status attn_host_alloc(attn_device *device, size_t bytes, attn_memory *memory)
{
    (void)device;
    const size_t alignment = alignment_of(bytes), extra = alignment + sizeof(void *);
    void *block = bytes <= SIZE_MAX - extra ? malloc(bytes + extra) : NULL;
    if (!block)
        return attn_fail(ATTN_NO_MEMORY, "no host memory for %zu bytes", bytes);
    uintptr_t aligned = ((uintptr_t)block + extra) & ~(uintptr_t)(alignment - 1);
    memcpy((char *)aligned - sizeof block, &block, sizeof block);
    ask_for_huge_pages((void *)aligned, bytes);
    *memory = attn_host((void *)aligned);
    return ATTN_OK;
}

void attn_host_free(attn_device *device, attn_memory memory)
{
    (void)device;
    void *block;
    memcpy(&block, (char *)(uintptr_t)memory.handle - sizeof block, sizeof block);
    free(block);
}

attn_status attn_host_upload(attn_device *device, attn_memory to, const void *from, size_t bytes)
{
    (void)device;
    memcpy(attn_host_pointer(to), from, bytes);
    return ATTN_OK;
}

attn_status attn_host_download(attn_device *device, void *to, attn_memory from, size_t bytes)
{
    (void)device;
    memcpy(to, attn_host_pointer(from), bytes);
    return ATTN_OK;
}

/* Work is done when a call returns, so a queue holds nothing. */
attn_status attn_host_queue_create(attn_device *device, attn_queue **queue)
{
    (void)device;
    *queue = malloc(sizeof **queue);
    return *queue ? ATTN_OK : attn_fail(ATTN_NO_MEMORY, "no memory for a queue of %zu bytes", sizeof **queue);
}

attn_status attn_host_queue_wait(attn_queue *queue)
{
    (void)queue;
    return ATTN_OK;
}

void attn_host_queue_destroy(attn_queue *queue)
{
    free(queue);
}

attn_status attn_host_open(attn_device **device)
{
    *device = calloc(1, sizeof **device);
    return *device ? ATTN_OK : attn_fail(ATTN_NO_MEMORY, "no memory for a device of %zu bytes", sizeof **device);
}

int attn_host_threads(void)
{
#ifdef _OPENMP
    int most = omp_get_max_threads(), processors = omp_get_num_procs();
    int quota = getenv("OMP_NUM_THREADS") ? 0 : attn_host_quota("/proc/self/cgroup", "/sys/fs/cgroup");
    if (quota > 0 && quota < processors)
        processors = quota;
    return most < processors ? most : processors;
#else
    return 1;
#endif
}

uint64_t attn_host_memory(void)
{
#ifdef _WIN32
    MEMORYSTATUSEX state = { .dwLength = sizeof state };
    return GlobalMemoryStatusEx(&state) ? state.ullTotalPhys : 0;
#elif defined(_SC_PHYS_PAGES)
    long pages = sysconf(_SC_PHYS_PAGES), page = sysconf(_SC_PAGESIZE);
    return pages > 0 && page > 0 ? (uint64_t)pages * (uint64_t)page : 0;
#else
    return 0;
#endif
}
