# ATTN_ISA(NAME, CPUS, FLAGS, HEADER, STATEMENTS)
# -----------------------------------------------
# Decides whether the cpu backend gets tile kernels for instruction set NAME: the host CPU matches the shell pattern
# CPUS and STATEMENTS compile with FLAGS. Sets
#   ATTN_HAVE_<NAME>      in config.h, and an Automake conditional
#   ATTN_<NAME>_CFLAGS    FLAGS, for that instruction set's objects only
#   attn_isas             shell variable, list of the names that are built (the portable c is always there)
# The CPU that runs the library is asked again at run time.
AC_DEFUN([ATTN_ISA], [
AC_CACHE_CHECK([whether to build $1 kernels], [attn_cv_isa_$1], [
    attn_cv_isa_$1=no
    AS_CASE([$host_cpu], [$2], [
        attn_save_CFLAGS=$CFLAGS
        CFLAGS="$CFLAGS $3"
        AC_COMPILE_IFELSE([AC_LANG_PROGRAM([[#include <$4>]], [[$5]])], [attn_cv_isa_$1=yes])
        CFLAGS=$attn_save_CFLAGS
    ])
])
AS_IF([test "$attn_cv_isa_$1" = yes], [
    AC_DEFINE(AS_TR_CPP([ATTN_HAVE_$1]), [1], [Define to 1 to build the $1 kernels of the cpu backend.])
    AS_VAR_APPEND([attn_isas], [" $1"])
])
AC_SUBST(AS_TR_CPP([ATTN_$1_CFLAGS]), ["$3"])
AM_CONDITIONAL(AS_TR_CPP([ATTN_HAVE_$1]), [test "$attn_cv_isa_$1" = yes])
])
