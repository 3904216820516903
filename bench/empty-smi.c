/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * empty-smi COMMAND [COUNT]: what an SMI takes that nobody has anything to do for (SSdetector's figures 9 and 10), as
 * root, on hardware: writes COMMAND to the port that the firmware's FADT names (ACPI 6.5, 5.2.9), COUNT times (200), on
 * the processor that it's started on. Prints a line of JSON: nanoseconds of a write that came to SMM, and of one to a
 * port where nobody listens. A COMMAND that ACPI gives a meaning is refused; what others mean is the firmware's secret:
 * the one who starts this chooses.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/io.h>
#include <time.h>
#include <unistd.h>

#define FADT "/sys/firmware/acpi/tables/FACP"

enum {
	FADT_SMI_PORT = 48,
	FADT_PSTATE = 55,
	FADT_CSTATE = 95,
	FADT_SIZE_MIN = 116,
	NOBODYS_PORT = 0x80,
	MSR_SMI_COUNT = 0x34,
	COUNT_MAX = 10000,
};

static int fail(const char *what, const char *why)
{
	fprintf(stderr, "empty-smi: %s: %s\n", what, why);
	return 1;
}

static int compare(const void *a, const void *b)
{
	const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static uint64_t now_ns(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC_RAW, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

/* Each time of `count` writes, in order of size. */
static void measure(uint16_t port, uint8_t command, uint64_t *times, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const uint64_t start = now_ns();

		outb(command, port);
		times[i] = now_ns() - start;
	}
	qsort(times, count, sizeof *times, compare);
}

/* How many SMIs this processor has had (SDM volume 4, MSR_SMI_COUNT), or -1: no /dev/cpu, or no such MSR. */
static int64_t smi_count(void)
{
	char path[64];
	uint32_t number;

	(void)snprintf(path, sizeof path, "/dev/cpu/%d/msr", sched_getcpu());
	int file = open(path, O_RDONLY | O_CLOEXEC);

	if (file < 0)
		return -1;
	ssize_t size = pread(file, &number, sizeof number, MSR_SMI_COUNT);

	(void)close(file);
	return size == sizeof number ? (int64_t)number : -1;
}

/* 0, or the exit code. */
static int read_port(uint8_t command, uint16_t *ret_port)
{
	uint8_t table[FADT_SIZE_MIN];
	int file = open(FADT, O_RDONLY | O_CLOEXEC);
	ssize_t size = file < 0 ? -1 : read(file, table, sizeof table);

	if (file < 0)
		return fail(FADT, strerror(errno));
	(void)close(file);
	if (size != sizeof table)
		return fail(FADT, "too short for a FADT");
	*ret_port = (uint16_t)(table[FADT_SMI_PORT] | table[FADT_SMI_PORT + 1] << 8);
	if (*ret_port == 0)
		return fail(FADT, "names no port for SMIs");
	if (command == table[FADT_CSTATE])
		return fail("COMMAND", "ACPI means something by it");
	for (int i = FADT_SMI_PORT + 4; i <= FADT_PSTATE; i++) {
		if (command == table[i])
			return fail("COMMAND", "ACPI means something by it");
	}
	return 0;
}

static int run(uint16_t port, uint8_t command, size_t count)
{
	static uint64_t times[COUNT_MAX], others[COUNT_MAX];
	cpu_set_t here;

	CPU_ZERO(&here);
	CPU_SET(sched_getcpu(), &here);
	if (sched_setaffinity(0, sizeof here, &here) != 0 || iopl(3) != 0)
		return fail("ports", strerror(errno));
	const int64_t before = smi_count();

	measure(port, command, times, count);
	const int64_t after = smi_count();

	measure(NOBODYS_PORT, 0, others, count);
	printf("{\"port\": %u, \"command\": %u, \"count\": %zu, \"smis\": %lld, \"median_ns\": %llu, \"p5_ns\": %llu, "
	       "\"p95_ns\": %llu, "
	       "\"other_port_median_ns\": %llu}\n",
	       port, command, count, before < 0 || after < 0 ? -1LL : (long long)(after - before),
	       (unsigned long long)times[count / 2], (unsigned long long)times[count / 20],
	       (unsigned long long)times[count - 1 - count / 20], (unsigned long long)others[count / 2]);
	return 0;
}

/* A number up to `most`, or -1. */
static long number(const char *text, long most)
{
	char *end;
	const long value = strtol(text, &end, 0);

	return *text != '\0' && *end == '\0' && value >= 0 && value <= most ? value : -1;
}

int main(int argc, char **argv)
{
	const long command = argc > 1 ? number(argv[1], UINT8_MAX) : -1,
		   count = argc > 2 ? number(argv[2], COUNT_MAX) : 200;
	uint16_t port = 0;

	if (argc > 3 || command < 0 || count < 1) {
		fprintf(stderr, "usage: empty-smi COMMAND [COUNT] (0 to 255; 1 to %d)\n", COUNT_MAX);
		return 2;
	}
	const int code = read_port((uint8_t)command, &port);

	return code != 0 ? code : run(port, (uint8_t)command, (size_t)count);
}
