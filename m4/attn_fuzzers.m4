# ATTN_FUZZERS
# ------------
# --enable-fuzzers builds the libFuzzer targets tests/fuzz_*; needs clang. Sets the conditional ATTN_FUZZERS and
# ATTN_FUZZER_LDFLAGS; instruments every object through CFLAGS.
AC_DEFUN([ATTN_FUZZERS], [
AC_ARG_ENABLE([fuzzers],
    [AS_HELP_STRING([--enable-fuzzers], [build the libFuzzer targets; needs clang @<:@no@:>@])],
    [], [enable_fuzzers=no])
AS_IF([test "$enable_fuzzers" != no], [
    attn_save_CFLAGS=$CFLAGS
    CFLAGS="$CFLAGS -fsanitize=fuzzer"
    AC_MSG_CHECKING([whether $CC links with -fsanitize=fuzzer])
    AC_LINK_IFELSE([AC_LANG_SOURCE([[
        #include <stddef.h>
        #include <stdint.h>
        int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) { return data == NULL && size != 0; }]])],
        [AC_MSG_RESULT([yes])],
        [AC_MSG_RESULT([no])
         AC_MSG_ERROR([--enable-fuzzers: $CC has no libFuzzer; use clang])])
    CFLAGS="$attn_save_CFLAGS -fsanitize=fuzzer-no-link"
])
AC_SUBST([ATTN_FUZZER_LDFLAGS], [-fsanitize=fuzzer])
AM_CONDITIONAL([ATTN_FUZZERS], [test "$enable_fuzzers" != no])
])
