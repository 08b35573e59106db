/* OpenCL C as texts: embed.sh makes texts.c of every *.cl that backends/Makefile.inc lists. The
 * text of forward.cl is attn_opencl_text_forward; each has a line here.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#ifndef ATTN_OPENCL_TEXTS_H
#define ATTN_OPENCL_TEXTS_H

extern const char attn_opencl_text_dialect[], attn_opencl_text_shared[], attn_opencl_text_storage[],
    attn_opencl_text_visible[], attn_opencl_text_sequence[], attn_opencl_text_item[], attn_opencl_text_forward[],
    attn_opencl_text_ptx[], attn_opencl_text_copies[], attn_opencl_text_rows[], attn_opencl_text_forward_mma[],
    attn_opencl_text_forward_few[], attn_opencl_text_merge_parts[], attn_opencl_text_merge[];

#endif
