# ATTN_PTHREAD
# ------------
# Sets PTHREAD_LIBS to what a program that calls pthread_create links; empty where libc has it. Only the program attn
# and the tests do: the library's threads are OpenMP's.
AC_DEFUN([ATTN_PTHREAD], [
attn_save_LIBS=$LIBS
LIBS=
AC_SEARCH_LIBS([pthread_create], [pthread])
PTHREAD_LIBS=$LIBS
LIBS=$attn_save_LIBS
AC_SUBST([PTHREAD_LIBS])
])
