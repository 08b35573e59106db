# ATTN_VERSION_SCRIPT
# -------------------
# Sets the conditional HAVE_VERSION_SCRIPT: the linker takes a symbol map (lib/attn.map).
AC_DEFUN([ATTN_VERSION_SCRIPT], [
AC_CACHE_CHECK([whether the linker takes a version script], [attn_cv_version_script], [
    echo 'CONFTEST_1 { global: main; local: *; };' > conftest.map
    attn_save_LDFLAGS=$LDFLAGS
    LDFLAGS="$LDFLAGS -Wl,--version-script=conftest.map"
    AC_LINK_IFELSE([AC_LANG_PROGRAM([], [])], [attn_cv_version_script=yes], [attn_cv_version_script=no])
    LDFLAGS=$attn_save_LDFLAGS
    rm -f conftest.map
])
AM_CONDITIONAL([HAVE_VERSION_SCRIPT], [test "$attn_cv_version_script" = yes])
])
