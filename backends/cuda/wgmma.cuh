/* Hopper's products by groups of four warps, barriers in shared memory, bulk copies and hand-over of registers, as inline PTX
 * for sm_90a (PTX ISA: wgmma, mbarrier, cp.async.bulk.tensor, setmaxnreg). Behind ptx.cl.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */

/* ---- matrices in shared memory ------------------------------------------------------------------------------------- */

/* Describes rows of 64 elements in panels `panel` bytes apart, swizzled as copies.cl does (PTX ISA, matrix descriptor: address, leading
 * and stride offset in units of 16 bytes, swizzle of 128 bytes). Groups of 8 rows are 1024 bytes apart. */
DEVICE ulong matrix_at(uint address, uint panel)
{
    return (ulong)(address >> 4) | (ulong)(panel >> 4) << 16 | (ulong)(1024 >> 4) << 32 | (ulong)1 << 62;
}

/* ---- products ------------------------------------------------------------------------------------------------------- */

#define FOUR(d, i) "+f"(d[i][0]), "+f"(d[i][1]), "+f"(d[i][2]), "+f"(d[i][3])
#define SIXTEEN(d, i) FOUR(d, i), FOUR(d, i + 1), FOUR(d, i + 2), FOUR(d, i + 3)
#define SUMS_64(d) SIXTEEN(d, 0), SIXTEEN(d, 4)
#define SUMS_128(d) SUMS_64(d), SIXTEEN(d, 8), SIXTEEN(d, 12)
#define SUMS_256(d) SUMS_128(d), SIXTEEN(d, 16), SIXTEEN(d, 20), SIXTEEN(d, 24), SIXTEEN(d, 28)

#define NAMES_64                                                                                                       \
    "%0, %1, %2, %3, %4, %5, %6, %7, %8, %9, %10, %11, %12, %13, %14, %15, "                                           \
    "%16, %17, %18, %19, %20, %21, %22, %23, %24, %25, %26, %27, %28, %29, %30, %31"
#define NAMES_128                                                                                                      \
    NAMES_64 ", "                                                                                                      \
    "%32, %33, %34, %35, %36, %37, %38, %39, %40, %41, %42, %43, %44, %45, %46, %47, "                                 \
    "%48, %49, %50, %51, %52, %53, %54, %55, %56, %57, %58, %59, %60, %61, %62, %63"
#define NAMES_256                                                                                                      \
    NAMES_128 ", "                                                                                                     \
    "%64, %65, %66, %67, %68, %69, %70, %71, %72, %73, %74, %75, %76, %77, %78, %79, "                                 \
    "%80, %81, %82, %83, %84, %85, %86, %87, %88, %89, %90, %91, %92, %93, %94, %95, "                                 \
    "%96, %97, %98, %99, %100, %101, %102, %103, %104, %105, %106, %107, %108, %109, %110, %111, "                     \
    "%112, %113, %114, %115, %116, %117, %118, %119, %120, %121, %122, %123, %124, %125, %126, %127"

/* d (64 x columns, f32; layout: rows.cl) = a (64 x 16) b (16 x columns), or += with `add`. a and b lie in shared memory, b as rows of its columns'
 * 16 elements. */
#define PRODUCT_OF_SHARED(columns, a, b, add)                                                                          \
    DEVICE void product_of_shared(float (&d)[columns / 8][4], ulong first, ulong second, int adds)                     \
    {                                                                                                                  \
        asm volatile("{ .reg .pred add; setp.ne.b32 add, " add ", 0; "                                                 \
                     "wgmma.mma_async.sync.aligned.m64n" #columns "k16.f32." MMA_NAME "." MMA_NAME                     \
                     " {" NAMES_##columns "}, " a ", " b ", add, 1, 1, 0, 0; }"                                        \
                     : SUMS_##columns(d)                                                                               \
                     : "l"(first), "l"(second), "r"(adds));                                                            \
    }

/* d = a b, or += with `add`; a lies in registers, as the first factor of mma.m16n8k16 does, b in shared memory as 16 rows of its
 * columns. */
#define PRODUCT_OF_REGISTERS(columns, a0, a1, a2, a3, b, add)                                                          \
    DEVICE void product_of_registers(float (&d)[columns / 8][4], const uint (&first)[4], ulong second, int adds)       \
    {                                                                                                                  \
        asm volatile("{ .reg .pred add; setp.ne.b32 add, " add ", 0; "                                                 \
                     "wgmma.mma_async.sync.aligned.m64n" #columns "k16.f32." MMA_NAME "." MMA_NAME                     \
                     " {" NAMES_##columns "}, {" a0 ", " a1 ", " a2 ", " a3 "}, " b ", add, 1, 1, 1; }"                \
                     : SUMS_##columns(d)                                                                               \
                     : "r"(first[0]), "r"(first[1]), "r"(first[2]), "r"(first[3]), "l"(second), "r"(adds));            \
    }

