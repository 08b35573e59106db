# ATTN_NVCC
# ---------
# Finds NVIDIA's compiler. Sets NVCC (precious; empty: none), ATTN_CUDA_ARCH (list of SM numbers from
# --with-cuda-arch) and ATTN_NVCC_FLAGS made from it. An NVCC that the user named and that does not run is an error.
AC_DEFUN([ATTN_NVCC], [
AC_ARG_VAR([NVCC], [NVIDIA CUDA compiler])
AC_ARG_WITH([cuda-arch],
    [AS_HELP_STRING([--with-cuda-arch=LIST], [comma-separated SM numbers for the cuda backend @<:@80,90@:>@])],
    [], [with_cuda_arch=80,90])
AS_CASE([$with_cuda_arch], [yes | no | '' | *[[!0-9a-f,]]*],
    [AC_MSG_ERROR([--with-cuda-arch=$with_cuda_arch: must be a list such as 80,90])])
attn_nvcc_named=$NVCC
AC_PATH_PROG([NVCC], [nvcc], [], [$PATH$PATH_SEPARATOR/usr/local/cuda/bin])
AS_IF([test -n "$NVCC" && ! "$NVCC" --version > /dev/null 2>&1], [
    AS_IF([test -n "$attn_nvcc_named"], [AC_MSG_ERROR([NVCC=$NVCC does not run])])
    NVCC=
])
ATTN_CUDA_ARCH=`AS_ECHO(["$with_cuda_arch"]) | tr , ' '`
ATTN_NVCC_FLAGS=
for attn_arch in $ATTN_CUDA_ARCH; do
    AS_VAR_APPEND([ATTN_NVCC_FLAGS], [" -gencode arch=compute_$attn_arch,code=sm_$attn_arch"])
done
AC_SUBST([ATTN_CUDA_ARCH])
AC_SUBST([ATTN_NVCC_FLAGS])
])
