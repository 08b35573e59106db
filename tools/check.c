/*
 * attn check: every case on every device, at every instruction set level, against the definition of attention.
 *
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE.
 */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "commands.h"
#include "options.h"
#include "progress.h"
#include "tests/conform.h"
#include "tests/errors.h"
#include "tests/properties.h"
#include "tests/report.h"

enum { MOST_TARGETS = 32 };

/* The reference is compared with the definition up to this much work: float64, pair by pair. */
static const double DEFINITION_WORK = 2e7;

static const char *const levels[] = { "quick", "full", "huge", NULL };

/* Of the device "cpu". */
static const char *const isa_levels[] = { "c", "avx2", "avx512", "amx", "neon" };
enum { ISA_LEVELS = sizeof isa_levels / sizeof *isa_levels };

struct settings {
    const char *device, *kernel, *isa, *filter;
    int level, tap, json, support, list;
    int64_t shard[2]; /* number and count */
    int64_t seed;
};

static const struct option_row rows[] = {
    OPTION_ROW_STRING("device", struct settings, device, "NAME",
                      "check this device, or these, separated by commas; default: all but reference"),
    OPTION_ROW_STRING("kernel", struct settings, kernel, "NAME",
                      "only this kernel, of the devices that have it (see 'attn devices --kernels')"),
    OPTION_ROW_STRING("isa", struct settings, isa, "LEVEL",
                      "level of device cpu: c, avx2, avx512, amx, neon or all; default: ATTN_CPU_ISA, else all"),
    OPTION_ROW_STRING("filter", struct settings, filter, "TEXT",
                      "only checks whose name holds TEXT; * and ? match any"),
    OPTION_ROW_PAIR("shard", struct settings, shard, "I,N", 1, 1024,
                    "only the I-th of N parts of the checks, for processes that share them"),
    OPTION_ROW_CHOICE("level", struct settings, level, levels, "how much; each holds the ones before it"),
    OPTION_ROW_FLAG("tap", struct settings, tap, "Test Anything Protocol, every check a line"),
    OPTION_ROW_FLAG("json", struct settings, json, "every check a line of JSON"),
    OPTION_ROW_FLAG("support", struct settings, support, "print which device does what, as a Markdown table, and stop"),
    OPTION_ROW_FLAG("list", struct settings, list, "print the names of the cases and stop"),
    OPTION_ROW_INT("seed", struct settings, seed, "N", 0, INT64_MAX, "of the inputs; default 0"),
    OPTION_ROW_END
};

struct check {
    struct settings settings;
    struct target targets[MOST_TARGETS], reference;
    int target_count;
    struct report report;
    struct progress progress;
    int64_t done;
};

/* ---- which checks ---------------------------------------------------------------------------------------------- */

static int glob(const char *pattern, const char *text)
{
    if (*pattern == '*')
        return glob(pattern + 1, text) || (*text != '\0' && glob(pattern, text + 1));
    if (*pattern == '\0' || *text == '\0')
        return *pattern == *text;
    return (*pattern == '?' || *pattern == *text) && glob(pattern + 1, text + 1);
}

/* By the name alone (FNV-1a), so that each check is in one shard. */
static int in_shard(const int64_t shard[2], const char *name)
{
    uint32_t hash = UINT32_C(2166136261);

    for (; *name != '\0'; name++)
        hash = (hash ^ (unsigned char)*name) * UINT32_C(16777619);
    return (hash >> 16) % (uint32_t)shard[1] == (uint32_t)shard[0] - 1;
}

/* The filter is a substring, or with wildcards the whole name. */
static int wanted(const char *name, void *context)
{
    const struct settings *settings = &((const struct check *)context)->settings;
    const char *filter = settings->filter;

    if (!in_shard(settings->shard, name))
        return 0;
    if (filter == NULL)
        return 1;
    return strpbrk(filter, "*?") != NULL ? glob(filter, name) : strstr(name, filter) != NULL;
}

