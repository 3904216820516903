/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a tick of the target's timer is in other units: arithmetic alone, for guest C and its test. */
#ifndef GUEST_PROC_TICK_UNITS_H
#define GUEST_PROC_TICK_UNITS_H

#include <stdint.h>

/* HZ, of a tick's length in ns, which is rounded (TICK_NSEC). */
static inline uint64_t tick_units_hz(uint64_t tick_ns)
{
	return (1000000000 + tick_ns / 2) / tick_ns;
}

/* jiffies_to_msecs() (kernel/time/time.c): rounded up where a tick isn't whole milliseconds. */
static inline uint64_t tick_units_ms(uint64_t count, uint64_t hz)
{
	return (count * 1000 + hz - 1) / hz;
}

#endif
