# ATTN_OPTIMIZE
# -------------
# Sets ATTN_OPTIMIZE_CFLAGS (everything) and ATTN_KERNEL_CFLAGS (the tile kernels; precious).
#
# Automake puts CFLAGS behind a target's own flags, so the -O2 that configure and distributions set by default would
# undo the kernels' -O3. Such an -O2 therefore moves from CFLAGS to ATTN_OPTIMIZE_CFLAGS, in front. Any other level
# (-O0, -Og, -Os, ...) is a wish of the user's and stays in CFLAGS, where it holds for the kernels too; so does
# `make CFLAGS=-O2`.
AC_DEFUN([ATTN_OPTIMIZE], [
ATTN_OPTIMIZE_CFLAGS=
attn_kept=
for attn_flag in $CFLAGS; do
    AS_CASE([$attn_flag],
        [-O2], [ATTN_OPTIMIZE_CFLAGS=-O2],
        [AS_VAR_APPEND([attn_kept], ["${attn_kept:+ }$attn_flag"])])
done
CFLAGS=$attn_kept
AC_SUBST([ATTN_OPTIMIZE_CFLAGS])
AC_ARG_VAR([ATTN_KERNEL_CFLAGS], [flags of the CPU tile kernels @<:@-O3 -fno-math-errno -fno-trapping-math@:>@])
AS_IF([test "${ATTN_KERNEL_CFLAGS+set}" != set], [
    ATTN_CC_FLAG([ATTN_KERNEL_CFLAGS], [-O3])
    ATTN_CC_FLAG([ATTN_KERNEL_CFLAGS], [-fno-math-errno])
    ATTN_CC_FLAG([ATTN_KERNEL_CFLAGS], [-fno-trapping-math])
])
])
