/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Two words, the second of which follows the first for ever: at each moment the first is as large as the second, or one
 * more. Runs on the last CPU, until it is killed.
 *
 * two-words: on two pages. Says on standard output where they lie (physical addresses, hexadecimal), and where page
 * tables of its own do, by which all memory stands at WINDOW.
 * two-words TEXT: as eight digits each, at the beginning and at the end of TEXT, in the program's arguments. Says its
 * number.
 */
#include <fcntl.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static const size_t PAGE = 4096;

/* Documentation/admin-guide/mm/pagemap.rst: bits 0-54 are the page's number, bit 63 says that it is there. 0: it isn't.
 */
static uint64_t physical_of(int pagemap, const void *address)
{
	uint64_t entry;

	if (pread(pagemap, &entry, sizeof entry, (off_t)((uintptr_t)address / PAGE * sizeof entry)) != sizeof entry ||
	    entry >> 63 == 0)
		return 0;
	return (entry & ((UINT64_C(1) << 55) - 1)) * PAGE;
}

/* One table for each of the two uppermost levels: eight pages of 1 GiB at 0xffff800000000000 (WINDOW, tests/smm.py). */
static void fill_tables(uint64_t *top, uint64_t *next, uint64_t physical_next)
{
	const uint64_t flags = 0x63; /* present, writable, accessed, dirty */

	top[256] = physical_next | flags;
	for (uint64_t i = 0; i < 8; i++)
		next[i] = i << 30 | flags | 0x80;
}

/* x86 stores become visible in the order of the program (SDM vol. 3A, 9.2.2). */
static void count(volatile uint64_t *first, volatile uint64_t *second)
{
	for (uint64_t number = 1;; number++) {
		*first = number;
		*second = number;
	}
}

static void count_in_digits(volatile uint64_t *first, volatile uint64_t *second)
{
	char digits[sizeof(uint64_t)];
	uint64_t word;

	memset(digits, '0', sizeof digits);
	for (;;) {
		for (int i = sizeof digits - 1; i >= 0 && ++digits[i] > '9'; i--)
			digits[i] = '0';
		memcpy(&word, digits, sizeof word);
		*first = word;
		*second = word;
	}
}

static int use_text(char *text)
{
	char *first = text + -(uintptr_t)text % sizeof(uint64_t);
	char *second = text + strlen(text) - sizeof(uint64_t);

	second -= (uintptr_t)second % sizeof(uint64_t);
	if (second <= first)
		return 2;
	printf("%d\n", getpid());
	fflush(stdout);
	count_in_digits((volatile uint64_t *)(void *)first, (volatile uint64_t *)(void *)second);
	return 0;
}

int main(int argc, char **argv)
{
	uint8_t *pages = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE,
			      MAP_PRIVATE | MAP_ANONYMOUS | MAP_LOCKED | MAP_POPULATE, -1, 0);
	int pagemap = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	cpu_set_t last;

	CPU_ZERO(&last);
	CPU_SET((size_t)sysconf(_SC_NPROCESSORS_ONLN) - 1, &last);
	if (pages == MAP_FAILED || pagemap < 0 || sched_setaffinity(0, sizeof last, &last) != 0) {
		perror("two-words");
		return 1;
	}
	if (argc > 1)
		return use_text(argv[1]);
	fill_tables((uint64_t *)(void *)(pages + 2 * PAGE), (uint64_t *)(void *)(pages + 3 * PAGE),
		    physical_of(pagemap, pages + 3 * PAGE));
	printf("%llx %llx %llx\n", (unsigned long long)physical_of(pagemap, pages),
	       (unsigned long long)physical_of(pagemap, pages + PAGE),
	       (unsigned long long)physical_of(pagemap, pages + 2 * PAGE));
	fflush(stdout);
	count((volatile uint64_t *)(void *)pages, (volatile uint64_t *)(void *)(pages + PAGE));
	return 0;
}
