# ATTN_GLSLC
# ----------
# Finds the GLSL compiler of the vulkan backend's shaders, and what it can compile. Sets
#   GLSLC           precious; empty: none. One that the user named and that does not run is an error
#   ATTN_GLSLC      an Automake conditional: shaders are compiled here; else a release's are taken
#   attn_shaders    shell variable: the optional shaders that there will be
#   attn_no_spirv   shell variable: why there are no shaders; empty: there are
AC_DEFUN([ATTN_GLSLC], [
AC_ARG_VAR([GLSLC], [GLSL to SPIR-V compiler])
AC_ARG_VAR([GLSLCFLAGS], [flags of the shaders @<:@-O@:>@])
AS_IF([test "${GLSLCFLAGS+set}" != set], [GLSLCFLAGS=-O])
attn_glslc_named=$GLSLC
AC_PATH_PROG([GLSLC], [glslc])
AS_IF([test -n "$GLSLC" && ! "$GLSLC" --version > /dev/null 2>&1], [
    AS_IF([test -n "$attn_glslc_named"], [AC_MSG_ERROR([GLSLC=$GLSLC does not run])])
    GLSLC=
])
attn_spirv=no attn_no_spirv='glslc not found'
AS_IF([test -n "$GLSLC"], [
    attn_no_spirv="$GLSLC does not compile 64-bit addresses"
    ATTN_GLSLC_FEATURE([address], [64-bit addresses], [vulkan1.1],
        [GL_EXT_buffer_reference GL_EXT_shader_explicit_arithmetic_types_int64],
        [uint64_t a = 1ul; a += a;], [attn_spirv=yes attn_no_spirv=])
])
AS_IF([test -f "$srcdir/shaders/spirv/forward.inc"], [attn_no_spirv=])
AM_CONDITIONAL([ATTN_GLSLC], [test $attn_spirv = yes])
ATTN_SPIRV([coopmat], [cooperative matrices], [vulkan1.1],
    [GL_KHR_cooperative_matrix GL_KHR_memory_scope_semantics],
    [coopmat<float, gl_ScopeSubgroup, 16, 16, gl_MatrixUseAccumulator> a;])
ATTN_SPIRV([coopmat2], [reductions of cooperative matrices], [vulkan1.3],
    [GL_KHR_cooperative_matrix GL_KHR_memory_scope_semantics GL_NV_cooperative_matrix2],
    [tensorLayoutNV<2> a = createTensorLayoutNV(2);])
])

# ATTN_SPIRV(NAME, DESCRIPTION, TARGET, EXTENSIONS, STATEMENTS)
# ---------------------------------------------------------------
# Whether there will be the shader flash_NAME: GLSLC compiles what it needs, or a release has it. Sets
#   ATTN_SPIRV_<NAME>   in config.h, and an Automake conditional: there will be
#   ATTN_GLSLC_<NAME>   an Automake conditional: it is compiled here
AC_DEFUN([ATTN_SPIRV], [
attn_compiles=no attn_has=no
AS_IF([test $attn_spirv = yes], [ATTN_GLSLC_FEATURE([$1], [$2], [$3], [$4], [$5], [attn_compiles=yes])])
AS_IF([test $attn_compiles = yes || test -f "$srcdir/shaders/spirv/flash_$1.inc"], [
    attn_has=yes
    AC_DEFINE(AS_TR_CPP([ATTN_SPIRV_$1]), [1], [Define to 1 to build the shader flash_$1.])
    AS_VAR_APPEND([attn_shaders], [" $1"])
])
AM_CONDITIONAL(AS_TR_CPP([ATTN_GLSLC_$1]), [test $attn_compiles = yes])
AM_CONDITIONAL(AS_TR_CPP([ATTN_SPIRV_$1]), [test $attn_has = yes])
])

# ATTN_GLSLC_FEATURE(NAME, DESCRIPTION, TARGET, EXTENSIONS, STATEMENTS, IF-SO)
# ------------------------------------------------------------------------------
# Whether GLSLC compiles STATEMENTS with GLSL's EXTENSIONS for the target environment.
AC_DEFUN([ATTN_GLSLC_FEATURE], [
AC_CACHE_CHECK([whether glslc compiles $2], [attn_cv_glslc_$1], [
    {
        AS_ECHO(['#version 450'])
        for attn_extension in $4; do
            AS_ECHO(["#extension $attn_extension : require"])
        done
        AS_ECHO(['void main() { $5 }'])
    } > conftest.comp
    AS_IF(["$GLSLC" --target-env=$3 conftest.comp -o conftest.spv >&AS_MESSAGE_LOG_FD 2>&1],
        [attn_cv_glslc_$1=yes], [attn_cv_glslc_$1=no])
    rm -f conftest.comp conftest.spv
])
AS_IF([test $attn_cv_glslc_$1 = yes], [$6])
])
