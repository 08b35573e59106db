# ATTN_OPENMP
# -----------
# --enable-openmp=yes/no/auto. Sets OPENMP_CFLAGS and the summary text attn_openmp; an explicit yes without OpenMP is
# an error. The option itself comes from AC_OPENMP. Without OpenMP its pragmas are ignored silently: call this after
# ATTN_WARNINGS.
AC_DEFUN([ATTN_OPENMP], [
AC_OPENMP
AS_IF([test "$enable_openmp" = no], [attn_openmp='no (disabled)'],
      [test "$ac_cv_prog_c_openmp" = unsupported], [
          AS_IF([test "$enable_openmp" = yes], [AC_MSG_ERROR([--enable-openmp: $CC has no OpenMP])])
          attn_openmp='no (the compiler has none): one thread'],
      [attn_openmp="yes ($OPENMP_CFLAGS)"])
AS_IF([test -z "$OPENMP_CFLAGS"], [ATTN_CC_FLAG([ATTN_WARNING_CFLAGS], [-Wno-unknown-pragmas])])
])
