/*
 * attn tune: which kernel of a device is fastest for each class of problems, measured there and kept for later plans.
 *
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE.
 */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "attn.h"
#include "bench/bench.h"
#include "commands.h"
#include "execute.h"
#include "options.h"
#include "problem.h"
#include "progress.h"

enum { MOST_KERNELS = 32, DEFAULT_ROUNDS = 5 };

#define FASTER 0.97   /* of the present choice's time: what another must take at most; less is noise */
#define HOPELESS 2.0  /* of the best time of the first round: more is not timed again */
#define MEMORY_PART 8 /* of the device's memory is used */
#define UNKNOWN_MEMORY ((uint64_t)1 << 33)

struct tune_options {
    const char *device, *filter;
    int64_t rounds;
    int forget, dry_run;
};

static const struct option_row rows[] = {
    OPTION_ROW_STRING("device", struct tune_options, device, "NAME",
                      PROBLEM_DEVICE_HELP ", or auto: the first but reference, the default"),
    OPTION_ROW_STRING("filter", struct tune_options, filter, "TEXT", "only classes whose name holds TEXT"),
    OPTION_ROW_INT("rounds", struct tune_options, rounds, "N", 1, BENCH_MOST_ROUNDS,
                   "how often every kernel is timed; 5 unless given"),
    OPTION_ROW_FLAG("dry-run", struct tune_options, dry_run, "keep nothing"),
    OPTION_ROW_FLAG("forget", struct tune_options, forget, "time nothing; forget what was kept for the device"),
    OPTION_ROW_END
};

/* ---- the classes of attn_device_prefer, each by a typical problem ------------------------------------------------ */

static const char *const types[] = { "f32", "f16", "bf16" };

static const struct width {
    const char *name, *text;
} widths[] = {
    { "d64", "h16:4/d64" },
    { "d128", "h16:4/d128" },
    { "d256", "h16:4/d256" },
    { "d576", "h16:1/d576:512" }, /* multi-head latent attention */
};

/* Lengths are doubled from the least on until a run takes a good part of a round. */
static const struct phase {
    const char *name, *text;
    int64_t least, most;
} phases[] = {
    { "prefill", "causal/n", 512, 8192 },
    { "decode", "b4/n1:", 2048, 65536 },
};

enum {
    TYPES = sizeof types / sizeof *types,
    WIDTHS = sizeof widths / sizeof *widths,
    PHASES = sizeof phases / sizeof *phases,
    CLASSES = TYPES * WIDTHS * PHASES
};

struct class {
    const char *type;
    const struct width *width;
    const struct phase *phase;
    char name[64];
};

static struct class class_at(int index)
{
    struct class c = { types[index / (WIDTHS * PHASES)], &widths[index / PHASES % WIDTHS], &phases[index % PHASES],
                       "" };
    snprintf(c.name, sizeof c.name, "%s/%s/%s", c.type, c.width->name, c.phase->name);
    return c;
}

static void class_text(const struct class *class, int64_t length, char text[CASE_NAME])
{
    snprintf(text, CASE_NAME, "tune/%s%" PRId64 "/%s/%s", class->phase->text, length, class->width->text, class->type);
}

/* ---- one class --------------------------------------------------------------------------------------------------- */

/* A kernel that is being timed. */
struct entry {
    struct bench_case c;
    int takes;  /* a problem of the class */
    int rounds; /* timed */
    double seconds;
};

struct tune {
    struct tune_options options;
    attn_device *device;
    attn_device_info info;
    const char *kernel[MOST_KERNELS];
    int kernels;
    struct entry entry[MOST_KERNELS]; /* of the kernel of that number */
    struct progress progress;
    int present;          /* the number of the kernel that is chosen now */
    int done;             /* classes */
    int printed, refused; /* a class; a choice, by the library */
};

/* The problem of a class, without a plan. */
static int class_problem(const struct class *class, attn_problem *problem)
{
    struct attention_case parsed;
    char text[CASE_NAME], error[2 * CASE_NAME];
    class_text(class, class->phase->least, text);
    if (case_parse(text, &parsed, error, sizeof error)) {
        fprintf(stderr, "attn tune: %s\n", error);
        return EXIT_FAILED;
    }
    case_problem(&parsed, problem);
    return EXIT_OK;
}

