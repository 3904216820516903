/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/loader/signals.h"

#include <string.h>
#include <unistd.h>

#include "base/checked.h"
#include "host/loader/switch.h"

enum { SIGNAL_COUNT = 65, STACK_SIZE = 256 * 1024 };

void signals_stub(int number);
void signals_handle(int number, siginfo_t *info, ucontext_t *context, struct signals_bases *bases);

static const int exceptions[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP};
static struct sigaction before[SIGNAL_COUNT];
static bool installed[SIGNAL_COUNT];
static stack_t stack_before;
static signals_hook *hook_now;

/* Shared with switch.S. Its own stack: the program's may be what overflowed. */
_Alignas(4096) uint8_t signals_stack[STACK_SIZE];
const uint64_t signals_stack_size = STACK_SIZE;

bool signals_is_exception(int number, const siginfo_t *info)
{
	for (size_t i = 0; i < ARRAY_COUNT(exceptions); i++)
		if (exceptions[i] == number)
			return info->si_code > 0;
	return false;
}

/* As if we weren't there. */
static void pass_on(int number, siginfo_t *info, ucontext_t *context)
{
	const struct sigaction *old = &before[number];

	if (old->sa_handler == SIG_IGN && !signals_is_exception(number, info))
		return;
	if (old->sa_handler == SIG_DFL || old->sa_handler == SIG_IGN) {
		/* An exception comes back as soon as we return; what was sent has to be
		 * sent again. Blocked until then. */
		signal(number, SIG_DFL);
		if (!signals_is_exception(number, info))
			raise(number);
		return;
	}
	if (old->sa_flags & SA_SIGINFO)
		old->sa_sigaction(number, info, context);
	else
		old->sa_handler(number);
}

void signals_handle(int number, siginfo_t *info, ucontext_t *context, struct signals_bases *bases)
{
	if (bases != NULL && hook_now != NULL && hook_now(number, info, context, bases))
		return;
	pass_on(number, info, context);
}

static bool is_exception_signal(int number)
{
	for (size_t i = 0; i < ARRAY_COUNT(exceptions); i++)
		if (exceptions[i] == number)
			return true;
	return false;
}

void signals_install(signals_hook *hook)
{
	stack_t stack = {.ss_sp = signals_stack, .ss_size = sizeof signals_stack};
	struct sigaction action = {.sa_handler = signals_stub};

	hook_now = hook;
	/* What the stub loads if a signal comes before the first entry. */
	__asm__("rdfsbase %0" : "=r"(switch_host_fs));
	__asm__("rdgsbase %0" : "=r"(switch_host_gs));
	sigaltstack(&stack, &stack_before);
	for (int number = 1; number < SIGNAL_COUNT; number++) {
		if (sigaction(number, NULL, &before[number]) != 0)
			continue;
		if (!is_exception_signal(number) &&
		    (before[number].sa_handler == SIG_DFL || before[number].sa_handler == SIG_IGN))
			continue;
		action.sa_flags = SA_SIGINFO | SA_ONSTACK | (before[number].sa_flags & (SA_RESTART | SA_NOCLDSTOP));
		sigfillset(&action.sa_mask);
		installed[number] = sigaction(number, &action, NULL) == 0;
	}
}

void signals_remove(void)
{
	for (int number = 1; number < SIGNAL_COUNT; number++)
		if (installed[number])
			sigaction(number, &before[number], NULL);
	memset(installed, 0, sizeof installed);
	sigaltstack(&stack_before, NULL);
	hook_now = NULL;
}
