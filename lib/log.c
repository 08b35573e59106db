/* The verbose log on stderr.
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE. */
#include "config.h"

#include "log.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "backend.h"

int attn_log_level(void)
{
    const char *text = getenv("ATTN_VERBOSE");
    return text ? atoi(text) : 0;
}

void attn_log_line(const char *format, ...)
{
    char text[1024];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    fprintf(stderr, "attn: %s\n", text);
}

void attn_log_plan(const attn_plan *plan)
{
    char text[4096];
    attn_plan_explain(plan, text, sizeof text);
    fprintf(stderr, "attn: plan %s\n", text);
}

double attn_log_clock(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

void attn_log_run(const attn_plan *plan, attn_status status, double seconds)
{
    fprintf(stderr, "attn: run device %s, kernel %s: %s, %.1f us\n", plan->device->info.name, plan->kernel->name,
            attn_status_string(status), 1e6 * seconds);
}