static int case_wanted(struct check *check, const struct attention_case *c)
{
    return (int)c->level <= check->settings.level && wanted(c->name, check);
}

static int list_cases(struct check *check)
{
    int i;

    for (i = 0; i < cases_count(); i++)
        if (case_wanted(check, cases_get(i)))
            puts(cases_get(i)->name);
    return EXIT_OK;
}

/* ---- which devices --------------------------------------------------------------------------------------------- */

/* A device that is listed must open; an instruction set level that this machine or build lacks need not. Devices without the
 * kernel that is asked for are left out. */
static void add_target(struct check *check, const char *name, const char *isa)
{
    struct target *target = &check->targets[check->target_count];
    char text[MESSAGE];
    attn_status status;

    if (check->target_count == MOST_TARGETS)
        return;
    status = target_open(target, name, isa);
    if (!status && check->settings.kernel != NULL && !target_set_kernel(target, check->settings.kernel)) {
        target_close(target);
        return;
    }
    if (!status) {
        check->target_count++;
        snprintf(text, sizeof text, "%s: %s", target->label, target->info.description);
        report_note(&check->report, text);
        return;
    }
    snprintf(text, sizeof text, "%s%s%s: %s: %s", name, isa != NULL ? "/" : "", isa != NULL ? isa : "",
             attn_status_string(status), attn_reason());
    if (status == ATTN_NO_DEVICE && isa != NULL && check->settings.isa == NULL)
        report_note(&check->report, text);
    else
        report_check(&check->report, name, "open", OUTCOME_FAILED, text);
}

static int is_cpu(const char *name)
{
    return strcmp(name, "cpu") == 0 || strcmp(name, "cpu:0") == 0;
}

/* The device, or for "cpu" its levels. The environment is left as it was. */
static void add_levels(struct check *check, const char *name)
{
    const char *given = getenv("ATTN_CPU_ISA"), *isa = check->settings.isa;
    int all = check->settings.kernel == NULL && is_cpu(name) && (isa != NULL ? strcmp(isa, "all") == 0 : given == NULL),
        i;
    char before[64];

    snprintf(before, sizeof before, "%s", given != NULL ? given : "");
    if (all)
        check->settings.isa = NULL;
    for (i = 0; all && i < ISA_LEVELS; i++)
        add_target(check, name, isa_levels[i]);
    if (!all)
        add_target(check, name, is_cpu(name) ? (isa != NULL ? isa : given) : NULL);
    target_set_isa(before);
}

static void add_given(struct check *check, const char *names)
{
    char name[64];

    while (names != NULL) {
        size_t length = strcspn(names, ",");

        snprintf(name, sizeof name, "%.*s", (int)length, names);
        add_levels(check, name);
        names = names[length] == ',' ? names + length + 1 : NULL;
    }
}

static void add_targets(struct check *check)
{
    int i;

    if (check->settings.device != NULL) {
        add_given(check, check->settings.device);
        return;
    }
    for (i = 0; i < attn_device_count(); i++) {
        attn_device_info info = ATTN_DEVICE_INFO_INIT;

        if (attn_device_describe(i, &info))
            report_check(&check->report, "devices", "describe", OUTCOME_FAILED, attn_reason());
        else if (strcmp(info.name, "reference") != 0)
            add_levels(check, info.name);
    }
}

/* ---- cases ----------------------------------------------------------------------------------------------------- */

static void check_definition(struct check *check, const struct instance *in, const struct expectation *expectation)
{
    char name[CASE_NAME + 16], message[MESSAGE] = "out of memory";
    enum outcome outcome = OUTCOME_FAILED;
    struct result definition;

    if (oracle_work(in->c) > DEFINITION_WORK)
        return;
    if (oracle_definition(in, &definition) == 0) {
        outcome = conform_compare_definition(in, &expectation->exact, &definition, message);
        result_destroy(&definition);
    }
    snprintf(name, sizeof name, "definition/%s", in->c->name);
    report_check(&check->report, "reference", name, outcome, message);
}

