/*
 * Results of checks as text.
 *
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE.
 */
#include "config.h"

#include "report.h"

#include <inttypes.h>
#include <string.h>

#include "tools/json.h"

enum { SKIPS_SHOWN = 10 };

void report_begin(struct report *report, enum report_form form, FILE *out, void (*before)(void *context), void *context)
{
    memset(report, 0, sizeof *report);
    report->form = form;
    report->out = out;
    report->before = before;
    report->context = context;
}

static int64_t checks(const struct report *report)
{
    return report->count[OUTCOME_PASSED] + report->count[OUTCOME_FAILED] + report->count[OUTCOME_SKIPPED];
}

/* Messages may have several lines, as the reasons of all kernels have. */
static void print_lines(FILE *out, const char *prefix, const char *text)
{
    while (*text != '\0') {
        const char *end = text;

        while (*end != '\0' && *end != '\n')
            end++;
        fprintf(out, "%s%.*s\n", prefix, (int)(end - text), text);
        text = *end == '\n' ? end + 1 : end;
    }
}

/* For the rest of a line: no line breaks, and no '#', which TAP reads as a directive. */
static void print_one_line(FILE *out, const char *text)
{
    for (; *text != '\0'; text++)
        fputc(*text == '\n' ? ';' : *text == '#' ? ' ' : *text, out);
}

static void print_plain(struct report *report, const char *target, const char *name, enum outcome outcome,
                        const char *message)
{
    if (outcome == OUTCOME_PASSED || (outcome == OUTCOME_SKIPPED && report->skips_shown++ >= SKIPS_SHOWN))
        return;
    fprintf(report->out, "%s %s %s\n", outcome == OUTCOME_FAILED ? "FAILED" : "skipped", target, name);
    print_lines(report->out, "    ", message);
}

static void print_tap(struct report *report, const char *target, const char *name, enum outcome outcome,
                      const char *message)
{
    fprintf(report->out, "%s %" PRId64 " - %s %s", outcome == OUTCOME_FAILED ? "not ok" : "ok", checks(report), target,
            name);
    if (outcome == OUTCOME_SKIPPED) {
        fputs(" # SKIP ", report->out);
        print_one_line(report->out, message);
    }
    fputc('\n', report->out);
    if (outcome == OUTCOME_FAILED)
        print_lines(report->out, "# ", message);
}

static void print_json(struct report *report, const char *target, const char *name, enum outcome outcome,
                       const char *message)
{
    static const char *const words[] = { "passed", "failed", "skipped" };

    fputs("{\"target\": ", report->out);
    json_string(report->out, target);
    fputs(", \"check\": ", report->out);
    json_string(report->out, name);
    fprintf(report->out, ", \"outcome\": \"%s\"", words[outcome]);
    if (outcome != OUTCOME_PASSED) {
        fputs(", \"message\": ", report->out);
        json_string(report->out, message);
    }
    fputs("}\n", report->out);
}

static void count_share(struct report *report, const char *target, enum outcome outcome)
{
    struct report_share *share = report->shares;
    int i = 0;

    while (i < report->share_count && strcmp(share[i].target, target) != 0)
        i++;
    if (i == REPORT_MOST_TARGETS)
        return;
    if (i == report->share_count)
        snprintf(share[report->share_count++].target, sizeof share->target, "%s", target);
    share[i].count[outcome]++;
}

void report_check(struct report *report, const char *target, const char *name, enum outcome outcome,
                  const char *message)
{
    static void (*const print[])(struct report *, const char *, const char *, enum outcome, const char *) = {
        [REPORT_PLAIN] = print_plain,
        [REPORT_TAP] = print_tap,
        [REPORT_JSON] = print_json,
    };

    report->count[outcome]++;
    count_share(report, target, outcome);
    if (report->before != NULL && (report->form != REPORT_PLAIN || outcome != OUTCOME_PASSED))
        report->before(report->context);
    print[report->form](report, target, name, outcome, message);
    if (outcome == OUTCOME_FAILED)
        fflush(report->out);
}

void report_note(struct report *report, const char *text)
{
    if (report->before != NULL)
        report->before(report->context);
    if (report->form != REPORT_JSON)
        print_lines(report->out, report->form == REPORT_TAP ? "# " : "", text);
}

static void print_counts(FILE *out, const int64_t *count)
{
    fprintf(out, "%" PRId64 " passed, %" PRId64 " failed, %" PRId64 " skipped\n", count[OUTCOME_PASSED],
            count[OUTCOME_FAILED], count[OUTCOME_SKIPPED]);
}

static void print_shares(const struct report *report)
{
    int i;

    for (i = 0; i < report->share_count; i++) {
        fprintf(report->out, "%s: ", report->shares[i].target);
        print_counts(report->out, report->shares[i].count);
    }
}

int report_end(struct report *report)
{
    const int64_t *count = report->count;

    if (report->before != NULL)
        report->before(report->context);
    if (report->form == REPORT_TAP)
        fprintf(report->out, "1..%" PRId64 "\n# ", checks(report));
    if (report->form == REPORT_PLAIN && report->skips_shown > SKIPS_SHOWN)
        fprintf(report->out, "... and %d more skipped; --tap lists all\n", report->skips_shown - SKIPS_SHOWN);
    if (report->form == REPORT_PLAIN && report->share_count > 1)
        print_shares(report);
    if (report->form == REPORT_JSON)
        fprintf(report->out, "{\"passed\": %" PRId64 ", \"failed\": %" PRId64 ", \"skipped\": %" PRId64 "}\n",
                count[OUTCOME_PASSED], count[OUTCOME_FAILED], count[OUTCOME_SKIPPED]);
    else
        print_counts(report->out, count);
    return count[OUTCOME_FAILED] > 0 || checks(report) == count[OUTCOME_SKIPPED];
}
