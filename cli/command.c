/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/command.h"

#include <argp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WORD_SIZE_MAX = 32, DISTANCE_FAR = 99, DISTANCE_CLOSE = 2 };

struct choice {
	const struct command_set *set;
	const struct command *command;
	int argc;
	char **argv;
};

static unsigned int smaller(unsigned int a, unsigned int b)
{
	return a < b ? a : b;
}

/* Optimal string alignment, with the whole table: words are short. */
unsigned int command_distance(const char *a, const char *b)
{
	unsigned int cost[WORD_SIZE_MAX + 1][WORD_SIZE_MAX + 1];
	size_t a_size = strlen(a), b_size = strlen(b);

	if (a_size >= WORD_SIZE_MAX || b_size >= WORD_SIZE_MAX)
		return DISTANCE_FAR;
	for (size_t i = 0; i <= a_size; i++)
		for (size_t j = 0; j <= b_size; j++) {
			if (i == 0 || j == 0) {
				cost[i][j] = (unsigned int)(i + j);
				continue;
			}
			cost[i][j] = smaller(cost[i - 1][j], cost[i][j - 1]) + 1;
			cost[i][j] = smaller(cost[i][j], cost[i - 1][j - 1] + (a[i - 1] != b[j - 1]));
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				cost[i][j] = smaller(cost[i][j], cost[i - 2][j - 2] + 1);
		}
	return cost[a_size][b_size];
}

static const struct command *find_command(const struct command_set *set, const char *name)
{
	for (size_t i = 0; i < set->command_count; i++)
		if (strcmp(set->commands[i].name, name) == 0)
			return &set->commands[i];
	return NULL;
}

static void say_unknown(const struct command_set *set, const char *name)
{
	const char *separator = "; did you mean: ";

	fprintf(stderr, "%s: no command \"%s\"", set->name, name);
	for (size_t i = 0; i < set->command_count; i++) {
		const char *known = set->commands[i].name;

		if (command_distance(name, known) > DISTANCE_CLOSE && strncmp(known, name, strlen(name)) != 0)
			continue;
		fprintf(stderr, "%s%s", separator, known);
		separator = ", ";
	}
	fprintf(stderr, "\nTry `%s --help' for the list.\n", set->name);
}

static error_t parse_choice(int key, char *argument, struct argp_state *state)
{
	struct choice *choice = state->input;

	if (key == ARGP_KEY_NO_ARGS) {
		argp_error(state, "a command is missing");
		return 0;
	}
	if (key != ARGP_KEY_ARG)
		return ARGP_ERR_UNKNOWN;
	choice->command = find_command(choice->set, argument);
	if (choice->command == NULL) {
		say_unknown(choice->set, argument);
		exit(EXIT_CODE_USAGE);
	}
	choice->argc = state->argc - state->next + 1;
	choice->argv = state->argv + state->next - 1;
	state->next = state->argc;
	return 0;
}

static char *list_commands(const struct command_set *set)
{
	char *text = NULL;
	size_t size;
	FILE *stream = open_memstream(&text, &size);

	if (stream == NULL)
		return NULL;
	fputs("Commands:\n", stream);
	for (size_t i = 0; i < set->command_count; i++) {
		const struct command *command = &set->commands[i];
		int width = fprintf(stream, "  %s %s", command->name, command->arguments);

		fprintf(stream, "%*s%s\n", width < 34 ? 34 - width : 2, "", command->summary);
	}
	fprintf(stream, "\n`%s COMMAND --help' says more about each. Exit status: 0 done, 1 failed, 2 wrong use.",
		set->name);
	fclose(stream);
	return text;
}

static char *filter_help(int key, const char *text, void *input)
{
	const struct choice *choice = input;

	return key == ARGP_KEY_HELP_POST_DOC && choice != NULL ? list_commands(choice->set) : (char *)text;
}

int command_dispatch(const struct command_set *set, int argc, char **argv)
{
	const struct argp argp = {
		.parser = parse_choice,
		.args_doc = "COMMAND [ARGUMENT…]",
		.doc = set->summary,
		.help_filter = filter_help,
	};
	struct choice choice = {.set = set};
	char title[80];

	argp_err_exit_status = EXIT_CODE_USAGE;
	argv[0] = (char *)set->name;
	if (argp_parse(&argp, argc, argv, ARGP_IN_ORDER, NULL, &choice) != 0 || choice.command == NULL)
		return EXIT_CODE_FAILED;
	snprintf(title, sizeof title, "%s %s", set->name, choice.command->name);
	choice.argv[0] = title;
	return choice.command->run(choice.argc, choice.argv);
}
