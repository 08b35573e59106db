/* Loops that reach memory. For GPUs they are unrolled. Where the device is a CPU, each load and store becomes a loop of its own over the
 * invocations, and a compiler's time grows faster than their number: COMPACT kernels keep such loops.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#ifndef ATTN_UNROLL_GLSL
#define ATTN_UNROLL_GLSL

#extension GL_EXT_control_flow_attributes : require

#ifdef COMPACT
#define UNROLL [[dont_unroll]]
#else
#define UNROLL [[unroll]]
#endif

#endif
