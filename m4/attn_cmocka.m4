# ATTN_CMOCKA
# -----------
# Finds cmocka for the unit tests. Sets CMOCKA_LIBS and the conditional HAVE_CMOCKA; without it `make check` reports
# the unit tests as skipped.
AC_DEFUN([ATTN_CMOCKA], [
attn_cmocka=no
CMOCKA_LIBS=
AC_CHECK_HEADER([cmocka.h],
    [AC_CHECK_LIB([cmocka], [_cmocka_run_group_tests], [attn_cmocka=yes; CMOCKA_LIBS=-lcmocka])], [],
    [#include <setjmp.h>
     #include <stdarg.h>
     #include <stddef.h>
     #include <stdint.h>])
AC_SUBST([CMOCKA_LIBS])
AM_CONDITIONAL([HAVE_CMOCKA], [test "$attn_cmocka" = yes])
])
