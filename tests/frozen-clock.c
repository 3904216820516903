/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Preloaded into `bartizan`: once the file that $FREEZE names is there, its steady clock stands still.
 * For tests/test_watch_verifier.py.
 */
#include <dlfcn.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

int clock_gettime(clockid_t clock, struct timespec *ret_time)
{
	static struct timespec frozen;
	int (*real)(clockid_t, struct timespec *) =
		(int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
	const int result = real(clock, ret_time);

	if (clock != CLOCK_MONOTONIC || access(getenv("FREEZE"), F_OK) != 0)
		return result;
	if (frozen.tv_sec == 0)
		frozen = *ret_time;
	*ret_time = frozen;
	return result;
}
