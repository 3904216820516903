/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * watch SECONDS COUNT COMMAND…: run each command (a program of the manifest, with arguments) every so many seconds, and
 * tell the verifier all that it prints first, and later what of its output is new or gone since the last time; COUNT 0:
 * for ever. `bartizan watch` starts it.
 *
 * Lines are compared as a set: their order says nothing, and neither does how often one comes. A command that fails is
 * a finding too, and what it printed then is compared with nothing.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>

#include "enclave/duty/duty.h"
#include "enclave/duty/finding.h"
#include "enclave/duty/fingerprint.h"
#include "enclave/link/link.h"

enum {
	COMMAND_COUNT_MAX = 16,
	/* More than any of these programs prints of a large machine; heap is the real bound. */
	OUTPUT_SIZE_MAX = 2 << 20,
	/* Of what a command prints first: what the verifier's page shows of a result. */
	PIECE_SIZE = 4 << 10,
	EXIT_CODE_USAGE = 2,
};

struct command {
	const char *words;
	char program[VERIFIER_PROGRAM_SIZE];
	bool has_last;
	struct lines last;
};

/* ---- telling */

static void tell(const struct command *command, enum verifier_result_kind kind, const void *bytes, size_t size)
{
	/* Said where it arose, and the run fails by it. */
	if (duty_tell(kind, command->program, (struct span){bytes, size}) != STATUS_OK)
		exit(EXIT_FAILURE);
}

static struct finding *finding_about(const struct command *command)
{
	static struct finding finding;

	finding.program = command->program;
	finding.words = command->words;
	finding.hash = duty_fingerprint;
	return &finding;
}

static void tell_finding(const struct command *command, const struct finding *finding)
{
	tell(command, VERIFIER_RESULT_FINDING, finding->text, finding->size);
}

/* ---- running */

/* All that it prints; NULL: no memory, or too much. */
static char *read_all(FILE *pipe)
{
	size_t size = 0, room = 16 << 10;
	char *text = malloc(room);

	while (text != NULL) {
		size_t count = fread(text + size, 1, room - size - 1, pipe);

		size += count;
		if (count == 0)
			break;
		if (room - size > 1)
			continue;
		room *= 2;
		char *larger = room <= OUTPUT_SIZE_MAX ? realloc(text, room) : NULL;
		if (larger == NULL)
			free(text);
		text = larger;
	}
	/* One within would hide all that follows it. */
	for (char *nul = text; nul != NULL && (nul = memchr(nul, '\0', size - (size_t)(nul - text))) != NULL;)
		*nul = '?';
	if (text != NULL)
		text[size] = '\0';
	return text;
}

/* 0: it has looked, and `ret_text` is what it printed. */
static int run(const struct command *command, char **ret_text)
{
	FILE *pipe = popen(command->words, "r");

	if (pipe == NULL)
		return EXIT_FAILURE;
	char *text = read_all(pipe);
	int ended = pclose(pipe);
	int exit_status = WIFEXITED(ended) ? WEXITSTATUS(ended) : 128 + WTERMSIG(ended);
	if (exit_status == 0 && text != NULL) {
		*ret_text = text;
		return 0;
	}
	free(text);
	return exit_status != 0 ? exit_status : EXIT_FAILURE;
}

static void fail(const struct command *command, int exit_status)
{
	struct finding *finding = finding_about(command);

	finding_of_failure(finding, exit_status);
	tell_finding(command, finding);
}

/* What all that comes is compared with is told whole: whoever starts us anew while somebody is at work would have
 * a baseline that nobody has seen otherwise. */
static void tell_baseline(const struct command *command, const char *text)
{
	for (size_t left = strlen(text), part; left > 0; left -= part, text += part) {
		part = left < PIECE_SIZE ? left : PIECE_SIZE;
		tell(command, VERIFIER_RESULT_OUTPUT, text, part);
	}
}

/* Takes over `text`. */
static void compare(struct command *command, char *text)
{
	struct finding *finding = finding_about(command);
	const size_t size = strlen(text);
	struct lines now;

	if (!command->has_last)
		tell_baseline(command, text);
	if (!lines_init(&now, text)) {
		free(text);
		fail(command, EXIT_FAILURE);
		return;
	}
	if (!command->has_last) {
		finding_of_baseline(finding, &now, size);
		tell_finding(command, finding);
	} else if (finding_of_difference(finding, &command->last, &now)) {
		tell_finding(command, finding);
	}
	lines_deinit(&command->last);
	command->last = now;
	command->has_last = true;
}

/* True: it has looked. */
static bool look(struct command *command)
{
	char *text = NULL;
	int exit_status = run(command, &text);

	duty_program_note(command->program, (uint32_t)exit_status);
	if (exit_status == 0)
		compare(command, text);
	else
		fail(command, exit_status);
	return exit_status == 0;
}

/* One that fails, hangs until it is ended, or is killed each time, is hidden by none that doesn't: the target has been
 * looked at when all commands have. */
static void look_with_all(struct command *commands, int command_count)
{
	bool has_looked = true;

	for (int i = 0; i < command_count; i++)
		has_looked = look(&commands[i]) && has_looked;
	if (has_looked)
		duty_look_note(enclave_link_epoch());
}

static double now_seconds(void)
{
	struct timespec now = {0};

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* At most `longest`: a clock that stands still, or was turned back, doesn't make the next sleep longer. */
static void sleep_until(double at, double longest)
{
	double left = at - now_seconds();

	if (left <= 0)
		return;
	if (left > longest)
		left = longest;
	const struct timespec duration = {.tv_sec = (time_t)left,
					  .tv_nsec = (long)((left - (double)(time_t)left) * 1e9)};
	nanosleep(&duration, NULL);
}

static void watch(struct command *commands, int command_count, double interval, unsigned long round_count)
{
	double next = now_seconds();

	for (unsigned long i = 0; round_count == 0 || i < round_count; i++) {
		look_with_all(commands, command_count);
		next += interval;
		/* A look that took longer than the interval isn't caught up with. */
		if (next < now_seconds())
			next = now_seconds();
		if (i + 1 != round_count)
			sleep_until(next, interval);
	}
}

int main(int argc, char **argv)
{
	static struct command commands[COMMAND_COUNT_MAX];
	double interval = argc > 3 ? strtod(argv[1], NULL) : 0;

	if (interval <= 0 || argc - 3 > COMMAND_COUNT_MAX) {
		fprintf(stderr, "watch: SECONDS COUNT COMMAND…, at most %d commands\n", COMMAND_COUNT_MAX);
		return EXIT_CODE_USAGE;
	}
	if (!duty_has_verifier()) {
		fprintf(stderr, "watch: there is no verifier to be told anything\n");
		return EXIT_CODE_USAGE;
	}
	for (int i = 3; i < argc; i++) {
		struct command *command = &commands[i - 3];

		command->words = argv[i];
		snprintf(command->program, sizeof command->program, "%.*s", (int)strcspn(argv[i], " "), argv[i]);
	}
	watch(commands, argc - 3, interval, strtoul(argv[2], NULL, 10));
	return EXIT_SUCCESS;
}
