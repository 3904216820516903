/* SPDX-License-Identifier: GPL-2.0-or-later */
/* run-plain [--sim | --sgx] [--timer] IMAGE ARGUMENTS…: the backend `plain` (or sim, or sgx) with no target,
 * for tests of what doesn't need one. $VERIFIER and $VERIFIER_OWNER: where a verifier listens, and the file with
 * its owner's public key. */
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#include "host/loader/plain.h"
#include "host/loader/program.h"
#include "host/loader/sgx.h"
#include "host/loader/sim.h"
#include "host/serve/verifier-client.h"
#include "verifier/grants/keys.h"

static volatile sig_atomic_t alarm_count;

static void count_alarm(int number)
{
	(void)number;
	alarm_count++;
}

/* Interrupt this process 2,000 times a second. */
static void start_timer(void)
{
	const struct itimerval interval = {{0, 500}, {0, 500}};

	signal(SIGALRM, count_alarm);
	setitimer(ITIMER_REAL, &interval, NULL);
}

static int end(status result, int exit_code, bool timer)
{
	const struct itimerval never = {0};

	setitimer(ITIMER_REAL, &never, NULL);
	if (timer)
		fprintf(stderr, "interrupted %d times\n", (int)alarm_count);
	return result == STATUS_OK ? exit_code : 125;
}

/* serve->verifier: the context. */
static void prepare(struct serve *serve, void *context)
{
	serve->verifier = context;
}

static status find_verifier(struct program *program)
{
	static uint8_t key[START_OWNER_KEY_SIZE];
	const char *place = getenv("VERIFIER"), *owner = getenv("VERIFIER_OWNER");
	struct verifier_client *client;

	if (place == NULL || owner == NULL)
		return STATUS_OK;
	TRY(owner_public_load(owner, key));
	TRY(verifier_client_create(place, &client));
	program->verifier_key = key;
	program->prepare = prepare;
	program->prepare_context = client;
	return STATUS_OK;
}

int main(int argc, char **argv)
{
	bool sim = argc > 1 && strcmp(argv[1], "--sim") == 0, sgx = argc > 1 && strcmp(argv[1], "--sgx") == 0;
	bool named = sim || sgx, timer = argc > 1 + named && strcmp(argv[1 + named], "--timer") == 0;
	const char *const *arguments = (const char *const *)argv + 1 + named + timer;
	struct program program = {
		.backend = sgx	 ? &sgx_backend
			   : sim ? &sim_backend
				 : &plain_backend,
		.image_path = arguments[0],
		.arguments = arguments,
		.environment = (const char *const *)environ,
	};
	int exit_code = 125;
	status result;

	if (arguments[0] == NULL) {
		fprintf(stderr, "usage: run-plain [--sim | --sgx] [--timer] IMAGE ARGUMENTS…\n");
		return 2;
	}
	if (timer)
		start_timer();
	result = find_verifier(&program);
	if (result == STATUS_OK)
		result = program_run(&program, &exit_code);
	return end(result, exit_code, timer);
}