static void check_target(struct check *check, const struct target *target, const struct instance *in,
                         const struct expectation *expectation)
{
    char message[MESSAGE] = "";
    struct result result;
    enum outcome outcome = conform_run(target, in, &result, message);

    if (outcome == OUTCOME_PASSED) {
        outcome = conform_compare(in, expectation, &result, message);
        result_destroy(&result);
    }
    report_check(&check->report, target->label, in->c->name, outcome, message);
}

static void check_case(struct check *check, const struct attention_case *c)
{
    struct instance *in = instance_create(c, (uint64_t)check->settings.seed);
    struct expectation expectation;
    char message[MESSAGE] = "out of memory";
    int i;

    if (in == NULL || expectation_create(&expectation, &check->reference, in, message) != OUTCOME_PASSED) {
        report_check(&check->report, "reference", c->name, OUTCOME_FAILED, message);
        instance_destroy(in);
        return;
    }
    check_definition(check, in, &expectation);
    for (i = 0; i < check->target_count; i++)
        check_target(check, &check->targets[i], in, &expectation);
    expectation_destroy(&expectation);
    instance_destroy(in);
}

/* Neighbours run the same kernels. So shards begin apart, and find in the drivers' caches what others compiled. */
static void check_cases(struct check *check)
{
    const int64_t *shard = check->settings.shard;
    int count = cases_count(), first = (int)(count * (shard[0] - 1) / shard[1]), i;

    for (i = 0; i < count; i++) {
        const struct attention_case *c = cases_get((first + i) % count);

        if (!case_wanted(check, c))
            continue;
        progress_step(&check->progress, check->done++, c->name);
        check_case(check, c);
    }
}

static void check_rest(struct check *check)
{
    int i;

    for (i = 0; i < check->target_count; i++) {
        progress_step(&check->progress, check->done++, "properties and errors");
        properties_check(&check->report, &check->targets[i], (uint64_t)check->settings.seed, wanted, check);
        errors_check(&check->report, &check->targets[i], wanted, check);
    }
}

static int64_t count_steps(struct check *check)
{
    int64_t steps = check->target_count;
    int i;

    for (i = 0; i < cases_count(); i++)
        steps += case_wanted(check, cases_get(i));
    return steps;
}

/* ---- the support table ------------------------------------------------------------------------------------------ */

/* Text for a table cell: one line, no column separators. */
static void print_cell(const char *text)
{
    for (; *text != '\0'; text++)
        putchar(*text == '\n' || *text == '|' ? ';' : *text);
}

static attn_status plan_case(attn_device *device, const struct attention_case *c)
{
    struct case_pattern pattern;
    attn_problem problem;
    attn_plan *plan = NULL;
    attn_status status = case_pattern_create(c, &pattern);

    case_problem(c, &problem);
    case_pattern_attach(&pattern, &problem);
    if (!status)
        status = attn_plan_create(device, &problem, &plan);
    attn_plan_destroy(plan);
    case_pattern_release(&pattern);
    return status;
}

/* "yes" when the device plans every case of the feature, otherwise what it says of the first that it does not. */
static void print_support(const struct target *target, const char *feature)
{
    int i;

    for (i = 0; i < cases_count(); i++) {
        const struct attention_case *c = cases_get(i);

        if (c->feature == NULL || strcmp(c->feature, feature) != 0 || !plan_case(target->device, c))
            continue;
        printf(" no (");
        print_cell(attn_reason());
        printf(") |");
        return;
    }
    printf(" yes |");
}

