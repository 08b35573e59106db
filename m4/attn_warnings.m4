# ATTN_WARNINGS
# -------------
# Sets ATTN_WARNING_CFLAGS to the warnings that every object is built with; --enable-werror makes them errors.
AC_DEFUN([ATTN_WARNINGS], [
AC_ARG_ENABLE([werror],
    [AS_HELP_STRING([--enable-werror], [treat compiler warnings as errors @<:@no@:>@])],
    [], [enable_werror=no])
ATTN_WARNING_CFLAGS=
ATTN_CC_FLAG([ATTN_WARNING_CFLAGS], [-Wall])
ATTN_CC_FLAG([ATTN_WARNING_CFLAGS], [-Wextra])
ATTN_CC_FLAG([ATTN_WARNING_CFLAGS], [-Wshadow])
ATTN_CC_FLAG([ATTN_WARNING_CFLAGS], [-Wstrict-prototypes])
ATTN_CC_FLAG([ATTN_WARNING_CFLAGS], [-Wmissing-prototypes])
AS_IF([test "$enable_werror" != no], [AS_VAR_APPEND([ATTN_WARNING_CFLAGS], [" -Werror"])])
AC_SUBST([ATTN_WARNING_CFLAGS])
])
