/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Measures a null call over the slot: the image's end and the host's in one
 * process, as in the backend `plain`, with an exit that is a function call. One
 * JSON line per mode; tools/test/bench makes ratios of them.
 *
 *   calls free     the cores as they are
 *   calls busy     with a thread per core that computes all the time
 */
#include <argp.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "enclave/runtime/call.h"
#include "host/serve/helper.h"

enum {
	NULL_CALL = CALL_OWN_BASE - 1,
	ROUND_CALLS = 64, /* between two looks at the clock */
	ROUND_COUNT_MAX = 1 << 20,
	BUSY_COUNT_MAX = 256,
};

static struct call_window window __attribute__((aligned(4096)));
static struct serve serve;
static struct helper helper;
static uint64_t exit_count;
static _Atomic bool busy_stop;
static uint32_t rounds[ROUND_COUNT_MAX]; /* ns a call, in 1/64 */

void runtime_enter_host(void)
{
	exit_count++;
	helper_serve_call(&helper);
}

static int64_t answer(struct serve *this, const struct serve_request *request)
{
	return request->number == NULL_CALL ? 0 : serve_answer(this, request);
}

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000U + (uint64_t)now.tv_nsec;
}

static int compare(const void *a, const void *b)
{
	const uint32_t *left = a, *right = b;

	return (*left > *right) - (*left < *right);
}

/* Null calls for a second; the figures go to stdout. */
static void measure(const char *name, const char *cores, enum helper_mode mode)
{
	const struct span no_profile = {};
	uint64_t start = now_ns(), before = start, now = start, calls;
	size_t round_count = 0;

	memset(&window, 0, sizeof window);
	serve_init(&serve, &window, NULL, no_profile);
	serve.answer = answer;
	runtime_window_init(&window);
	helper_init(&helper, &serve, mode);
	exit_count = 0;
	for (; now - start < 1000000000 && round_count < ROUND_COUNT_MAX; before = now) {
		for (int i = 0; i < ROUND_CALLS; i++)
			if (runtime_call_host(NULL_CALL, 0, 0, 0, 0, 0) != 0)
				abort();
		now = now_ns();
		rounds[round_count++] = now - before < UINT32_MAX ? (uint32_t)(now - before) : UINT32_MAX;
	}
	calls = round_count * ROUND_CALLS;
	qsort(rounds, round_count, sizeof *rounds, compare);
	uint32_t median = rounds[round_count / 2];

	printf("{\"cores\": \"%s\", \"helper\": \"%s\", \"median_ns\": %.1f, \"mean_ns\": %.1f, \"calls\": %llu, "
	       "\"exits\": %llu, \"wakes\": %llu, \"preempted\": %llu}\n",
	       cores, name, (double)median / ROUND_CALLS, (double)(now - start) / (double)calls,
	       (unsigned long long)calls, (unsigned long long)exit_count, (unsigned long long)helper.wake_count,
	       (unsigned long long)helper.preempted_count);
	fflush(stdout);
	helper_deinit(&helper);
	serve_deinit(&serve);
}

static void *compute(void *argument)
{
	volatile uint64_t count = 0;

	(void)argument;
	while (!busy_stop)
		count++;
	return NULL;
}

static int measure_all(const char *cores)
{
	long core_count = sysconf(_SC_NPROCESSORS_ONLN);
	pthread_t threads[BUSY_COUNT_MAX];
	long started = 0;

	if (strcmp(cores, "busy") == 0)
		for (; started < core_count && started < BUSY_COUNT_MAX; started++)
			if (pthread_create(&threads[started], NULL, compute, NULL) != 0)
				break;
	measure("never", cores, HELPER_NEVER);
	measure("adaptive", cores, HELPER_ADAPTIVE);
	measure("always", cores, HELPER_ALWAYS);
	busy_stop = true;
	while (started > 0)
		pthread_join(threads[--started], NULL);
	return 0;
}

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
	const char **cores = state->input;

	switch (key) {
	case ARGP_KEY_ARG:
		if (state->arg_num > 0 || (strcmp(argument, "free") != 0 && strcmp(argument, "busy") != 0))
			argp_usage(state);
		*cores = argument;
		return 0;
	case ARGP_KEY_END:
		if (state->arg_num != 1)
			argp_usage(state);
		return 0;
	default: return ARGP_ERR_UNKNOWN;
	}
}

int main(int argc, char **argv)
{
	const struct argp argp = {
		.parser = parse_option,
		.args_doc = "free|busy",
		.doc = "Measure null calls over the slot, with every core free or busy.",
	};
	const char *cores = NULL;

	argp_parse(&argp, argc, argv, 0, NULL, &cores);
	return measure_all(cores);
}
