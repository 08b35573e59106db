# ATTN_BACKEND(NAME, DESCRIPTION, CHECK)
# --------------------------------------
# Option --enable-NAME=yes/no/auto (default auto). CHECK sets attn_why_not to the reason why the backend cannot be
# built here; empty means that it can. An explicit yes that cannot be met is an error; auto records the reason. Sets
#   ATTN_BACKEND_<NAME>        in config.h, and an Automake conditional
#   attn_backend_summary       shell variable, one line of text a backend
AC_DEFUN([ATTN_BACKEND], [
AC_ARG_ENABLE([$1],
    [AS_HELP_STRING([--enable-$1=ARG], [backend for $2: yes, no or auto @<:@auto@:>@])],
    [], [enable_$1=auto])
AS_CASE([$enable_$1], [yes | no | auto], [],
    [AC_MSG_ERROR([--enable-$1=$enable_$1: must be yes, no or auto])])
AC_MSG_CHECKING([whether to build the $1 backend])
AS_IF([test "$enable_$1" = no], [attn_why_not=disabled], [
    attn_why_not=
    $3
])
AS_IF([test -z "$attn_why_not"], [
        attn_result=yes
        AC_DEFINE(AS_TR_CPP([ATTN_BACKEND_$1]), [1], [Define to 1 to build the $1 backend.])],
    [test "$enable_$1" = yes], [
        AC_MSG_RESULT([no])
        AC_MSG_ERROR([--enable-$1: $attn_why_not])],
    [attn_result="no ($attn_why_not)"])
AC_MSG_RESULT([$attn_result])
ATTN_BACKEND_SUMMARY([$1], [$attn_result])
AM_CONDITIONAL(AS_TR_CPP([ATTN_BACKEND_$1]), [test "$attn_result" = yes])
])

# ATTN_BACKEND_ALWAYS(NAME)
# -------------------------
# A backend that needs nothing but the C compiler.
AC_DEFUN([ATTN_BACKEND_ALWAYS], [ATTN_BACKEND_SUMMARY([$1], [yes])])

# ATTN_BACKEND_SUMMARY(NAME, RESULT)
# ----------------------------------
# Adds a line to attn_backend_summary.
AC_DEFUN([ATTN_BACKEND_SUMMARY], [
AS_VAR_APPEND([attn_backend_summary], ["
    $1: $2"])
])
