/* The CUDA driver's library, loaded at run time: one table of entry points.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#ifndef ATTN_CUDA_LOADER_H
#define ATTN_CUDA_LOADER_H

#include "cuda_min.h"

/* X(name, suffix, arguments): every entry point that the backend calls. The library's symbol is name and suffix: the suffix
 * is the version of the signature, which the reference leaves out. All return a CUresult. */
#define ATTN_CUDA_ENTRIES(X)                                                                                           \
    X(cuInit, , (unsigned))                                                                                            \
    X(cuDriverGetVersion, , (int *))                                                                                   \
    X(cuGetErrorName, , (CUresult, const char **))                                                                     \
    X(cuDeviceGetCount, , (int *))                                                                                     \
    X(cuDeviceGet, , (CUdevice *, int))                                                                                \
    X(cuDeviceGetName, , (char *, int, CUdevice))                                                                      \
    X(cuDeviceTotalMem, _v2, (size_t *, CUdevice))                                                                     \
    X(cuDeviceGetAttribute, , (int *, int, CUdevice))                                                                  \
    X(cuDevicePrimaryCtxRetain, , (CUcontext *, CUdevice))                                                             \
    X(cuDevicePrimaryCtxRelease, _v2, (CUdevice))                                                                      \
    X(cuCtxPushCurrent, _v2, (CUcontext))                                                                              \
    X(cuCtxPopCurrent, _v2, (CUcontext *))                                                                             \
    X(cuCtxGetCurrent, , (CUcontext *))                                                                                \
    X(cuCtxGetDevice, , (CUdevice *))                                                                                  \
    X(cuStreamCreate, , (CUstream *, unsigned))                                                                        \
    X(cuStreamDestroy, _v2, (CUstream))                                                                                \
    X(cuStreamGetCtx, , (CUstream, CUcontext *))                                                                       \
    X(cuStreamSynchronize, , (CUstream))                                                                               \
    X(cuMemAlloc, _v2, (CUdeviceptr *, size_t))                                                                        \
    X(cuMemFree, _v2, (CUdeviceptr))                                                                                   \
    X(cuMemcpyHtoDAsync, _v2, (CUdeviceptr, const void *, size_t, CUstream))                                           \
    X(cuMemcpyDtoHAsync, _v2, (void *, CUdeviceptr, size_t, CUstream))                                                 \
    X(cuModuleLoadData, , (CUmodule *, const void *))                                                                  \
    X(cuModuleUnload, , (CUmodule))                                                                                    \
    X(cuModuleGetFunction, , (CUfunction *, CUmodule, const char *))                                                   \
    X(cuFuncSetAttribute, , (CUfunction, int, int))                                                                    \
    X(cuLaunchKernel, ,                                                                                                \
      (CUfunction, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned, CUstream, void **, void **))

/* Those that drivers before CUDA 11.2, 11.8 or 12.0 lack: NULL there. */
#define ATTN_CUDA_OPTIONAL_ENTRIES(X)                                                                                  \
    X(cuMemAllocAsync, , (CUdeviceptr *, size_t, CUstream))                                                            \
    X(cuMemFreeAsync, , (CUdeviceptr, CUstream))                                                                       \
    X(cuLaunchKernelEx, , (const CUlaunchConfig *, CUfunction, void **, void **))                                      \
    X(cuTensorMapReplaceAddress, , (CUtensorMap *, void *))                                                            \
    X(cuTensorMapEncodeTiled, ,                                                                                        \
      (CUtensorMap *, int, uint32_t, void *, const uint64_t *, const uint64_t *, const uint32_t *, const uint32_t *,   \
       int, int, int, int))

typedef struct attn_cuda_api {
#define ATTN_CUDA_MEMBER(name, suffix, arguments) CUresult(ATTN_CUDA_CALL *name) arguments;
    ATTN_CUDA_ENTRIES(ATTN_CUDA_MEMBER)
    ATTN_CUDA_OPTIONAL_ENTRIES(ATTN_CUDA_MEMBER)
#undef ATTN_CUDA_MEMBER
} attn_cuda_api;

/* The entry points of the library that ATTN_CUDA_LIBRARY names, or of the system's; NULL: there is none, or it lacks an entry
 * (ATTN_VERBOSE says which). Loaded by the first call and kept until the process ends. Thread-safe. */
const attn_cuda_api *attn_cuda_load(void);

#endif
