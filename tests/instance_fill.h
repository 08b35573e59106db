/*
 * What the bytes of an instance hold.
 *
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE.
 */
#ifndef ATTN_TESTS_INSTANCE_FILL_H
#define ATTN_TESTS_INSTANCE_FILL_H

#include "instance.h"

/* Every element the poison of its type: what is still so after a run was not written. */
void fill_output(struct operand *operand);

/* NaN and both infinities in turn; integers out of any range. */
void fill_unused(struct operand *operand);

/* The inputs that the problem uses, everything else staying as it is. */
void fill_inputs(struct instance *instance);

#endif
