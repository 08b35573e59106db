/*
 * The program attn: a table of commands.
 *
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "attn.h"
#include "commands.h"

static const struct command {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *help;
} commands[] = {
    { "devices", command_devices, "list the devices of this machine" },
    { "run", command_run, "compute attention on NumPy files" },
    { "check", command_check, "test a device against the float64 reference" },
    { "bench", command_bench, "time a device against its own ceilings" },
    { "tune", command_tune, "find the fastest kernels of a device and keep the choice" },
    { "explain", command_explain, "say what a problem would run and what it costs" },
    { "draw", command_draw, "draw a sparsity pattern, its elements and its tiles" },
};
enum { COMMANDS = sizeof commands / sizeof commands[0] };

static void print_help(void)
{
    printf("Usage: attn COMMAND [OPTION]...\n\nFlash attention on the devices of this machine.\n\nCommands:\n");
    for (int i = 0; i < COMMANDS; i++)
        printf("  %-10s %s\n", commands[i].name, commands[i].help);
    printf("\nOptions:\n  --help     print this text; after a command, the options of that command\n"
           "  --version  print the versions of the program and of the library\n\n"
           "Exit status: 0 done, 1 failed or results differ, 2 wrong command line.\n");
}

static void print_version(void)
{
    unsigned version = attn_version();
    printf("attn %d.%d.%d (libattn %u.%u.%u)\n", ATTN_VERSION_MAJOR, ATTN_VERSION_MINOR, ATTN_VERSION_PATCH,
           version >> 16, version >> 8 & 255, version & 255);
}

/* Results that were printed but could not be written (a full disk) are a failure. */
static int finish(int status)
{
    if (fflush(stdout) || ferror(stdout)) {
        fprintf(stderr, "attn: standard output could not be written\n");
        return status == EXIT_OK ? EXIT_FAILED : status;
    }
    return status;
}

static int usage_error(const char *what, const char *text)
{
    fprintf(stderr, "attn: %s%s\nTry 'attn --help'.\n", what, text);
    return EXIT_USAGE;
}

int main(int argc, char **argv)
{
    if (argc < 2)
        return usage_error("a command is missing", "");
    const char *name = argv[1];
    if (!strcmp(name, "--help")) {
        print_help();
        return finish(EXIT_OK);
    }
    if (!strcmp(name, "--version")) {
        print_version();
        return finish(EXIT_OK);
    }
    for (int i = 0; i < COMMANDS; i++)
        if (!strcmp(name, commands[i].name))
            return finish(commands[i].run(argc - 1, argv + 1));
    return usage_error(name[0] == '-' ? "unknown option " : "unknown command ", name);
}
