# ATTN_VISIBILITY
# ---------------
# Sets ATTN_VISIBILITY_CFLAGS to the flag that hides every symbol not marked ATTN_API, if the compiler has one.
AC_DEFUN([ATTN_VISIBILITY], [
ATTN_VISIBILITY_CFLAGS=
ATTN_CC_FLAG([ATTN_VISIBILITY_CFLAGS], [-fvisibility=hidden])
AC_SUBST([ATTN_VISIBILITY_CFLAGS])
])
