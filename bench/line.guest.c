/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bench/line.h"

#include "guest/kernel/guestc.h"

void line_walk_run(void *argument)
{
	struct line_walk *walk = argument;
	const volatile uint64_t *line = (const volatile uint64_t *)walk->address;
	uint64_t sum = 0;

	/* Eight loads a step, so that it is loads that are measured. */
	for (uint64_t left = walk->load_count / 8; left > 0; left--)
		sum += line[0] + line[1] + line[2] + line[3] + line[4] + line[5] + line[6] + line[7];
	walk->sum = sum;
}
