/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The date by which grants end, beside the time that only moves forward. */
#ifndef AGENT_SERVE_CLOCK_H
#define AGENT_SERVE_CLOCK_H

#include <stdint.h>

#include "agent/clock.h"

/* The date, in a form that setting the clock back doesn't change. */
struct grant_clock {
	int64_t started_ns; /* clock_ns() … */
	int64_t started_date_s; /* … and the date at that time */
};

void grant_clock_init(struct grant_clock *clock);

/* Seconds since 1970: the system's date, but never less than what has passed since the
 * start says. A clock that was ahead at the start and then put right makes grants
 * end early, never late. */
uint64_t grant_clock_now(const struct grant_clock *clock);

/* When a grant's time is over, by clock_ns(); `now` as grant_clock_now(). */
int64_t grant_clock_end_ns(uint64_t valid_until, uint64_t now);

#endif
