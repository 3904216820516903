/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What reading the target's files takes inside, once the kernel is found: proc [--repeat N]
 * PATH… opens and reads all of them N times, after once to attach. One JSON line. The same image
 * runs in each backend, so times differ by how it gets at the target's memory.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/link-costs.h"

enum { REPEAT_COUNT_MAX = 1000 };

struct amount {
	uint64_t bytes, lines;
};

/* 0, or 1: said by the system calls, on stderr. */
static int read_file(const char *path, struct amount *amount)
{
	static char buffer[64 << 10];
	int file = open(path, O_RDONLY);
	ssize_t size;

	if (file < 0)
		return 1;
	while ((size = read(file, buffer, sizeof buffer)) > 0) {
		amount->bytes += (uint64_t)size;
		for (ssize_t i = 0; i < size; i++)
			amount->lines += buffer[i] == '\n';
	}
	close(file);
	return size < 0;
}

static int read_files(char **paths, struct amount *ret_amount)
{
	*ret_amount = (struct amount){0};
	for (; *paths != NULL; paths++) {
		if (read_file(*paths, ret_amount) != 0) {
			fprintf(stderr, "proc: can't read %s\n", *paths);
			return 1;
		}
	}
	return 0;
}

int main(int argc, char **argv)
{
	static uint64_t times[REPEAT_COUNT_MAX];
	unsigned repeat = 21;
	struct amount amount;
	char **paths = argv + 1;

	if (argc > 2 && strcmp(argv[1], "--repeat") == 0) {
		repeat = (unsigned)strtoul(argv[2], NULL, 10);
		paths += 2;
	}
	if (*paths == NULL || repeat == 0 || repeat > REPEAT_COUNT_MAX) {
		fprintf(stderr, "usage: proc [--repeat N] PATH…\n");
		return 2;
	}
	uint64_t start = link_costs_now();

	if (read_files(paths, &amount) != 0)
		return 1;
	uint64_t first_ns = link_costs_now() - start;

	for (unsigned i = 0; i < repeat; i++) {
		start = link_costs_now();
		if (read_files(paths, &amount) != 0)
			return 1;
		times[i] = link_costs_now() - start;
	}
	uint64_t median_ns = link_costs_median(times, repeat); /* sorts them */

	printf("{\"first_ns\": %llu, \"median_ns\": %llu, \"least_ns\": %llu, \"lines\": %llu, \"bytes\": %llu}\n",
	       (unsigned long long)first_ns, (unsigned long long)median_ns, (unsigned long long)times[0],
	       (unsigned long long)amount.lines, (unsigned long long)amount.bytes);
	return 0;
}
