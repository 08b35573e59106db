/* Elements of any type. The numbers of the types are attn_dtype's; halves need no cl_khr_fp16.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */

DEVICE float load(__global const uchar *base, int type, long i)
{
    if (type == 1)
        return ((__global const float *)base)[i];
    if (type == 2)
        return vload_half(0, (__global const half *)base + i);
    return as_float((uint)((__global const ushort *)base)[i] << 16);
}

/* Elements i .. i + 3, of which `valid` are there; the others are 0. `wide`: i is a multiple of 4 and so is the alignment of
 * the tensor. */
DEVICE float4 load4(__global const uchar *base, int type, long i, int valid, int wide)
{
    float4 four = { 0, 0, 0, 0 };
    if (wide && valid >= 4) {
        if (type == 1)
            return *(__global const float4 *)((__global const float *)base + i);
        if (type == 2)
            return vloada_half4(0, (__global const half *)base + i);
        const ushort4 bits = *(__global const ushort4 *)((__global const ushort *)base + i);
        four.x = as_float((uint)bits.x << 16);
        four.y = as_float((uint)bits.y << 16);
        four.z = as_float((uint)bits.z << 16);
        four.w = as_float((uint)bits.w << 16);
        return four;
    }
    if (valid > 0)
        four.x = load(base, type, i);
    if (valid > 1)
        four.y = load(base, type, i + 1);
    if (valid > 2)
        four.z = load(base, type, i + 2);
    if (valid > 3)
        four.w = load(base, type, i + 3);
    return four;
}

DEVICE ushort round_bf16(float a)
{
    uint bits = as_uint(a);
    if (isnan(a))
        return (ushort)(bits >> 16 | 64);
    return (ushort)((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

DEVICE void store(__global uchar *base, int type, long i, float a)
{
    if (type == 1)
        ((__global float *)base)[i] = a;
    else if (type == 2)
        vstore_half_rte(a, 0, (__global half *)base + i);
    else
        ((__global ushort *)base)[i] = round_bf16(a);
}
