/* Device memory for buffers.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#include "config.h"

#include "heap.h"

#include <inttypes.h>
#include <stdlib.h>

#include "device.h"

static const uint64_t LARGEST_BLOCK = UINT64_C(64) << 20;

/* Buffers above this part of a block have one alone. */
enum { LARGE = 4 };

/* Memory heaps hold at least so many blocks. */
enum { LEAST_BLOCKS = 32 };

/* Rows of 16 bytes, and the 64 that attn_alloc promises. */
enum { ALIGNMENT = 256 };

attn_status attn_vulkan_heap_create(attn_vulkan_device *d)
{
    uint64_t size = d->traits.memory / LEAST_BLOCKS;
    d->instance.GetPhysicalDeviceMemoryProperties(d->traits.id, &d->heap.types);
    d->heap.block_size = size < LARGEST_BLOCK ? size : LARGEST_BLOCK;
    d->heap.has_lock = attn_lock_create(&d->heap.lock);
    return d->heap.has_lock ? ATTN_OK : attn_fail(ATTN_NO_MEMORY, "no memory for a lock");
}

/* ---- what Vulkan makes ------------------------------------------------------------------------------------------------- */

VkResult attn_vulkan_create_buffer(attn_vulkan_device *d, uint64_t bytes, VkBuffer *buffer, VkMemoryRequirements *needs)
{
    int addressed = (d->traits.features & ATTN_VULKAN_ADDRESS) != 0;
    const VkBufferCreateInfo info = {
        .sType = VK_STRUCTURE_TYPE_BUFFER_CREATE_INFO,
        .size = bytes,
        .usage = VK_BUFFER_USAGE_STORAGE_BUFFER_BIT | VK_BUFFER_USAGE_TRANSFER_SRC_BIT |
                 VK_BUFFER_USAGE_TRANSFER_DST_BIT | (addressed ? VK_BUFFER_USAGE_SHADER_DEVICE_ADDRESS_BIT : 0),
        .sharingMode = VK_SHARING_MODE_EXCLUSIVE,
    };
    VkResult code = d->vk.CreateBuffer(d->device, &info, NULL, buffer);
    if (!code)
        d->vk.GetBufferMemoryRequirements(d->device, *buffer, needs);
    return code;
}

int attn_vulkan_memory_type(const attn_vulkan_device *d, uint32_t types, VkFlags wanted, VkFlags needed)
{
    const VkPhysicalDeviceMemoryProperties *known = &d->heap.types;
    const VkFlags properties[] = { wanted, needed };
    for (int p = 0; p < 2; p++)
        for (uint32_t i = 0; i < known->memoryTypeCount; i++)
            if (types >> i & 1 && (known->memoryTypes[i].propertyFlags & properties[p]) == properties[p])
                return (int)i;
    return -1;
}

VkResult attn_vulkan_allocate(attn_vulkan_device *d, uint64_t bytes, int type, VkDeviceMemory *memory)
{
    const VkMemoryAllocateFlagsInfo flags = {
        .sType = VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_FLAGS_INFO,
        .flags = VK_MEMORY_ALLOCATE_DEVICE_ADDRESS_BIT,
    };
    const VkMemoryAllocateInfo info = {
        .sType = VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO,
        .pNext = d->traits.features & ATTN_VULKAN_ADDRESS ? &flags : NULL,
        .allocationSize = bytes,
        .memoryTypeIndex = (uint32_t)type,
    };
    return d->vk.AllocateMemory(d->device, &info, NULL, memory);
}

/* ---- blocks and pieces, with the lock ------------------------------------------------------------------------------------ */

static attn_vulkan_piece **bucket_of(attn_vulkan_heap *h, VkBuffer buffer)
{
    return &h->buckets[(buffer >> 4 ^ buffer >> 16) % ATTN_VULKAN_BUCKETS];
}

