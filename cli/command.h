/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Commands and their subcommands: a table, and how to choose from it.
 *
 * A subcommand lives in cli/cmd-NAME.c as `int cmd_NAME(int argc, char **argv)`
 * and has one line in the table of cli/main.c. It parses its own arguments
 * with argp; argv[0] is then "bartizan NAME", as messages shall show it.
 */
#ifndef CLI_COMMAND_H
#define CLI_COMMAND_H

#include <stddef.h>

/* What every command exits with, unless its page in docs/ says otherwise. */
enum {
	EXIT_CODE_OK = 0,
	EXIT_CODE_FAILED = 1,
	EXIT_CODE_USAGE = 2,
};

struct command {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *arguments; /* for the list in --help: "[OPTION…] NAME" */
	const char *summary; /* one line, no full stop */
};

/* A level of the command line: "bartizan" with its commands, or a command
 * with its subcommands. */
struct command_set {
	const char *name; /* as typed: "bartizan lab" */
	const char *summary;
	const struct command *commands;
	size_t command_count;
};

/*
 * Find the command named by the first non-option argument and run it with the
 * rest; answers --help, --usage and --version itself. Returns the exit code. An
 * unknown or missing name is a usage error that names the close ones.
 */
int command_dispatch(const struct command_set *set, int argc, char **argv);

/* How many single-letter changes (insert, delete, replace, swap neighbours)
 * lead from one word to the other; words of 32 letters or more are "far": 99. */
unsigned int command_distance(const char *a, const char *b);

int cmd_image(int argc, char **argv);
int cmd_grant(int argc, char **argv);
int cmd_kernel(int argc, char **argv);
int cmd_keygen(int argc, char **argv);
int cmd_lab(int argc, char **argv);
int cmd_profile(int argc, char **argv);
int cmd_sim_root(int argc, char **argv);
int cmd_targets(int argc, char **argv);
int cmd_run(int argc, char **argv);
int cmd_cat(int argc, char **argv);
int cmd_watch(int argc, char **argv);

#endif
