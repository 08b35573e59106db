/* The part of the CUDA driver's interface that the backend uses, written from NVIDIA's reference (types, values and
 * signatures), so that building needs no CUDA headers. Names are the reference's.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#ifndef ATTN_CUDA_CUDA_MIN_H
#define ATTN_CUDA_CUDA_MIN_H

#include <stddef.h>
#include <stdint.h>

#ifdef _WIN32
#define ATTN_CUDA_CALL __stdcall
#else
#define ATTN_CUDA_CALL
#endif

typedef int CUresult;
typedef int CUdevice;
typedef unsigned long long CUdeviceptr;
typedef struct attn_cuda_native_context *CUcontext;
typedef struct attn_cuda_native_module *CUmodule;
typedef struct attn_cuda_native_function *CUfunction;
typedef struct attn_cuda_native_stream *CUstream;

/* The attributes of a launch: the value is a union of 64 bytes, of which the backend sets one number. */
typedef struct CUlaunchAttribute {
    int id;
    union {
        int programmaticStreamSerializationAllowed;
        uint64_t pad[8];
    } value;
} CUlaunchAttribute;

typedef struct CUlaunchConfig {
    unsigned gridDimX, gridDimY, gridDimZ, blockDimX, blockDimY, blockDimZ, sharedMemBytes;
    CUstream hStream;
    CUlaunchAttribute *attrs;
    unsigned numAttrs;
} CUlaunchConfig;

/* A tensor as the copy engine of sm_90 sees it. The driver wants it at a multiple of 64 bytes. */
typedef struct CUtensorMap {
    uint64_t opaque[16];
} CUtensorMap;

/* Codes that mean something to the backend; the driver names them all. */
enum { CUDA_SUCCESS = 0, CUDA_ERROR_INVALID_VALUE = 1, CUDA_ERROR_OUT_OF_MEMORY = 2, CUDA_ERROR_NO_DEVICE = 100 };

/* CUdevice_attribute */
enum {
    CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT = 16,
    CU_DEVICE_ATTRIBUTE_L2_CACHE_SIZE = 38,
    CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR = 75,
    CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR = 76,
    CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK_OPTIN = 97,
    CU_DEVICE_ATTRIBUTE_MEMORY_POOLS_SUPPORTED = 115
};

/* CUstream_flags, CUfunction_attribute, CUlaunchAttributeID */
enum { CU_STREAM_NON_BLOCKING = 1 };
enum { CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES = 8 };
enum { CU_LAUNCH_ATTRIBUTE_PROGRAMMATIC_STREAM_SERIALIZATION = 6 };

/* CUtensorMapDataType, ...Interleave, ...Swizzle, ...L2promotion, ...FloatOOBfill */
enum {
    CU_TENSOR_MAP_DATA_TYPE_UINT16 = 1,
    CU_TENSOR_MAP_INTERLEAVE_NONE = 0,
    CU_TENSOR_MAP_SWIZZLE_128B = 3,
    CU_TENSOR_MAP_L2_PROMOTION_L2_256B = 3,
    CU_TENSOR_MAP_FLOAT_OOB_FILL_NONE = 0
};

#endif