static uint64_t align(uint64_t offset, uint64_t to)
{
    return (offset + to - 1) / to * to;
}

/* The link behind which `bytes` fit, with their offset; NULL: they do not. */
static attn_vulkan_piece **find_gap(attn_vulkan_block *b, const VkMemoryRequirements *needs, uint64_t *offset)
{
    attn_vulkan_piece **link = &b->pieces;
    uint64_t alignment = needs->alignment > ALIGNMENT ? needs->alignment : ALIGNMENT;
    for (*offset = 0;; link = &(*link)->behind) {
        uint64_t end = *link ? (*link)->offset : b->size;
        if (*offset <= end && needs->size <= end - *offset)
            return link;
        if (!*link)
            return NULL;
        *offset = align((*link)->end, alignment);
    }
}

static VkResult add_block(attn_vulkan_device *d, uint64_t size, int type, attn_vulkan_block **added)
{
    attn_vulkan_block *b = calloc(1, sizeof *b);
    VkResult code = b ? attn_vulkan_allocate(d, size, type, &b->memory) : VK_ERROR_OUT_OF_HOST_MEMORY;
    if (code) {
        free(b);
        return code;
    }
    b->size = size;
    b->type = (uint32_t)type;
    b->next = d->heap.blocks;
    d->heap.blocks = *added = b;
    return VK_SUCCESS;
}

static VkResult place(attn_vulkan_device *d, attn_vulkan_piece *p, const VkMemoryRequirements *needs)
{
    const VkFlags local = VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT;
    int type = attn_vulkan_memory_type(d, needs->memoryTypeBits, local, 0);
    int large = needs->size > d->heap.block_size / LARGE;
    attn_vulkan_block *b = large ? NULL : d->heap.blocks;
    attn_vulkan_piece **link = NULL;
    for (; b; b = b->next)
        if (b->type == (uint32_t)type && b->size == d->heap.block_size && (link = find_gap(b, needs, &p->offset)))
            break;
    if (!b) {
        VkResult code = add_block(d, large ? needs->size : d->heap.block_size, type, &b);
        if (code)
            return code;
        link = &b->pieces;
        p->offset = 0;
    }
    p->block = b;
    p->end = p->offset + needs->size;
    p->behind = *link;
    *link = p;
    return d->vk.BindBufferMemory(d->device, p->buffer, b->memory, p->offset);
}

/* One empty block of the usual size is kept, since plans come and go. */
static void drop_if_empty(attn_vulkan_device *d, attn_vulkan_block *block)
{
    attn_vulkan_block **link = &d->heap.blocks;
    int spare = 0;
    for (attn_vulkan_block *b = d->heap.blocks; b; b = b->next)
        spare |= b != block && !b->pieces && b->size == d->heap.block_size;
    if (block->pieces || (!spare && block->size == d->heap.block_size))
        return;
    while (*link != block)
        link = &(*link)->next;
    *link = block->next;
    d->vk.FreeMemory(d->device, block->memory, NULL);
    free(block);
}

/* One that is in no bucket, and may be in no block. */
static void destroy_piece(attn_vulkan_device *d, attn_vulkan_piece *p)
{
    attn_vulkan_block *b = p->block;
    attn_vulkan_piece **link = b ? &b->pieces : NULL;
    while (b && *link != p)
        link = &(*link)->behind;
    if (b)
        *link = p->behind;
    d->vk.DestroyBuffer(d->device, p->buffer, NULL);
    if (b)
        drop_if_empty(d, b);
    free(p);
}

static void collect(attn_vulkan_device *d, uint64_t finished)
{
    attn_vulkan_piece **link = &d->heap.retired;
    while (*link) {
        attn_vulkan_piece *p = *link;
        if (p->after > finished) {
            link = &p->other;
            continue;
        }
        *link = p->other;
        destroy_piece(d, p);
    }
}

