/* SPDX-License-Identifier: GPL-2.0-or-later */
/* bartizan-verifier: the commands of the one who isn't on the watched machine. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "verifier/daemon/commands.h"

static const struct {
	const char *name;
	const char *full_name; /* what its messages begin with */
	int (*run)(int argc, char **argv);
	const char *about;
} commands[] = {
	{"appraise", "bartizan-verifier appraise", command_appraise, "Judge a quote by collateral and a policy"},
	{"serve", "bartizan-verifier serve", command_serve, "Expect heartbeats, keep findings, tell who is missing"},
	{"backup", "bartizan-verifier backup", command_backup, "Copy the daemon's store"},
	{"revoke", "bartizan-verifier revoke", command_revoke, "Take back grants, and let something in no more"},
	{"login", "bartizan-verifier login", command_login, "Make the login of the daemon's page"},
};

static void usage(FILE *file)
{
	fprintf(file, "Usage: bartizan-verifier COMMAND [OPTION...]\n"
		      "Checks what enclaves say of themselves, away from the machines that they run on.\n\n"
		      "Commands:\n");
	for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
		fprintf(file, "  %-12s %s\n", commands[i].name, commands[i].about);
	fprintf(file, "\n      --help     Give this help list\n      --version  Print program version\n");
}

int main(int argc, char **argv)
{
	if (argc >= 2 && strcmp(argv[1], "--help") == 0) {
		usage(stdout);
		return EXIT_SUCCESS;
	}
	if (argc >= 2 && strcmp(argv[1], "--version") == 0) {
		printf("bartizan-verifier %s\n", BARTIZAN_VERSION);
		return EXIT_SUCCESS;
	}
	for (size_t i = 0; argc >= 2 && i < sizeof commands / sizeof *commands; i++)
		if (strcmp(argv[1], commands[i].name) == 0) {
			argv[1] = (char *)commands[i].full_name;
			return commands[i].run(argc - 1, argv + 1);
		}
	if (argc >= 2)
		fprintf(stderr, "bartizan-verifier: there is no command %s\n", argv[1]);
	usage(stderr);
	return COMMAND_EXIT_USAGE;
}
