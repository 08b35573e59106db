# ATTN_SANITIZERS
# ---------------
# --enable-sanitizers adds the address and undefined behaviour sanitizers to CFLAGS and LDFLAGS. The first finding of
# either ends the program with a failure.
AC_DEFUN([ATTN_SANITIZERS], [
AC_ARG_ENABLE([sanitizers],
    [AS_HELP_STRING([--enable-sanitizers], [build with the address and undefined behaviour sanitizers @<:@no@:>@])],
    [], [enable_sanitizers=no])
AS_IF([test "$enable_sanitizers" != no], [
    attn_sanitize='-fsanitize=address,undefined -fno-sanitize-recover=all'
    CFLAGS="$CFLAGS $attn_sanitize -fno-omit-frame-pointer"
    LDFLAGS="$LDFLAGS $attn_sanitize"
    # Checks in every access of unrolled kernels would keep the compiler busy for minutes.
    AS_VAR_APPEND([ATTN_KERNEL_CFLAGS], [" -O1 -DATTN_NO_UNROLL"])
    AC_MSG_CHECKING([whether $CC links with $attn_sanitize])
    AC_LINK_IFELSE([AC_LANG_PROGRAM([], [])], [AC_MSG_RESULT([yes])], [
        AC_MSG_RESULT([no])
        AC_MSG_ERROR([--enable-sanitizers: $CC has no sanitizer runtime])
    ])
])
])
