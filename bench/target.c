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
#include "guest/kernel/access.h"
#include "guest/kernel/kallsyms.h"
#include "guest/kernel/kernel.h"
#include "guest/memory/memory.h"
#include "guest/proc/node.h"

enum {
	CACHE_PAGES = 896, /* as enclave/vfs/target.c */
	REPEAT_COUNT_MAX = 10000,
	LOAD_COUNT = 8 << 20,
};

struct options {
	const char *target, *what;
	unsigned repeat_count;
};

struct bench {
	struct target *target;
	void *storage;
	struct guest_memory memory;
	struct guest_kernel *kernel;
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

static void bench_detach(struct bench *bench)
{
	guest_kernel_destroy(bench->kernel);
	free(bench->storage);
	target_destroy(bench->target);
	memset(bench, 0, sizeof *bench);
}

/* All that `bartizan cat` does before it opens its file. */
static status bench_attach(const struct options *options, struct bench *bench, uint64_t *ret_open_ns,
			   uint64_t *ret_kernel_ns)
{
	uint64_t start = now_ns();

	TRY(target_create(options->target, &bench->target));
	uint64_t opened = now_ns();

	bench->storage = aligned_alloc(4096, (guest_memory_storage_size(CACHE_PAGES) + 4095) & ~(size_t)4095);
	if (bench->storage == NULL)
		return STATUS_NO_MEMORY;
	TRY(guest_memory_init(&bench->memory, bench->target->source, bench->storage,
			      guest_memory_storage_size(CACHE_PAGES)));
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

static status make_text(struct bench *bench, const struct proc_node *node, uint64_t *ret_ns, size_t *ret_lines)
{
	struct proc_text text;
	uint64_t start = now_ns();
	size_t lines = 0;

	TRY(proc_text_init(bench->kernel, node, &text));
	*ret_ns = now_ns() - start;
	for (size_t i = 0; i < text.size; i++)
		lines += text.data[i] == '\n';
	if (text.fault != NULL)
		fprintf(stderr, "bench: %s: %s\n", node->path, text.fault);
	*ret_lines = lines;
	proc_text_deinit(&text);
	return STATUS_OK;
}

static status measure_file(const struct options *options)
{
	uint64_t times[REPEAT_COUNT_MAX], ignored[2];
	const struct proc_node *node;
	struct bench bench = {0};
	size_t lines = 0;

	assert(options->repeat_count > 0); /* parse_option() refuses it */
	TRY(bench_attach(options, &bench, &ignored[0], &ignored[1]));
	TRY(proc_node_find(options->what, &node));
	uint64_t pages = bench.memory.fetched_pages;
	for (unsigned i = 0; i < options->repeat_count; i++)
		TRY(make_text(&bench, node, &times[i], &lines));
	pages = (bench.memory.fetched_pages - pages) / options->repeat_count;
	printf("{\"median_ns\": %llu, \"lines\": %zu, \"pages\": %llu}\n",
	       (unsigned long long)median(times, options->repeat_count), lines, (unsigned long long)pages);
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

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
	struct options *options = state->input;

	switch (key) {
	case 'n':
		options->repeat_count = (unsigned)strtoul(argument, NULL, 10);
		if (options->repeat_count == 0 || options->repeat_count > REPEAT_COUNT_MAX)
			argp_error(state, "--repeat takes 1 to %d", REPEAT_COUNT_MAX);
		return 0;
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
		{0},
	};
	const struct argp argp = {
		.options = argp_options,
		.parser = parse_option,
		.args_doc = "TARGET attach|line|FILE",
		.doc = "Measure attaching to TARGET, loads from a cached line, or making the text of FILE below /proc "
		       "(net/tcp).",
	};
	struct options options = {.repeat_count = 21};

	argp_parse(&argp, argc, argv, 0, NULL, &options);
	status result = strcmp(options.what, "attach") == 0 ? measure_attach(&options)
			: strcmp(options.what, "line") == 0 ? measure_line(&options)
							    : measure_file(&options);
	if (result != STATUS_OK)
		fprintf(stderr, "bench: %s: %s\n", options.what, status_name(result));
	return result == STATUS_OK ? 0 : 1;
}
