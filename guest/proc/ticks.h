/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The target's timer ticks (jiffies) and how it shows them to users. */
#ifndef GUEST_PROC_TICKS_H
#define GUEST_PROC_TICKS_H

#include "guest/kernel/guestc.h"

/* Read once for a file, so that all its rows have one time. */
struct ticks {
	u64 now; /* jiffies */
	u64 tick_ns; /* the kernel's TICK_NSEC: 10⁹ / CONFIG_HZ, rounded */
};

/* Faults where the tick that the kernel states can't be one. */
GUEST_C void ticks_read(struct ticks *ret_ticks);

/* The target's HZ. */
GUEST_C u64 ticks_hz(const struct ticks *ticks);

/* jiffies_to_msecs(): rounded up where a tick isn't whole milliseconds. */
GUEST_C u64 ticks_to_ms(const struct ticks *ticks, u64 count);

/* jiffies_delta_to_msecs() of the ticks from now to `then`; 0 if it passed. */
GUEST_C u32 ticks_until_ms(const struct ticks *ticks, u64 then);

/* jiffies_to_clock_t(): in hundredths of a second, the ABI's USER_HZ. */
GUEST_C u64 ticks_to_clock(const struct ticks *ticks, u64 count);

/* jiffies_delta_to_clock_t() of the ticks from now to `then`; 0 if it passed. */
GUEST_C u64 ticks_until(const struct ticks *ticks, u64 then);

/* Roots of a plan (guest/proc/ahead.h): what ticks_read() reads. */
GUEST_C void ticks_ahead(void);

#endif
