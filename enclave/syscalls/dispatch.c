/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>

#include "base/checked.h"
#include "base/report.h"
#include "enclave/duty/duty.h"
#include "enclave/link/link.h"
#include "enclave/runtime/call.h"
#include "enclave/runtime/fault.h"
#include "enclave/runtime/output.h"
#include "enclave/spawn/spawn.h"
#include "enclave/syscalls/pointers.h"
#include "enclave/syscalls/syscalls.h"
#include "enclave/vfs/vfs.h"

struct system_call {
	const char *name;
	long (*handler)(const long *arguments);
	long result; /* without a handler */
	bool refused;
};

#define INSIDE(number, name_) [number] = {.name = #name_, .handler = call_##name_},
#define ANSWER(number, name_, result_) [number] = {.name = #name_, .result = result_},
#define REFUSED(number, name_, error_) [number] = {.name = #name_, .result = -error_, .refused = true},
static const struct system_call system_calls[] = {
#include "enclave/syscalls/table.h"
};

/* Messages go straight out: the program may be in the middle of its own stdio. */
static void report_to_host(void *context, status fault, const char *message)
{
	char line[1100];
	int length = snprintf(line, sizeof line, "bartizan: %s\n", message);

	if (length > 0)
		(void)output_write(OUTPUT_REPORT, line,
				   (size_t)length < sizeof line ? (size_t)length : sizeof line - 1);
}

static void initialise(void)
{
	static bool done;

	if (done)
		return;
	done = true;
	report_sink_set(report_to_host, NULL);
	vfs_init();
	/* Before the program does anything: a run without the right to watch is no run. */
	if (enclave_link_start() != STATUS_OK) {
		enclave_link_end();
		runtime_exit(EXIT_NOT_RUN);
	}
}

/* Why, where the name alone doesn't say it. */
static const char *reason_of(unsigned long number)
{
	switch (number) {
	case SYS_fork:
	case SYS_vfork:
	case SYS_clone:
	case SYS_clone3:
		return " (what runs inside is one process with one thread; another program can be run by popen(), "
		       "system() or posix_spawn())";
	case SYS_execve:
	case SYS_execveat:
		return " (what runs in this enclave is the one measured program; another can be run beside it by "
		       "popen(), "
		       "system() or posix_spawn())";
	case SYS_bind:
	case SYS_listen:
	case SYS_accept:
	case SYS_accept4:
	case SYS_connect:
	case SYS_sendto:
	case SYS_sendmsg:
	case SYS_sendmmsg: return " (a program inside takes no port and sends nothing)";
	case SYS_setpriority:
	case SYS_prlimit64: return " for processes of the target, which is only watched";
	default: return "";
	}
}

/* Say once per call that it was refused: a program that gives up because of it
 * must not be a riddle. */
static long refuse(unsigned long number, const char *name, long result)
{
	static bool named[ARRAY_COUNT(system_calls) + 1];
	unsigned long slot = number < ARRAY_COUNT(system_calls) ? number : ARRAY_COUNT(system_calls);

	if (!named[slot]) {
		named[slot] = true;
		(void)!report(STATUS_DENIED,
			      "the program asked for the system call %s (%lu), which doesn't exist "
			      "inside%s; it got %s",
			      name, number, reason_of(number), strerror((int)-result));
	}
	return result;
}

long syscall_refuse(long number, long result)
{
	return refuse((unsigned long)number, system_calls[number].name, result);
}

/* Now and then, where the program isn't in its malloc(): a remote verifier expects to be answered (TLS allocates). */
static void answer_verifier(long number)
{
	enum { CALLS = 256 };
	static unsigned int count;

	if (number == SYS_brk || number == SYS_mmap || number == SYS_munmap || number == SYS_mremap ||
	    number == SYS_madvise)
		return;
	if (++count % CALLS == 0)
		duty_pump();
}

/* System calls within system calls: what this side allocates to answer one is not the program's wish. */
static unsigned int depth;

bool syscall_is_programs(void)
{
	return depth == 1;
}

static long answer(long number, const long *arguments)
{
	const struct system_call *call;

	if (number == SPAWN_CALL)
		return spawn_program((const char *)arguments[0], (const char *const *)arguments[1],
				     (const char *const *)arguments[2], (const struct streams_action *)arguments[3],
				     (int)arguments[4]);
	if (number < 0 || (unsigned long)number >= ARRAY_COUNT(system_calls) || system_calls[number].name == NULL)
		return refuse((unsigned long)number, "that this version has no name for", -ENOSYS);
	call = &system_calls[number];
	if (call->handler != NULL) {
		long result = pointers_check(number, arguments);

		return result < 0 ? result : call->handler(arguments);
	}
	return call->refused ? refuse((unsigned long)number, call->name, call->result) : call->result;
}

long image_syscall(long number, long a, long b, long c, long d, long e, long f)
{
	const long arguments[] = {a, b, c, d, e, f};

	depth++;
	initialise();
	answer_verifier(number);
	long result = answer(number, arguments);
	depth--;
	return result;
}
