/* Elements of any type. The numbers of the types are attn_dtype's; halves need no cl_khr_fp16.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */

float load(__global const uchar *base, int type, long i)
{
    if (type == 1)
        return ((__global const float *)base)[i];
    if (type == 2)
        return vload_half(0, (__global const half *)base + i);
    return as_float((uint)((__global const ushort *)base)[i] << 16);
}

ushort round_bf16(float a)
{
    uint bits = as_uint(a);
    if (isnan(a))
        return (ushort)(bits >> 16 | 64);
    return (ushort)((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

void store(__global uchar *base, int type, long i, float a)
{
    if (type == 1)
        ((__global float *)base)[i] = a;
    else if (type == 2)
        vstore_half_rte(a, 0, (__global half *)base + i);
    else
        ((__global ushort *)base)[i] = round_bf16(a);
}
