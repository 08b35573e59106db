/* What kernels that copy in bulk take.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#include "config.h"

#include "bulk.h"

#include "gpu/shared.h"

/* Channels of a box: 128 bytes. */
enum { BOX_CHANNELS = 64, MOST_BOX = 256, MOST_RANK = 5 };

/* Of addresses and strides. */
enum { ALIGNMENT = 16 };

/* Sizes of a tensor of 16-bit elements, from the fastest dimension on; bytes from one to the next of each but that; the box of a copy. */
typedef struct layout {
    uint32_t rank;
    uint64_t size[MOST_RANK], stride[MOST_RANK - 1];
    uint32_t box[MOST_RANK];
} layout;

static void add(layout *l, int64_t size, int64_t stride, int box)
{
    if (l->rank > 0) /* of a single one it means nothing, but must be a multiple of 16 */
        l->stride[l->rank - 1] = size > 1 ? 2 * (uint64_t)stride : 16;
    l->size[l->rank] = (uint64_t)size;
    l->box[l->rank++] = (uint32_t)box;
}

/* What the driver takes: cuTensorMapEncodeTiled. */
static int fits(const layout *l)
{
    const uint64_t most_size = (uint64_t)1 << 32, most_stride = (uint64_t)1 << 40;
    for (uint32_t i = 0; i < l->rank; i++)
        if (l->size[i] < 1 || l->size[i] > most_size || l->box[i] > MOST_BOX)
            return 0;
    for (uint32_t i = 0; i + 1 < l->rank; i++)
        if (l->stride[i] % ALIGNMENT != 0 || l->stride[i] >= most_stride)
            return 0;
    return 1;
}

static int encode(const attn_cuda_device *device, const layout *l, CUtensorMap *map)
{
    const uint32_t step[MOST_RANK] = { 1, 1, 1, 1, 1 };
    void *const any_address = (void *)(uintptr_t)ALIGNMENT;
    return fits(l) && device->cu->cuTensorMapEncodeTiled(
                          map, CU_TENSOR_MAP_DATA_TYPE_UINT16, l->rank, any_address, l->size, l->stride, l->box, step,
                          CU_TENSOR_MAP_INTERLEAVE_NONE, CU_TENSOR_MAP_SWIZZLE_128B, CU_TENSOR_MAP_L2_PROMOTION_L2_256B,
                          CU_TENSOR_MAP_FLOAT_OOB_FILL_NONE) == 0;
}

/* The rows of a key tile. */
static int map_keys(const attn_cuda_device *device, const attn_tensor *t, CUtensorMap *map)
{
    layout l = { 0 };
    add(&l, t->size[CHANNEL], 1, BOX_CHANNELS);
    add(&l, t->size[POSITION], t->stride[POSITION], TILE_KEYS);
    add(&l, t->size[HEAD], t->stride[HEAD], 1);
    add(&l, t->size[BATCH], t->stride[BATCH], 1);
    return encode(device, &l, map);
}

/* The rows of a query tile: positions, and at each the packed heads. */
static int map_queries(const attn_cuda_device *device, const attn_tensor *t, int64_t pack, int rows, CUtensorMap *map)
{
    layout l = { 0 };
    if (rows % pack != 0)
        return 0;
    add(&l, t->size[CHANNEL], 1, BOX_CHANNELS);
    add(&l, pack, t->stride[HEAD], (int)pack);
    add(&l, t->size[POSITION], t->stride[POSITION], rows / (int)pack);
    add(&l, t->size[HEAD] / pack, t->stride[HEAD] * pack, 1);
    add(&l, t->size[BATCH], t->stride[BATCH], 1);
    return encode(device, &l, map);
}

void attn_cuda_map(const attn_cuda_device *device, const attn_plan *plan, int64_t pack, attn_cuda_bulk *bulk)
{
    const attn_problem *p = &plan->problem;
    const int whole_pages = !plan->shape.paged || plan->shape.rows_k % TILE_KEYS == 0;
    if (!device->cu->cuTensorMapEncodeTiled || !device->cu->cuTensorMapReplaceAddress)
        return;
    bulk->maps_q = map_queries(device, &p->q, pack, plan->kernel->tile_q, &bulk->q);
    bulk->maps = whole_pages && map_keys(device, &p->k, &bulk->k) && map_keys(device, &p->v, &bulk->v);
}

static int put_address(const attn_cuda_device *device, attn_memory memory, CUtensorMap *map)
{
    const CUdeviceptr address = attn_cuda_pointer(memory);
    return address % ALIGNMENT == 0 &&
           device->cu->cuTensorMapReplaceAddress(map, (void *)(uintptr_t)address) == CUDA_SUCCESS;
}

void attn_cuda_map_run(const attn_cuda_device *device, const attn_args *args, attn_cuda_bulk *bulk)
{
    bulk->maps_q = bulk->maps_q && put_address(device, args->q, &bulk->q);
    bulk->maps = bulk->maps && put_address(device, args->k, &bulk->k) && put_address(device, args->v, &bulk->v);
}
