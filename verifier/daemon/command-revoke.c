/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An operator's order to a daemon that runs: take something out, or let it in again. */
#include <argp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/report.h"
#include "verifier/daemon/commands.h"
#include "verifier/daemon/control.h"
#include "verifier/grants/keys.h"

struct settings {
	const char *control, *reason;
	enum ledger_subject_kind kind;
	char value[2 * LEDGER_NAME_SIZE + 1]; /* empty: none yet */
	bool is_lift;
};

enum { OPTION_CONTROL = 256, OPTION_TARGET, OPTION_ENCLAVE, OPTION_SOURCE, OPTION_GRANT, OPTION_REASON, OPTION_LIFT };

static const struct argp_option options[] = {
	{"control", OPTION_CONTROL, "SOCKET", 0, "The daemon's `control` socket (its configuration names it)", 0},
	{"target", OPTION_TARGET, "NAME", 0, "Whoever speaks for this target", 0},
	{"enclave", OPTION_ENCLAVE, "MRENCLAVE", 0, "This image, for whichever target: 64 hexadecimal digits", 0},
	{"source", OPTION_SOURCE, "KEY", 0, "This source: its public key's file, or 64 hexadecimal digits", 0},
	{"grant", OPTION_GRANT, "ID", 0, "This one grant, and what its run got since: 32 hexadecimal digits", 0},
	{"reason", OPTION_REASON, "TEXT", 0, "For the record", 0},
	{"lift", OPTION_LIFT, NULL, 0, "Let it in again", 0},
	{0},
};

static void take_key(struct argp_state *state, struct settings *settings, const char *argument)
{
	uint8_t key[START_KEY_SIZE];

	if (source_public_load(argument, key) != STATUS_OK)
		argp_error(state, "--source %s isn't a source's public key", argument);
	else
		key_to_hex(key, sizeof key, settings->value);
}

static void take_subject(struct argp_state *state, struct settings *settings, enum ledger_subject_kind kind,
			 const char *argument)
{
	const size_t size = strlen(argument);

	if (settings->value[0] != '\0')
		argp_error(state, "one of --target, --enclave, --source and --grant");
	settings->kind = kind;
	if (kind == LEDGER_SUBJECT_SOURCE)
		take_key(state, settings, argument);
	else if (kind != LEDGER_SUBJECT_TARGET)
		snprintf(settings->value, sizeof settings->value, "%s", argument);
	else if (size < LEDGER_NAME_SIZE)
		key_to_hex((const uint8_t *)argument, size, settings->value);
	else
		argp_error(state, "--target %s: a target's name has at most %d bytes", argument, LEDGER_NAME_SIZE - 1);
}

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
	struct settings *settings = state->input;

	switch (key) {
	case OPTION_CONTROL: settings->control = argument; return 0;
	case OPTION_TARGET: take_subject(state, settings, LEDGER_SUBJECT_TARGET, argument); return 0;
	case OPTION_ENCLAVE: take_subject(state, settings, LEDGER_SUBJECT_ENCLAVE, argument); return 0;
	case OPTION_SOURCE: take_subject(state, settings, LEDGER_SUBJECT_SOURCE, argument); return 0;
	case OPTION_GRANT: take_subject(state, settings, LEDGER_SUBJECT_GRANT, argument); return 0;
	case OPTION_REASON: settings->reason = argument; return 0;
	case OPTION_LIFT: settings->is_lift = true; return 0;
	case ARGP_KEY_ARG: argp_error(state, "there is nothing to do with %s", argument); return 0;
	case ARGP_KEY_END:
		if (settings->control == NULL || settings->value[0] == '\0')
			argp_error(state, "--control and one of --target, --enclave, --source and --grant are wanted");
		return 0;
	default: return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp parser = {
	.options = options,
	.parser = parse_option,
	.doc = "Take back every grant of a target, an enclave or a source, end its connections, and let it in no more; "
	       "or "
	       "take back one grant, and what its run got since. It holds over restarts, until --lift. Each round of "
	       "`bartizan "
	       "watch` is a run of its own.\v"
	       "Exit status: 0 done; 1 it could not be; 2 usage.",
};

/* Its answer, without the newline. */
static status ask(const char *path, const char *line, char *ret_answer, size_t size)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	FILE *stream = NULL;
	int file = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (strlen(path) < sizeof address.sun_path)
		memcpy(address.sun_path, path, strlen(path));
	if (file >= 0 && connect(file, (const struct sockaddr *)&address, sizeof address) == 0)
		stream = fdopen(file, "r+");
	if (stream == NULL) {
		(void)!report(STATUS_IO, "the daemon can't be reached at %s: %m", path);
		if (file >= 0)
			close(file);
		return STATUS_IO;
	}
	bool is_answered = fprintf(stream, "%s\n", line) > 0 && fflush(stream) == 0 &&
			   fgets(ret_answer, (int)size, stream) != NULL;
	fclose(stream);
	if (!is_answered)
		return report(STATUS_IO, "the daemon at %s hung up: does it run as you, or are you root?", path);
	ret_answer[strcspn(ret_answer, "\n")] = '\0';
	return STATUS_OK;
}

int command_revoke(int argc, char **argv)
{
	char line[CONTROL_LINE_SIZE], reply[CONTROL_WORDS_SIZE + 16];
	struct settings settings = {0};
	struct control_request request;

	argp_err_exit_status = COMMAND_EXIT_USAGE;
	if (argp_parse(&parser, argc, argv, 0, NULL, &settings) != 0)
		return COMMAND_EXIT_USAGE;
	const char *reason = settings.reason != NULL ? settings.reason : "";
	int size = snprintf(line, sizeof line, "%s %s %s%s%s", settings.is_lift ? "lift" : "revoke",
			    control_subject_names[settings.kind], settings.value, reason[0] != '\0' ? " " : "", reason);
	if (size < 0 || (size_t)size >= sizeof line || control_parse(line, &request) != STATUS_OK) {
		fprintf(stderr,
			"bartizan-verifier revoke: a %s isn't named like that, or the reason isn't "
			"printable ASCII of at most %d bytes\n",
			control_subject_names[settings.kind], CONTROL_REASON_SIZE - 1);
		return COMMAND_EXIT_USAGE;
	}
	if (ask(settings.control, line, reply, sizeof reply) != STATUS_OK)
		return EXIT_FAILURE;
	const bool is_done = strncmp(reply, "ok ", 3) == 0;
	fprintf(is_done ? stdout : stderr, "%s\n", reply);
	return is_done ? EXIT_SUCCESS : EXIT_FAILURE;
}