/* How many kernels take problems of a class; -1 on failure. */
static int ask_kernels(struct tune *tune, const struct class *class)
{
    attn_problem problem;
    const char *name, *chosen;
    int count = 0;
    if (class_problem(class, &problem))
        return -1;
    if (attn_device_choose(tune->device, &problem, &chosen))
        return 0;
    for (int k = 0; k < tune->kernels; k++) {
        problem.kernel = tune->kernel[k];
        tune->entry[k].takes = !attn_device_choose(tune->device, &problem, &name);
        count += tune->entry[k].takes;
        if (strcmp(tune->kernel[k], chosen) == 0)
            tune->present = k;
    }
    return count;
}

static int open_entry(struct tune *tune, const struct class *class, int64_t length, int k)
{
    struct bench_case *c = &tune->entry[k].c;
    c->command = "tune";
    c->kernel = tune->kernel[k];
    snprintf(c->name, sizeof c->name, "%s, %s", class->name, tune->kernel[k]);
    class_text(class, length, c->text);
    progress_step(&tune->progress, tune->done, c->name);
    return bench_case_open(c, tune->device, (int)tune->options.rounds);
}

static void close_entry(struct entry *entry)
{
    if (entry->c.device)
        bench_case_close(&entry->c);
    memset(&entry->c, 0, sizeof entry->c);
}

static void close_entries(struct tune *tune)
{
    for (int k = 0; k < tune->kernels; k++) {
        close_entry(&tune->entry[k]);
        tune->entry[k].rounds = 0;
    }
}

/* A problem of twice the length leaves room, and its runs are not too few to fill a round. */
static int grows(const struct tune *tune, const struct bench_case *c, int count)
{
    double memory = (double)(tune->info.memory ? tune->info.memory : UNKNOWN_MEMORY);
    return c->plan && c->repeats >= BENCH_COLD_REPEATS && 2.0 * c->info.bytes * count <= memory / MEMORY_PART;
}

/* Finds the length by the present choice, and opens the other kernels with it. */
static int open_class(struct tune *tune, const struct class *class, int count)
{
    struct entry *present = &tune->entry[tune->present];
    int64_t length = class->phase->least;
    int status = open_entry(tune, class, length, tune->present);
    while (!status && length < class->phase->most && grows(tune, &present->c, count)) {
        length *= 2;
        close_entry(present);
        status = open_entry(tune, class, length, tune->present);
    }
    for (int k = 0; !status && k < tune->kernels; k++)
        if (k != tune->present && tune->entry[k].takes)
            status = open_entry(tune, class, length, k);
    return status;
}

static int time_round(struct tune *tune, int round, double *best)
{
    for (int k = 0; k < tune->kernels; k++) {
        struct entry *entry = &tune->entry[k];
        if (!entry->c.plan || (round > 0 && entry->c.seconds[0] > HOPELESS * *best))
            continue;
        progress_step(&tune->progress, tune->done, entry->c.name);
        double seconds = bench_case_time(&entry->c, NULL, NULL);
        if (seconds < 0.0)
            return 1;
        entry->c.seconds[round] = seconds;
        entry->rounds = round + 1;
        if (round == 0 && (*best == 0.0 || seconds < *best))
            *best = seconds;
    }
    return 0;
}

static int time_class(struct tune *tune)
{
    double best = 0.0;
    for (int round = 0; round < tune->options.rounds; round++)
        if (time_round(tune, round, &best))
            return 1;
    for (int k = 0; k < tune->kernels; k++)
        if (tune->entry[k].rounds)
            tune->entry[k].seconds = median(tune->entry[k].c.seconds, tune->entry[k].rounds);
    return 0;
}

static int choose(const struct tune *tune)
{
    const struct entry *present = &tune->entry[tune->present];
    int best = tune->present;
    for (int k = 0; k < tune->kernels; k++)
        if (tune->entry[k].rounds && (!tune->entry[best].rounds || tune->entry[k].seconds < tune->entry[best].seconds))
            best = k;
    return present->rounds && tune->entry[best].seconds > FASTER * present->seconds ? tune->present : best;
}

