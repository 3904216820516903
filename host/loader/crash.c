/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/loader/crash.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/checked.h"
#include "host/image/symbol.h"
#include "wire/call.h"

/* arch/x86/kernel/traps.c and mm/fault.c of Linux. */
static const struct exception {
	const char *name;
	int signal;
} exceptions[] = {
	[0] = {"division by zero", SIGFPE},
	[1] = {"debug trap", SIGTRAP},
	[3] = {"breakpoint", SIGTRAP},
	[4] = {"overflow", SIGSEGV},
	[5] = {"bound range exceeded", SIGSEGV},
	[6] = {"invalid instruction", SIGILL},
	[7] = {"no FPU", SIGSEGV},
	[12] = {"stack segment fault", SIGBUS},
	[13] = {"general protection fault", SIGSEGV},
	[14] = {"page fault", SIGSEGV},
	[16] = {"x87 exception", SIGFPE},
	[17] = {"unaligned access", SIGBUS},
	[19] = {"SIMD exception", SIGFPE},
};

enum { VECTOR_PF = 14 };

static const struct exception *exception_of(uint32_t vector)
{
	return vector < ARRAY_COUNT(exceptions) && exceptions[vector].name != NULL ? &exceptions[vector] : NULL;
}

int crash_signal(uint32_t vector)
{
	const struct exception *exception = exception_of(vector);

	return exception != NULL ? exception->signal : SIGKILL;
}

void crash_say(const struct crash *crash, struct span symbols)
{
	const struct exception *exception = exception_of(crash->vector);
	char address[32] = "", symbol[300] = "";
	const char *name;
	uint64_t distance;

	if (crash->offset == CALL_CRASH_WITHHELD) {
		dprintf(STDERR_FILENO,
			"bartizan: the program inside crashed: SIG%s (%s); where, is withheld, as the grant doesn't "
			"give "
			"the right to output in clear on this machine (local-output)\n",
			sigabbrev_np(crash_signal(crash->vector)),
			exception != NULL ? exception->name : "an impossible exception");
		return;
	}
	if (crash->vector == VECTOR_PF)
		snprintf(address, sizeof address, " at address %#llx", (unsigned long long)crash->address);
	if (image_symbol_find(symbols, crash->offset, &name, &distance))
		snprintf(symbol, sizeof symbol, " (%.200s+%#llx)", name, (unsigned long long)distance);
	/* Not stdio: this may be a signal handler. */
	dprintf(STDERR_FILENO,
		"bartizan: the program inside crashed: SIG%s (%s)%s, by the instruction at image+%#llx%s\n",
		sigabbrev_np(crash_signal(crash->vector)),
		exception != NULL ? exception->name : "an impossible exception", address,
		(unsigned long long)crash->offset, symbol);
}
