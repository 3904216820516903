/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/checked.h"
#include "base/report.h"
#include "enclave/link/link.h"
#include "enclave/runtime/call.h"
#include "enclave/runtime/fault.h"
#include "enclave/runtime/output.h"
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
			      "inside; it got %s",
			      name, number, strerror((int)-result));
	}
	return result;
}

long image_syscall(long number, long a, long b, long c, long d, long e, long f)
{
	const long arguments[] = {a, b, c, d, e, f};
	const struct system_call *call;

	initialise();
	if (number < 0 || (unsigned long)number >= ARRAY_COUNT(system_calls) || system_calls[number].name == NULL)
		return refuse((unsigned long)number, "that this version has no name for", -ENOSYS);
	call = &system_calls[number];
	if (call->handler != NULL) {
		long result = pointers_check(number, arguments);

		return result < 0 ? result : call->handler(arguments);
	}
	return call->refused ? refuse((unsigned long)number, call->name, call->result) : call->result;
}
