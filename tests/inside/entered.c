/* SPDX-License-Identifier: GPL-2.0-or-later */
/* entered: what a program finds in the registers that calls don't preserve for it, at its start and after
 * each call out, and what its auxiliary vector says, for tests/entry-probe.c, which leaves garbage there. */
#include <elf.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/auxv.h>
#include <unistd.h>

extern const char __ehdr_start[] __attribute__((visibility("hidden")));
extern const char end[] __attribute__((visibility("hidden")));

enum { FLAGS_BAD = 0x44500 /* AC, NT, DF, TF */, LOOK_COUNT = 5 };

static bool state_is_right(void)
{
	uint32_t mxcsr = 0;
	uint16_t control = 0, status = 0;
	volatile double third = 1.0 / 3.0;

	__asm__ volatile("stmxcsr %0\n\tfnstcw %1\n\tfnstsw %2" : "=m"(mxcsr), "=m"(control), "=m"(status));
	/* Rounded to nearest, and the x87 stack empty: nothing of the host's is on it. */
	return (mxcsr & ~0x3fu) == 0x1f80 && control == 0x37f && (status & 0x3800) == 0 &&
	       (__builtin_ia32_readeflags_u64() & FLAGS_BAD) == 0 && third == 0x1.5555555555555p-2;
}

/* All of it is made inside: pointers lead into the image, numbers are the manual's. */
static bool auxiliary_is_right(void)
{
	const uint64_t first = (uint64_t)__ehdr_start, past = (uint64_t)end;
	const uint64_t inside[] = {getauxval(AT_PHDR), getauxval(AT_ENTRY), getauxval(AT_RANDOM)};

	for (size_t i = 0; i < sizeof inside / sizeof inside[0]; i++)
		if (inside[i] < first || inside[i] >= past)
			return false;
	return getauxval(AT_PAGESZ) == 4096 && getauxval(AT_SYSINFO_EHDR) == 0 && getauxval(AT_BASE) == 0 &&
	       getauxval(AT_EXECFN) == 0 && getauxval(AT_PLATFORM) == 0 && getauxval(AT_SECURE) == 0 &&
	       getauxval(AT_HWCAP) == 0;
}

int main(void)
{
	bool right = state_is_right() && auxiliary_is_right();

	for (int i = 0; i < LOOK_COUNT; i++) {
		(void)!write(1, right ? "right\n" : "wrong\n", 6);
		right = state_is_right();
	}
	return 0;
}
