/*
 * Properties that attention has whatever the inputs are, checked without an oracle.
 *
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE.
 */
#ifndef ATTN_TESTS_PROPERTIES_H
#define ATTN_TESTS_PROPERTIES_H

#include "report.h"

/* One property on the cases that a line of the case language expands to. */
struct property {
    const char *name;
    enum outcome (*check)(const struct target *target, struct instance *in, char *message);
    const char *cases;
};

extern const struct property properties_numeric[], properties_bits[], properties_merge[],
    properties_pattern[]; /* ended by name NULL */

/* Checks the properties whose name ("property/NAME/CASE") `wanted` accepts. */
void properties_check(struct report *report, const struct target *target, uint64_t seed,
                      int (*wanted)(const char *name, void *context), void *context);

/* ---- for the files that hold properties ---------------------------------------------------------------------- */

/* Largest difference in o that two computations of one thing may have: that of two roundings of its type. */
double property_tolerance(const struct instance *in);

/* Compares o within the tolerance, and lse plus `lse_shift` if wanted. */
enum outcome property_close(const struct instance *in, const struct result *a, const struct result *b, double lse_shift,
                            const char *what, char *message);

/* Makes a case of one sequence: rows first .. first + rows - 1 of sequence b of `from`, its first `keys` keys. */
struct attention_case property_part(const struct attention_case *from, int64_t rows, int64_t keys);

/* Copies to `part`, which was made from such a case, what those rows and keys hold. */
void property_transplant(const struct instance *from, int64_t b, int64_t first, struct instance *part);

/* Runs the part of `whole` and compares its bits with the same rows of `expected`. */
enum outcome property_same_part(const struct target *target, const struct instance *whole,
                                const struct result *expected, int64_t b, int64_t first, int64_t rows, int64_t keys,
                                char *message);

#endif
