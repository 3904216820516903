/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Guest C that does nothing but load from one line of the kernel's memory. */
#ifndef BENCH_LINE_H
#define BENCH_LINE_H

#include <stdint.h>

struct line_walk {
	uint64_t address; /* of the line: 64 bytes of the kernel's */
	uint64_t load_count; /* a multiple of 8 */
	uint64_t sum;
};

/* `argument`: struct line_walk. */
void line_walk_run(void *argument);

#endif
