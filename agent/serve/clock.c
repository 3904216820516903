/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/serve/clock.h"

#include <time.h>

static const int64_t second_ns = 1000000000;

static int64_t date_s(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return now.tv_sec;
}

void grant_clock_init(struct grant_clock *clock)
{
	*clock = (struct grant_clock){.started_ns = clock_ns(), .started_date_s = date_s()};
}

uint64_t grant_clock_now(const struct grant_clock *clock)
{
	int64_t counted = clock->started_date_s + (clock_ns() - clock->started_ns) / second_ns, said = date_s();

	return (uint64_t)(said > counted ? said : counted);
}

int64_t grant_clock_end_ns(uint64_t valid_until, uint64_t now)
{
	/* A century is as good as for ever, and doesn't overflow. */
	const uint64_t left_s = valid_until > now ? valid_until - now : 0;

	return clock_ns() + (left_s < 3153600000 ? (int64_t)left_s : 3153600000) * 1000000000;
}
