/* The verbose log on stderr. 1: every plan; 2: every run with its time too.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#ifndef ATTN_LIB_LOG_H
#define ATTN_LIB_LOG_H

#include "attn.h"
#include "status.h"

/* ATTN_VERBOSE as a number; 0 when unset or not a number. */
int attn_log_level(void);

/* One line behind "attn: "; callers ask their device's `verbose`, or attn_log_level(). */
void attn_log_line(const char *format, ...) ATTN_PRINTF(1, 2);

void attn_log_plan(const attn_plan *plan);

/* Seconds of a clock that never steps back. */
double attn_log_clock(void);
void attn_log_run(const attn_plan *plan, attn_status status, double seconds);

#endif
