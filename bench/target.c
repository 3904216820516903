/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Measures attaching to a target and making pseudo files, in process.
 * tools/test/bench runs it against guests and makes ratios of what it prints.
 */
#include <argp.h>
#include <assert.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "agent/target.h"
#include "base/status.h"
#include "bench/line.h"
#include "guest/ask/ask.h"
#include "guest/kernel/access.h"
#include "guest/kernel/kallsyms.h"
#include "guest/kernel/kernel.h"
#include "guest/memory/caches.h"
#include "guest/memory/memory.h"
#include "guest/proc/node.h"
#include "guest/proc/process-list.h"
#include "guest/proc/running.h"

enum {
	REPEAT_COUNT_MAX = 10000,
	LOAD_COUNT = 8 << 20,
	PROBE_COUNT = 32768,
};

struct options {
	const char *target, *what;
	unsigned repeat_count;
	bool without_plans;
};

struct bench {
	struct target *target;
	void *storage, *line_storage;
	struct guest_memory memory;
	struct guest_kernel *kernel;
};

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000U + (uint64_t)now.tv_nsec;
}

/* Of this thread, in the kernel's part too: what others do to the machine meanwhile shows less in it. */
static uint64_t cpu_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (uint64_t)now.tv_sec * 1000000000U + (uint64_t)now.tv_nsec;
}

struct took {
	uint64_t ns, cpu_ns;
};

static struct took took_begin(void)
{
	return (struct took){now_ns(), cpu_ns()};
}

