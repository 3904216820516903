/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Preloaded into `bartizan`: a timer that interrupts every few hundred microseconds from the
 * moment the enclave is loaded (which sigaltstack() tells), and every few milliseconds before.
 * Says at the end how often it did. For tests/test_run_link.py.
 */
#include <dlfcn.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

enum { BEFORE_US = 5000, INSIDE_US = 200 };

static volatile sig_atomic_t count;

static void count_alarm(int number)
{
	(void)number;
	count++;
}

static void interrupt_every(int us)
{
	const struct itimerval period = {{0, us}, {0, us}};

	setitimer(ITIMER_REAL, &period, NULL);
}

static int is_ours(void)
{
	return strcmp(program_invocation_short_name, "bartizan") == 0;
}

__attribute__((constructor)) static void begin(void)
{
	struct sigaction action = {.sa_handler = count_alarm, .sa_flags = SA_RESTART};

	if (!is_ours())
		return;
	sigaction(SIGALRM, &action, NULL);
	interrupt_every(BEFORE_US);
}

int sigaltstack(const stack_t *stack, stack_t *ret_before)
{
	static int calls;
	int (*real)(const stack_t *, stack_t *) = (int (*)(const stack_t *, stack_t *))dlsym(RTLD_NEXT, "sigaltstack");
	int result = real(stack, ret_before);

	if (is_ours() && calls++ == 0)
		interrupt_every(INSIDE_US);
	else if (is_ours())
		dprintf(STDERR_FILENO, "storm: %d\n", (int)count);
	return result;
}
