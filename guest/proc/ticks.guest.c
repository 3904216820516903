/* SPDX-License-Identifier: GPL-2.0-or-later */
/* jiffies: kernel/time/time.c, kernel/time/jiffies.c, 5.10 to 7.2. */
#include "guest/proc/ticks.h"

#include "guest/proc/ahead.h"
#include "guest/proc/tick-units.h"
#include "guest/proc/types/time.h"

enum {
	NS_PER_SECOND = 1000000000,
	USER_HZ = 100, /* include/asm-generic/param.h: ABI on x86 */
	/* CONFIG_HZ is 100, 250, 300 or 1000 (kernel/Kconfig.hz); some
	 * distributions add 500 and patched kernels 2000. */
	HZ_MIN = 50,
	HZ_MAX = 10000,
};

/* CONFIG_HZ isn't a variable. But the clock source that counts jiffies states
 * a tick's length as mult / 2^shift (TICK_NSEC << JIFFIES_SHIFT, constant). */
void ticks_read(struct ticks *ret_ticks)
{
	u32 shift = clocksource_jiffies.shift;
	u64 tick_ns = shift < 32 ? clocksource_jiffies.mult >> shift : 0;

	if (tick_ns < NS_PER_SECOND / HZ_MAX || tick_ns > NS_PER_SECOND / HZ_MIN)
		guest_fail(STATUS_MALFORMED, "clocksource_jiffies states a tick that no kernel has");
	ret_ticks->now = READ_ONCE(jiffies_64);
	ret_ticks->tick_ns = tick_ns;
}

u64 ticks_hz(const struct ticks *ticks)
{
	return tick_units_hz(ticks->tick_ns);
}

u64 ticks_to_ms(const struct ticks *ticks, u64 count)
{
	return tick_units_ms(count, ticks_hz(ticks));
}

u32 ticks_until_ms(const struct ticks *ticks, u64 then)
{
	s64 delta = (s64)(then - ticks->now);

	return delta > 0 ? (u32)ticks_to_ms(ticks, (u64)delta) : 0;
}

u64 ticks_to_clock(const struct ticks *ticks, u64 count)
{
	u64 user_tick_ns = NS_PER_SECOND / USER_HZ;
	u64 hz = ticks_hz(ticks);

	if (ticks->tick_ns % user_tick_ns != 0)
		return count * ticks->tick_ns / user_tick_ns;
	return hz < USER_HZ ? count * (USER_HZ / hz) : count / (hz / USER_HZ);
}

u64 ticks_until(const struct ticks *ticks, u64 then)
{
	s64 delta = (s64)(then - ticks->now);

	return ticks_to_clock(ticks, delta > 0 ? (u64)delta : 0);
}

void ticks_ahead(void)
{
	AHEAD_START (&clocksource_jiffies) {
		AHEAD_TAKE(struct clocksource, shift);
		AHEAD_TAKE(struct clocksource, mult);
	}
	AHEAD_VARIABLE(jiffies_64, sizeof jiffies_64);
}
