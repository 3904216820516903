/* SPDX-License-Identifier: GPL-2.0-or-later */
/* calls WHAT [ARGUMENT]: one thing that a program inside may try, for
 * tests/test_inside.py. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

static int copy_input(void)
{
	int c;

	while ((c = getchar()) != EOF)
		putchar(c);
	return 0;
}

static int fill_memory(void)
{
	size_t count = 0, size = 0;
	char *blocks[4096];

	while (count < 4096 && (blocks[count] = malloc(100000)) != NULL) {
		memset(blocks[count], (int)count, 100000);
		size += 100000;
		count++;
	}
	for (size_t i = 0; i < count; i++) {
		if (blocks[i][99999] != (char)i)
			return 3;
		free(blocks[i]);
	}
	printf("%zu\n", size);
	return malloc(10000000) != NULL ? 0 : 4;
}

static int arithmetic(void)
{
	volatile double third = 1.0 / 3.0;

	printf("%.17g %Lg\n", third, (long double)third * 3);
	return 0;
}

static int print_file(const char *path)
{
	char line[256];
	FILE *file = fopen(path, "r");

	if (file == NULL) {
		printf("%s\n", strerror(errno));
		return 1;
	}
	while (fgets(line, sizeof line, file) != NULL)
		fputs(line, stdout);
	/* Ends as many programs do: without a look at ferror(). */
	return 0;
}

/* Look for files, and go on without: as programs do. */
static int probe(char *const *paths)
{
	for (; *paths != NULL; paths++)
		if (access(*paths, F_OK) == 0)
			return 8;
	return 0;
}

static int clocks(void)
{
	struct timespec before, after;

	clock_gettime(CLOCK_MONOTONIC, &before);
	usleep(20000);
	clock_gettime(CLOCK_MONOTONIC, &after);
	return after.tv_sec > before.tv_sec || after.tv_nsec > before.tv_nsec ? 0 : 5;
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";
	const char *argument = argc > 2 ? argv[2] : "";

	if (strcmp(what, "arguments") == 0)
		for (int i = 0; i < argc; i++)
			printf("%s\n", argv[i]);
	else if (strcmp(what, "environment") == 0)
		for (char **entry = environ; *entry != NULL; entry++)
			printf("%s\n", *entry);
	else if (strcmp(what, "input") == 0)
		return copy_input();
	else if (strcmp(what, "memory") == 0)
		return fill_memory();
	else if (strcmp(what, "arithmetic") == 0)
		return arithmetic();
	else if (strcmp(what, "file") == 0)
		return print_file(argument);
	else if (strcmp(what, "probe") == 0)
		return probe(argv + 2);
	else if (strcmp(what, "clocks") == 0)
		return clocks();
	else if (strcmp(what, "exit") == 0)
		return atoi(argument); /* lint: allow unsafe-call: the test's own number */
	else if (strcmp(what, "crash") == 0)
		*(volatile char *)0x1234 = 1;
	else if (strcmp(what, "abort") == 0)
		abort();
	else if (strcmp(what, "fork") == 0)
		return fork() < 0 && errno == ENOSYS ? 0 : 6;
	else if (strcmp(what, "execute") == 0)
		return mmap(NULL, 4096, PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED ? 0 : 7;
	return 0;
}
