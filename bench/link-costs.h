/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the link's primitives cost, measured where they are linked: on the host and inside an image. */
#ifndef BENCH_LINK_COSTS_H
#define BENCH_LINK_COSTS_H

#include <stdint.h>

#include "link/primitives.h"

/* Nanoseconds of a clock that doesn't go back. */
uint64_t link_costs_now(void);

/* The middle one of `times`, which are sorted by it. */
uint64_t link_costs_median(uint64_t *times, unsigned count);

/* Print one JSON line: medians of rounds, in nanoseconds for one operation. Returns 0, or 1 after a fault,
 * which was reported. */
int link_costs_print(const struct link_primitives *primitives);

#endif
