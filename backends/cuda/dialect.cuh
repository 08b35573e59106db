/* The names of the kernels in backends/gpu, in CUDA C++. They are written in OpenCL C; this says in CUDA what OpenCL C has
 * and C++ has not. In front of shared.h.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#include <limits.h>
#include <math.h>

#define DEVICE __device__ __forceinline__

/* ---- types: a long has 64 bits on every host, and literals of 0L go with it ----------------------------------------- */

DEVICE long long min(long long a, long b)
{
    return min(a, (long long)b);
}

DEVICE long long max(long long a, long b)
{
    return max(a, (long long)b);
}

#define long long long
#define uchar unsigned char
#define ushort unsigned short
#define uint unsigned int
#define ulong unsigned long

/* binary16, for conversions only: cuda_fp16.h's arithmetic is not needed. */
struct half {
    unsigned short bits;
};

/* ---- what OpenCL's dialect.cl defines ------------------------------------------------------------------------------ */

#define KERNEL(group_size) extern "C" __global__ void __launch_bounds__(group_size)
#define KERNEL_OF_SEVERAL(group_size, groups) extern "C" __global__ void __launch_bounds__(group_size, groups)
#define UNROLL _Pragma("unroll")
#define ROLLED _Pragma("unroll 1") /* code that is seldom reached, or waits anyway, stays short */

/* The plan: kernels take it by value, so that its members are constants of the launch; functions take its address. */
#define PLAN_PARAMETER const __grid_constant__ struct plan plan_of_launch
#define PLAN_SPACE
#define PLAN const struct plan *plan
#define PLAN_BEGIN const struct plan *const plan = &plan_of_launch;

/* Launches that overlap (attn_cuda_grid.overlaps; PTX ISA: griddepcontrol): the next one may start from here on; what was launched
 * before has ended, and what it wrote is seen, from here on. */
#if __CUDA_ARCH__ >= 900
#define NEXT_MAY_START asm volatile("griddepcontrol.launch_dependents;")
#define WAIT_FOR_PREVIOUS asm volatile("griddepcontrol.wait;" : : : "memory")
#else
#define NEXT_MAY_START
#define WAIT_FOR_PREVIOUS
#endif

/* What a launch gets without asking; of what kernels get, as OpenCL's dialect says. */
enum { STATIC_SHARED_MEMORY = 48 * 1024, LOCAL_ALIGNMENT = 128 };

#ifndef SHARED_BYTES
#define SHARED_BYTES 0
#endif

template <typename type> DEVICE type *local_memory()
{
    if constexpr (sizeof(type) <= STATIC_SHARED_MEMORY) {
        __shared__ __align__(LOCAL_ALIGNMENT) type memory;
        return &memory;
    } else {
        static_assert(sizeof(type) <= SHARED_BYTES, "kernels.list");
        extern __shared__ __align__(1024) unsigned char dynamic_memory[];
        return (type *)dynamic_memory;
    }
}

#define LOCAL_MEMORY(type, name) type *const name = local_memory<type>()

/* The address of local memory in its own space, for inline PTX. */
#define LOCAL_ADDRESS(pointer) ((uint)__cvta_generic_to_shared(pointer))

/* ---- OpenCL C's own ------------------------------------------------------------------------------------------------- */

#define __kernel extern "C" __global__
#define __global
#define __local
#define __constant

#define CLK_LOCAL_MEM_FENCE 1
#define CLK_GLOBAL_MEM_FENCE 2
#define barrier(fence) __syncthreads()

#define ATTN_OF_DIMENSION(d, of) ((d) == 0 ? of.x : (d) == 1 ? of.y : of.z)
#define get_local_id(d) ATTN_OF_DIMENSION(d, threadIdx)
#define get_local_size(d) ATTN_OF_DIMENSION(d, blockDim)
#define get_group_id(d) ATTN_OF_DIMENSION(d, blockIdx)
#define get_num_groups(d) ATTN_OF_DIMENSION(d, gridDim)

#define as_float __uint_as_float
#define as_uint __float_as_uint

#undef LONG_MAX
#define LONG_MAX 0x7fffffffffffffffLL

DEVICE float vload_half(size_t offset, const half *from)
{
    float a;
    asm("cvt.f32.f16 %0, %1;" : "=f"(a) : "h"(from[offset].bits));
    return a;
}

DEVICE void vstore_half_rte(float a, size_t offset, half *to)
{
    asm("cvt.rn.f16.f32 %0, %1;" : "=h"(to[offset].bits) : "f"(a));
}

DEVICE float4 vloada_half4(size_t offset, const half *from)
{
    const ushort4 bits = ((const ushort4 *)from)[offset];
    const half halves[4] = { { bits.x }, { bits.y }, { bits.z }, { bits.w } };
    return make_float4(vload_half(0, halves), vload_half(1, halves), vload_half(2, halves), vload_half(3, halves));
}