static struct took took_since(struct took begin)
{
	return (struct took){now_ns() - begin.ns, cpu_ns() - begin.cpu_ns};
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

static void bench_detach(struct bench *bench)
{
	guest_kernel_destroy(bench->kernel);
	free(bench->storage);
	free(bench->line_storage);
	target_destroy(bench->target);
	memset(bench, 0, sizeof *bench);
}

static status give_lines(struct bench *bench)
{
	size_t size = guest_memory_lines_storage_size(PROGRAM_LINE_COUNT);

	bench->line_storage = aligned_alloc(4096, (size + 4095) & ~(size_t)4095);
	return bench->line_storage != NULL ? guest_memory_lines_init(&bench->memory, bench->line_storage, size)
					   : STATUS_NO_MEMORY;
}

/* All that `bartizan cat` does before it opens its file. */
static status bench_attach(const struct options *options, struct bench *bench, uint64_t *ret_open_ns,
			   uint64_t *ret_kernel_ns)
{
	uint64_t start = now_ns();

	TRY(target_create(options->target, &bench->target));
	uint64_t opened = now_ns();

	bench->storage = aligned_alloc(4096, (guest_memory_storage_size(PROGRAM_PAGE_COUNT) + 4095) & ~(size_t)4095);
	if (bench->storage == NULL)
		return STATUS_NO_MEMORY;
	TRY(guest_memory_init(&bench->memory, bench->target->source, bench->storage,
			      guest_memory_storage_size(PROGRAM_PAGE_COUNT)));
	if (!options->without_plans)
		TRY(give_lines(bench));
	TRY(guest_kernel_create(&bench->memory, NULL, &bench->kernel));
	*ret_open_ns = opened - start;
	*ret_kernel_ns = now_ns() - opened;
	return STATUS_OK;
}

static status measure_attach(const struct options *options)
{
	uint64_t open_ns[REPEAT_COUNT_MAX], kernel_ns[REPEAT_COUNT_MAX], total_ns[REPEAT_COUNT_MAX];
	struct bench bench = {0};
	uint64_t pages = 0;

	for (unsigned i = 0; i < options->repeat_count; i++) {
		TRY(bench_attach(options, &bench, &open_ns[i], &kernel_ns[i]));
		total_ns[i] = open_ns[i] + kernel_ns[i];
		pages = bench.memory.fetched_pages;
		bench_detach(&bench);
	}
	printf("{\"open_ns\": %llu, \"kernel_ns\": %llu, \"total_ns\": %llu, \"pages\": %llu}\n",
	       (unsigned long long)median(open_ns, options->repeat_count),
	       (unsigned long long)median(kernel_ns, options->repeat_count),
	       (unsigned long long)median(total_ns, options->repeat_count), (unsigned long long)pages);
	return STATUS_OK;
}

static status make_text(struct bench *bench, const struct proc_entry *entry, struct took *ret_took, size_t *ret_lines)
{
	struct took begin = took_begin();
	struct proc_text text;
	size_t lines = 0;

	TRY(guest_memory_refresh(&bench->memory));
	TRY(proc_text_init(bench->kernel, entry, &text));
	*ret_took = took_since(begin);
	for (size_t i = 0; i < text.size; i++)
		lines += text.data[i] == '\n';
	if (text.fault != NULL)
		fprintf(stderr, "bench: %s: %s\n", entry->node->path, text.fault);
	*ret_lines = lines;
	proc_text_deinit(&text);
	return STATUS_OK;
}

static status measure_file(const struct options *options)
{
	uint64_t times[REPEAT_COUNT_MAX], cpu_times[REPEAT_COUNT_MAX], ignored[2];
	char path[PROC_NAME_SIZE_MAX];
	struct proc_entry entry;
	struct took took;
	struct bench bench = {0};
	size_t lines = 0;

	assert(options->repeat_count > 0); /* parse_option() refuses it */
	TRY(bench_attach(options, &bench, &ignored[0], &ignored[1]));
	snprintf(path, sizeof path, "/proc/%s", options->what);
	TRY(proc_entry_find(path, &entry));
	/* Once before: names and types are looked up then. */
	TRY(make_text(&bench, &entry, &took, &lines));
	uint64_t pages = bench.memory.fetched_pages, questions = bench.memory.question_count;
	for (unsigned i = 0; i < options->repeat_count; i++) {
		TRY(make_text(&bench, &entry, &took, &lines));
		times[i] = took.ns;
		cpu_times[i] = took.cpu_ns;
	}
	pages = (bench.memory.fetched_pages - pages) / options->repeat_count;
	questions = (bench.memory.question_count - questions) / options->repeat_count;
	uint64_t median_ns = median(times, options->repeat_count); /* sorts them */
	printf("{\"median_ns\": %llu, \"cpu_ns\": %llu, \"least_ns\": %llu, \"lines\": %zu, \"pages\": %llu, "
	       "\"questions\": %llu}\n",
	       (unsigned long long)median_ns, (unsigned long long)median(cpu_times, options->repeat_count),
	       (unsigned long long)times[0], lines, (unsigned long long)pages, (unsigned long long)questions);
	bench_detach(&bench);
	return STATUS_OK;
}

/* What guest C pays for a load of a line that is cached, checks included. */
static status measure_line(const struct options *options)
{
	uint64_t times[REPEAT_COUNT_MAX], ignored[2];
	struct line_walk walk = {.load_count = LOAD_COUNT};
	struct guest_va banner;
	struct bench bench = {0};

	TRY(bench_attach(options, &bench, &ignored[0], &ignored[1]));
	TRY(guest_symbols_find(bench.kernel->symbols, "linux_banner", &banner));
	walk.address = banner.value;
	guest_access_enter(&bench.memory, &bench.kernel->space);
	for (unsigned i = 0; i < options->repeat_count; i++) {
		uint64_t start = now_ns();
		TRY(guest_call(line_walk_run, &walk, sizeof walk));
		times[i] = now_ns() - start;
	}
	printf("{\"load_ns\": %.2f, \"loads\": %d}\n", (double)median(times, options->repeat_count) / LOAD_COUNT,
	       LOAD_COUNT);
	bench_detach(&bench);
	return STATUS_OK;
}

/* What kill(pid, 0) asks, for every number below 32768 (pid_max by default): the cache is warm, so nobody
 * else is asked. */
static status probe_all(struct bench *bench, uint64_t *ret_ns, unsigned *ret_found_count)
{
	struct ask_process process = {.by = ASK_BY_NUMBER};
	uint64_t start = now_ns();
	unsigned found_count = 0;

	for (uint32_t number = 1; number < PROBE_COUNT; number++) {
		process.number = number;
		TRY(ask_process(bench->kernel, &process));
		found_count += process.is_found;
	}
	*ret_ns = now_ns() - start;
	*ret_found_count = found_count;
	return STATUS_OK;
}

static status measure_probe(const struct options *options)
{
	uint64_t times[REPEAT_COUNT_MAX], ignored[2];
	struct bench bench = {0};
	unsigned found_count = 0;

	TRY(bench_attach(options, &bench, &ignored[0], &ignored[1]));
	TRY(probe_all(&bench, &times[0], &found_count));
	uint64_t questions = bench.memory.question_count;
	for (unsigned i = 0; i < options->repeat_count; i++)
		TRY(probe_all(&bench, &times[i], &found_count));
	questions = bench.memory.question_count - questions;
	printf("{\"probe_ns\": %.1f, \"probes\": %d, \"found\": %u, \"questions\": %llu}\n",
	       (double)median(times, options->repeat_count) / (PROBE_COUNT - 1), PROBE_COUNT - 1, found_count,
	       (unsigned long long)questions);
	bench_detach(&bench);
	return STATUS_OK;
}

/* The process list by itself, as enclave/programs/process-list.c makes it: in an epoch of its own, and again
 * in the same one. */
static status list_processes(struct bench *bench, bool is_cold, struct took *ret_took, size_t *ret_lines)
{
	const struct proc_subject nobody = {0};
	struct took begin = took_begin();
	struct proc_text text;
	size_t lines = 0;

	if (is_cold) {
		TRY(guest_memory_refresh(&bench->memory));
		TRY(guest_kernel_check(bench->kernel));
	}
	TRY(proc_enter(bench->kernel, &nobody));
	TRY(proc_text_make(process_list_show, &text));
	*ret_took = took_since(begin);
	for (size_t i = 0; i < text.size; i++)
		lines += text.data[i] == '\n';
	proc_text_deinit(&text);
	*ret_lines = lines;
	return STATUS_OK;
}

static status measure_processes(const struct options *options)
{
	uint64_t cold[REPEAT_COUNT_MAX], cold_cpu[REPEAT_COUNT_MAX], warm[REPEAT_COUNT_MAX], ignored[2];
	struct bench bench = {0};
	struct took took;
	size_t lines = 0;

	TRY(bench_attach(options, &bench, &ignored[0], &ignored[1]));
	TRY(list_processes(&bench, true, &took, &lines));
	for (unsigned i = 0; i < options->repeat_count; i++) {
		TRY(list_processes(&bench, true, &took, &lines));
		cold[i] = took.ns;
		cold_cpu[i] = took.cpu_ns;
		TRY(list_processes(&bench, false, &took, &lines));
		warm[i] = took.ns;
	}
	printf("{\"processes\": %zu, \"cold_ns\": %llu, \"cold_cpu_ns\": %llu, \"warm_ns\": %llu}\n", lines,
	       (unsigned long long)median(cold, options->repeat_count),
	       (unsigned long long)median(cold_cpu, options->repeat_count),
	       (unsigned long long)median(warm, options->repeat_count));
	bench_detach(&bench);
	return STATUS_OK;
}

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
	struct options *options = state->input;

