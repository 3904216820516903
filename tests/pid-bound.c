// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Preloaded for chkproc in a guest: numbers beyond kernel.pid_max (PID_MAX, which the test has set) are answered here,
 * as no process can have one (alloc_pid(), kernel/pid.c). chkproc tries 4,194,304 numbers whatever the kernel's limit
 * is, and a lookup in /proc that fails takes 50 µs under emulation: minutes that would say nothing else.
 */
#include <errno.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

static int refuse(int error)
{
	errno = error;
	return -1;
}

/* "/proc/NUMBER"; -1: another path. */
static long number_of(const char *path)
{
	static const char start[] = "/proc/";
	long number = 0;

	for (const char *expected = start; *expected != 0; expected++, path++)
		if (*path != *expected)
			return -1;
	for (; *path >= '0' && *path <= '9'; path++)
		number = 10 * number + *path - '0';
	return *path == 0 ? number : -1;
}

int chdir(const char *path)
{
	return number_of(path) > PID_MAX ? refuse(ENOENT) : (int)syscall(SYS_chdir, path);
}

/* The kernel's answer is 1 to 40, so that it is no error: getpriority(2). */
int getpriority(__priority_which_t which, id_t who)
{
	const long found =
		which == PRIO_PROCESS && who > PID_MAX ? refuse(ESRCH) : syscall(SYS_getpriority, which, who);

	return found < 0 ? -1 : (int)(20 - found);
}
