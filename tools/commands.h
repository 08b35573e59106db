/*
 * The commands of the attn program; tools/attn.c holds the table that lists them.
 *
 * Copyright (c) 2026 The libattn authors. MIT licence, see LICENSE.
 */
#ifndef ATTN_TOOLS_COMMANDS_H
#define ATTN_TOOLS_COMMANDS_H

/* Exit statuses every command uses. */
enum {
    EXIT_OK = 0,     /* done, and what was compared agreed */
    EXIT_FAILED = 1, /* an error, or a mismatch */
    EXIT_USAGE = 2   /* the command line is wrong; nothing was done */
};

/* Each gets argv[0] = its own name and returns the exit status of the program. */
int command_devices(int argc, char **argv);
int command_run(int argc, char **argv);
int command_check(int argc, char **argv);
int command_bench(int argc, char **argv);
int command_tune(int argc, char **argv);
int command_explain(int argc, char **argv);
int command_draw(int argc, char **argv);

#endif
