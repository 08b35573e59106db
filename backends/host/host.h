/* What the backends on host memory share: memory, queues, the lengths of each sequence, where its rows lie, merge.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#ifndef ATTN_HOST_H
#define ATTN_HOST_H

#include "backend.h"

/* Members of attn_backend. */
attn_status attn_host_alloc(attn_device *device, size_t bytes, attn_memory *memory);
void attn_host_free(attn_device *device, attn_memory memory);
attn_status attn_host_upload(attn_device *device, attn_memory to, const void *from, size_t bytes);
attn_status attn_host_download(attn_device *device, void *to, attn_memory from, size_t bytes);
attn_status attn_host_queue_create(attn_device *device, attn_queue **queue);
attn_status attn_host_queue_wait(attn_queue *queue);
void attn_host_queue_destroy(attn_queue *queue);
attn_status attn_host_merge(attn_device *device, const attn_merge_args *args, attn_queue *queue);

#define ATTN_HOST_MEMBERS                                                                                              \
    .alloc = attn_host_alloc, .free = attn_host_free, .upload = attn_host_upload, .download = attn_host_download,      \
    .queue_create = attn_host_queue_create, .queue_wait = attn_host_queue_wait,                                        \
    .queue_destroy = attn_host_queue_destroy, .merge = attn_host_merge

/* Opens a device without state of its own; closed by free(). */
attn_status attn_host_open(attn_device **device);

/* Threads that OpenMP gives, 1 without it; bytes of memory of this machine, 0 when unknown. */
int attn_host_threads(void);
uint64_t attn_host_memory(void);

static inline char *attn_host_pointer(attn_memory memory)
{
    return (char *)(uintptr_t)(memory.handle + memory.offset);
}

/* One sequence of the batch. */
typedef struct attn_sequence {
    int64_t batch;        /* its number */
    int64_t len_q, len_k; /* query rows and keys in use */
    int64_t row_q, row_k; /* ragged: its first row in the packed tensor, else 0 */
    int64_t batch_q;      /* its index in the batch dimension of q, o and lse: 0 when ragged */
    int64_t shift;        /* position of row r is r + shift */
} attn_sequence;

/* Checks cu_seqlens, seqused_k and the page numbers in use against the plan; INVALID names the entry. */
attn_status attn_host_check_lengths(const attn_plan *plan, const attn_args *args);

/* After attn_host_check_lengths. */
attn_sequence attn_host_sequence(const attn_plan *plan, const attn_args *args, int64_t batch);

/* Rows of K or V of one sequence and KV head: row j is at base + j * stride, or on page table[j / page_size]. Of a view, member i
 * is row first + i * step. */
typedef struct attn_rows {
    const char *base;
    int64_t first, step;
    int64_t stride, page_stride; /* bytes */
    const int32_t *table;        /* NULL: not paged */
    int64_t table_stride;        /* elements */
    int64_t page_size;
} attn_rows;

attn_rows attn_host_rows(const attn_plan *plan, const attn_args *args, const attn_tensor *tensor, attn_memory memory,
                         const attn_sequence *sequence, int64_t head);

static inline const char *attn_host_row(const attn_rows *rows, int64_t j)
{
    if (!rows->table)
        return rows->base + j * rows->stride;
    int64_t page = rows->table[j / rows->page_size * rows->table_stride];
    return rows->base + page * rows->page_stride + j % rows->page_size * rows->stride;
}

/* Byte address of element (batch, head, position, 0); a dimension of size 1 broadcasts. */
static inline char *attn_host_element(const attn_tensor *t, attn_memory memory, int64_t batch, int64_t head,
                                      int64_t position)
{
    int64_t offset = (t->size[BATCH] > 1 ? batch * t->stride[BATCH] : 0) +
                     (t->size[HEAD] > 1 ? head * t->stride[HEAD] : 0) +
                     (t->size[POSITION] > 1 ? position * t->stride[POSITION] : 0);
    return attn_host_pointer(memory) + offset * (int64_t)attn_dtype_size(t->dtype);
}

#endif
