/* Cuts the lists that would keep one thread busy while the others have nothing left to do.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#ifndef ATTN_LIB_FORMS_CUT_H
#define ATTN_LIB_FORMS_CUT_H

#include "forms.h"

/* Fills in the long lists. Cuts are at absolute keys, and a kernel that merges chunks does so in ascending order whether a
 * list is cut or not: so that no bit of its results depends on `threads`. */
attn_status attn_forms_cut(attn_forms *forms, const attn_shape *shape, const struct attn_kernel *kernel, int threads);

#endif