	switch (key) {
	case 'n':
		options->repeat_count = (unsigned)strtoul(argument, NULL, 10);
		if (options->repeat_count == 0 || options->repeat_count > REPEAT_COUNT_MAX)
			argp_error(state, "--repeat takes 1 to %d", REPEAT_COUNT_MAX);
		return 0;
	case 'p': options->without_plans = true; return 0;
	case ARGP_KEY_ARG:
		if (state->arg_num > 1)
			argp_usage(state);
		*(state->arg_num == 0 ? &options->target : &options->what) = argument;
		return 0;
	case ARGP_KEY_END:
		if (state->arg_num != 2)
			argp_usage(state);
		return 0;
	default: return ARGP_ERR_UNKNOWN;
	}
}

int main(int argc, char **argv)
{
	static const struct argp_option argp_options[] = {
		{"repeat", 'n', "COUNT", 0, "take the median of COUNT runs", 0},
		{"without-plans", 'p', NULL, 0, "fetch pages as they are touched", 0},
		{0},
	};
	const struct argp argp = {
		.options = argp_options,
		.parser = parse_option,
		.args_doc = "TARGET attach|line|probe|processes|FILE",
		.doc = "Measure attaching to TARGET, loads from a cached line, questions for processes by "
		       "their numbers (kill(pid, 0)), the list of processes, or making the text of FILE "
		       "below /proc (net/tcp).",
	};
	struct options options = {.repeat_count = 21};

	argp_parse(&argp, argc, argv, 0, NULL, &options);
	status result = strcmp(options.what, "attach") == 0	 ? measure_attach(&options)
			: strcmp(options.what, "line") == 0	 ? measure_line(&options)
			: strcmp(options.what, "probe") == 0	 ? measure_probe(&options)
			: strcmp(options.what, "processes") == 0 ? measure_processes(&options)
								 : measure_file(&options);
	if (result != STATUS_OK)
		fprintf(stderr, "bench: %s: %s\n", options.what, status_name(result));
	return result == STATUS_OK ? 0 : 1;
}