PRODUCT_OF_SHARED(64, "%32", "%33", "%34")
PRODUCT_OF_SHARED(128, "%64", "%65", "%66")
PRODUCT_OF_REGISTERS(64, "%32", "%33", "%34", "%35", "%36", "%37")
PRODUCT_OF_REGISTERS(128, "%64", "%65", "%66", "%67", "%68", "%69")
PRODUCT_OF_REGISTERS(256, "%128", "%129", "%130", "%131", "%132", "%133")

/* Around products: registers that they take or give were written, or may be read. */
DEVICE void begin_products(void)
{
    asm volatile("wgmma.fence.sync.aligned;" : : : "memory");
}

DEVICE void commit_products(void)
{
    asm volatile("wgmma.commit_group.sync.aligned;" : : : "memory");
}

/* Until at most `pending` of the last commits are under way. */
#define WAIT_PRODUCTS(pending) asm volatile("wgmma.wait_group.sync.aligned %0;" : : "n"(pending) : "memory")

/* Keeps the compiler from using d ahead of here, and from making it behind. */
template <int blocks> DEVICE void settle(float (&d)[blocks][4])
{
    UNROLL
    for (int i = 0; i < blocks; i++)
        asm volatile("" : FOUR(d, i) : : "memory");
}

/* Of what all lanes of a warp have alike: so the compiler knows that they do. */
DEVICE int of_first_lane(int a)
{
    return __shfl_sync(0xffffffff, a, 0);
}

/* ---- barriers -------------------------------------------------------------------------------------------------------- */

DEVICE void barrier_begin(uint barrier, int arrivals)
{
    asm volatile("mbarrier.init.shared::cta.b64 [%0], %1;" : : "r"(barrier), "r"(arrivals) : "memory");
}

DEVICE void arrive(uint barrier)
{
    asm volatile("mbarrier.arrive.shared::cta.b64 _, [%0];" : : "r"(barrier) : "memory");
}

/* Arrives, and lets the phase wait for so many bytes of bulk copies. */
DEVICE void arrive_expecting(uint barrier, uint bytes)
{
    asm volatile("mbarrier.arrive.expect_tx.shared::cta.b64 _, [%0], %1;" : : "r"(barrier), "r"(bytes) : "memory");
}

/* Until the phase of this parity is over. */
DEVICE void wait_for(uint barrier, int parity)
{
    asm volatile("{ .reg .pred over;\n"
                 "again: mbarrier.try_wait.parity.shared::cta.b64 over, [%0], %1;\n"
                 "@!over bra again; }"
                 :
                 : "r"(barrier), "r"(parity)
                 : "memory");
}

/* Named barriers (1 ...) of `threads` threads: some wait, the others only arrive. */
DEVICE void wait_turn(int name, int threads)
{
    asm volatile("bar.sync %0, %1;" : : "r"(name), "r"(threads) : "memory");
}

DEVICE void give_turn(int name, int threads)
{
    asm volatile("bar.arrive %0, %1;" : : "r"(name), "r"(threads) : "memory");
}

/* What this thread wrote to shared memory is seen by products and bulk copies. */
DEVICE void publish_writes(void)
{
    asm volatile("fence.proxy.async.shared::cta;" : : : "memory");
}

/* ---- bulk copies ------------------------------------------------------------------------------------------------------ */

struct tensor_map {
    ulong opaque[16];
};

/* What a kernel that copies in bulk takes beside the others' arguments; bulk.h has the same. */
struct __align__(64) bulk {
    struct tensor_map q, k, v;
    int maps_q, maps; /* q describes the tensor; k and v do */
    int tiles, units; /* query tiles that blocks take in turn: LAUNCH_...'s work-groups in x and y */
    int together;     /* of struct group_at */
};

/* The box of K or V that begins there; the barrier gets its bytes when they have arrived. What lies beyond the tensor becomes 0. */
DEVICE void copy_box(uint to, const struct tensor_map *map, int channel, int row, int head, int batch, uint barrier)
{
    asm volatile("cp.async.bulk.tensor.4d.shared::cluster.global.tile.mbarrier::complete_tx::bytes "
                 "[%0], [%1, {%2, %3, %4, %5}], [%6];"
                 :
                 : "r"(to), "l"(map), "r"(channel), "r"(row), "r"(head), "r"(batch), "r"(barrier)
                 : "memory");
}

/* The same of Q, whose map is of [channel, packed head, position, unit, batch]. */
DEVICE void copy_query_box(uint to, const struct tensor_map *map, int channel, int position, int unit, int batch, uint barrier)
{
    asm volatile("cp.async.bulk.tensor.5d.shared::cluster.global.tile.mbarrier::complete_tx::bytes "
                 "[%0], [%1, {%2, 0, %3, %4, %5}], [%6];"
                 :
                 : "r"(to), "l"(map), "r"(channel), "r"(position), "r"(unit), "r"(batch), "r"(barrier)
                 : "memory");
}

/* ---- registers -------------------------------------------------------------------------------------------------------- */

/* Of each thread of a warp group from here on. */
#define FEWER_REGISTERS(count) asm volatile("setmaxnreg.dec.sync.aligned.u32 %0;" : : "n"(count))
#define MORE_REGISTERS(count) asm volatile("setmaxnreg.inc.sync.aligned.u32 %0;" : : "n"(count))