static void print_class(struct tune *tune, const struct class *class, int chosen)
{
    progress_clear(&tune->progress);
    if (!tune->printed)
        printf("%-18s %-32s %12s\n", "class", "kernel", "ms");
    tune->printed = 1;
    for (int k = 0; k < tune->kernels; k++)
        if (tune->entry[k].rounds)
            printf("%-18s %-32s %12.4f%s\n", class->name, tune->kernel[k], 1e3 * tune->entry[k].seconds,
                   k == chosen ? "  chosen" : "");
    fflush(stdout);
}

static int keep(struct tune *tune, const struct class *class, const char *kernel)
{
    attn_problem problem;
    if (class_problem(class, &problem))
        return EXIT_FAILED;
    attn_status status = attn_device_prefer(tune->device, &problem, kernel);
    tune->refused = status != ATTN_OK;
    return status ? print_failure("tune", tune->info.name, status, attn_reason()) : EXIT_OK;
}

/* A class that one kernel alone takes has no choice. */
static int tune_class(struct tune *tune, const struct class *class)
{
    int count = ask_kernels(tune, class), status = count < 0;
    if (count > 1)
        status = open_class(tune, class, count) || time_class(tune);
    if (count > 1 && !status) {
        int chosen = choose(tune);
        print_class(tune, class, chosen);
        status = !tune->options.dry_run && keep(tune, class, tune->kernel[chosen]);
    }
    close_entries(tune);
    return status;
}

/* ---- the command ------------------------------------------------------------------------------------------------- */

static int tune_classes(struct tune *tune)
{
    const char *filter = tune->options.filter;
    int status = EXIT_OK;
    progress_begin(&tune->progress, CLASSES);
    for (tune->done = 0; tune->kernels > 1 && tune->done < CLASSES && !tune->refused; tune->done++) {
        const struct class class = class_at(tune->done);
        if ((!filter || strstr(class.name, filter)) && tune_class(tune, &class))
            status = EXIT_FAILED;
    }
    progress_clear(&tune->progress);
    if (!tune->printed && status == EXIT_OK)
        printf("%s: no class%s%s with a choice of kernels\n", tune->info.name, filter ? " named " : "",
               filter ? filter : "");
    return status;
}

static int forget(struct tune *tune)
{
    attn_status status = attn_device_prefer(tune->device, NULL, NULL);
    if (status)
        return print_failure("tune", tune->info.name, status, attn_reason());
    printf("%s: nothing is kept any more\n", tune->info.name);
    return EXIT_OK;
}

static int tune_device(struct tune *tune)
{
    attn_status status = attn_device_open(tune->options.device, &tune->device);
    if (!status)
        status = attn_device_get_info(tune->device, &tune->info);
    if (status)
        return print_failure("tune", tune->options.device, status, attn_reason());
    while (tune->kernels < MOST_KERNELS && attn_device_kernel(tune->device, tune->kernels)) {
        tune->kernel[tune->kernels] = attn_device_kernel(tune->device, tune->kernels);
        tune->kernels++;
    }
    return tune->options.forget ? forget(tune) : tune_classes(tune);
}

int command_tune(int argc, char **argv)
{
    static struct tune tune = { .info = ATTN_DEVICE_INFO_INIT };
    const struct option_set sets[] = { { "Options", rows, &tune.options }, OPTION_SET_END };
    const struct option_command command = {
        "tune", "[--device NAME] [OPTION]...",
        "Times every kernel of a device on a typical problem of each class (type, head size, prefill or decode) and "
        "keeps\n"
        "the fastest in a file of the user, for the plans of all programs from then on. The kernel\n"
        "that is chosen now stays unless another takes 3% less time. Takes about a second a class, and what drivers "
        "take to\n"
        "compile the kernels.",
        sets, NULL
    };
    tune.options = (struct tune_options){ .device = "auto", .rounds = DEFAULT_ROUNDS };
    int parsed = options_parse(&command, argc, argv);
    if (parsed != OPTIONS_GO)
        return parsed;
    if (tune.options.forget && (tune.options.dry_run || tune.options.filter))
        return options_usage_error("tune", "--forget takes neither --dry-run nor --filter");
    int status = tune_device(&tune);
    attn_device_close(tune.device);
    return status;
}
