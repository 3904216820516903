/* SPDX-License-Identifier: GPL-2.0-or-later */
/* large MIB: fill so much memory, then see that all of it is what was written, three times, for
 * tests/test_sgx_hardening.py. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

static uint64_t value(size_t i, unsigned round)
{
	return (i + 1) * 0x9e3779b97f4a7c15 + round;
}

int main(int argc, char **argv)
{
	size_t count = (argc > 1 ? strtoul(argv[1], NULL, 10) : 1) << 17;
	uint64_t *words = malloc(count * sizeof *words);

	if (words == NULL)
		return 1;
	for (unsigned round = 0; round < 3; round++) {
		for (size_t i = 0; i < count; i++)
			words[i] = value(i, round);
		for (size_t i = 0; i < count; i++) {
			if (words[i] != value(i, round)) {
				printf("word %zu of round %u is another\n", i, round);
				return 2;
			}
		}
	}
	printf("whole: %zu MiB\n", count >> 17);
	return 0;
}