static int print_table(const struct check *check)
{
    int f, i;

    printf("| |");
    for (i = 0; i < check->target_count; i++)
        printf(" %s |", check->targets[i].info.name);
    printf("\n| --- |");
    for (i = 0; i < check->target_count; i++)
        printf(" --- |");
    printf("\n");
    for (f = 0; f < case_feature_count(); f++) {
        printf("| %s |", case_feature_name(f));
        for (i = 0; i < check->target_count; i++)
            print_support(&check->targets[i], case_feature_name(f));
        printf("\n");
    }
    return EXIT_OK;
}

/* Every device once, reference too. */
static int support(struct check *check)
{
    int i, status = EXIT_OK;

    for (i = 0; i < attn_device_count() && check->target_count < MOST_TARGETS; i++) {
        attn_device_info info = ATTN_DEVICE_INFO_INIT;

        if (attn_device_describe(i, &info) ||
            (check->settings.device != NULL && strcmp(check->settings.device, info.name) != 0))
            continue;
        if (target_open(&check->targets[check->target_count], info.name, NULL)) {
            fprintf(stderr, "attn check: %s: %s\n", info.name, attn_reason());
            status = EXIT_FAILED;
        } else {
            check->target_count++;
        }
    }
    if (check->target_count == 0)
        return EXIT_FAILED;
    print_table(check);
    return status;
}

/* ---- the command ------------------------------------------------------------------------------------------------ */

static void clear_progress(void *context)
{
    progress_clear(context);
}

static int run(struct check *check)
{
    report_begin(&check->report,
                 check->settings.tap    ? REPORT_TAP
                 : check->settings.json ? REPORT_JSON
                                        : REPORT_PLAIN,
                 stdout, clear_progress, &check->progress);
    if (target_open(&check->reference, "reference", NULL)) {
        fprintf(stderr, "attn check: the device reference does not open: %s\n", attn_reason());
        return EXIT_FAILED;
    }
    add_targets(check);
    if (check->target_count == 0 && check->settings.kernel != NULL) {
        fprintf(stderr, "attn check: --kernel '%s': no device has it\n", check->settings.kernel);
        return EXIT_FAILED;
    }
    if (check->target_count == 0)
        return report_end(&check->report) ? EXIT_FAILED : EXIT_OK;
    progress_begin(&check->progress, count_steps(check));
    check_cases(check);
    check_rest(check);
    progress_clear(&check->progress);
    return report_end(&check->report) ? EXIT_FAILED : EXIT_OK;
}

static void close_targets(struct check *check)
{
    int i;

    for (i = 0; i < check->target_count; i++)
        target_close(&check->targets[i]);
    target_close(&check->reference);
}

int command_check(int argc, char **argv)
{
    static struct check check;
    const struct option_set sets[] = { { "Options", rows, &check.settings }, OPTION_SET_END };
    const struct option_command command = {
        "check", "[--device NAME] [--level LEVEL] [--filter TEXT]",
        "Runs every case on every device and compares with the definition of attention in float64, checks properties\n"
        "that hold whatever the inputs are, and sends wrong arguments. The last line is `N passed, N failed, N "
        "skipped`;\n"
        "skipped is what a device says it cannot do (see --support). The exit status is 1 when something failed.",
        sets, NULL
    };
    int status;

    memset(&check, 0, sizeof check);
    check.settings.shard[0] = check.settings.shard[1] = 1;
    status = options_parse(&command, argc, argv);
    if (status != OPTIONS_GO)
        return status;
    if (check.settings.tap && check.settings.json)
        return options_usage_error("check", "--tap and --json exclude each other");
    if (check.settings.kernel && check.settings.isa)
        return options_usage_error("check", "--kernel and --isa exclude each other");
    if (check.settings.shard[0] > check.settings.shard[1])
        return options_usage_error("check", "--shard I,N needs I <= N");
    if (cases_count() < 0)
        return EXIT_FAILED;
    status = check.settings.list ? list_cases(&check) : check.settings.support ? support(&check) : run(&check);
    close_targets(&check);
    return status;
}
