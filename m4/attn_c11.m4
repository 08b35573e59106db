# ATTN_C11
# --------
# Makes sure that $CC compiles C11, adding -std=gnu11 if it needs that (autoconf 2.69 knows only C99). It is an error
# if it cannot.
AC_DEFUN([ATTN_C11], [
AC_CACHE_CHECK([for the option that makes $CC compile C11], [attn_cv_c11], [
    attn_cv_c11=unsupported
    attn_save_CC=$CC
    for attn_flag in '' -std=gnu11; do
        CC="$attn_save_CC $attn_flag"
        AC_COMPILE_IFELSE([AC_LANG_PROGRAM([[
            #if __STDC_VERSION__ < 201112L
            #error "not C11"
            #endif
            _Static_assert(sizeof(char) == 1, "");
            _Thread_local int per_thread;
            ]], [[]])], [attn_cv_c11=${attn_flag:-none needed}; break])
    done
    CC=$attn_save_CC
])
AS_CASE([$attn_cv_c11],
    [unsupported], [AC_MSG_ERROR([$CC does not compile C11])],
    ['none needed'], [],
    [CC="$CC $attn_cv_c11"])
])
