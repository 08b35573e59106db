/* What a device is and offers, asked once.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#ifndef ATTN_OPENCL_TRAITS_H
#define ATTN_OPENCL_TRAITS_H

#include "backend.h"
#include "loader.h"

enum { ATTN_OPENCL_LARGEST_DIM = 576 }; /* of D and Dv; attn_device_info.max_dim */

/* Extensions that kernels may use; bits of attn_opencl_traits.offers. */
enum {
    ATTN_OPENCL_FP16 = 1 << 0,             /* cl_khr_fp16: arithmetic; vload_half and vstore_half are in every device */
    ATTN_OPENCL_SUBGROUPS = 1 << 1,        /* cl_khr_subgroups: reduce, scan, broadcast */
    ATTN_OPENCL_SUBGROUPS_INTEL = 1 << 2,  /* cl_intel_subgroups: those, shuffles and block reads */
    ATTN_OPENCL_SUBGROUP_SHUFFLE = 1 << 3, /* cl_khr_subgroup_shuffle */
    ATTN_OPENCL_NVIDIA = 1 << 4,           /* NVIDIA's compiler: takes inline PTX; nvidia_sm is set */
    ATTN_OPENCL_FMA = 1 << 5,              /* f32 fma at full speed, by CL_FP_FMA */
    ATTN_OPENCL_REAL_LOCAL = 1 << 6        /* local memory is not a part of global memory */
};

typedef struct attn_opencl_traits {
    cl_platform_id platform;
    cl_device_id id;
    char name[128], platform_name[96], version[96], driver[96]; /* cut where longer */
    cl_bitfield type;                                           /* CL_DEVICE_TYPE_CPU, ... */
    int cl, c;                                                  /* OpenCL and OpenCL C: 120, 200, 300 */
    int nvidia_sm;                                              /* 90: sm_90; 0: not NVIDIA's */
    unsigned offers;
    cl_ulong memory, largest_buffer, local_memory; /* bytes */
    cl_uint compute_units, address_bits, vector_width;
    size_t work_group, work_items[3], parameters; /* most work-items of a group, by dimension; bytes of arguments */
} attn_opencl_traits;

/* Asks the device. OK: it can serve; else `why` is set. UNSUPPORTED: it is not OpenCL 1.2 of the full profile, little
 * endian, available and with a compiler. DRIVER, NO_MEMORY: a call failed. The names are filled in as far as they could
 * be asked; the thread's reason is left alone. */
attn_status attn_opencl_ask(const attn_opencl_api *cl, cl_platform_id platform, cl_device_id id,
                            attn_opencl_traits *traits, attn_why *why);

/* Devices that can serve, of all platforms: GPUs first, then accelerators, then CPUs, each by the name of the platform,
 * so that the order does not hang on the order in which drivers were found. Asked once. Thread-safe. */
int attn_opencl_list(const attn_opencl_traits **list);

/* "opencl:1" in an attn_device_info, for device `index` of the list; index -1: "opencl", one of none. */
void attn_opencl_describe(const attn_opencl_traits *traits, int index, attn_device_info *info);

#endif
