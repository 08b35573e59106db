# ATTN_CC_FLAG(VARIABLE, FLAG)
# ----------------------------
# Appends FLAG to the shell variable VARIABLE if the C compiler takes it without complaint.
AC_DEFUN([ATTN_CC_FLAG], [
AS_VAR_PUSHDEF([attn_cache], [attn_cv_cc_flag_$2])
AC_CACHE_CHECK([whether $CC accepts $2], [attn_cache], [
    attn_save_CFLAGS=$CFLAGS
    CFLAGS="$CFLAGS -Werror $2"
    AC_COMPILE_IFELSE([AC_LANG_PROGRAM([], [])], [AS_VAR_SET([attn_cache], [yes])], [AS_VAR_SET([attn_cache], [no])])
    CFLAGS=$attn_save_CFLAGS
])
AS_VAR_IF([attn_cache], [yes], [AS_VAR_APPEND([$1], [" $2"])])
AS_VAR_POPDEF([attn_cache])
])
