/* Tensor-core products and asynchronous copies of NVIDIA's GPUs from sm_80 on, as inline PTX (PTX ISA: ldmatrix, mma,
 * cp.async). Addresses of local memory are 32-bit numbers, LOCAL_ADDRESS of the dialect makes them.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */

#if MMA_TYPE == 2
#define MMA_NAME "f16"
#else
#define MMA_NAME "bf16"
#endif

/* Four 8 x 8 matrices of 16-bit elements; lane l gives the address of row l % 8 of matrix l / 8. */
DEVICE void load_matrices(uint matrix[4], uint address)
{
    __asm__ volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, [%4];"
                     : "=r"(matrix[0]), "=r"(matrix[1]), "=r"(matrix[2]), "=r"(matrix[3])
                     : "r"(address));
}

DEVICE void load_transposed(uint matrix[4], uint address)
{
    __asm__ volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0, %1, %2, %3}, [%4];"
                     : "=r"(matrix[0]), "=r"(matrix[1]), "=r"(matrix[2]), "=r"(matrix[3])
                     : "r"(address));
}

/* c (16 x 8, f32) += a (16 x 16) b (16 x 8). */
DEVICE void add_product(float c[4], const uint a[4], uint b0, uint b1)
{
    __asm__("mma.sync.aligned.m16n8k16.row.col.f32." MMA_NAME "." MMA_NAME ".f32 "
            "{%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
            : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
            : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));
}

/* Two elements of the 16-bit type, `low` in the lower half. */
DEVICE uint pack_two(float low, float high)
{
    uint two;
    __asm__("cvt.rn." MMA_NAME "x2.f32 %0, %1, %2;" : "=r"(two) : "f"(high), "f"(low));
    return two;
}

DEVICE float exp2_approx(float a)
{
    float b;
    __asm__("ex2.approx.ftz.f32 %0, %1;" : "=f"(b) : "f"(a));
    return b;
}

/* From the lane whose number differs in the bits of `mask`. */
DEVICE float of_lane(float a, int mask)
{
    float b;
    __asm__ volatile("shfl.sync.bfly.b32 %0, %1, %2, 0x1f, 0xffffffff;" : "=f"(b) : "f"(a), "r"(mask));
    return b;
}

DEVICE float from_lane(float a, int lane)
{
    float b;
    __asm__ volatile("shfl.sync.idx.b32 %0, %1, %2, 0x1f, 0xffffffff;" : "=f"(b) : "f"(a), "r"(lane));
    return b;
}

/* The four lanes that share rows of a product. */
DEVICE float most_of_four(float a)
{
    a = fmax(a, of_lane(a, 1));
    return fmax(a, of_lane(a, 2));
}

DEVICE float sum_of_four(float a)
{
    a += of_lane(a, 1);
    return a + of_lane(a, 2);
}

/* Word j of lane i of four becomes word i of lane j. */
DEVICE void transpose_four(uint word[4])
{
    const int lane = get_local_id(0) % 4;
    UNROLL
    for (int bit = 1; bit <= 2; bit *= 2)
        UNROLL
        for (int i = 0; i < 4; i++)
            if (!(i & bit)) {
                const uint other = as_uint(of_lane(as_float(lane & bit ? word[i] : word[i | bit]), bit));
                word[i] = lane & bit ? other : word[i];
                word[i | bit] = lane & bit ? word[i | bit] : other;
            }
}

DEVICE int any_lane(int condition)
{
    int any;
    __asm__ volatile("{ .reg .pred p, q; setp.ne.s32 p, %1, 0; vote.sync.any.pred q, p, 0xffffffff; "
                     "selp.s32 %0, 1, 0, q; }"
                     : "=r"(any)
                     : "r"(condition));
    return any;
}

/* The lanes of a warp wait for each other, and see what each wrote. */
DEVICE void meet_warp(void)
{
    __asm__ volatile("bar.warp.sync 0xffffffff;" : : : "memory");
}

/* 16 bytes, the first `bytes` of them from memory, the others 0. Arrives when a later wait_copies says so. */
DEVICE void copy_async(uint to, __global const uchar *from, int bytes)
{
    __asm__ volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;" : : "r"(to), "l"(from), "r"(bytes) : "memory");
}

/* All 16 of them: fewer instructions than a number that is not known. */
DEVICE void copy_sixteen(uint to, __global const uchar *from)
{
    __asm__ volatile("cp.async.cg.shared.global [%0], [%1], 16;" : : "r"(to), "l"(from) : "memory");
}

DEVICE void commit_copies(void)
{
    __asm__ volatile("cp.async.commit_group;" : : : "memory");
}

/* Until at most `pending` of the last commits are under way. */
#define WAIT_COPIES(pending) __asm__ volatile("cp.async.wait_group %0;" : : "n"(pending) : "memory")

/* 16 bytes of a row to memory. */
DEVICE void store_four(__global uchar *to, const uint word[4])
{
    __asm__ volatile("st.global.v4.b32 [%0], {%1, %2, %3, %4};"
                     :
                     : "l"(to), "r"(word[0]), "r"(word[1]), "r"(word[2]), "r"(word[3])
                     : "memory");
}

DEVICE void put_four(uint to, uint a, uint b, uint c, uint d)
{
    __asm__ volatile("st.shared.v4.b32 [%0], {%1, %2, %3, %4};" : : "r"(to), "r"(a), "r"(b), "r"(c), "r"(d) : "memory");
}
