# ATTN_DLOPEN
# -----------
# Adds to LIBS what dlopen needs; nothing where libc has it. Sets the shell variable attn_no_dlopen to the reason why
# drivers cannot be loaded at run time; empty: they can.
AC_DEFUN([ATTN_DLOPEN], [
attn_no_dlopen=
AS_CASE([$host_os], [mingw* | cygwin* | msys*], [], [
    AC_SEARCH_LIBS([dlopen], [dl], [], [attn_no_dlopen='no dlopen here'])
])
])
