/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Commands about the store and the page's login: backup, login. */
#include <argp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/report.h"
#include "base/whole-file.h"
#include "verifier/daemon/commands.h"
#include "verifier/ledger/ledger.h"
#include "verifier/page/login.h"

struct settings {
	const char *store, *out, *user;
};

enum { OPTION_STORE = 256, OPTION_OUT, OPTION_USER };

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
	struct settings *settings = state->input;

	switch (key) {
	case OPTION_STORE: settings->store = argument; return 0;
	case OPTION_OUT: settings->out = argument; return 0;
	case OPTION_USER: settings->user = argument; return 0;
	case ARGP_KEY_ARG: argp_error(state, "there is nothing to do with %s", argument); return 0;
	default: return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp_option backup_options[] = {
	{"store", OPTION_STORE, "FILE", 0, "The store; no daemon may have it open", 0},
	{"out", OPTION_OUT, "FILE", 0, "The copy: a file that isn't there", 0},
	{0},
};

static const struct argp backup_parser = {
	.options = backup_options,
	.parser = parse_option,
	.doc = "Write a whole copy of the store, which can take its place.\v"
	       "Exit status: 0 it is written; 1 it could not be; 2 usage.",
};

int command_backup(int argc, char **argv)
{
	struct settings settings = {0};
	struct ledger *ledger;

	argp_err_exit_status = COMMAND_EXIT_USAGE;
	if (argp_parse(&backup_parser, argc, argv, 0, NULL, &settings) != 0)
		return COMMAND_EXIT_USAGE;
	if (settings.store == NULL || settings.out == NULL) {
		fprintf(stderr, "bartizan-verifier backup: --store and --out are wanted\n");
		return COMMAND_EXIT_USAGE;
	}
	/* Opening would make a store where there is none. */
	if (access(settings.store, R_OK) != 0) {
		(void)!report(STATUS_MISSING, "the store %s can't be read: %m", settings.store);
		return EXIT_FAILURE;
	}
	umask(077); /* what programs printed is in it */
	status result = ledger_create(settings.store, &ledger);
	if (result != STATUS_OK)
		return EXIT_FAILURE;
	result = ledger_backup(ledger, settings.out);
	ledger_destroy(ledger);
	return result == STATUS_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}

static const struct argp_option login_options[] = {
	{"user", OPTION_USER, "NAME", 0, "The user's name", 0},
	{"out", OPTION_OUT, "FILE", 0, "The login's file; one that is there is replaced", 0},
	{0},
};

static const struct argp login_parser = {
	.options = login_options,
	.parser = parse_option,
	.doc = "Make the login of the daemon's page; the password is the first line of standard input.\v"
	       "Exit status: 0 done; 1 it could not be written; 2 usage.",
};

int command_login(int argc, char **argv)
{
	char line[LOGIN_LINE_SIZE], password[LOGIN_PASSWORD_SIZE_MAX + 2] = "";
	struct settings settings = {0};

	argp_err_exit_status = COMMAND_EXIT_USAGE;
	if (argp_parse(&login_parser, argc, argv, 0, NULL, &settings) != 0)
		return COMMAND_EXIT_USAGE;
	if (settings.user == NULL || settings.out == NULL || fgets(password, sizeof password, stdin) == NULL) {
		fprintf(stderr, "bartizan-verifier login: --user, --out and a password on standard input are wanted\n");
		return COMMAND_EXIT_USAGE;
	}
	password[strcspn(password, "\n")] = '\0';
	if (login_line(settings.user, password, line) != STATUS_OK)
		return EXIT_FAILURE;
	umask(077);
	status result = whole_file_write(settings.out, (struct span){(const uint8_t *)line, strlen(line)});
	explicit_bzero(password, sizeof password);
	return result == STATUS_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}
