# ATTN_NVCC
# ---------
# Finds NVIDIA's compiler, and what it is to make. An NVCC that the user named and that does not run is an error. Sets
#   NVCC               precious; empty: none
#   ATTN_CUDA_CODES    from --with-cuda-arch, such as "sm_80 sm_90a compute_80"
#   ATTN_NVCC_FLAGS    flags of every kernel
#   ATTN_NVCC_MAJOR    in config.h: version of the compiler, which the driver must not be older than
#   attn_no_nvcc       shell variable: why kernels cannot be compiled here; empty: they can
AC_DEFUN([ATTN_NVCC], [
AC_ARG_VAR([NVCC], [NVIDIA CUDA compiler])
AC_ARG_WITH([cuda-arch],
    [AS_HELP_STRING([--with-cuda-arch=LIST], [what the cuda backend is compiled for: machine code for sm_NN, and PTX for all from
        compute_NN on @<:@sm_80,sm_90a,compute_80@:>@])],
    [], [with_cuda_arch=sm_80,sm_90a,compute_80])
ATTN_CUDA_CODES=`AS_ECHO(["$with_cuda_arch"]) | tr , ' '`
for attn_code in $ATTN_CUDA_CODES; do
    AS_CASE([$attn_code], [sm_[[0-9]][[0-9]]* | compute_[[0-9]][[0-9]]*], [],
        [AC_MSG_ERROR([--with-cuda-arch=$with_cuda_arch: must be a list such as sm_80,sm_90a,compute_80])])
done
attn_nvcc_named=$NVCC
AC_PATH_PROG([NVCC], [nvcc], [], [$PATH$PATH_SEPARATOR/usr/local/cuda/bin])
AS_IF([test -n "$NVCC" && ! "$NVCC" --version > /dev/null 2>&1], [
    AS_IF([test -n "$attn_nvcc_named"], [AC_MSG_ERROR([NVCC=$NVCC does not run])])
    NVCC=
])
attn_no_nvcc=
AS_IF([test -z "$NVCC"], [attn_no_nvcc='nvcc not found'], [ATTN_NVCC_TRY])
AC_DEFINE_UNQUOTED([ATTN_CUDA_CODES], ["$ATTN_CUDA_CODES"], [What the CUDA kernels are compiled for.])
AC_SUBST([ATTN_CUDA_CODES])
AC_SUBST([ATTN_NVCC_FLAGS])
])

# ATTN_NVCC_TRY
# -------------
# What this nvcc can do.
AC_DEFUN([ATTN_NVCC_TRY], [
attn_nvcc_major=`"$NVCC" --version | sed -n 's/.*release \(@<:@0-9@:>@*\)\..*/\1/p'`
AC_DEFINE_UNQUOTED([ATTN_NVCC_MAJOR], [${attn_nvcc_major:-0}], [Major version of the compiler of the CUDA kernels.])
ATTN_NVCC_FLAGS='-fatbin -std=c++17 -Xptxas -v'
ATTN_NVCC_COMPILES([$ATTN_NVCC_FLAGS --compress-mode=size], [ATTN_NVCC_FLAGS="$ATTN_NVCC_FLAGS --compress-mode=size"])
for attn_code in $ATTN_CUDA_CODES; do
    AC_MSG_CHECKING([whether $NVCC compiles for $attn_code])
    ATTN_NVCC_COMPILES([$ATTN_NVCC_FLAGS -gencode arch=compute_${attn_code#*_},code=$attn_code], [AC_MSG_RESULT([yes])], [
        AC_MSG_RESULT([no])
        attn_no_nvcc="$NVCC does not compile for $attn_code"
    ])
done
])

# ATTN_NVCC_COMPILES(FLAGS, IF-SO, IF-NOT)
# ----------------------------------------
AC_DEFUN([ATTN_NVCC_COMPILES], [
AS_ECHO(['extern "C" __global__ void kernel(float *a) { *a = 1; }']) > conftest.cu
AS_ECHO(["$NVCC $1 conftest.cu"]) >&5
AS_IF(["$NVCC" $1 conftest.cu -o conftest.fatbin >&5 2>&1], [$2], [$3])
rm -f conftest.cu conftest.fatbin
])
