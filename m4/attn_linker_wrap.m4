# ATTN_LINKER_WRAP
# ----------------
# The conditional HAVE_LINKER_WRAP tells whether the linker has --wrap, by which tests make malloc fail.
AC_DEFUN([ATTN_LINKER_WRAP], [
AC_CACHE_CHECK([whether the linker has --wrap], [attn_cv_linker_wrap], [
    attn_save_LDFLAGS=$LDFLAGS
    LDFLAGS="$LDFLAGS -Wl,--wrap=puts"
    AC_LINK_IFELSE([AC_LANG_PROGRAM([[
            #include <stdio.h>
            int __wrap_puts(const char *text);
            int __real_puts(const char *text);
            int __wrap_puts(const char *text) { return __real_puts(text); }]], [[return puts("");]])],
        [attn_cv_linker_wrap=yes], [attn_cv_linker_wrap=no])
    LDFLAGS=$attn_save_LDFLAGS
])
AM_CONDITIONAL([HAVE_LINKER_WRAP], [test "$attn_cv_linker_wrap" = yes])
])
