# ATTN_SUMMARY
# ------------
# Prints what was configured.
AC_DEFUN([ATTN_SUMMARY], [
AS_IF([test "$attn_cmocka" = yes], [attn_unit=yes], [attn_unit='skipped (cmocka not found)'])
AC_MSG_NOTICE([

  $PACKAGE_NAME $PACKAGE_VERSION

  host              $host
  compiler          $CC
  flags             $ATTN_OPTIMIZE_CFLAGS $CFLAGS
  kernel flags      $ATTN_KERNEL_CFLAGS
  CPU kernels       c$attn_isas
  OpenMP            $attn_openmp
  shared, static    $enable_shared, $enable_static
  symbol versions   $attn_cv_version_script
  sanitizers        $enable_sanitizers
  fuzzers           $enable_fuzzers
  unit tests        $attn_unit
  NVCC              ${NVCC:-not found}
  GLSLC             ${GLSLC:-not found}
  optional shaders ${attn_shaders:- none}
  install in        $prefix

  backends$attn_backend_summary
])
])