static VkResult take(attn_vulkan_device *d, uint64_t bytes, attn_vulkan_piece **taken)
{
    VkMemoryRequirements needs;
    attn_vulkan_piece *p = calloc(1, sizeof *p);
    VkResult code = p ? attn_vulkan_create_buffer(d, bytes, &p->buffer, &needs) : VK_ERROR_OUT_OF_HOST_MEMORY;
    if (code) {
        free(p);
        return code;
    }
    code = place(d, p, &needs);
    if (code) {
        destroy_piece(d, p);
        return code;
    }
    p->bytes = bytes;
    p->other = *bucket_of(&d->heap, p->buffer);
    *bucket_of(&d->heap, p->buffer) = *taken = p;
    return VK_SUCCESS;
}

/* The link to a piece in its bucket; to NULL: there is none. */
static attn_vulkan_piece **find(attn_vulkan_heap *h, VkBuffer buffer)
{
    attn_vulkan_piece **link = bucket_of(h, buffer);
    while (*link && (*link)->buffer != buffer)
        link = &(*link)->other;
    return link;
}

/* ---- what others call ---------------------------------------------------------------------------------------------------- */

static VkResult take_locked(attn_vulkan_device *d, uint64_t bytes, attn_vulkan_piece **taken)
{
    attn_lock_take(&d->heap.lock);
    if (d->heap.retired)
        collect(d, attn_vulkan_finished(d));
    VkResult code = take(d, bytes, taken);
    attn_lock_give(&d->heap.lock);
    return code;
}

/* What is retired may make room, once its users have finished. */
attn_status attn_vulkan_heap_take(attn_vulkan_device *d, uint64_t bytes, VkBuffer *buffer)
{
    attn_vulkan_piece *taken = NULL;
    VkResult code = take_locked(d, bytes, &taken);
    if (code == VK_ERROR_OUT_OF_DEVICE_MEMORY) {
        ATTN_TRY(attn_vulkan_wait(d, attn_vulkan_last(d)));
        code = take_locked(d, bytes, &taken);
    }
    if (code)
        return attn_vulkan_fail(
            code, "%" PRIu64 " bytes of memory; the device has %" PRIu64 ", and promises %" PRIu64 " at once", bytes,
            d->traits.memory, d->traits.allocation);
    *buffer = taken->buffer;
    return ATTN_OK;
}

void attn_vulkan_heap_give(attn_vulkan_device *d, VkBuffer buffer)
{
    attn_lock_take(&d->heap.lock);
    attn_vulkan_piece **link = find(&d->heap, buffer), *p = *link;
    if (p) {
        *link = p->other;
        p->after = attn_vulkan_last(d);
        p->other = d->heap.retired;
        d->heap.retired = p;
        collect(d, attn_vulkan_finished(d));
    }
    attn_lock_give(&d->heap.lock);
}

uint64_t attn_vulkan_heap_size(attn_vulkan_device *d, VkBuffer buffer)
{
    attn_lock_take(&d->heap.lock);
    attn_vulkan_piece *p = *find(&d->heap, buffer);
    uint64_t bytes = p ? p->bytes : UINT64_MAX;
    attn_lock_give(&d->heap.lock);
    return bytes;
}

/* Also what the caller did not free. Nothing runs any more. */
void attn_vulkan_heap_destroy(attn_vulkan_device *d)
{
    collect(d, UINT64_MAX);
    for (int i = 0; i < ATTN_VULKAN_BUCKETS; i++)
        while (d->heap.buckets[i]) {
            attn_vulkan_piece *p = d->heap.buckets[i];
            d->heap.buckets[i] = p->other;
            destroy_piece(d, p);
        }
    while (d->heap.blocks) {
        attn_vulkan_block *b = d->heap.blocks;
        d->heap.blocks = b->next;
        d->vk.FreeMemory(d->device, b->memory, NULL);
        free(b);
    }
    if (d->heap.has_lock)
        attn_lock_destroy(&d->heap.lock);
}
