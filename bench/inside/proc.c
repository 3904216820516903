/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What reading the target's files takes inside, once the kernel is found: proc [--repeat N] [--times]
 * [--each NAME…] [PATH…] opens and reads all paths N times, after once to attach; without any, it lists the
 * target's processes: the directory, each one's owner, and its files that --each names (stat, where it isn't given).
 * One JSON line, with each time if --times is given. The
 * same image runs in each backend, so times differ by how it gets at the target's memory.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bench/link-costs.h"

enum {
	REPEAT_COUNT_MAX = 1000,
	NAME_COUNT_MAX = 8,
};

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

/* The files of one process. One that ended meanwhile is none, and one without memory of its own has no environment. */
static int read_process(const char *number, const char *const *names, struct amount *amount)
{
	char path[FILENAME_MAX];
	struct stat owner;

	snprintf(path, sizeof path, "/proc/%s", number);
	if (stat(path, &owner) != 0)
		return 0;
	for (; *names != NULL; names++) {
		snprintf(path, sizeof path, "/proc/%s/%s", number, *names);
		if (read_file(path, amount) != 0 && errno != ENOENT && errno != ESRCH)
			return 1;
	}
	return 0;
}

/* What a process list needs of each: pid, comm, state and parent from stat, the user from its owner. */
static int list_processes(const char *const *names, struct amount *amount)
{
	DIR *directory = opendir("/proc");
	const struct dirent *entry;
	int result = 0;

	if (directory == NULL)
		return 1;
	while (result == 0 && (entry = readdir(directory)) != NULL) {
		if (entry->d_name[0] >= '0' && entry->d_name[0] <= '9')
			result = read_process(entry->d_name, names, amount);
	}
	closedir(directory);
	return result;
}

static int read_files(char **paths, const char *const *names, struct amount *ret_amount)
{
	*ret_amount = (struct amount){0};
	if (*paths == NULL)
		return list_processes(names, ret_amount);
	for (; *paths != NULL; paths++) {
		if (read_file(*paths, ret_amount) != 0) {
			fprintf(stderr, "proc: can't read %s\n", *paths);
			return 1;
		}
	}
	return 0;
}

static void print_times(const uint64_t *times, unsigned count)
{
	printf("\"times_ns\": [");
	for (unsigned i = 0; i < count; i++)
		printf("%s%llu", i > 0 ? ", " : "", (unsigned long long)times[i]);
	printf("], ");
}

int main(int argc, char **argv)
{
	static uint64_t times[REPEAT_COUNT_MAX];
	const char *names[NAME_COUNT_MAX + 1] = {"stat"};
	unsigned repeat = 21, name_count = 0;
	struct amount amount;
	char **paths = argv + 1;
	bool with_times = false;

	if (argc > 2 && strcmp(argv[1], "--repeat") == 0) {
		repeat = (unsigned)strtoul(argv[2], NULL, 10);
		paths += 2;
	}
	if (*paths != NULL && strcmp(*paths, "--times") == 0) {
		with_times = true;
		paths++;
	}
	for (; *paths != NULL && strcmp(*paths, "--each") == 0 && name_count < NAME_COUNT_MAX && paths[1] != NULL;
	     paths += 2)
		names[name_count++] = paths[1];
	if (repeat == 0 || repeat > REPEAT_COUNT_MAX) {
		fprintf(stderr, "usage: proc [--repeat N] [--times] [--each NAME…] [PATH…]\n");
		return 2;
	}
	uint64_t start = link_costs_now();

	if (read_files(paths, names, &amount) != 0)
		return 1;
	uint64_t first_ns = link_costs_now() - start;

	for (unsigned i = 0; i < repeat; i++) {
		start = link_costs_now();
		if (read_files(paths, names, &amount) != 0)
			return 1;
		times[i] = link_costs_now() - start;
	}
	uint64_t median_ns = link_costs_median(times, repeat); /* sorts them */

	printf("{");
	if (with_times)
		print_times(times, repeat);
	printf("\"first_ns\": %llu, \"median_ns\": %llu, \"least_ns\": %llu, \"lines\": %llu, \"bytes\": %llu}\n",
	       (unsigned long long)first_ns, (unsigned long long)median_ns, (unsigned long long)times[0],
	       (unsigned long long)amount.lines, (unsigned long long)amount.bytes);
	return 0;
}
