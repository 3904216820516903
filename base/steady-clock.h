/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The clock that nobody sets (CLOCK_MONOTONIC), of the system that this program runs on: not for enclaves. */
#ifndef BASE_STEADY_CLOCK_H
#define BASE_STEADY_CLOCK_H

#include <stdint.h>
#include <time.h>

/* Nanoseconds since some time before the program's start. */
static inline uint64_t steady_clock_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * UINT64_C(1000000000) + (uint64_t)now.tv_nsec;
}

static inline uint64_t steady_clock_ms(void)
{
	return steady_clock_ns() / 1000000;
}

static inline int64_t steady_clock_s(void)
{
	return (int64_t)(steady_clock_ns() / UINT64_C(1000000000));
}

#endif
