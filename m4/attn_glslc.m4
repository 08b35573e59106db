# ATTN_GLSLC
# ----------
# Finds the GLSL compiler of the vulkan backend's shaders. Sets GLSLC (precious; empty: none). A GLSLC that the user
# named and that does not run is an error.
AC_DEFUN([ATTN_GLSLC], [
AC_ARG_VAR([GLSLC], [GLSL to SPIR-V compiler])
attn_glslc_named=$GLSLC
AC_PATH_PROG([GLSLC], [glslc])
AS_IF([test -n "$GLSLC" && ! "$GLSLC" --version > /dev/null 2>&1], [
    AS_IF([test -n "$attn_glslc_named"], [AC_MSG_ERROR([GLSLC=$GLSLC does not run])])
    GLSLC=
])
])
