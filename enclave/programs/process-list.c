/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * process-list [--repeat N [--pause MS]]: PID, user, state, parent and name of every process of the
 * target, straight from the guest library, without /proc.
 *
 * With --repeat, what it takes: each look of N in an epoch of its own (cold: nothing of the target's memory is
 * kept from before, and whether it still runs the same kernel is asked with it; found once, before, were that
 * kernel, its symbols and its types) and then once more in the same one (warm). With --pause, so many
 * milliseconds asleep before each cold look, so that whoever serves it has gone to sleep, too. One JSON line.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "enclave/vfs/target.h"
#include "guest/kernel/kernel.h"
#include "guest/proc/now.h"
#include "guest/proc/running.h"
#include "guest/proc/process-list.h"

enum {
	REPEAT_COUNT_MAX = 10000,
	PAUSE_MS_MAX = 1000,
};

struct options {
	size_t repeat_count; /* 0: print the list */
	unsigned pause_ms;
};

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000U + (uint64_t)now.tv_nsec;
}

static int compare_times(const void *a, const void *b)
{
	const uint64_t *left = a, *right = b;

	return (*left > *right) - (*left < *right);
}

static uint64_t median(uint64_t *times, size_t count)
{
	qsort(times, count, sizeof *times, compare_times);
	return times[count / 2];
}

/* In the present epoch, or in a new one where that was ended. */
static status look(struct proc_text *ret_text)
{
	static const char what[] = "the list of processes";
	const struct proc_subject nobody = {0};
	struct guest_kernel *kernel;

	TRY(target_kernel(&kernel));
	status result = proc_enter(kernel, &nobody);
	if (result == STATUS_OK)
		result = proc_text_make(process_list_show, ret_text);
	if (result != STATUS_OK) {
		(void)!target_refusal(result, what);
		return result;
	}
	result = target_check(what);
	if (result != STATUS_OK)
		proc_text_deinit(ret_text);
	return result;
}

struct figures {
	uint64_t ns, questions;
	size_t count;
};

static status measure(const struct guest_memory *memory, struct figures *ret_figures)
{
	uint64_t start = now_ns(), questions = memory->question_count;
	struct proc_text text;
	size_t count = 0;

	TRY(look(&text));
	ret_figures->ns = now_ns() - start;
	ret_figures->questions = memory->question_count - questions;
	for (size_t i = 0; i < text.size; i++)
		count += text.data[i] == '\n';
	ret_figures->count = count;
	proc_text_deinit(&text);
	return STATUS_OK;
}

/* An epoch ends when its program sleeps, too; but a program that measures doesn't rely on that. */
static void end_epoch(unsigned pause_ms)
{
	const struct timespec pause = {.tv_sec = pause_ms / 1000, .tv_nsec = pause_ms % 1000 * 1000000L};

	if (pause_ms > 0)
		nanosleep(&pause, NULL);
	target_epoch_end();
}

static status repeat(const struct guest_memory *memory, const struct options *options)
{
	static uint64_t cold[REPEAT_COUNT_MAX], warm[REPEAT_COUNT_MAX];
	size_t count = options->repeat_count;
	struct figures in_new_epoch, again;

	/* Twice before: to attach, and to learn what an epoch of this program begins with. */
	for (size_t i = 0; i < count + 2; i++) {
		size_t at = i < 2 ? 0 : i - 2;

		end_epoch(options->pause_ms);
		TRY(measure(memory, &in_new_epoch));
		TRY(measure(memory, &again));
		cold[at] = in_new_epoch.ns;
		warm[at] = again.ns;
	}
	printf("{\"processes\": %zu, \"cold_ns\": %llu, \"cold_round_trips\": %llu, \"warm_ns\": %llu, "
	       "\"warm_round_trips\": %llu}\n",
	       in_new_epoch.count, (unsigned long long)median(cold, count), (unsigned long long)in_new_epoch.questions,
	       (unsigned long long)median(warm, count), (unsigned long long)again.questions);
	return STATUS_OK;
}

/* All of it, at the end: what printf() and fwrite() couldn't write before is remembered. */
static int flush(void)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return 0;
	perror("process-list: standard output");
	return 1;
}

static int print(void)
{
	struct proc_text text;

	if (look(&text) != STATUS_OK)
		return 1;
	/* What changed while it was read is read anew. */
	for (int i = 1; i < PROC_TORN_TRIES && text.is_torn; i++) {
		proc_text_deinit(&text);
		target_epoch_end();
		if (look(&text) != STATUS_OK)
			return 1;
	}
	fwrite(text.data, 1, text.size, stdout);
	if (text.fault != NULL)
		fprintf(stderr, "process-list: %s\n", text.fault);
	int result = text.fault != NULL;
	proc_text_deinit(&text);
	return result;
}

/* A number from 1 to `most`; else 0. */
static unsigned parse_number(const char *text, unsigned long most)
{
	char *end;
	unsigned long number = strtoul(text, &end, 10);

	return *end == '\0' && number <= most ? (unsigned)number : 0;
}

static bool parse(int argc, char **argv, struct options *ret_options)
{
	*ret_options = (struct options){0};
	if (argc == 1)
		return true;
	if ((argc != 3 && argc != 5) || strcmp(argv[1], "--repeat") != 0)
		return false;
	ret_options->repeat_count = parse_number(argv[2], REPEAT_COUNT_MAX);
	if (argc == 5) {
		ret_options->pause_ms = strcmp(argv[3], "--pause") == 0 ? parse_number(argv[4], PAUSE_MS_MAX) : 0;
		return ret_options->repeat_count != 0 && ret_options->pause_ms != 0;
	}
	return ret_options->repeat_count != 0;
}

int main(int argc, char **argv)
{
	struct guest_kernel *kernel;
	struct options options;

	if (!parse(argc, argv, &options)) {
		fprintf(stderr, "usage: process-list [--repeat N [--pause MS]]\n");
		return 2;
	}
	if (options.repeat_count == 0)
		return print() | flush();
	if (target_kernel(&kernel) != STATUS_OK)
		return 1;
	return (repeat(kernel->memory, &options) != STATUS_OK) | flush();
}
