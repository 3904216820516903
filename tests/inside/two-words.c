/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Two words on two pages, the second of which follows the first for ever: at each moment the first is as large as the
 * second, or one more. Says on standard output where they lie (physical addresses, hexadecimal), then goes on until
 * it is killed. Runs on the last CPU.
 */
#include <fcntl.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
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

int main(void)
{
	const long cpu_count = sysconf(_SC_NPROCESSORS_ONLN);
	uint8_t *pages = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE,
			      MAP_PRIVATE | MAP_ANONYMOUS | MAP_LOCKED | MAP_POPULATE, -1, 0);
	int pagemap = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	cpu_set_t last;

	CPU_ZERO(&last);
	CPU_SET((size_t)cpu_count - 1, &last);
	if (pages == MAP_FAILED || pagemap < 0 || sched_setaffinity(0, sizeof last, &last) != 0) {
		perror("two-words");
		return 1;
	}
	volatile uint64_t *first = (volatile uint64_t *)(void *)pages,
			  *second = (volatile uint64_t *)(void *)(pages + PAGE);
	*first = *second = 0;
	printf("%llx %llx\n", (unsigned long long)physical_of(pagemap, pages),
	       (unsigned long long)physical_of(pagemap, pages + PAGE));
	fflush(stdout);
	/* x86 stores become visible in the order of the program (SDM vol. 3A, 9.2.2). */
	for (uint64_t number = 1;; number++) {
		*first = number;
		*second = number;
	}
}
